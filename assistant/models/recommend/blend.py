"""A blend: the scores of several recommenders, put on one scale per customer and added with weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING, Self

import numpy as np

from assistant.errors import InvalidPlan
from assistant.features.interactions import Interactions
from assistant.models.recommend.ablation import Ablated
from assistant.models.recommend.base import Recommender, leave_one_out, top_k
from assistant.models.recommend.weighting import row_numbers

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from assistant.models.recommend.base import PurchaseRows

#: Length of the lists by which weights are chosen.
VALIDATED_K = 10
#: Customers on which weights are chosen at most.
MAX_VALIDATED = 1000
#: Part of each customer's products held out to choose weights on.
HELD_OUT = 0.1


class Blend(Ablated):
    """Weighted sum of the scores of registered recommenders, each divided by its spread over the customer's products.

    The spread is the standard deviation of the customer's scores over the products the customer does not own: the
    candidates. Scores are z-scores up to the mean, which is left out because it is the same for all products of a
    customer and so changes no ranking; without it zero still means that nothing speaks for a product. Of a member
    without such a zero (``zero_is_no_evidence`` is False) the mean is subtracted. Minus infinity and spread zero count
    as zero.

    Without ``weights`` they are chosen in ``fit``: the newest tenth of each customer's products (by first day, equal
    days by lot) is held out, the members learn from the rest, and of all weights on a grid that add up to one those
    with the best mean nDCG@10 on what was held out are taken. Then the members learn from everything. Members fitted
    elsewhere are blended with :meth:`of`, and their weights chosen with :func:`best_weights`.

    Args:
        models: names in the registry of recommenders.
        weights: one per model, not negative; None: chosen.
        steps: the grid's step is 1 / ``steps``.
        seed: of the lots and of the sample of customers.
    """

    def __init__(
        self, models: Sequence[str] = ("ease", "als"), weights: Sequence[float] | None = None, steps: int = 10,
        seed: int = 0,
    ) -> None:
        self.models = models
        self.weights = weights
        self.steps = steps
        self.seed = seed

    @classmethod
    def of(cls, members: Mapping[str, Recommender], weights: Sequence[float]) -> Self:
        """A fitted blend of members fitted on the same interactions.

        Raises:
            InvalidPlan: no members, or weights that do not fit them.
        """
        blend = cls(tuple(members), tuple(float(w) for w in weights))
        blend.weights_ = _checked(weights, blend.models)
        blend.members_ = list(members.values())
        blend.interactions_ = blend.members_[0]._fitted()
        return blend

    @property
    def personal(self) -> bool:  # type: ignore[override]
        """Whether a member with a weight knows the customer; before fitting: yes."""
        members = self.__dict__.get("members_")
        return members is None or any(
            m.personal for m, w in zip(members, self.weights_, strict=True) if w > 0)

    def _fit(self, interactions: Interactions) -> None:
        if self.weights is not None:
            weights = _checked(self.weights, self.models)
        else:
            weights = self._chosen(interactions)
        self.members_ = self._made(interactions)
        self.weights_ = weights

    def _made(self, interactions: Interactions) -> list[Recommender]:
        from assistant.models.registry import RECOMMENDERS, entry

        return [entry(RECOMMENDERS, name).make().fit(interactions) for name in self.models]

    def _chosen(self, interactions: Interactions) -> np.ndarray:
        learn, rows, truth = held_out(interactions, self.seed)
        if not truth:
            return np.full(len(self.models), 1 / max(len(self.models), 1))
        return best_weights(self._made(learn), rows, truth, steps=self.steps)

    def rows_at(self, positions: np.ndarray) -> PurchaseRows:
        """Orders in sequence where a member reads them; the others then count them."""
        self._fitted()
        reader = next((m for m in self.members_ if m.reads_orders), None)
        return super().rows_at(positions) if reader is None else reader.rows_at(positions)

    def rows_with(self, positions: np.ndarray, baskets: csr_array) -> PurchaseRows:
        self._fitted()
        reader = next((m for m in self.members_ if m.reads_orders), None)
        return super().rows_with(positions, baskets) if reader is None else reader.rows_with(positions, baskets)

    def _score_rows(self, rows: PurchaseRows) -> np.ndarray:
        return _blended([(m, m._score_rows(m.own_rows(rows))) for m in self.members_], self.weights_, rows)

    def _left_out(self, row: PurchaseRows, positions: np.ndarray) -> np.ndarray:
        each = []
        for member in self.members_:
            own = member.own_rows(row)
            each.append((member, member.scores_without_each(own, positions, np.asarray(member._score_rows(own))[0])))
        return _blended(each, self.weights_, leave_one_out(row)[positions])


def _blended(scores: list[tuple[Recommender, np.ndarray]], weights: np.ndarray, rows: PurchaseRows) -> np.ndarray:
    total = np.zeros(rows.shape, dtype=np.float32)
    for (member, values), weight in zip(scores, weights, strict=True):
        if weight > 0:
            total += np.float32(weight) * scaled(values, rows, centred=not member.zero_is_no_evidence)
    return total


def scaled(scores: np.ndarray, rows: PurchaseRows, *, centred: bool = False) -> np.ndarray:
    """Scores divided by their standard deviation over the products that each row does not own: float32, same shape.

    Args:
        scores: rows × items; what is not finite counts as zero.
        centred: also subtract the mean over those products.
    """
    values = np.where(np.isfinite(scores), scores, 0.0).astype(np.float32)
    owner, items = row_numbers(rows), rows.shape[1]
    owned = values[owner, rows.indices].astype(np.float64)
    count = np.maximum(items - np.diff(rows.indptr), 1)
    mean = (values.sum(axis=1, dtype=np.float64) - np.bincount(owner, owned, len(values))) / count
    squares = np.einsum("ui,ui->u", values, values, dtype=np.float64) - np.bincount(owner, owned**2, len(values))
    spread = np.sqrt(np.maximum(squares / count - mean**2, 0.0))
    largest = np.abs(values).max(axis=1, initial=0.0)
    known = spread > 1e-6 * largest  # below that it is rounding
    factor = np.divide(1.0, spread, out=np.zeros_like(spread), where=known)
    if centred:
        values -= mean[:, None].astype(np.float32)
    values *= factor[:, None].astype(np.float32)
    return values


def held_out(
    interactions: Interactions, seed: int = 0, share: float = HELD_OUT, most: int = MAX_VALIDATED
) -> tuple[Interactions, csr_array, list[np.ndarray]]:
    """Interactions without the newest products of each customer, and those products.

    Args:
        share: of each customer's products, rounded; a customer keeps at least one product.

    Returns:
        The rest to learn from (same ids); purchase rows in it of at most ``most`` customers; what was held out of each.
    """
    matrix, lengths = interactions.matrix, np.diff(interactions.matrix.indptr)
    owner = row_numbers(matrix)
    rng = np.random.default_rng(seed)
    order = np.lexsort((rng.random(matrix.nnz), -interactions.first_days.astype(np.int64), owner))
    rank = np.empty(matrix.nnz, dtype=np.int64)
    rank[order] = np.arange(matrix.nnz) - matrix.indptr[:-1][owner]
    out = rank < np.minimum(np.rint(lengths * share), np.maximum(lengths - 1, 0))[owner]
    learn = _only(interactions, ~out)
    users = np.unique(owner[out])
    if len(users) > most:
        users = np.sort(rng.choice(users, most, replace=False))
    kept = out & np.isin(owner, users)
    ends = np.cumsum(np.bincount(owner[kept], minlength=matrix.shape[0])[users])
    truth = np.split(matrix.indices[kept], ends[:-1]) if len(users) else []
    return learn, learn.matrix[users], truth


def _only(interactions: Interactions, kept: np.ndarray) -> Interactions:
    """The same customers and products with some of the pairs."""
    from dataclasses import replace

    matrix = interactions.matrix
    counts = np.bincount(row_numbers(matrix)[kept], minlength=matrix.shape[0])
    pointers = np.concatenate([[0], np.cumsum(counts)]).astype(matrix.indptr.dtype)
    part = type(matrix)((matrix.data[kept], matrix.indices[kept], pointers), shape=matrix.shape)
    return replace(interactions, matrix=part, first_days=interactions.first_days[kept],
                   last_days=interactions.last_days[kept])


def best_weights(
    members: Sequence[Recommender], rows: PurchaseRows, truth: Sequence[np.ndarray], *, steps: int = 10,
    k: int = VALIDATED_K, exclude_seen: bool | np.ndarray = True,
) -> np.ndarray:
    """Weights on the simplex grid with the best mean nDCG@k; among equals the first, which prefers early members.

    Args:
        members: fitted on the same interactions. rows: purchase rows. truth: item positions to be found, per row.
        exclude_seen: as the lists will be made.
    """
    grid = simplex(len(members), steps)
    gains = np.zeros(len(grid))
    walks = [m.ranking_scores(m.own_rows(rows), exclude_seen=exclude_seen) for m in members]
    for parts in zip(*walks, strict=True):
        part = parts[0][0]
        hidden = np.all([np.isneginf(masked) for _, masked in parts], axis=0)
        z = [scaled(m._score_rows(m.own_rows(rows[part])), rows[part], centred=not m.zero_is_no_evidence)
             for m in members]
        for place, weights in enumerate(grid):
            total = sum(np.float32(w) * scores for w, scores in zip(weights, z, strict=True))
            total[hidden] = -np.inf
            gains[place] += _ndcg(top_k(total, k)[0], truth[part]).sum()
    return grid[int(np.argmax(np.round(gains / max(rows.shape[0], 1), 6)))]


def simplex(members: int, steps: int) -> np.ndarray:
    """All weights that are multiples of 1 / ``steps`` and add up to one, those of early members first."""
    combinations = [c for c in product(range(steps, -1, -1), repeat=members) if sum(c) == steps]
    return np.array(combinations, dtype=np.float64).reshape(-1, members) / steps


def _ndcg(places: np.ndarray, truth: Sequence[np.ndarray]) -> np.ndarray:
    """nDCG of each list, the ideal cut at its length."""
    discount = 1 / np.log2(np.arange(places.shape[1]) + 2)
    ideal = np.cumsum(discount)
    hits = np.array([np.isin(row, right) & (row >= 0) for row, right in zip(places, truth, strict=True)])
    best = np.array([ideal[min(len(right), len(ideal)) - 1] if len(right) else 1.0 for right in truth])
    return (hits * discount).sum(axis=1) / best


def _checked(weights: Sequence[float], models: Sequence[str]) -> np.ndarray:
    values = np.asarray(weights, dtype=np.float64)
    if len(models) == 0 or values.shape != (len(models),) or (values < 0).any() or not values.sum() > 0:
        raise InvalidPlan("A blend needs one weight per model, none negative and not all zero", received=list(weights),
                          valid=list(models))
    return values
