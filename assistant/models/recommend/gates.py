"""Who may be shown what: products only for adults, and personal lists only with consent. An unknown closes the gate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from assistant.data.warehouse import Snapshot
from assistant.errors import MissingData
from assistant.models.recommend.catalogue import Catalogue

#: Columns of the source that say whether a customer agreed to profiling; the first that is there counts.
CONSENT_COLUMNS = ("x_profiling_consent", "x_personalisation_consent", "x_consent_profiling")


@dataclass(frozen=True)
class Gates:
    """Rules on who may be shown what.

    Attributes:
        categories: categories or subcategories only for customers of age.
        legal_age: years from which a customer is of age.
    """

    snapshot: Snapshot
    categories: tuple[str, ...] = ()
    legal_age: int = 18

    @cached_property
    def of_age(self) -> frozenset[str] | None:
        """Customers known to be of age; None where the data hold no year of birth.

        Only the year is known, so a customer counts from the year after the one in which they turn that age.
        """
        if not self.snapshot.has("customers", "birth_year"):
            return None
        people = self.snapshot.table("customers")
        old = people.filter(people.birth_year < self.snapshot.as_of.year - self.legal_age)
        return frozenset(self.snapshot.execute(old.select("customer_id")).column(0).to_pylist())

    @cached_property
    def agreed(self) -> frozenset[str] | None:
        """Customers who agreed to profiling; None where the data do not say."""
        people = self.snapshot.table("customers")
        column = next((c for c in CONSENT_COLUMNS if c in people.columns), None)
        if column is None:
            return None
        yes = people.filter(people[column].cast("boolean").fill_null(False))
        return frozenset(self.snapshot.execute(yes.select("customer_id")).column(0).to_pylist())

    def adults(self, customer_ids: Sequence[str]) -> np.ndarray:
        """Bool per customer: known to be of age.

        Raises:
            MissingData: the data hold no year of birth.
        """
        if self.of_age is None:
            raise MissingData("Only customers known to be of age needs customers.birth_year, which the loaded data do "
                              "not have", received="customers.birth_year")
        return np.array([c in self.of_age for c in customer_ids], dtype=bool)

    def behind_the_gate(self, customer_ids: Sequence[str]) -> np.ndarray:
        """Bool per customer: not known to be of age, or nobody's age is known."""
        known = self.of_age or frozenset()
        return np.array([c not in known for c in customer_ids], dtype=bool)

    def restricted(self, catalogue: Catalogue) -> np.ndarray:
        """Bool per interactions column: only for customers of age.

        Raises:
            UnknownName: a category of the setting that the shop does not have. MissingData: it has none at all.
        """
        if not self.categories:
            return np.zeros(len(catalogue.rows), dtype=bool)
        if not catalogue.has_category:
            raise MissingData("The setting age_restricted_categories needs products.category, which the loaded data do "
                              "not have", received="products.category")
        return np.logical_or.reduce([catalogue.in_category(c) for c in self.categories])[catalogue.rows]

    def applied(self, catalogue: Catalogue, customer_ids: Sequence[str], candidates: np.ndarray) -> np.ndarray:
        """Candidates (columns, or customers × columns) without what a customer may not be shown."""
        closed = self.restricted(catalogue)
        if not (closed & (candidates if candidates.ndim == 1 else candidates.any(axis=0))).any():
            return candidates
        behind = self.behind_the_gate(customer_ids)
        rows = np.repeat(candidates[None, :], len(customer_ids), axis=0) if candidates.ndim == 1 else candidates.copy()
        rows[np.ix_(behind, closed)] = False
        return rows

    def known_positions(self, customer_ids: Sequence[str], positions: np.ndarray) -> np.ndarray:
        """Positions of customers whose purchases may be used; -1 (as a stranger) for those who did not agree."""
        if self.agreed is None:
            return positions
        return np.where([c in self.agreed for c in customer_ids], positions, -1)
