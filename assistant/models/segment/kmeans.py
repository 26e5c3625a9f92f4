"""Segments found by k-means on recency, frequency and money, with k chosen by separation and stability."""

from __future__ import annotations

from typing import Any

import numpy as np

from assistant.models.segment.found import BLOCK
from assistant.models.segment.rfm_scale import OnRFM

#: Most rows of one step of the mini-batches.
_BATCH = 8192


class KMeansSegments(OnRFM):
    """k-means on logged, robustly scaled recency, frequency and money.

    k: among the numbers of segments whose worst bootstrap Jaccard reaches 0.85, the best silhouette; if none does, the
    most stable one. The choice uses a sample of customers. Above ``minibatch_from`` customers the final fit runs on
    mini-batches (Sculley 2010, "Web-scale k-means clustering", WWW); everybody is assigned either way.

    Args:
        k: number of segments; None chooses.
        seed: of sampling, starts and bootstraps.
        rounds: bootstrap refits per k tried.
        minibatch_from: customers from which mini-batches are used.
    """

    def __init__(self, k: int | None = None, seed: int = 0, rounds: int = 20, minibatch_from: int = 100_000) -> None:
        self.k = k
        self.seed = seed
        self.rounds = rounds
        self.minibatch_from = minibatch_from

    def _learn(self, values: np.ndarray, k: int, seed: int, starts: int) -> np.ndarray:
        """Centres, (k, 3)."""
        from threadpoolctl import threadpool_limits

        with threadpool_limits(limits=1):  # three columns: threads cost more than they bring
            return _model(len(values) > self.minibatch_from, k, seed, starts).fit(values).cluster_centers_

    def _codes(self, values: np.ndarray, learnt: np.ndarray) -> np.ndarray:
        """Nearest centre of each row, in blocks."""
        codes = np.empty(len(values), dtype=np.int64)
        length = (learnt**2).sum(axis=1)
        for start in range(0, len(values), BLOCK):
            block = values[start : start + BLOCK]
            codes[start : start + BLOCK] = (length - 2 * block @ learnt.T).argmin(axis=1)
        return codes


def _model(batches: bool, k: int, seed: int, starts: int) -> Any:
    from sklearn.cluster import KMeans, MiniBatchKMeans

    if batches:
        return MiniBatchKMeans(n_clusters=k, n_init=starts, batch_size=_BATCH, random_state=seed, max_no_improvement=30)
    return KMeans(n_clusters=k, n_init=starts, random_state=seed)
