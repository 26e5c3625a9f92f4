"""Segments found by a Gaussian mixture on recency, frequency and money: groups may be stretched and uneven."""

from __future__ import annotations

from typing import Any

import numpy as np

from assistant.models.segment.base import FEATURES
from assistant.models.segment.found import BLOCK
from assistant.models.segment.rfm_scale import OnRFM


class GaussianSegments(OnRFM):
    """Gaussian mixture with full covariances on logged, robustly scaled recency, frequency and money.

    k is chosen as for :class:`~assistant.models.segment.kmeans.KMeansSegments`. A floor under the variances keeps a
    component from shrinking onto customers with equal values, such as everybody with a single order.

    Args:
        k: number of segments; None chooses.
        seed: of sampling, starts and bootstraps.
        rounds: bootstrap refits per k tried.
        sample: most customers that the final fit uses; everybody is assigned.
        floor: least variance of a component, in squared interquartile ranges.
        columns: of recency, frequency and money, those that the groups are found in.
    """

    def __init__(
        self, k: int | None = None, seed: int = 0, rounds: int = 20, sample: int = 50_000, floor: float = 0.01,
        columns: tuple[str, ...] = FEATURES,
    ) -> None:
        self.k = k
        self.seed = seed
        self.rounds = rounds
        self.sample = sample
        self.floor = floor
        self.columns = columns

    def _learn(self, values: np.ndarray, k: int, seed: int, starts: int) -> Any:
        import warnings

        from sklearn.exceptions import ConvergenceWarning
        from sklearn.mixture import GaussianMixture
        from threadpoolctl import threadpool_limits

        if len(values) > self.sample:
            values = values[np.random.default_rng(seed).choice(len(values), self.sample, replace=False)]
        if len(values) == 1:
            values = np.repeat(values, 2, axis=0)  # the mixture of scikit-learn wants two
        with threadpool_limits(limits=1), warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # k distinct points give k-means nothing to do
            return GaussianMixture(k, n_init=max(1, starts // 4), reg_covar=self.floor, random_state=seed,
                                   tol=1e-4, max_iter=200).fit(values)

    def _codes(self, values: np.ndarray, learnt: Any) -> np.ndarray:
        """Likeliest component of each row, in blocks."""
        blocks = [learnt.predict(values[start : start + BLOCK]) for start in range(0, len(values), BLOCK)]
        return np.concatenate(blocks).astype(np.int64)

    def _criterion(self, values: np.ndarray, learnt: Any) -> float:
        return float(learnt.bic(values))
