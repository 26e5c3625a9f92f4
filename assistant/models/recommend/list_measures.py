"""Measures of recommendation lists: what was found, how much of the catalogue is shown, how alike the lists are.

Lists are item positions, users × k, -1 where a place is empty. Nothing here samples negatives.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assistant.features.interactions import Interactions

#: Standard errors of a 95 % interval of a mean.
_Z95 = 1.96


@dataclass(frozen=True)
class Difference:
    """A paired mean difference over customers with its 95 % interval (normal approximation)."""

    mean: float
    low: float
    high: float
    standard_error: float
    users: int

    @property
    def half_width(self) -> float:
        return (self.high - self.low) / 2


def paired_difference(ours: np.ndarray, theirs: np.ndarray) -> Difference:
    """Mean of ``ours - theirs`` over the same customers; with fewer than two the interval is infinite."""
    gain = np.asarray(ours, dtype=np.float64) - np.asarray(theirs, dtype=np.float64)
    mean = float(gain.mean()) if len(gain) else 0.0
    error = float(gain.std(ddof=1) / np.sqrt(len(gain))) if len(gain) > 1 else np.inf
    return Difference(mean, mean - _Z95 * error, mean + _Z95 * error, error, len(gain))


def list_quality(places: np.ndarray, truth: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Recall@k (divided by all that was bought) and nDCG@k (ideal cut at k) of each list."""
    k = places.shape[1]
    discount = 1 / np.log2(np.arange(k) + 2)
    ideal = np.concatenate([[0.0], np.cumsum(discount)])
    hits = np.array([np.isin(row, right) & (row >= 0) for row, right in zip(places, truth, strict=True)])
    sizes = np.array([len(right) for right in truth])
    return hits.sum(axis=1) / sizes, (hits * discount).sum(axis=1) / ideal[np.minimum(sizes, k)]


def exposure(places: np.ndarray, n_items: int) -> np.ndarray:
    """In how many lists each product stands (int64, items)."""
    return np.bincount(places[places >= 0], minlength=n_items)


def coverage(counts: np.ndarray) -> float:
    """Share of the catalogue that stands in at least one list (0–1)."""
    return float((counts > 0).mean()) if len(counts) else 0.0


def gini(counts: np.ndarray) -> float:
    """Gini coefficient of exposure over the whole catalogue: 0 all products equally often, towards 1 a few only."""
    n, total = len(counts), float(np.sum(counts))
    if n == 0 or total == 0:
        return 0.0
    ranked = np.sort(counts).astype(np.float64)
    return float(2 * (np.arange(1, n + 1) * ranked).sum() / (n * total) - (n + 1) / n)


def novelty(places: np.ndarray, buyers: np.ndarray, n_users: int) -> float:
    """Mean self-information of a recommended product, -log2(buyers / customers), in bits.

    Zhou et al. 2010 ("Solving the apparent diversity-accuracy dilemma of recommender systems"). A product without a
    buyer counts as one with a single buyer.
    """
    shown = places[places >= 0]
    if len(shown) == 0 or n_users == 0:
        return 0.0
    return float(-np.log2(np.clip(np.maximum(buyers[shown], 1) / n_users, None, 1.0)).mean())


def diversity(places: np.ndarray, interactions: Interactions) -> float:
    """Mean over lists of 1 - cosine between two of their products, by who bought them (0 same buyers, 1 no common one).

    Intra-list distance (Ziegler et al. 2005) on the vectors of buyers, which every shop has.
    """
    matrix = interactions.matrix
    owned = type(matrix)((np.ones(matrix.nnz), matrix.indices, matrix.indptr), shape=matrix.shape)
    shown, code = np.unique(places[places >= 0], return_inverse=True)
    if len(shown) == 0:
        return 0.0
    some = owned.tocsc()[:, shown]
    together = (some.T @ some).toarray()
    length = np.sqrt(np.maximum(together.diagonal(), 1.0))
    alike = together / np.outer(length, length)
    columns = np.full(places.shape, -1)
    columns[places >= 0] = code
    distances = []
    for row in columns:
        row = row[row >= 0]
        if len(row) > 1:
            block = alike[np.ix_(row, row)]
            distances.append(1 - (block.sum() - np.trace(block)) / (len(row) * (len(row) - 1)))
    return float(np.mean(distances)) if distances else 0.0
