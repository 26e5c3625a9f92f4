"""Exponential smoothing chosen by information criterion."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.models.forecast.base import MIN_TRAIN, Forecaster

if TYPE_CHECKING:
    import numpy as np

#: Longest season that the state-space form estimates; longer ones are left to other methods.
LONGEST_SEASON = 24
#: Older values have next to no weight in exponential smoothing; leaving them out keeps daily series quick.
MEMORY = 182
#: statsforecast refuses fewer than seven values, and gives no variance for the richer forms below ten.
SHORTEST = 10


class AutoETS(Forecaster):
    """State-space exponential smoothing, form chosen by AICc (Hyndman, Koehler, Snyder & Grose 2002, *International
    Journal of Forecasting* 18(3), 439–454), as implemented in statsforecast. Series with zeros get additive forms."""

    name = "auto_ets"
    words = "exponential smoothing"

    @property
    def min_history(self) -> int:
        return max(MIN_TRAIN[self.grain], SHORTEST, 2 * self.season if self.season > 1 else 0)

    def path(self, y: np.ndarray, h: int) -> np.ndarray:
        import numpy as np
        from statsforecast.models import AutoETS as StatsAutoETS

        y = y[-MEMORY:]
        if np.ptp(y) == 0:  # a constant has nothing to smooth, and no likelihood
            return np.full(h, y[-1])
        season = self.season if self.season <= LONGEST_SEASON else 1
        scale = float(np.abs(y).mean())
        return StatsAutoETS(season_length=season).forecast(y=y / scale, h=h)["mean"] * scale
