"""Segments found by k-means on recency, frequency and money, with k chosen by separation and stability."""

from __future__ import annotations

from typing import Any

import numpy as np

from assistant.models.segment.base import FEATURES
from assistant.models.segment.found import BLOCK
from assistant.models.segment.rfm_scale import OnRFM

#: Customers drawn for the fit where there are very many.
_BATCH = 50_000


class KMeansSegments(OnRFM):
    """k-means on logged, robustly scaled recency, frequency and money.

    k: among the numbers of segments whose worst bootstrap Jaccard reaches 0.85, the best silhouette; if none does, the
    most stable one. The choice uses a sample of customers. Above ``minibatch_from`` customers the final fit runs on
    one batch drawn at random; everybody is assigned, in blocks. Measured on a million customers, steps over many
    mini-batches (Sculley 2010, "Web-scale k-means clustering", WWW) were slower and ended at worse centres.

    Args:
        k: number of segments; None chooses.
        seed: of sampling, starts and bootstraps.
        rounds: bootstrap refits per k tried.
        minibatch_from: customers from which a batch is used.
        columns: of recency, frequency and money, those that the groups are found in.
    """

    def __init__(
        self, k: int | None = None, seed: int = 0, rounds: int = 20, minibatch_from: int = 100_000,
        columns: tuple[str, ...] = FEATURES,
    ) -> None:
        self.k = k
        self.seed = seed
        self.rounds = rounds
        self.minibatch_from = minibatch_from
        self.columns = columns

    def _learn(self, values: np.ndarray, k: int, seed: int, starts: int) -> np.ndarray:
        """Centres, (k, columns)."""
        from threadpoolctl import threadpool_limits

        with threadpool_limits(limits=1):  # three columns: threads cost more than they bring
            return _model(k, seed, starts).fit(self._batch(values, k, seed)).cluster_centers_

    def _batch(self, values: np.ndarray, k: int, seed: int) -> np.ndarray:
        """All rows, or a batch of them where there are very many; never fewer than make the groups."""
        if len(values) <= self.minibatch_from:
            return values
        size = min(len(values), max(_BATCH, k)) if self.minibatch_from >= _BATCH else max(self.minibatch_from, k)
        return values[np.random.default_rng(seed).choice(len(values), size, replace=False)]

    def _codes(self, values: np.ndarray, learnt: np.ndarray) -> np.ndarray:
        """Nearest centre of each row, in blocks."""
        codes = np.empty(len(values), dtype=np.int64)
        length = (learnt**2).sum(axis=1)
        for start in range(0, len(values), BLOCK):
            block = values[start : start + BLOCK]
            codes[start : start + BLOCK] = (length - 2 * block @ learnt.T).argmin(axis=1)
        return codes


def _model(k: int, seed: int, starts: int) -> Any:
    from sklearn.cluster import KMeans

    return KMeans(n_clusters=k, n_init=starts, random_state=seed)
