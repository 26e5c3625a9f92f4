"""One customer as a model sees them: purchase row, products the list may hold, scores and ranks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from assistant.models.recommend.base import Recommender
from assistant.models.recommend.catalogue import ProductFilters
from assistant.models.recommend.fitted import FittedRecommender, candidate_mask

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from assistant.models.recommend.base import PurchaseRows


@dataclass(frozen=True, eq=False)
class OneCustomer:
    """What a list for one customer is made from. Without purchases the model is the popularity list.

    Attributes:
        position: row of the interactions, -1 for somebody without purchases.
        row: the model's view of the purchases. candidates: bool over items, after all rules but ``hidden``.
        hidden: bool over items: left out for customers who own it.
    """

    fitted: FittedRecommender
    family: str
    model: Recommender
    position: int
    row: PurchaseRows
    filters: ProductFilters
    candidates: np.ndarray
    hidden: np.ndarray

    @property
    def owned(self) -> np.ndarray:
        """Columns of the products bought and kept."""
        return np.asarray(self.row.indices)

    @property
    def returned(self) -> np.ndarray:
        """Bool over items: bought and sent back."""
        seen = self.fitted.interactions
        if self.position < 0:
            return np.zeros(seen.n_items, dtype=bool)
        return np.asarray(seen.returned[[self.position]].toarray()).ravel().astype(bool)

    def scores(self, rows: PurchaseRows | None = None) -> np.ndarray:
        """Scores, -inf where a product may not be in the list (rows × items); without ``rows`` the customer's own."""
        found = self.model.ranking_scores(
            self.row if rows is None else rows, exclude_seen=self.hidden, candidates=self.candidates)
        return np.concatenate([block for _, block in found])

    def rank(self, item: int) -> int | None:
        """Place of a product, 1 for the best; None where nothing speaks for it or it may not be in the list."""
        return ranks_of(self.scores(), item)[0]

    def with_products(self, products: np.ndarray) -> PurchaseRows:
        """The purchase row with each of these products bought as well, one at a time (products × items)."""
        from scipy.sparse import csr_array

        n = len(products)
        one_each: csr_array = csr_array(
            (np.ones(n, dtype=np.float32), (np.arange(n), products)), shape=(n, self.row.shape[1]))
        return self.model.rows_with(np.full(n, self.position), one_each)

    def under(self, filters: ProductFilters, *, also: int | None = None) -> OneCustomer:
        """The same customer under other filters; the product ``also`` may appear even if owned or sent back."""
        candidates, hidden = candidate_mask(self.fitted, filters) & ~self.returned, self.hidden
        if also is not None:
            hidden = hidden.copy()
            hidden[also] = False
            candidates[also] = True
        return replace(self, filters=filters, candidates=candidates, hidden=hidden)


def one_customer(
    fitted: FittedRecommender, customer_id: str, filters: ProductFilters, method: str = "auto"
) -> OneCustomer:
    """The customer of that id, as the recommender of ``method`` sees them.

    Raises:
        MissingData, UnknownName: see :func:`~assistant.models.recommend.fitted.candidate_mask`.
    """
    position = int(fitted.interactions.user_positions([customer_id])[0])
    family = fitted.family(method) if position >= 0 else "popularity"
    model = fitted.models[family]
    row = model.rows_at(np.array([position]))
    plain = OneCustomer(fitted, family, model, position, row, filters, np.array([]), ~fitted.rebuying.kept)
    return plain.under(filters)


def ranks_of(scores: np.ndarray, item: int) -> list[int | None]:
    """Place of an item in each row of masked scores; None where it is masked."""
    own = scores[:, item]
    ahead = (scores > own[:, None]).sum(axis=1)
    return [int(a) + 1 if np.isfinite(s) else None for a, s in zip(ahead, own, strict=True)]
