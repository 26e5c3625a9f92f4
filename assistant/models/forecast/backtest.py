"""Rolling-origin backtest: every method forecasts from the same past days what then really happened.

Protocol (Tashman 2000, *International Journal of Forecasting* 16(4), 437–450): the origin moves through the history;
at each origin a method is fitted anew on everything before it and forecasts ``h`` periods; nothing after the origin is
used. Errors are pooled over windows and steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.errors import InvalidPlan
from assistant.models.forecast.base import MIN_TRAIN, MIN_WINDOWS, Forecaster, non_negative
from assistant.models.forecast.combination import MeanCombination

if TYPE_CHECKING:
    import numpy as np

#: Periods whose mean is the level that errors are measured against.
RECENT = {"day": 28, "week": 13, "month": 6}


@dataclass(frozen=True)
class Backtest:
    """Forecasts and outcomes of all windows.

    Attributes:
        origins: number of periods known at each origin, rising (K values).
        actual: K × h outcomes.
        paths: by model name, K × h forecasts.
        scales: level of the series at each origin (K values).
        scale_now: level of the series at its end.
        naive_scales: mean absolute seasonal difference of each training part (K values), the denominator of MASE; 0
            where the training part repeats exactly.
    """

    origins: np.ndarray
    actual: np.ndarray
    paths: dict[str, np.ndarray]
    scales: np.ndarray
    scale_now: float
    naive_scales: np.ndarray

    @property
    def windows(self) -> int:
        return len(self.origins)

    @property
    def h(self) -> int:
        return self.actual.shape[1]

    def scaled_errors(self, name: str) -> np.ndarray:
        """K × h errors (outcome minus forecast) in units of the level at the origin."""
        return (self.actual - self.paths[name]) / self.scales[:, None]

    def known_before(self, k: int) -> np.ndarray:
        """Windows whose outcome was complete at the origin of window ``k``."""
        return self.origins + self.h <= self.origins[k]

    def wape(self, name: str, rows: np.ndarray | slice = slice(None)) -> float | None:
        """Sum of absolute errors over the sum of outcomes, in percent; None if nothing was sold."""
        return _wape(self.actual[rows], self.paths[name][rows])

    def mase(self, name: str) -> float | None:
        """Mean absolute scaled error (Hyndman & Koehler 2006, *International Journal of Forecasting* 22(4), 679–688),
        scaled by the training part of each window; None where no window has a scale."""
        return mase(self.actual, self.paths[name], self.naive_scales)

    def mean_error(self, name: str) -> float:
        """Mean absolute error."""
        import numpy as np

        return float(np.abs(self.actual - self.paths[name]).mean())


def _wape(actual: np.ndarray, path: np.ndarray) -> float | None:
    import numpy as np

    total = float(np.abs(actual).sum())
    return None if total == 0 else 100 * float(np.abs(actual - path).sum()) / total


def mase(actual: np.ndarray, path: np.ndarray, naive_scales: np.ndarray) -> float | None:
    """MASE over the windows that have a scale; None if none has."""
    import numpy as np

    usable = naive_scales > 0
    if not usable.any():
        return None
    return float((np.abs(actual - path)[usable] / naive_scales[usable, None]).mean())


def choose_origins(n: int, h: int, min_train: int, max_windows: int) -> list[int]:
    """Rolling origins, oldest first: the latest possible one and as many before it as fit, evenly spaced."""
    latest = n - h
    possible = latest - min_train + 1
    if possible < 1:
        return []
    step = max(1, -(-possible // max_windows))
    return sorted(range(latest, min_train - 1, -step))


def backtest(
    models: Sequence[Forecaster], y: np.ndarray, h: int, *, max_windows: int = 40, season: int | None = None
) -> Backtest:
    """Run all models from the same origins of one series.

    Args:
        models: names must differ; a combination whose members are also in the list reuses their forecasts.
        season: cycle of the seasonal differences in MASE; the first model's by default.

    Raises:
        InvalidPlan: fewer than :data:`MIN_WINDOWS` windows fit.
    """
    import numpy as np

    grain = models[0].grain
    min_train = max(m.min_history for m in models)
    origins = choose_origins(len(y), h, min_train, max_windows)
    if len(origins) < MIN_WINDOWS:
        longest = len(y) - MIN_TRAIN[grain] - MIN_WINDOWS + 1
        needed = min_train + h + MIN_WINDOWS - 1
        raise InvalidPlan(
            f"A tested forecast of {h} {grain}s needs at least {needed} complete {grain}s of history, "
            f"and there are {len(y)}",
            received=f"{h} {grain}s",
            hint=f"These data allow at most {longest} {grain}s ahead." if longest > 0 else None,
        )
    season = season or models[0].season
    floor = max(float(np.abs(y).mean()), 1e-9) * 0.05
    paths: dict[str, np.ndarray] = {}
    for model in sorted(models, key=lambda m: isinstance(m, MeanCombination)):
        paths[model.name] = _paths(model, y, h, origins, paths)
    return Backtest(
        origins=np.array(origins), actual=np.array([y[o : o + h] for o in origins]), paths=paths,
        scales=np.array([max(_level(y[:o], grain), floor) for o in origins]), scale_now=max(_level(y, grain), floor),
        naive_scales=np.array([_naive_scale(y[:o], season) for o in origins]),
    )


def _paths(
    model: Forecaster, y: np.ndarray, h: int, origins: Sequence[int], done: dict[str, np.ndarray]
) -> np.ndarray:
    import numpy as np

    if isinstance(model, MeanCombination) and all(m.name in done for m in model.members):
        return np.mean([done[m.name] for m in model.members], axis=0)
    return np.array([non_negative(model.path(y[:o], h)) for o in origins])


def _level(y: np.ndarray, grain: str) -> float:
    return float(y[-RECENT[grain] :].mean())


def _naive_scale(y: np.ndarray, season: int) -> float:
    """Mean absolute seasonal difference; of consecutive periods where less than one more cycle is known."""
    import numpy as np

    if len(y) <= season:
        season = 1
    return float(np.abs(y[season:] - y[:-season]).mean())
