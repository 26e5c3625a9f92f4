"""What customers of one group buy most: for those of whom only the group is known, such as the country."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from assistant.data.warehouse import Snapshot
from assistant.features.interactions import Interactions

#: Customers' worth of the overall list mixed into each group's, so that three customers make no taste. Chosen on
#: newcomers of Online Retail II before March 2011 among 10, 30, 100, 300, 1000 (10 and 30 did about equally well).
SHRINK = 30.0


@dataclass(frozen=True, eq=False)
class GroupPopularity:
    """Shares of customers who bought each product, by group.

    Attributes:
        groups: names, sorted. customers: with purchases, by group.
        scores: float32 (groups × items): (buyers in the group + shrink · share of all) / (customers + shrink).
        overall: float32 (items): share of all customers.
    """

    groups: tuple[str, ...]
    customers: np.ndarray
    scores: np.ndarray
    overall: np.ndarray

    def of(self, group: str | None) -> np.ndarray:
        """Scores of a group; those of all customers where it is unknown or has no buyer."""
        return self.scores[self.groups.index(group)] if group in self.groups else self.overall


def fit_group_popularity(
    interactions: Interactions, group_of: Mapping[str, str], shrink: float = SHRINK
) -> GroupPopularity:
    """Count buyers by group, drawn towards all customers where a group is small.

    Args:
        group_of: customer id → group; customers without one count overall only.
    """
    matrix = interactions.matrix
    labels = [group_of.get(str(u)) for u in interactions.user_ids]
    names = sorted({label for label in labels if label is not None})
    place = {name: i for i, name in enumerate(names)}
    own = np.array([-1 if label is None else place[label] for label in labels], dtype=np.int64)
    active = np.diff(matrix.indptr) > 0
    overall = np.bincount(matrix.indices, minlength=matrix.shape[1]) / max(int(active.sum()), 1)
    customers = np.bincount(own[active & (own >= 0)], minlength=len(names))
    owner = np.repeat(own, np.diff(matrix.indptr))
    cell = owner * matrix.shape[1] + matrix.indices
    counts = np.bincount(cell[owner >= 0], minlength=len(names) * matrix.shape[1]).reshape(len(names), matrix.shape[1])
    scores = (counts + shrink * overall) / (customers + shrink)[:, None]
    return GroupPopularity(tuple(names), customers, scores.astype(np.float32), overall.astype(np.float32))


def countries(snapshot: Snapshot, customer_ids: Sequence[str] | None = None) -> dict[str, str]:
    """Customer id → country, from the customer table; empty where it has none.

    Args:
        customer_ids: only these.
    """
    if not snapshot.has("customers", "country"):
        return {}
    table = snapshot.table("customers")
    known = table.filter(table.country.notnull(), table.customer_id.notnull())
    if customer_ids is not None:
        known = known.filter(known.customer_id.isin(list(customer_ids)))
    found = snapshot.execute(known.select("customer_id", "country")).to_pydict()
    return dict(zip(found["customer_id"], found["country"], strict=True))
