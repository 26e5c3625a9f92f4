"""Seasonal naive: the same as one cycle ago. The baseline of every backtest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.models.forecast.base import MIN_TRAIN, Forecaster

if TYPE_CHECKING:
    import numpy as np


class SeasonalNaive(Forecaster):
    """Repeats the last cycle; with ``season=1`` the last value (Hyndman & Athanasopoulos, *Forecasting: Principles and
    Practice*, 3rd ed., section 5.2)."""

    name = "seasonal_naive"
    words = "repeating the same time one cycle earlier"

    @property
    def min_history(self) -> int:
        return max(self.season, MIN_TRAIN[self.grain])

    def path(self, y: np.ndarray, h: int) -> np.ndarray:
        import numpy as np

        return np.resize(y[-self.season :], h)
