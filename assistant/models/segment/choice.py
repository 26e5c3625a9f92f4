"""Which way to find segments: k-means or a Gaussian mixture, whichever proposes stable and better separated groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assistant.models.segment.base import FEATURES, Segmenter
from assistant.models.segment.found import FEWEST, FoundSegments, KTrial
from assistant.models.segment.gaussian import GaussianSegments
from assistant.models.segment.kmeans import KMeansSegments

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd


class BestFound(Segmenter):
    """k-means and a Gaussian mixture, fitted side by side; stable groups win, then better separated ones.

    HDBSCAN was measured and left out: see ``benchmarks/customers/segments``.

    Args:
        k: number of segments; None lets each choose.
        seed: of sampling, starts and bootstraps.
        rounds: bootstrap refits per k tried.
        columns: of recency, frequency and money, those that the groups are found in.
    """

    def __init__(
        self, k: int | None = None, seed: int = 0, rounds: int = 20, columns: tuple[str, ...] = FEATURES,
    ) -> None:
        self.k = k
        self.seed = seed
        self.rounds = rounds
        self.columns = columns

    def _fit(self, frame: pd.DataFrame) -> None:
        asked = (self.k, self.seed, self.rounds)
        made = {"kmeans": KMeansSegments(*asked, columns=self.columns),
                "gaussian": GaussianSegments(*asked, columns=self.columns)}
        self.rivals_: dict[str, FoundSegments] = {name: model.fit(frame) for name, model in made.items()}
        self.chosen_ = max(self.rivals_, key=lambda name: _merit(self.rivals_[name].trial_))

    @property
    def best_(self) -> FoundSegments:
        """The one in use."""
        self._fitted()
        return self.rivals_[self.chosen_]

    def _names_of(self, frame: pd.DataFrame) -> np.ndarray:
        return self.rivals_[self.chosen_].predict(frame)

    def refit_on(self, frame: pd.DataFrame, seed: int) -> Any:
        """The one in use on other customers, for measuring stability."""
        return self.best_.refit_on(frame, seed)

    def definition(self, name: str) -> str:
        """As the one in use defines it."""
        return self.best_.definition(name)


def _merit(trial: KTrial | None) -> tuple[bool, bool, float]:
    """Stable first, then more than the fewest groups, then separation; without a stable one, the more stable."""
    if trial is None:
        return False, False, -1.0
    return trial.stable, trial.k > FEWEST, trial.silhouette if trial.stable else trial.worst_jaccard


def finder_of(segmenter: Segmenter) -> FoundSegments | None:
    """The model that found the groups; None for rules."""
    if isinstance(segmenter, BestFound):
        return segmenter.best_
    return segmenter if isinstance(segmenter, FoundSegments) else None


def tried(segmenter: Segmenter) -> dict[str, tuple[FoundSegments, bool]]:
    """Every model that was fitted by its name, and whether it is the one in use."""
    if isinstance(segmenter, BestFound):
        return {n: (m, n == segmenter.chosen_) for n, m in segmenter.rivals_.items()}
    found = finder_of(segmenter)
    return {} if found is None else {type(found).__name__.removesuffix("Segments").lower(): (found, True)}
