"""Last year's course at today's level."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.models.forecast.base import Forecaster

if TYPE_CHECKING:
    import numpy as np

#: Periods by which today's level is set against the level of a year ago: about one quarter, for days four weeks.
LEVEL_PERIODS = {"day": 28, "week": 13, "month": 3}
#: A level that changed by more than this factor is taken for a break in the data, not for growth.
LARGEST_FACTOR = 4.0


class LastYearScaled(Forecaster):
    """Seasonal naive times growth: the cycle before, multiplied by the ratio of the latest periods to the same periods
    one cycle earlier. Needs one cycle and a quarter, where a seasonal model would need two or more."""

    name = "last_year_scaled"
    words = "last year's course at today's level"

    @property
    def min_history(self) -> int:
        return self.season + LEVEL_PERIODS[self.grain]

    def path(self, y: np.ndarray, h: int) -> np.ndarray:
        import numpy as np

        n = LEVEL_PERIODS[self.grain]
        before = float(y[-self.season - n : -self.season].sum())
        now = float(y[-n:].sum())
        factor = now / before if before > 0 else 1.0
        return np.resize(y[-self.season :], h) * min(max(factor, 1 / LARGEST_FACTOR), LARGEST_FACTOR)
