"""A stretch of a year set against another year: "Easter against last year", "1–15 March 2026 vs 2025".

Nobody sets fifteen days against twelve months: the same stretch of the other year is meant.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from assistant.llm.planner.period_words import PeriodReading
from assistant.plans.events import find_event
from assistant.plans.periods import Period
from assistant.plans.query import Comparison


def same_stretch(first: PeriodReading, second: PeriodReading, as_of: date) -> tuple[Comparison, Period] | None:
    """The later of the two stretches and what it is set against; None unless just one of the two is a bare year.

    Args:
        first, second: two periods of one comparison, in the order said.
        as_of: analysis date; a stretch without a year is the latest that has begun.
    """
    a, b = first.period, second.period
    if a is None or b is None:
        return None
    years = _bare_year(a, as_of), _bare_year(b, as_of)
    if (years[0] is None) == (years[1] is None):
        return None
    stretch, year = (b, years[0]) if years[0] is not None else (a, years[1])
    assert year is not None
    own = _year_of(stretch, as_of)
    if own is None or own == year:
        return None
    later = stretch if own > year else _moved(stretch, year, as_of)
    earlier = _moved(stretch, year, as_of) if own > year else stretch
    if later is None:
        return None
    if stretch.kind == "absolute" and (stretch.start is None or stretch.end is None):
        return None  # no stretch but everything from a day on
    if earlier is not None and (abs(own - year) > 1 or "named" in {a.kind, b.kind} and _said(a, b)):
        return Comparison(kind="period", period=earlier), later
    return (Comparison(kind="year_earlier"), later) if abs(own - year) == 1 else None


def _said(*periods: Period) -> bool:
    """Whether the other year was said by its number, which the plan then holds."""
    return any(p.kind == "named" and p.year and not (p.event or p.month or p.quarter or p.week) for p in periods)


def in_each_year(periods: list[PeriodReading], as_of: date) -> list[PeriodReading]:
    """As in "Black Friday: 2025 vs 2024", "from 15 November to 24 December in 2024 and 2025": a stretch said once for
    two years becomes two stretches; any other list stays as it is."""
    if len(periods) != 3:
        return periods
    years = [p for p in periods if p.period is not None and _bare_year(p.period, as_of) is not None]
    stretch = next((p for p in periods if p not in years), None)
    if len(years) != 2 or stretch is None or stretch.period is None or stretch.open_end:
        return periods
    if stretch.period.kind == "named" and stretch.period.year:
        return periods
    moved = [_moved(stretch.period, _bare_year(p.period, as_of) or 0, as_of) for p in years if p.period is not None]
    return [replace(y, period=m, year_said=True) for y, m in zip(years, moved, strict=True) if m is not None] or periods


def _bare_year(period: Period, as_of: date) -> int | None:
    """The year that a period is, if it is just that."""
    if period.kind == "calendar" and period.unit == "year" and period.count == 1:
        return as_of.year + period.offset
    if period.kind == "named" and not (period.event or period.month or period.quarter or period.week):
        return period.year
    return None


def _year_of(period: Period, as_of: date) -> int | None:
    """The year in which a stretch shorter than a year begins; None where it is longer or open at its start."""
    if period.kind == "named":
        return period.year or _latest(period, as_of)
    if period.kind == "absolute":
        if period.start is None or ((period.end or as_of) - period.start).days > 366:
            return None
        return period.start.year
    if period.kind == "calendar" and period.unit != "year":
        return as_of.year
    return as_of.year if period.kind == "rolling" and period.unit in {"day", "week", "month"} else None


def _latest(period: Period, as_of: date) -> int:
    """The year of the latest such stretch that has begun."""
    event = find_event(period.event) if period.event else None
    if event is not None:
        begins = event.days(as_of.year)[0]
    else:
        begins = date(as_of.year, period.month or 3 * (period.quarter or 1) - 2, 1)
    return as_of.year if begins <= as_of else as_of.year - 1


def _moved(period: Period, year: int, as_of: date) -> Period | None:
    """The same stretch in another year; None where only "a year earlier" can say it."""
    if period.kind == "named":
        return period.model_copy(update={"year": year})
    if period.kind != "absolute" or period.start is None:
        return None
    end = period.end or as_of
    days = {"start": _in(period.start, year), "end": _in(end, year + end.year - period.start.year)}
    return period.model_copy(update=days)


def _in(day: date, year: int) -> date:
    """The day in another year; 29 February becomes 28."""
    return day.replace(year=year, day=28 if (day.month, day.day) == (2, 29) else day.day)
