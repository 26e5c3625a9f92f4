"""The split and the metrics of the *recommenders* project's comparison on MovieLens-100K, and its SAR as a proof.

Protocol (recommenders-team/recommenders, examples/06_benchmarks/movielens.ipynb): ``python_stratified_split(ratio=0.75,
filter_by="item")``, every rating counts as relevant, seen items removed, k = 10, MAP divided by all relevant items,
nDCG with the ideal list cut at k, means over users who are in both parts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assistant.features.interactions import Interactions, interactions_from_pairs
from assistant.models.recommend.base import top_k
from benchmarks.recommend import metrics
from benchmarks.shared_data import data_set

K = 10
RATIO = 0.75
#: Part of the training ratings on which hyper-parameters and weights are chosen.
VALIDATION_SHARE = 0.1
DAY = 24 * 60 * 60


@dataclass(frozen=True)
class Ratings:
    """Aligned arrays: user and item numbers, ratings 1–5, seconds."""

    users: np.ndarray
    items: np.ndarray
    values: np.ndarray
    seconds: np.ndarray

    def part(self, chosen: np.ndarray) -> Ratings:
        return Ratings(self.users[chosen], self.items[chosen], self.values[chosen], self.seconds[chosen])


@dataclass(frozen=True, eq=False)
class Split:
    """What is learnt from, and what is to be found for which rows of it.

    ``truth`` holds item positions in ``train``; items that were never seen in training have positions beyond it.
    """

    name: str
    train: Interactions
    rows: np.ndarray
    truth: list[np.ndarray]


def read(name: str) -> Ratings:
    """A file of the data set: ``u.data``, ``u1.base`` …"""
    table = np.loadtxt(data_set("movielens", "ml-100k", name), dtype=np.int64)
    return Ratings(*table.T)


def stratified(ratings: Ratings, seed: int) -> np.ndarray:
    """Which ratings are for training: of every item's, in an order drawn evenly, the first ``round(ratio · n)``.

    One random number per rating in the order of the file, as the library draws them; this is the split of the
    notebook's run (75,066 ratings of seed 42).
    """
    drawn = np.random.RandomState(seed).rand(len(ratings.items))
    order = np.lexsort((drawn, ratings.items))
    return _first_part(order, ratings.items)


def shuffled(groups: np.ndarray, seed: int) -> np.ndarray:
    """As :func:`stratified`, but every group is shuffled anew with the same seed: how the library did it at first.

    By user it is the split behind the SAR row of the project's README.
    """
    order = np.argsort(groups, kind="stable")
    starts = np.flatnonzero(np.diff(groups[order], prepend=-1))
    parts = np.split(order, starts[1:])
    drawn = [part[np.random.RandomState(seed).choice(len(part), size=len(part), replace=False)] for part in parts]
    return _first_part(np.concatenate(drawn), groups)


def _first_part(order: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Marks the first ``round(ratio · n)`` of each group; ``order`` lists the groups one after the other."""
    ordered = groups[order]
    starts = np.flatnonzero(np.diff(ordered, prepend=-1))
    sizes = np.diff(starts, append=len(order))
    rank = np.arange(len(order)) - np.repeat(starts, sizes)
    chosen = np.zeros(len(order), dtype=bool)
    chosen[order] = rank < np.repeat(np.round(RATIO * sizes), sizes)
    return chosen


def split(name: str, train: Ratings, test: Ratings) -> Split:
    """Interactions of the training ratings (one order each) and the truth of users who are in both parts."""
    seen = interactions_from_pairs([str(u) for u in train.users], [str(i) for i in train.items])
    users = seen.user_positions([str(u) for u in test.users])
    items = seen.item_positions([str(i) for i in test.items])
    _, other = np.unique(test.items, return_inverse=True)
    items = np.where(items >= 0, items, seen.n_items + other)
    rows = np.unique(users[users >= 0])
    return Split(name, seen, rows, [items[users == row] for row in rows])


def published_split(seed: int = 42) -> Split:
    """The stratified split of a seed; 42 is the published one (75,066 and 24,934 ratings)."""
    ratings = read("u.data")
    chosen = stratified(ratings, seed)
    return split(f"seed {seed}", ratings.part(chosen), ratings.part(~chosen))


def readme_split(seed: int = 42) -> Split:
    """The split by user behind the README's SAR row (74,992 and 25,008 ratings)."""
    ratings = read("u.data")
    chosen = shuffled(ratings.users, seed)
    return split("README", ratings.part(chosen), ratings.part(~chosen))


def given_split(name: str) -> Split:
    """``u1`` (80/20) or ``ua`` (ten ratings per user for the test), as published with the data."""
    return split(name, read(f"{name}.base"), read(f"{name}.test"))


def validation(whole: Split, seed: int = 0) -> Split:
    """A split of the training part alone: a tenth of its ratings, drawn at random, is to be found."""
    matrix = whole.train.matrix.tocoo()
    users, items = (ids[c] for ids, c in zip((whole.train.user_ids, whole.train.item_ids), matrix.coords, strict=True))
    out = np.random.default_rng(seed).random(len(users)) < VALIDATION_SHARE
    none = np.zeros(len(users), dtype=np.int64)
    ratings = Ratings(users.astype(np.int64), items.astype(np.int64), none, none)
    return split(f"{whole.name}, validation", ratings.part(~out), ratings.part(out))


def measures(places: np.ndarray, truth: list[np.ndarray]) -> dict[str, float]:
    """MAP (over all relevant), nDCG@k (ideal cut), precision and recall of lists: means over users."""
    return {
        "MAP": float(metrics.average_precision_at_k(places, truth, "all").mean()),
        "nDCG": float(metrics.ndcg_at_k(places, truth, "cut").mean()),
        "P": float(metrics.precision_at_k(places, truth).mean()),
        "R": float(metrics.recall_at_k(places, truth, "all").mean()),
    }


def sar_measures(ratings: Ratings, chosen: np.ndarray, half_life_days: float = 30.0) -> dict[str, float]:
    """SAR with Jaccard similarity and time decay, as in the published comparison.

    Affinity of a user for an item: rating · 2^(−age / half-life); score: affinity · Jaccard similarity of the items'
    raters; what was rated is removed.

    Args:
        chosen: which ratings are for training.
    """
    from scipy.sparse import csr_array

    train = ratings.part(chosen)
    whole = split("SAR", train, ratings.part(~chosen))
    rows = whole.train.user_positions([str(u) for u in train.users])
    columns = whole.train.item_positions([str(i) for i in train.items])
    shape = (whole.train.n_users, whole.train.n_items)
    age = train.seconds.max() - train.seconds
    affinity = csr_array((train.values * np.exp2(-age / (half_life_days * DAY)), (rows, columns)), shape=shape)
    rated = csr_array((np.ones(len(rows)), (rows, columns)), shape=shape)
    common = (rated.T @ rated).toarray()
    raters = np.diagonal(common)
    scores = affinity @ (common / (raters[:, None] + raters[None, :] - common))
    scores[rows, columns] = -np.inf
    return measures(top_k(scores[whole.rows], K)[0], whole.truth)
