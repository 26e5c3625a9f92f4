"""Two levels of groups by k-means on embeddings, with what fits nowhere set apart."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

#: numbers of top groups and of subgroups tried
TOP_RANGE = range(10, 21)
SUB_RANGE = range(3, 9)
#: products of the smallest subgroup that is made, on average
SMALLEST_SUB = 4
#: above this many products k-means works on small batches
BATCHED_ABOVE = 25_000
#: products that the choice of the number of groups and the silhouette look at
SAMPLE = 4_000
#: dimensions kept before clustering
DIMENSIONS = 48
#: bootstrap refits for choosing and for the published stability
CHOICE_ROUNDS, ROUNDS = 3, 10
#: a product is set apart if it is not nearer to its group than to the next one by this share …
APART_MARGIN = 0.02
#: … and its cosine with the group's centre is below this
APART_COSINE = 0.40


@dataclass(frozen=True)
class Trial:
    """One number of top groups: mean silhouette (−1 to 1) and mean bootstrap Jaccard (0–1)."""

    k: int
    silhouette: float
    jaccard: float


@dataclass
class Clusters:
    """What clustering found.

    Attributes:
        top: [n] top group of each product, −1 where it fits nowhere.
        sub: [n] subgroup within it, −1 for those.
        trials: the numbers of top groups tried.
        silhouette: mean silhouette of the top groups, over a sample; ``sub_silhouette`` of all subgroups.
        jaccard: top group → mean Jaccard with its best match over bootstrap refits.
    """

    top: np.ndarray
    sub: np.ndarray
    trials: list[Trial] = field(default_factory=list)
    silhouette: float = 0.0
    sub_silhouette: float = 0.0
    jaccard: dict[int, float] = field(default_factory=dict)


def reduced(vectors: np.ndarray, seed: int = 0) -> np.ndarray:
    """The leading components [n, d'] of vectors [n, d], rows of length 1 again."""
    from sklearn.decomposition import PCA

    d = min(DIMENSIONS, *vectors.shape)
    if d < 2:
        return unit(np.asarray(vectors, dtype=np.float32))
    sample = vectors if len(vectors) <= 4 * SAMPLE else vectors[_drawn(len(vectors), 4 * SAMPLE, seed)]
    pca = PCA(d, svd_solver="randomized", random_state=seed).fit(sample)
    return unit(pca.transform(vectors).astype(np.float32))


def unit(vectors: np.ndarray) -> np.ndarray:
    """Rows scaled to length 1; zero rows stay."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)


def _drawn(n: int, size: int, seed: int) -> np.ndarray:
    return np.sort(np.random.default_rng(seed).choice(n, min(n, size), replace=False))


def kmeans(points: np.ndarray, k: int, seed: int, starts: int = 3, init: np.ndarray | None = None) -> Any:
    """k-means, on small batches for large catalogues; ``init`` [k, d] begins at given centres."""
    from sklearn.cluster import KMeans, MiniBatchKMeans

    begin: Any = "k-means++" if init is None else init
    starts = starts if init is None else 1
    if len(points) > BATCHED_ABOVE:
        return MiniBatchKMeans(k, init=begin, n_init=starts, random_state=seed, batch_size=4096).fit(points)
    return KMeans(k, init=begin, n_init=starts, random_state=seed).fit(points)


def nearest(points: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Nearest centre [n] of each point, in blocks."""
    found = np.empty(len(points), dtype=np.int64)
    offset = (centres ** 2).sum(axis=1)
    for start in range(0, len(points), 50_000):
        block = points[start : start + 50_000]
        found[start : start + 50_000] = (offset - 2 * block @ centres.T).argmin(axis=1)
    return found


def best_jaccard(labels: np.ndarray, k: int, again: np.ndarray) -> np.ndarray:
    """Jaccard [k] of each group with the most similar one of another grouping of the same products."""
    other = int(again.max()) + 1
    both = np.bincount(labels * other + again, minlength=k * other).reshape(k, other)
    union = both.sum(axis=1, keepdims=True) + both.sum(axis=0, keepdims=True) - both
    return (both / np.maximum(union, 1)).max(axis=1)


def stability(points: np.ndarray, labels: np.ndarray, rounds: int, seed: int) -> np.ndarray:
    """Mean Jaccard [k] of each group over refits from scratch on bootstrap samples.

    Hennig (2007), "Cluster-wise assessment of cluster stability", *Computational Statistics & Data Analysis* 52.
    """
    k = int(labels.max()) + 1
    rng = np.random.default_rng(seed)
    found = np.zeros(k)
    for turn in range(rounds):
        sample = points[rng.integers(len(points), size=len(points))]
        model = kmeans(sample, min(k, len(np.unique(sample, axis=0))), seed + turn + 1, starts=2)
        found += best_jaccard(labels, k, nearest(points, model.cluster_centers_))
    return found / max(rounds, 1)


def silhouette(points: np.ndarray, labels: np.ndarray, seed: int = 0) -> float:
    """Mean silhouette over a sample; 0 where there is one group only."""
    from sklearn.metrics import silhouette_score

    rows = _drawn(len(points), SAMPLE, seed)
    groups = len(np.unique(labels[rows]))
    if groups < 2 or groups >= len(rows):
        return 0.0
    return float(silhouette_score(points[rows], labels[rows]))


@contextmanager
def one_thread() -> Iterator[None]:
    """Many small fits: threads of the numeric libraries cost more than they bring, and much more on a busy machine."""
    import sklearn.cluster  # noqa: F401  loaded first: only threads of libraries that are there are limited
    import sklearn.decomposition  # noqa: F401
    import sklearn.metrics  # noqa: F401
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        yield


def two_levels(themes: np.ndarray, kinds: np.ndarray, seed: int = 0) -> Clusters:
    """Top groups by theme, subgroups by kind of product.

    Args:
        themes: [n, d] unit vectors of the cleaned names.
        kinds: [n, d] the same with the head word weighing more; splits the top groups.
    """
    with one_thread():
        return _two_levels(themes, kinds, seed)


def _two_levels(themes: np.ndarray, kinds: np.ndarray, seed: int) -> Clusters:
    n = len(themes)
    different = len(np.unique(themes.round(6), axis=0))
    if different < 2 * SMALLEST_SUB:
        return Clusters(np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64), jaccard={0: 1.0})
    points, fine = reduced(themes, seed), reduced(kinds, seed)
    k, trials = _choose_top(points, different, seed)
    model = kmeans(points, k, seed, starts=5)
    top = nearest(points, model.cluster_centers_)
    jaccard = stability(points, top, ROUNDS if n <= BATCHED_ABOVE else CHOICE_ROUNDS, seed)
    top = set_apart(points, top)
    sub = np.full(n, -1, dtype=np.int64)
    for group in range(k):
        rows = np.flatnonzero(top == group)
        if len(rows):
            sub[rows] = _split(fine[rows], seed)
    kept = top >= 0
    pairs = top[kept] * 1000 + sub[kept]
    return Clusters(top, sub, trials, silhouette(points[kept], top[kept]), silhouette(fine[kept], pairs),
                    dict(enumerate(jaccard.tolist())))


