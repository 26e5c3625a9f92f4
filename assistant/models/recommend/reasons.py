"""Reasons that are true: "because they bought X" is tested by removing X.

X passes for a recommended product when all of this holds:

1. X is among the three largest contributors to the product's score;
2. removing X lowers the product's rank, or lowers its score by at least a tenth of its lead over rank k + 1
   without raising the rank (removal can hurt a rival more);
3. the *strength* of X reaches the bar for customers with that many products: the share of the score that X adds, less
   what a purchase drawn at random from the shop would have added in its place.

On its own, test 2 lets many a random owned product through: where scores lie close together nearly every removal moves
something, and of two products a random one is a large contributor. So the bars of test 3 are set per shop, model and
size of the purchase history (:mod:`assistant.models.recommend.reason_bars`), such that a product drawn at random from
those a customer owns fails in nine cases of ten, for customers with one product as for those with a hundred. How often
a reason can be given at all is published with them. Without a passing X no reason is shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from assistant.errors import UnknownName
from assistant.models.recommend.base import Recommender, top_k

if TYPE_CHECKING:
    from assistant.models.recommend.base import PurchaseRows

#: Contributors tried, largest first.
CONTRIBUTORS = 3
#: Share of the lead over rank k + 1 that removing the cause must cost.
LEAD_SHARE = 0.1
#: Scores below count as "nothing speaks for it" after a subtraction of floats.
_NOTHING = 1e-9


@dataclass(frozen=True)
class Reason:
    """A tested cause of one recommendation: an owned product and what its removal does."""

    product_id: str
    because_product_id: str
    share: float  # of the score, 0–1
    rank: int
    rank_without: int
    strength: float = 0.0


@dataclass(frozen=True)
class SizeBar:
    """The bar of test 3 for customers who own ``lowest`` to ``highest`` products, and how it did on held-out customers.

    Attributes:
        bar: least strength; infinite where there was nothing to set it on.
        random_passes: share of random owned products that would pass as a reason.
        given: share of recommendations that get a reason.
        moved: share of random owned products that pass test 2 alone.
        cases: recommendations judged.
    """

    lowest: int
    highest: int
    bar: float
    random_passes: float = 0.0
    given: float = 0.0
    moved: float = 0.0
    cases: int = 0


@dataclass(frozen=True, eq=False)
class ReasonRule:
    """Bars by size of history, and what a random purchase of the shop adds to each product's score.

    Without bars every product that passes tests 1 and 2 is a reason. The rates are those of held-out customers, every
    customer counting alike, whatever the size of the history.
    """

    bars: tuple[SizeBar, ...] = ()
    usual: np.ndarray | None = None
    random_passes: float = 0.0
    given: float = 0.0
    cases: int = 0

    def bar(self, owned: int) -> float:
        """Least strength for a customer who owns so many products."""
        return next((b.bar for b in self.bars if b.lowest <= owned <= b.highest), -np.inf)


@dataclass(frozen=True)
class Cause:
    """An owned product and what it does for one recommended product."""

    owned_item: int  # column of the interactions
    share: float  # of all that speaks for the product
    strength: float
    rank: int
    rank_without: int
    moved: bool  # test 2


def reasons_for(
    model: Recommender, rows: PurchaseRows, places: np.ndarray, *, rule: ReasonRule,
    exclude_seen: bool | np.ndarray = True, candidates: np.ndarray | None = None,
) -> list[list[Cause | None]]:
    """For each row and each recommended item the first cause that passes.

    Args:
        rows: purchase rows. places: recommended item positions (rows × k; -1: none).
        exclude_seen, candidates: as they were for the list, so that ranks are those of the list.
    """
    found: list[list[Cause | None]] = [[None] * places.shape[1] for _ in range(len(places))]
    if not model.personal:
        return found
    tested = causes(model, rows, places, usual=rule.usual, exclude_seen=exclude_seen, candidates=candidates)
    for r, slot, tried in tested:
        bar = rule.bar(int(rows.indptr[r + 1] - rows.indptr[r]))
        found[r][slot] = next((c for c in tried if c.moved and c.strength >= bar), None)
    return found


def causes(
    model: Recommender, rows: PurchaseRows, places: np.ndarray, *, usual: np.ndarray | None = None,
    exclude_seen: bool | np.ndarray = True, candidates: np.ndarray | None = None,
) -> Iterator[tuple[int, int, list[Cause]]]:
    """Row, slot and the up to three largest contributors of each recommended item, largest first, tested."""
    popularity = np.bincount(model.interactions_.matrix.indices, minlength=rows.shape[1])
    for part, masked in model.ranking_scores(rows, exclude_seen=exclude_seen, candidates=candidates):
        _, best = top_k(masked, places.shape[1] + 1)
        scores = model._score_rows(rows[part])
        for r in range(part.start, part.stop):
            row, block = rows[[r]], masked[r - part.start]
            kept = [(slot, int(i)) for slot, i in enumerate(places[r]) if i >= 0 and np.isfinite(block[i])]
            if not kept or row.nnz == 0:
                continue
            floor = float(best[r - part.start, -1])
            mask = candidates if candidates is None or candidates.ndim == 1 else candidates[r]
            fallback = np.where(_open(row, exclude_seen, mask), popularity, -1)
            tests = _Tests(model, row, np.asarray(scores[r - part.start]), block, floor, fallback)
            yield from ((r, slot, tried) for (slot, _), tried in zip(
                kept, tests.of([item for _, item in kept], usual), strict=True))


def _open(row: PurchaseRows, exclude_seen: bool | np.ndarray, candidates: np.ndarray | None) -> np.ndarray:
    """Items that the customer's list may hold."""
    free = np.ones(row.shape[1], dtype=bool) if candidates is None else candidates.copy()
    if exclude_seen is True:
        free[row.indices] = False
    elif exclude_seen is not False:
        free[row.indices] &= ~np.asarray(exclude_seen)[row.indices]
    return free


