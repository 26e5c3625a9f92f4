"""Segments found by k-means on recency, frequency and money, with k chosen by separation and stability."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from assistant.errors import InvalidPlan
from assistant.models.segment.base import FEATURES, Segmenter
from assistant.models.segment.naming import name_segments
from assistant.models.segment.stability import STABLE, bootstrap_jaccard

if TYPE_CHECKING:
    import pandas as pd

#: Numbers of segments tried when none is asked for.
K_RANGE = range(3, 9)
#: Customers sampled for choosing k and for silhouettes (both are quadratic or repeated).
_CHOICE_ROWS = 4000
_SILHOUETTE_ROWS = 2000


@dataclass(frozen=True)
class KTrial:
    """One number of segments: mean silhouette (-1 to 1) and worst bootstrap Jaccard (0–1)."""

    k: int
    silhouette: float
    worst_jaccard: float


class KMeansSegments(Segmenter):
    """k-means on log(1 + x), scaled by median and interquartile range.

    Logs because spending and orders are heavy-tailed; robust scaling so that one wholesaler does not set the scale.
    k: among the numbers of segments whose worst bootstrap Jaccard reaches 0.85, the best silhouette; if none does, the
    most stable one. Choice and fit use at most ``sample`` customers, everybody is assigned.

    Args:
        k: number of segments; None chooses.
        seed: of sampling, starts and bootstraps.
        rounds: bootstrap refits per k tried.
        sample: customers used for the final fit.
    """

    def __init__(self, k: int | None = None, seed: int = 0, rounds: int = 10, sample: int = 100_000) -> None:
        self.k = k
        self.seed = seed
        self.rounds = rounds
        self.sample = sample

    def _fit(self, frame: pd.DataFrame) -> None:
        values = _logged(frame)
        self.center_ = np.median(values, axis=0)
        spread = np.subtract(*np.quantile(values, [0.75, 0.25], axis=0))
        deviation = values.std(axis=0)
        self.scale_ = np.where(spread > 0, spread, np.where(deviation > 0, deviation, 1.0))
        scaled = self._scaled(frame)
        distinct = len(np.unique(scaled, axis=0))
        if self.k is not None and self.k > distinct:
            raise InvalidPlan(
                f"{self.k} segments were asked for, but only {distinct} customers differ from each other",
                received=self.k, hint="Ask for fewer segments.",
            )
        self.trials_: tuple[KTrial, ...] = ()
        k = self.k if self.k is not None else self._choose_k(frame, distinct)
        model = _kmeans(_sampled(scaled, self.sample, self.seed), k, self.seed)
        self.centers_ = model.cluster_centers_
        codes = _nearest(scaled, self.centers_)
        medians = frame[list(FEATURES)].groupby(codes).median()
        self.centers_ = self.centers_[medians.index.to_numpy()]
        self.medians_ = medians.reset_index(drop=True)
        self.names_ = np.array(name_segments(self.medians_, frame), dtype=object)

    def _choose_k(self, frame: pd.DataFrame, distinct: int) -> int:
        """Number of segments by silhouette among the stable ones."""
        if distinct <= K_RANGE.start:
            return max(1, distinct)
        rng = np.random.default_rng(self.seed)
        chosen = np.sort(rng.choice(len(frame), min(len(frame), _CHOICE_ROWS), replace=False))
        part = frame.iloc[chosen]
        scaled = self._scaled(part)
        available = len(np.unique(scaled, axis=0))
        trials = [self._try_k(part, scaled, k) for k in K_RANGE if k < available]
        self.trials_ = tuple(trials)
        if not trials:
            return max(1, min(available, K_RANGE.start))
        stable = [t for t in trials if t.worst_jaccard >= STABLE]
        if stable:
            return max(stable, key=lambda t: t.silhouette).k
        return max(trials, key=lambda t: t.worst_jaccard).k

    def _try_k(self, part: pd.DataFrame, scaled: np.ndarray, k: int) -> KTrial:
        from sklearn.metrics import silhouette_score

        labels = _kmeans(scaled, k, self.seed).labels_
        stability = bootstrap_jaccard(part, labels, lambda f, s: self._refit(f, k, s), self.rounds, self.seed)
        size = min(len(scaled), _SILHOUETTE_ROWS)
        separation = float(silhouette_score(scaled, labels, sample_size=size, random_state=self.seed))
        return KTrial(k, separation, min(stability.values()))

    def _refit(self, frame: pd.DataFrame, k: int, seed: int) -> Any:
        centers = _kmeans(self._scaled(frame), k, seed, starts=2).cluster_centers_
        return lambda other: _nearest(self._scaled(other), centers)

    def refit_on(self, frame: pd.DataFrame, seed: int) -> Any:
        """The same k and scaling on other customers, for measuring stability."""
        self._fitted()
        return self._refit(frame, len(self.centers_), seed)

    def _scaled(self, frame: pd.DataFrame) -> np.ndarray:
        return (_logged(frame) - self.center_) / self.scale_

    def _names_of(self, frame: pd.DataFrame) -> np.ndarray:
        return self.names_[_nearest(self._scaled(frame), self.centers_)]

    def definition(self, name: str) -> str:
        """The segment's medians, which are what its name was made from."""
        self._fitted()
        row = self.medians_.iloc[int(np.flatnonzero(self.names_ == name)[0])]
        return (f"nearest to: {row['order_count']:g} orders, {row['monetary_value']:,.2f} spent, last order "
                f"{row['days_since_last_order']:g} days ago (medians)")


def _nearest(scaled: np.ndarray, centers: np.ndarray) -> np.ndarray:
    """Nearest centre of each row, in blocks."""
    codes = np.empty(len(scaled), dtype=np.int64)
    for start in range(0, len(scaled), 100_000):
        block = scaled[start : start + 100_000]
        codes[start : start + 100_000] = ((block[:, None, :] - centers[None]) ** 2).sum(axis=2).argmin(axis=1)
    return codes


def _logged(frame: pd.DataFrame) -> np.ndarray:
    """log(1 + x) of the features; money below zero (net of returns) counts as zero."""
    return np.log1p(np.maximum(frame[list(FEATURES)].to_numpy(dtype=float), 0.0))


def _sampled(values: np.ndarray, size: int, seed: int) -> np.ndarray:
    if len(values) <= size:
        return values
    return values[np.random.default_rng(seed).choice(len(values), size, replace=False)]


def _kmeans(values: np.ndarray, k: int, seed: int, starts: int = 4) -> Any:
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    k = min(k, len(np.unique(values, axis=0)))
    with threadpool_limits(limits=1):  # three columns: threads cost more than they bring, far more on a busy machine
        return KMeans(n_clusters=k, n_init=starts, random_state=seed).fit(values)
