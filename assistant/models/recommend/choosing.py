"""Which recommender this shop gets: measured on the shop's own last weeks, and said why.

Time split: models learn from everything up to the cut and rank the full catalogue for customers who bought before and
after it; what they bought after is the truth. No sampled metrics. A model that knows the customer is taken only where
it beats the best popularity list by more than the noise of the comparison.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from assistant.data.warehouse import Snapshot
from assistant.features.interactions import Interactions, day_number, interactions
from assistant.features.product_side import ProductSide
from assistant.models.recommend.rebuying import rebuying
from assistant.models.registry import RECOMMENDERS, available

#: Length of the list in the comparison.
EVALUATED_K = 10
#: Test windows tried in turn, in weeks, until enough customers can be judged.
WEEKS = (4, 8, 13, 26)
MIN_USERS = 50
MAX_USERS = 1000
#: Standard errors by which a personal model must beat popularity.
_CLEARLY = 1.0


@dataclass(frozen=True)
class Trial:
    """One model on the test weeks. Metrics are means over customers, 0–1."""

    name: str
    family: str
    words: str
    recall: float  # bought after the cut and in the list / bought after the cut
    ndcg: float  # ideal cut at k
    coverage: float  # share of the catalogue that appears in some list
    per_user_ndcg: np.ndarray


@dataclass(frozen=True)
class Choice:
    """The chosen model and the comparison behind it. Without enough test customers ``trials`` is empty."""

    name: str
    why: str  # words without numbers
    trials: tuple[Trial, ...] = ()
    weeks: int = 0
    cutoff: date | None = None
    users: int = 0

    def trial(self, name: str) -> Trial | None:
        return next((t for t in self.trials if t.name == name), None)

    def best_of(self, family: str) -> str:
        """Best-measured model of a family; the first registered where nothing was measured."""
        names = [n for n, e in RECOMMENDERS.items() if e.family == family]
        measured = [t for t in self.trials if t.family == family]
        return max(measured, key=lambda t: t.ndcg).name if measured else names[0]


def choose_recommender(
    snapshot: Snapshot, full: Interactions | None = None, seed: int = 0, side: ProductSide | None = None
) -> Choice:
    """Compare every registered recommender on the last weeks before ``as_of``.

    Args:
        full: interactions up to ``as_of``, if at hand.
        seed: of the sample of test customers (at most ``MAX_USERS``).
        side: what is known of products beside their sales; models that need more are left out.
    """
    full = interactions(snapshot) if full is None else full
    first = snapshot.manifest.first_day
    for weeks in WEEKS:
        cutoff = snapshot.as_of - timedelta(weeks=weeks)
        if cutoff <= first or (cutoff - first) < timedelta(weeks=2 * weeks):
            break
        test = _test_purchases(full, cutoff)
        if len(test) < MIN_USERS:
            continue
        train = interactions(snapshot, cutoff)
        users, truth = _test_users(train, full, test, seed)
        if len(users) < MIN_USERS:
            continue
        trials = tuple(_try(name, train, users, truth, side) for name in available(side))
        name, why = _decide(trials)
        return Choice(name, why, trials, weeks, cutoff, len(users))
    return Choice("popularity", "too few customers bought again in the last weeks to measure a personal model, "
                                "so the plain popularity list is used")


def _test_purchases(full: Interactions, cutoff: date) -> np.ndarray:
    """Rows of customers who bought before and after the cut."""
    owner = np.repeat(np.arange(full.n_users), np.diff(full.matrix.indptr))
    before = np.unique(owner[full.first_days <= day_number(cutoff)])
    after = np.unique(owner[full.last_days > day_number(cutoff)])
    return np.intersect1d(before, after)


def _test_users(
    train: Interactions, full: Interactions, users: np.ndarray, seed: int
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Rows before the cut and the products bought after it, for a seeded sample of customers."""
    places = train.user_positions(full.user_ids[users])
    users, places = users[places >= 0], places[places >= 0]
    if len(users) > MAX_USERS:
        chosen = np.sort(np.random.default_rng(seed).choice(len(users), MAX_USERS, replace=False))
        users, places = users[chosen], places[chosen]
    to_train = train.item_positions(full.item_ids)
    cut, truth, kept = day_number(train.until), [], []
    for user, place in zip(users, places, strict=True):
        part = slice(full.matrix.indptr[user], full.matrix.indptr[user + 1])
        bought = to_train[full.matrix.indices[part][full.last_days[part] > cut]]
        if (bought >= 0).any():
            truth.append(bought[bought >= 0])
            kept.append(place)
    return np.array(kept, dtype=np.int64), truth


def _try(
    name: str, train: Interactions, users: np.ndarray, truth: Sequence[np.ndarray], side: ProductSide | None
) -> Trial:
    entry = RECOMMENDERS[name]
    model = entry.make().fit(train, side)
    places, _ = model.top(model.rows_at(users), EVALUATED_K, exclude_seen=~rebuying(train).kept)
    recall, ndcg = list_quality(places, truth)
    shown = np.unique(places[places >= 0])
    return Trial(name, entry.family, entry.words, float(recall.mean()), float(ndcg.mean()),
                 len(shown) / max(train.n_items, 1), ndcg)


def list_quality(places: np.ndarray, truth: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Recall@k (divided by all that was bought) and nDCG@k (ideal cut at k) of each list."""
    k = places.shape[1]
    discount = 1 / np.log2(np.arange(k) + 2)
    ideal = np.concatenate([[0.0], np.cumsum(discount)])
    hits = np.array([np.isin(row, right) & (row >= 0) for row, right in zip(places, truth, strict=True)])
    sizes = np.array([len(right) for right in truth])
    return hits.sum(axis=1) / sizes, (hits * discount).sum(axis=1) / ideal[np.minimum(sizes, k)]


def _decide(trials: tuple[Trial, ...]) -> tuple[str, str]:
    """The winner and why, in words without numbers."""
    plain = max((t for t in trials if t.family == "popularity"), key=lambda t: t.ndcg)
    best = max(trials, key=lambda t: t.ndcg)
    if best.family == "popularity":
        return best.name, "on the shop's own last weeks no personal model ranked better than the popularity list"
    gain = best.per_user_ndcg - plain.per_user_ndcg
    noise = float(gain.std(ddof=1) / np.sqrt(len(gain))) if len(gain) > 1 else np.inf
    if gain.mean() <= _CLEARLY * noise:
        return plain.name, ("on the shop's own last weeks the personal models were not clearly better than the "
                            "popularity list")
    return best.name, "it ranked best on the shop's own last weeks, ahead of the popularity list"
