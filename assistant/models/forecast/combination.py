"""The mean of several forecasts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from assistant.models.forecast.base import Forecaster

if TYPE_CHECKING:
    import numpy as np


class MeanCombination(Forecaster):
    """Equal-weight mean of its members: hard to beat by weights fitted on few errors (Makridakis, Spiliotis &
    Assimakopoulos 2020, *International Journal of Forecasting* 36(1), 54–74: 12 of the 17 most accurate entries of the
    M4 competition were combinations)."""

    name = "mean_combination"
    words = "the mean of several methods"

    def __init__(self, members: Sequence[Forecaster], max_windows: int = 40) -> None:
        super().__init__(max(m.season for m in members), members[0].grain, max_windows)
        self.members = members

    @property
    def min_history(self) -> int:
        return max(m.min_history for m in self.members)

    @property
    def knows_the_year(self) -> bool:
        return any(m.knows_the_year for m in self.members)

    def path(self, y: np.ndarray, h: int) -> np.ndarray:
        import numpy as np

        return np.mean([m.path(y, h) for m in self.members], axis=0)
