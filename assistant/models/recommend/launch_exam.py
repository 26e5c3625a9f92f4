"""How well new products find their buyers: a time split that pretends that products of then are new today."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from assistant.data.warehouse import Snapshot
from assistant.features.interactions import Interactions, day_number, interactions
from assistant.features.product_side import ProductSide, with_products
from assistant.models.recommend.content import Content, centred, owned_weights


@dataclass(frozen=True, eq=False)
class LaunchCut:
    """Products new at a cut, what was known then, and who bought them after it.

    Attributes:
        train: purchases up to the cut; the item axis also holds the products first bought after it.
        unsold: bool over items: first bought in the ``horizon_days`` after the cut, so without any sale in ``train``.
        fresh: bool over items: first bought in the ``horizon_days`` up to the cut.
        users: rows of ``train``: customers of before the cut who bought new products after it.
        truth: per user, columns of the new products (unsold or fresh) bought after the cut and not before.
    """

    train: Interactions
    unsold: np.ndarray
    fresh: np.ndarray
    users: np.ndarray
    truth: list[np.ndarray]
    cutoff: date
    horizon_days: int

    def of(self, wanted: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
        """Users and truth where only the ``wanted`` items (bool) count; users without any are left out."""
        kept = [t[wanted[t]] for t in self.truth]
        some = np.array([len(t) > 0 for t in kept], dtype=bool)
        return self.users[some], [t for t in kept if len(t)]


def launch_cut(
    snapshot: Snapshot, cutoff: date, horizon_days: int, full: Interactions
) -> LaunchCut:
    """Split at the end of ``cutoff``. A product is new by its first sale to a known customer.

    Args:
        full: interactions of the whole snapshot: they tell when a product was first sold, and to whom.

    Raises:
        MissingData: the cut lies before the first order.
    """
    train = interactions(snapshot, cutoff)
    first = np.full(full.n_items, np.iinfo(np.int64).max)
    np.minimum.at(first, full.matrix.indices, full.first_days)
    cut = day_number(cutoff)
    after = full.item_ids[(first > cut) & (first <= cut + horizon_days)]
    train = with_products(train, after)
    places = full.item_positions(train.item_ids)
    days = np.where(places >= 0, first[places], -1)
    unsold = (days > cut) & (days <= cut + horizon_days)
    fresh = (days > cut - horizon_days) & (days <= cut)
    users, truth = _bought(train, full, unsold | fresh, cut, cut + horizon_days)
    return LaunchCut(train, unsold, fresh, users, truth, cutoff, horizon_days)


def _bought(
    train: Interactions, full: Interactions, wanted: np.ndarray, cut: int, end: int
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Customers known at the cut, and the wanted products they first bought after it, up to ``end``, and kept."""
    rows = train.user_positions(full.user_ids)
    columns = train.item_positions(full.item_ids)
    owner = np.repeat(np.arange(full.n_users), np.diff(full.matrix.indptr))
    place = columns[full.matrix.indices]
    good = (full.first_days > cut) & (full.first_days <= end) & (rows[owner] >= 0) & (place >= 0)
    good[good] = wanted[place[good]]
    owner, place = rows[owner[good]], place[good]
    order = np.lexsort((place, owner))
    users, starts = np.unique(owner[order], return_index=True)
    return users, np.split(place[order], starts[1:]) if len(users) else []


def content_scores(
    cut: LaunchCut, side: ProductSide, users: np.ndarray, columns: np.ndarray, model: Content | None = None
) -> np.ndarray:
    """Scores (users × columns) of the content model at a cut, made for these columns alone."""
    buyers = np.bincount(cut.train.matrix.indices, minlength=cut.train.n_items)
    weights = (model or Content()).weights(centred(side, cut.train.item_ids), buyers, columns)
    return (owned_weights(cut.train.matrix[users]) @ weights).toarray()


def ranking_quality(scores: np.ndarray, truth: Sequence[np.ndarray], k: int = 10) -> tuple[np.ndarray, np.ndarray]:
    """Recall@k and nDCG@k (ideal cut at k) of each row of scores; -inf is never listed, ties share their places.

    Tied items have no order: each gets the mean gain of the places that the tie spans, so that a score that knows
    nothing is worth exactly what chance is worth.
    """
    discount = 1 / np.log2(np.arange(k) + 2)
    ideal = np.concatenate([[0.0], np.cumsum(discount)])
    recall, ndcg = np.zeros(len(truth)), np.zeros(len(truth))
    for r, right in enumerate(truth):
        row = scores[r] if scores.ndim == 2 else scores
        values = row[right]
        above = (row[None, :] > values[:, None]).sum(axis=1)
        tied = (row[None, :] == values[:, None]).sum(axis=1)
        listed = np.isfinite(values)
        places = np.clip(k - above, 0, tied)  # places of the list that the tie fills
        recall[r] = (places / tied)[listed].sum() / len(right)
        gains = [(ideal[min(a + t, k)] - ideal[min(a, k)]) / t for a, t in zip(above, tied, strict=True)]
        ndcg[r] = np.array(gains)[listed].sum() / ideal[min(len(right), k)]
    return recall, ndcg


#: Past launches looked at: windows of so many weeks, one after another, back from the end of the data.
EXAM_WEEKS = 8
EXAM_WINDOWS = 3
#: Customers who bought a new product that a window needs, and those looked at (seeded).
_MIN_USERS, _MAX_USERS = 20, 2000


@dataclass(frozen=True)
class LaunchExam:
    """How the content model ranked, at past launches, the products that were new then (lists of ten).

    Attributes:
        products, customers: new products without a sale, and customers who then bought one, over all windows.
        recall, ndcg: means over these customers; ``chance_…``: what a random order is worth.
    """

    weeks: int
    products: int
    customers: int
    recall: float
    ndcg: float
    chance_recall: float
    chance_ndcg: float


def launch_exam(snapshot: Snapshot, side: ProductSide, seed: int = 0) -> LaunchExam | None:
    """Rank the new products of past windows for the customers who then bought one; None where there were too few."""
    full = interactions(snapshot)
    got: list[np.ndarray] = []
    products = 0
    for back in range(1, EXAM_WINDOWS + 1):
        cutoff = snapshot.as_of - timedelta(weeks=back * EXAM_WEEKS)
        if cutoff < snapshot.manifest.first_day + timedelta(weeks=EXAM_WEEKS):
            break
        cut = launch_cut(snapshot, cutoff, 7 * EXAM_WEEKS, full)
        users, truth = cut.of(cut.unsold)
        if len(users) < _MIN_USERS:
            continue
        if len(users) > _MAX_USERS:
            chosen = np.sort(np.random.default_rng(seed).choice(len(users), _MAX_USERS, replace=False))
            users, truth = users[chosen], [truth[i] for i in chosen]
        new = np.flatnonzero(cut.unsold)
        scores = content_scores(cut, side, users, new)
        right = [np.searchsorted(new, t) for t in truth]
        got.append(np.array([*ranking_quality(scores, right), *ranking_quality(np.zeros(len(new)), right)]))
        products += len(new)
    if not got:
        return None
    found = np.concatenate(got, axis=1)
    recall, ndcg, chance_recall, chance_ndcg = map(float, found.mean(axis=1))
    return LaunchExam(EXAM_WEEKS, products, found.shape[1], recall, ndcg, chance_recall, chance_ndcg)
