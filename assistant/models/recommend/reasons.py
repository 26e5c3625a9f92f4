"""Reasons that are true: "because they bought X" is tested by removing X.

X passes for a recommended product when all of this holds:

1. X is among the three largest contributors to the product's score;
2. removing X lowers the product's rank, or lowers its score by at least a tenth of its lead over rank k + 1
   without raising the rank (removal can hurt a rival more);
3. X adds at least ``of_largest`` of what the largest contributor adds, and ``min_share`` of the score. On its own, test
   2 lets many a random owned product through when scores lie close together, so these bars are raised per shop until
   random owned products fail in nine cases of ten (:func:`calibrate`), and how often a reason can be given at all is
   published with them.

Without a passing X no reason is shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from assistant.errors import UnknownName
from assistant.models.recommend.base import Recommender, top_k

if TYPE_CHECKING:
    from scipy.sparse import csr_array

#: Contributors tried, largest first.
CONTRIBUTORS = 3
#: Share of the lead over rank k + 1 that removing the cause must cost.
LEAD_SHARE = 0.1
#: Products a customer must own to count in :func:`calibrate`.
MIN_OWNED = 10


@dataclass(frozen=True)
class Reason:
    """A tested cause of one recommendation: an owned product and what its removal does."""

    product_id: str
    because_product_id: str
    share: float  # of the score, 0–1
    rank: int
    rank_without: int


@dataclass(frozen=True)
class ReasonRule:
    """The bars of test 3 and how they did on this shop (see :func:`calibrate`)."""

    of_largest: float = 0.0
    min_share: float = 0.0
    random_passes: float = 0.0  # share of random owned products that would pass as a reason
    given: float = 0.0  # share of recommendations that get a reason
    cases: int = 0


@dataclass(frozen=True)
class _Test:
    """Outcome for one owned product and one recommended item."""

    share: float
    rank: int
    rank_without: int
    passed: bool


def _judge(
    model: Recommender, row: csr_array, raw: np.ndarray, allowed: np.ndarray, item: int, lead: float,
    position: int, contribution: float,
) -> _Test:
    """Remove one owned product and compare rank and score of ``item`` among the allowed items."""
    without = model.scores_without(row, position, raw)
    rank = 1 + int((raw[allowed] > raw[item]).sum())
    rank_without = 1 + int((without[allowed] > without[item]).sum())
    if model.zero_is_no_evidence and without[item] <= 1e-9:
        rank_without = int(allowed.sum()) + 1  # nothing speaks for it any more: it leaves the list
    drop = float(raw[item] - without[item])
    passed = drop > 0 and (rank_without > rank or (rank_without == rank and drop >= LEAD_SHARE * lead))
    return _Test(contribution / max(float(raw[item]), 1e-12), rank, rank_without, passed)


def _largest(values: np.ndarray) -> np.ndarray:
    """Positions of the three largest positive contributions, largest first."""
    order = np.argsort(-values, kind="stable")[:CONTRIBUTORS]
    return order[values[order] > 0]


def reasons_for(
    model: Recommender, rows: csr_array, places: np.ndarray, *, rule: ReasonRule,
    exclude_seen: bool | np.ndarray = True, candidates: np.ndarray | None = None,
) -> list[list[tuple[int, float, int, int] | None]]:
    """For each row and each recommended item: (owned item, share, rank, rank without) of the first cause that passes.

    Args:
        rows: purchase rows. places: recommended item positions (rows × k; -1: none).
        exclude_seen, candidates: as they were for the list, so that ranks are those of the list.
    """
    found: list[list[tuple[int, float, int, int] | None]] = [[None] * places.shape[1] for _ in range(len(places))]
    if not model.personal:
        return found
    for part, masked in model.ranking_scores(rows, exclude_seen=exclude_seen, candidates=candidates):
        _, best = top_k(masked, places.shape[1] + 1)
        scores = model._score_rows(rows[part])
        for r in range(part.start, part.stop):
            row, allowed, raw = rows[[r]], np.isfinite(masked[r - part.start]), scores[r - part.start]
            floor = max(float(best[r - part.start, -1]), 0.0)
            for slot, item in enumerate(places[r]):
                if item >= 0 and row.nnz and allowed[item]:
                    found[r][slot] = _first_passing(model, row, raw, allowed, int(item), floor, rule)
    return found


def _first_passing(
    model: Recommender, row: csr_array, raw: np.ndarray, allowed: np.ndarray, item: int, floor: float, rule: ReasonRule
) -> tuple[int, float, int, int] | None:
    contributions = model.contributions(row, item)
    for position in _largest(contributions):
        share = contributions[position] / max(float(raw[item]), 1e-12)
        if share < rule.min_share or contributions[position] < rule.of_largest * contributions.max():
            return None
        test = _judge(model, row, raw, allowed, item, float(raw[item]) - floor, position, contributions[position])
        if test.passed:
            return int(row.indices[position]), float(test.share), test.rank, test.rank_without
    return None


def calibrate(
    model: Recommender, rows: csr_array, k: int, *, exclude_seen: bool | np.ndarray = True,
    candidates: np.ndarray | None = None, target: float = 0.08, seed: int = 0,
) -> ReasonRule:
    """Raise the bars until random owned products fail as reasons in at least 1 - ``target`` of the cases.

    One case is one recommended product with one owned product drawn at random. Customers who own fewer than
    ``MIN_OWNED`` products are left out: among so few, a random one is the true cause too often to tell. First
    ``of_largest`` is raised to at most 1 (only the largest contributor), then ``min_share``.

    Args:
        rows: purchase rows of sampled customers.
    """
    if not model.personal:
        return ReasonRule()
    rng = np.random.default_rng(seed)
    drawn: list[tuple[float, float]] = []  # of the random product: part of the largest and share, if it passes
    shown: list[list[tuple[float, float]]] = []  # the same of all causes that pass, per recommendation
    for part, masked in model.ranking_scores(rows, exclude_seen=exclude_seen, candidates=candidates):
        places, best = top_k(masked, k + 1)
        scores = model._score_rows(rows[part])
        for r in range(part.start, part.stop):
            row, allowed, raw = rows[[r]], np.isfinite(masked[r - part.start]), scores[r - part.start]
            floor = max(float(best[r - part.start, -1]), 0.0)
            for item in places[r - part.start, :k]:
                if item < 0 or row.nnz == 0:
                    continue
                passing = _passing(model, row, raw, allowed, int(item), floor)
                shown.append(list(passing.values()))
                if row.nnz >= MIN_OWNED:
                    drawn.append(passing.get(int(rng.integers(row.nnz)), (-1.0, -1.0)))
    return _bars(np.array(drawn).reshape(-1, 2), shown, target)


def _bars(drawn: np.ndarray, shown: list[list[tuple[float, float]]], target: float) -> ReasonRule:
    """The lowest bars at which random products pass in at most ``target`` of the cases."""
    steps = [(b, 0.0) for b in np.linspace(0.0, 1.0, 21)] + [(1.0, b) for b in np.linspace(0.05, 1.0, 20)]

    def passes(part: float, share: float) -> float:
        return float(np.mean((drawn[:, 0] >= part) & (drawn[:, 1] >= share))) if len(drawn) else 0.0

    part, share = next((s for s in steps if passes(*s) <= target), steps[-1])
    given = [any(p >= part and q >= share for p, q in causes) for causes in shown]
    rate = float(np.mean(given)) if given else 0.0
    return ReasonRule(float(part), float(share), passes(part, share), rate, len(drawn))


def _passing(
    model: Recommender, row: csr_array, raw: np.ndarray, allowed: np.ndarray, item: int, floor: float
) -> dict[int, tuple[float, float]]:
    """Owned positions that pass tests 1 and 2, with their part of the largest contribution and of the score."""
    contributions = model.contributions(row, item)
    found = {}
    for position in _largest(contributions):
        test = _judge(model, row, raw, allowed, item, float(raw[item]) - floor, position, contributions[position])
        if test.passed:
            found[int(position)] = (float(contributions[position] / contributions.max()), test.share)
    return found


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
    cause, share, rank, without = found
    return Reason(item_id, str(items[cause]), share, rank, without)
