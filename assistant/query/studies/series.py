"""One measure unit by unit along time: what the studies of usual values, runs and gaps read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from statistics import fmean
from typing import TYPE_CHECKING, Any

from assistant.errors import InvalidPlan
from assistant.query.calendar_days import days_that_count
from assistant.query.compile import DAYS_OF, Scope, check, grouped
from assistant.query.dimensions import show_time
from assistant.query.metrics import metric
from assistant.query.periods import ResolvedPeriod, shift, unit_start
from assistant.query.present import metric_label
from assistant.query.rows import fetch
from assistant.query.studies.report import nothing
from assistant.results import Column, Table
from assistant.results.result import Unit

if TYPE_CHECKING:
    from assistant.plans.filters import Filter

#: fewer whole units than this say nothing of what is usual
LEAST_UNITS = 3


@dataclass(frozen=True)
class Series:
    """Values of a measure by whole units of time, oldest first.

    Attributes:
        left_out: units at the ends of which days are missing.
        idle: units without any value or with 0.
    """

    metric: str
    label: str
    unit: Unit
    grain: str
    period: ResolvedPeriod
    days: list[date]
    values: list[float]
    left_out: list[date]
    idle: int
    expression: Any

    @property
    def mean(self) -> float:
        return fmean(self.values)

    @property
    def mean_unit(self) -> Unit:
        """Unit of a mean: of counts it is no whole number."""
        return "number" if self.unit == "count" else self.unit

    def shown(self, day: date) -> str:
        """A unit as cells hold it."""
        return show_time(self.grain)(day)

    @property
    def time_unit(self) -> Unit:
        return "date" if self.grain in {"day", "week"} else "text"

    def table(self) -> Table:
        """All whole units with their values."""
        columns = [Column(name="unit", label=self.grain, unit=self.time_unit),
                   Column(name="value", label=self.label, unit=self.unit)]
        rows = [[self.shown(d), v] for d, v in zip(self.days, self.values, strict=True)]
        return Table(id="series", title=f"{self.label.capitalize()} by {self.grain}", columns=columns, rows=rows,
                     total_rows=len(rows))


def series_of(scope: Scope, study: Any, name: str | None = None, least: int = LEAST_UNITS) -> Series:
    """The values that a study with ``metric``, ``grain``, ``filter`` and ``period`` is about.

    Raises:
        NoRows: nothing matches. InvalidPlan: too few whole units, or a date.
    """
    name = name or study.metric
    found = metric(name)
    if found.unit == "date":
        raise InvalidPlan("A date does not vary from one stretch of time to the next", received=name)
    check(scope, (name,), (study.grain,), study.filter)
    period = scope.resolve(study.period)
    window = None if period.shape == "all" else (period.start, period.end)
    expression = grouped(scope, (name,), (study.grain,), study.filter, window)
    rows = {r[study.grain]: r[name] for r in fetch(scope, expression)}
    if not rows or not period.has_data:
        raise nothing(scope, study)
    units = _units(study.grain, study.filter, period)
    partial = _partial(study.grain, period)
    values = {u: rows.get(u, 0 if found.zero_when_empty else None) for u in units if u not in partial}
    kept = {u: float(v) for u, v in values.items() if v is not None}
    if len(kept) < least:
        raise InvalidPlan(
            f"Too few whole {study.grain}s to say that: a longer time or a finer unit would do",
            received=f"{period.label} by {study.grain}",
        )
    return Series(
        name, metric_label(name, scope.options.sales_basis), found.unit, study.grain, period, list(kept),
        list(kept.values()), partial, sum(1 for v in values.values() if not v), expression,
    )


def _units(grain: str, condition: Filter | None, period: ResolvedPeriod) -> list[date]:
    """First days of the units of the period; of days only those that the condition can hold on."""
    day, units = unit_start(period.covered_start, grain, 1), []
    while day <= period.covered_end:
        units.append(day)
        day = shift(day, grain, 1)
    return days_that_count(units, condition, DAYS_OF) if grain == "day" else units


def _partial(grain: str, period: ResolvedPeriod) -> list[date]:
    """Units at the ends of which days are missing in the period or the data."""
    if grain == "day":
        return []
    first, last = unit_start(period.covered_start, grain, 1), unit_start(period.covered_end, grain, 1)
    found = [first] if first < period.covered_start else []
    if shift(last, grain, 1) - timedelta(days=1) > period.covered_end and last not in found:
        found.append(last)
    return found


def counted_words(series: Series) -> list[str]:
    """What is said of the units that count."""
    whole = [] if series.grain == "day" else [f"Only whole {series.grain}s count"]
    zero = metric(series.metric).zero_when_empty
    return [*whole, f"{series.grain.capitalize()}s without a sale count " + ("as nought" if zero else "not at all")]