class _Tests:
    """Removals of one customer's products, each scored once for all recommended items."""

    def __init__(
        self, model: Recommender, row: PurchaseRows, raw: np.ndarray, masked: np.ndarray, floor: float,
        fallback: np.ndarray,
    ) -> None:
        self.model, self.row, self.raw = model, row, raw
        self.rivals = np.flatnonzero(fallback >= 0)
        self.floor = floor if np.isfinite(floor) else float(masked[np.isfinite(masked)].min(initial=0.0))
        if model.zero_is_no_evidence:
            self.floor = max(self.floor if np.isfinite(floor) else 0.0, 0.0)
        self.fallback = fallback  # buyers of each product that the list may hold, -1 of others

    def of(self, items: list[int], usual: np.ndarray | None) -> list[list[Cause]]:
        """The largest contributors of each item, tested."""
        adds = self.model.contributions_of(self.row, items)  # owned × items
        largest = [_largest(adds[:, j]) for j in range(len(items))]
        tried = np.unique(np.concatenate(largest)) if largest else np.array([], dtype=np.int64)
        without = self.model.scores_without_each(self.row, tried, self.raw) if len(tried) else self.raw[None, :0]
        place = {int(p): i for i, p in enumerate(tried)}
        return [
            [self._judge(item, int(p), adds[:, j], without[place[int(p)]], usual) for p in largest[j]]
            for j, item in enumerate(items)
        ]

    def _judge(
        self, item: int, position: int, adds: np.ndarray, without: np.ndarray, usual: np.ndarray | None
    ) -> Cause:
        rank = 1 + int((self.raw[self.rivals] > self.raw[item]).sum())
        rank_without = self._rank_without(item, without)
        drop = float(self.raw[item] - without[item])
        lead = float(self.raw[item]) - self.floor
        moved = drop > 0 and (rank_without > rank or (rank_without == rank and drop >= LEAD_SHARE * lead))
        speaks = max(float(adds[adds > 0].sum()), 1e-12)
        expected = 0.0 if usual is None else float(usual[item])
        own, cause = float(adds[position]), int(self.row.indices[position])
        return Cause(cause, own / speaks, (own - expected) / speaks, rank, rank_without, moved)

    def _rank_without(self, item: int, without: np.ndarray) -> int:
        """Rank after the removal. What nothing speaks for any more stands behind the others, by popularity, as in the
        list that everybody gets.
        """
        if not self.model.zero_is_no_evidence or without[item] > _NOTHING:
            return 1 + int((without[self.rivals] > without[item]).sum())
        left = without > _NOTHING
        ahead = int(left[self.rivals].sum())
        return 1 + ahead + int((self.fallback[~left] > self.fallback[item]).sum())


def _largest(values: np.ndarray) -> np.ndarray:
    """Positions of the three largest positive contributions, largest first."""
    order = np.argsort(-values, kind="stable")[:CONTRIBUTORS]
    return order[values[order] > 0]


def explain(
    model: Recommender, user_id: str, item_id: str, k: int = 10, rule: ReasonRule | None = None
) -> Reason | None:
    """A tested reason for one product and one customer, among products the customer does not own.

    Raises:
        UnknownName: an unknown customer or product.
    """
    row = model.rows_of([user_id])
    items = model.interactions_.item_ids
    place = int(model.interactions_.item_positions([item_id])[0])
    if place < 0:
        raise UnknownName("Not a product that was ever sold", received=item_id)
    owned = np.zeros(len(items), dtype=bool)
    owned[row.indices] = True
    owned[place] = False  # the product asked about is judged as if it could be recommended
    places = np.full((1, k), -1, dtype=np.int64)
    places[0, 0] = place
    found = reasons_for(model, row, places, rule=rule or ReasonRule(), exclude_seen=owned)[0][0]
    if found is None:
        return None
    return Reason(item_id, str(items[found.owned_item]), found.share, found.rank, found.rank_without, found.strength)
