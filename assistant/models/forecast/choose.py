"""Which method forecasts a series: the candidates, their exam, and the choice.

The seasonal naive method is always in the exam. Another method is used only where its pooled absolute error over the
backtest is smaller *and* choosing has paid: because a winner picked on the windows it is judged by looks better than it
is, the row ``as_chosen_then`` repeats the choice at every origin from what was known there; where that procedure as a
whole was no better than the naive method, the naive one is used.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.errors import InvalidPlan
from assistant.features.demand import DemandGrain
from assistant.models.forecast.autoets import LONGEST_SEASON, AutoETS
from assistant.models.forecast.backtest import Backtest, backtest, mase
from assistant.models.forecast.base import MIN_TRAIN, Forecaster, non_negative
from assistant.models.forecast.combination import MeanCombination
from assistant.models.forecast.intervals import lived_coverage, step_widths, total_width
from assistant.models.forecast.last_year import LastYearScaled
from assistant.models.forecast.seasonal_naive import SeasonalNaive
from assistant.models.forecast.theta import Theta

if TYPE_CHECKING:
    import numpy as np

#: A method enters only where it can be tried from so many origins in exactly the form that would be used.
WINDOWS_TO_ENTER = 6
#: Most rolling origins; fewer for days, whose fits are slower.
MAX_WINDOWS: dict[str, int] = {"day": 20, "week": 40, "month": 40}
AS_CHOSEN_THEN = "as_chosen_then"


@dataclass(frozen=True)
class Score:
    """Backtest figures of one method. ``wape`` and coverages in percent; None where undefined."""

    name: str
    words: str
    season: int
    mase: float | None
    wape: float | None
    coverage: float | None
    coverage_total: float | None
    tested_windows: int


@dataclass(frozen=True)
class Choice:
    """The forecast and its exam.

    Attributes:
        mean, lower, upper: h values each.
        total, total_lower, total_upper: the sum over the horizon with its own interval.
        winner: the method used; ``naive_wins`` says whether it is the baseline.
        scores: one row per method, best first, then the row of the procedure as lived.
        year_season: whether the baseline could look back a full year.
    """

    mean: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    total: float
    total_lower: float
    total_upper: float
    winner: Forecaster
    naive_wins: bool
    scores: list[Score]
    run: Backtest
    year_season: bool

    def score(self, name: str) -> Score:
        return next(s for s in self.scores if s.name == name)


def year_of(grain: DemandGrain, days_per_week: int = 7) -> int:
    """Periods in a year; a year of days is 52 weeks, so that weekdays stay in step."""
    return {"day": 52 * days_per_week, "week": 52, "month": 12}[grain]


def candidates(n: int, h: int, grain: DemandGrain, days_per_week: int = 7) -> list[Forecaster]:
    """Methods for ``n`` periods of history and ``h`` ahead, the baseline first.

    The baseline for weeks and months looks back a year where the history has room to rehearse that; for days it looks
    back a week.
    """
    year = year_of(grain, days_per_week)
    short = days_per_week if grain == "day" else 1
    room = n - h - WINDOWS_TO_ENTER + 1
    naive_season = year if grain != "day" and room >= max(year, MIN_TRAIN[grain]) else short
    naive = SeasonalNaive(naive_season, grain)
    ets = [AutoETS(s, grain) for s in (year, short) if s <= LONGEST_SEASON]
    theta = [Theta(s, grain) for s in (year, short)]
    others: list[Forecaster] = []
    for forms in ([LastYearScaled(year, grain)], ets, theta):
        fitting = next((m for m in forms if m.min_history <= room), None)
        if fitting is not None:
            others.append(fitting)
    if len(others) > 1:
        others.append(MeanCombination([naive, *others]))
    return [naive, *others]


def choose(
    y: np.ndarray, h: int, grain: DemandGrain, level: int = 80, days_per_week: int = 7, max_windows: int | None = None
) -> Choice:
    """Test all candidates on one series and forecast with the best.

    Args:
        y: complete periods, oldest first, no gaps.
        max_windows: most rolling origins; unset: :data:`MAX_WINDOWS`.

    Raises:
        InvalidPlan: the history is too short to test ``h`` periods ahead.
    """
    models = candidates(len(y), h, grain, days_per_week)
    run = backtest(models, y, h, max_windows=max_windows or MAX_WINDOWS[grain])
    naive = models[0]
    lived, lived_error = _as_lived(run, models, level)
    allowed = models if lived_error < run.mean_error(naive.name) else [naive]
    winner, mean = _best(run, allowed, models, y, h)
    errors = run.scaled_errors(winner.name)
    width = step_widths(errors, level, run.origins) * run.scale_now
    total = float(mean.sum())
    wide = total_width(errors, level, run.origins) * run.scale_now
    scores = sorted((_score(run, m, level) for m in models), key=lambda s: run.mean_error(s.name))
    return Choice(
        mean=mean, lower=non_negative(mean - width), upper=mean + width,
        total=total, total_lower=max(total - wide, 0.0), total_upper=total + wide,
        winner=winner, naive_wins=winner is naive, scores=[*scores, lived], run=run,
        year_season=naive.knows_the_year,
    )


def _best(
    run: Backtest, allowed: list[Forecaster], models: list[Forecaster], y: np.ndarray, h: int
) -> tuple[Forecaster, np.ndarray]:
    """The allowed method with the smallest error that also gives a finite forecast now. The baseline wins ties."""
    import numpy as np

    def by_error(choices: list[Forecaster]) -> list[Forecaster]:
        return sorted(choices, key=lambda m: run.mean_error(m.name))

    for model in [*by_error(allowed), *by_error([m for m in models if m not in allowed])]:
        mean = non_negative(model.path(y, h))
        if np.isfinite(mean).all():
            return model, mean
    raise InvalidPlan("No method gives a finite forecast: the history holds values that are no numbers")


def _score(run: Backtest, model: Forecaster, level: int) -> Score:
    coverage, coverage_total, tested = lived_coverage(run, run.scaled_errors(model.name), level)
    return Score(model.name, model.words, model.season, run.mase(model.name), run.wape(model.name), coverage,
                 coverage_total, tested)


def _as_lived(run: Backtest, models: list[Forecaster], level: int) -> tuple[Score, float]:
    """The choice repeated at each origin from the windows known there, and its mean absolute error.

    The baseline is taken until there are any windows.
    """
    import numpy as np

    path = np.empty_like(run.actual)
    for k in range(run.windows):
        known = run.known_before(k)
        name = models[0].name
        if known.any():
            name = min(models, key=lambda m: np.abs(run.actual - run.paths[m.name])[known].mean()).name
        path[k] = run.paths[name][k]
    lived = Backtest(run.origins, run.actual, {AS_CHOSEN_THEN: path}, run.scales, run.scale_now, run.naive_scales)
    coverage, coverage_total, tested = lived_coverage(lived, lived.scaled_errors(AS_CHOSEN_THEN), level)
    scaled = mase(run.actual, path, run.naive_scales)
    score = Score(AS_CHOSEN_THEN, "choosing by what was known at the time", models[0].season, scaled,
                  lived.wape(AS_CHOSEN_THEN), coverage, coverage_total, tested)
    return score, lived.mean_error(AS_CHOSEN_THEN)
