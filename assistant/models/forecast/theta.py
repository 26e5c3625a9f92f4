"""The theta method."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.models.forecast.base import MIN_TRAIN, Forecaster

if TYPE_CHECKING:
    import numpy as np

#: Cycles that a season is read from; more would only slow it down.
CYCLES = 6


class Theta(Forecaster):
    """Dynamic optimised theta (Fiorucci, Pellegrini, Louzada, Petropoulos & Koehler 2016, *International Journal of
    Forecasting* 32(4), 1151–1161), as implemented in statsforecast: half trend, half smoothed level, on the seasonally
    adjusted series where a test finds a season."""

    name = "theta"
    words = "the theta method"

    @property
    def min_history(self) -> int:
        return max(MIN_TRAIN[self.grain], 2 * self.season if self.season > 1 else 0)

    def path(self, y: np.ndarray, h: int) -> np.ndarray:
        import numpy as np
        from statsforecast.models import DynamicOptimizedTheta

        if self.season > 1:
            y = y[-max(CYCLES * self.season, 120) :]
        if np.ptp(y) == 0:
            return np.full(h, y[-1])
        scale = float(np.abs(y).mean())
        kind = "multiplicative" if y.min() > 0 else "additive"
        model = DynamicOptimizedTheta(season_length=self.season, decomposition_type=kind)
        return model.forecast(y=y / scale, h=h)["mean"] * scale
