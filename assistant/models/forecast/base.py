"""What every forecaster does, and how its interval is made.

A forecaster implements :meth:`Forecaster.path`, a point forecast of one series. The base class adds the manners
(fit, predict, fitted state) and an interval from the errors of the same method at earlier origins over the same
horizon, scaled to the level of the series (see :mod:`assistant.models.forecast.intervals`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import date
from typing import TYPE_CHECKING, ClassVar, Self

from assistant.errors import InvalidPlan
from assistant.features.demand import DemandGrain, next_start

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

#: Fewest periods a method is trained on, whatever its season.
MIN_TRAIN: dict[str, int] = {"day": 14, "week": 8, "month": 6}
#: Fewest rolling origins that a backtest and an interval may rest on.
MIN_WINDOWS = 3


def future_periods(last: date, h: int, grain: DemandGrain) -> list[date]:
    """Starts of the ``h`` periods after the one that starts on ``last``."""
    starts = []
    for _ in range(h):
        last = next_start(last, grain)
        starts.append(last)
    return starts


class Forecaster(ABC):
    """A method that forecasts series without regressors.

    Args:
        season: periods in one cycle; 1 for none.
        grain: what one period is.
        max_windows: most rolling origins to calibrate the interval on.
    """

    #: name in tables, and the words for it in a sentence
    name: ClassVar[str]
    words: ClassVar[str]

    def __init__(self, season: int = 1, grain: DemandGrain = "week", max_windows: int = 40) -> None:
        self.season = season
        self.grain = grain
        self.max_windows = max_windows

    @property
    def min_history(self) -> int:
        """Fewest periods :meth:`path` works on."""
        return MIN_TRAIN[self.grain]

    @property
    def knows_the_year(self) -> bool:
        """Whether the method carries the time of the year into its forecast."""
        return self.season * {"day": 1, "week": 7, "month": 30}[self.grain] >= 300

    @abstractmethod
    def path(self, y: np.ndarray, h: int) -> np.ndarray:
        """Point forecast of the next ``h`` values after ``y`` (float64, oldest first, at least ``min_history``)."""

    def fit(self, panel: pd.DataFrame) -> Self:
        """Remember the series of a panel ``unique_id, ds, y`` without gaps.

        Raises:
            InvalidPlan: a series is shorter than ``min_history``.
        """
        self.series_ = {}
        for unique_id, rows in panel.sort_values("ds").groupby("unique_id", sort=True):
            if len(rows) < self.min_history:
                raise InvalidPlan(
                    f"A forecast by {self.words} needs at least {self.min_history} complete {self.grain}s",
                    received=len(rows),
                )
            self.series_[unique_id] = (rows["ds"].iloc[-1].date(), rows["y"].to_numpy(dtype="float64"))
        return self

    def predict(self, h: int, level: int = 80) -> pd.DataFrame:
        """Forecast ``h`` periods: ``unique_id, ds, mean, lower, upper``, none below zero.

        Args:
            level: coverage of the interval in percent, for each period by itself.

        Raises:
            sklearn.exceptions.NotFittedError: before :meth:`fit`.
            InvalidPlan: too short a history to test ``h`` periods on.
        """
        import pandas as pd
        from sklearn.exceptions import NotFittedError

        from assistant.models.forecast.backtest import backtest
        from assistant.models.forecast.intervals import step_widths

        if not hasattr(self, "series_"):
            raise NotFittedError(f"{type(self).__name__} has not been fitted to any series yet")
        frames = []
        for unique_id, (last, y) in self.series_.items():
            run = backtest([self], y, h, max_windows=self.max_windows)
            mean = non_negative(self.path(y, h))
            width = step_widths(run.scaled_errors(self.name), level, run.origins) * run.scale_now
            frames.append(pd.DataFrame({
                "unique_id": unique_id, "ds": pd.to_datetime(future_periods(last, h, self.grain)), "mean": mean,
                "lower": non_negative(mean - width), "upper": mean + width,
            }))
        return pd.concat(frames, ignore_index=True)


def non_negative(values: np.ndarray) -> np.ndarray:
    """Sales are not negative: values below zero become zero. A value that is no number becomes infinite, so that a
    method which breaks down has an infinite error and is never chosen."""
    import numpy as np

    return np.nan_to_num(np.maximum(values, 0.0), nan=np.inf, posinf=np.inf)
