"""Which days a briefing looks at: whole weeks, or the period asked for, and the stretches before it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from assistant.plans.periods import Period
from assistant.plans.query import Comparison
from assistant.query.compile import Scope
from assistant.query.periods import PeriodPair, ResolvedPeriod, pair, unit_start
from assistant.query.variation import earlier

WEEKS = 4
#: earlier stretches that a change is judged by, at most: two years of four weeks
EARLIER = 26


@dataclass(frozen=True)
class Windows:
    """The days looked at, the ones before, and earlier stretches of the same length, newest first.

    Attributes:
        chosen: the person named the period.
        pair: None where the data are too short for two stretches.
    """

    current: ResolvedPeriod
    base: ResolvedPeriod
    history: tuple[tuple[date, date], ...]
    chosen: bool

    @property
    def steps(self) -> tuple[tuple[date, date], ...]:
        """All stretches, the current one first."""
        return ((self.current.start, self.current.end), (self.base.start, self.base.end), *self.history)

    def per_four_weeks(self, amount: float) -> float:
        """An amount of the current stretch as if for four weeks."""
        return amount * 7 * WEEKS / max(self.current.days_covered, 1)


def windows(scope: Scope, period: Period | None) -> Windows | None:
    """The stretches to compare; None where the data hold less than two weeks.

    Without a period: the last four weeks that are over (fewer where the data are short), against as many before.

    Raises:
        NoRows: the period asked for, or the one before it, lies outside the data.
    """
    both = _whole_weeks(scope) if period is None else _asked(scope, period)
    if both is None:
        return None
    history = tuple(earlier(both.current, EARLIER)[1:])
    return Windows(both.current, both.base, history, period is not None)


def _asked(scope: Scope, period: Period) -> PeriodPair:
    return pair(
        scope.resolve(period), Comparison(kind="previous"), fiscal_year_start=scope.options.fiscal_year_start
    )


def _whole_weeks(scope: Scope) -> PeriodPair | None:
    snapshot = scope.snapshot
    last = snapshot.as_of + timedelta(days=1)
    end = unit_start(last, "week") - timedelta(days=1)  # the last Sunday that is over
    first_monday = unit_start(snapshot.manifest.first_day + timedelta(days=6), "week")
    weeks = min(WEEKS, ((end - first_monday).days + 1) // 14)
    if weeks < 1:
        return None
    start = end - timedelta(days=7 * weeks - 1)
    return pair(scope.resolve(Period(kind="absolute", start=start, end=end)), Comparison(kind="previous"))