def set_apart(points: np.ndarray, top: np.ndarray) -> np.ndarray:
    """The groups with −1 for products far from their group's centre and hardly nearer to it than to another."""
    k = int(top.max()) + 1
    if k < 2:
        return top
    centres = unit(np.stack([points[top == g].mean(axis=0) if (top == g).any() else np.zeros(points.shape[1])
                             for g in range(k)]))
    cosine = points @ centres.T
    own = cosine[np.arange(len(top)), top]
    cosine[np.arange(len(top)), top] = -np.inf
    margin = own - cosine.max(axis=1)
    return np.where((own < APART_COSINE) & (margin < APART_MARGIN), -1, top)


def _choose_top(points: np.ndarray, different: int, seed: int) -> tuple[int, list[Trial]]:
    """The number of top groups with the best mean of silhouette and stability, each on its range over the trials."""
    part = points[_drawn(len(points), SAMPLE, seed)]
    most = max(2, min(TOP_RANGE.stop - 1, different // (2 * SMALLEST_SUB)))
    tried = [k for k in TOP_RANGE if k <= most] or [most]
    trials = []
    for k in tried:
        labels = kmeans(part, k, seed).labels_
        steady = stability(part, labels, CHOICE_ROUNDS, seed)
        trials.append(Trial(k, silhouette(part, labels, seed), float(steady.mean())))
    score = _ranged([t.silhouette for t in trials]) + _ranged([t.jaccard for t in trials])
    return trials[int(np.argmax(score))].k, trials


def _ranged(values: list[float]) -> np.ndarray:
    array = np.asarray(values)
    spread = array.max() - array.min()
    return (array - array.min()) / spread if spread > 0 else np.zeros(len(array))


def _split(points: np.ndarray, seed: int) -> np.ndarray:
    """Subgroups of one group: the number with the best silhouette."""
    different = len(np.unique(points.round(6), axis=0))
    most = min(SUB_RANGE.stop - 1, different // SMALLEST_SUB)
    tried = [k for k in SUB_RANGE if k <= most]
    if not tried:
        return np.zeros(len(points), dtype=np.int64)
    found = [kmeans(points, k, seed).labels_ for k in tried]
    return found[int(np.argmax([silhouette(points, labels, seed) for labels in found]))]
