"""Times of a composed question that stand against each other or together."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from assistant.llm.planner.period_words import PeriodReading
from assistant.plans.periods import Period

_PARTS = ("month", "quarter", "week", "event")


def against_time(now: PeriodReading, other: PeriodReading, *, of_year: bool) -> tuple[Period | None, Period | None]:
    """Both times of "in April vs March 2026", "Q1 2026 against that of 2025"; None where they do not fit.

    Args:
        of_year: the other one is the same stretch of another year.
    """
    first, second = now.period, other.period
    if first is None or second is None:
        return None, None
    whole_year = _is_year(second) and not _is_year(first)
    if of_year or whole_year:
        if not whole_year or first.kind != "named" or first.year is None:
            return None, None
        return first, first.model_copy(update={"year": second.year})
    if first.kind == second.kind == "named" and first.model_copy(update={"year": second.year}) == second and (
        now.year_said != other.year_said
    ):
        return first, second  # "Q1 against Q1 last year"
    if first.kind == "named" and not now.year_said and second.kind == "named" and other.year_said:
        first = first.model_copy(update={"year": second.year})  # the year is said once, for both
    elif second.kind == "named" and not other.year_said and first.kind == "named" and now.year_said and first.year:
        second = second.model_copy(update={"year": first.year})
    elif now.year_said != other.year_said:
        return None, None  # "H1 vs H2 2010": the year of the first one is not said
    if first.month == 12 and second.month == 1 and not now.year_said:
        return None, None  # "December vs January 2011": of two years
    return (first, second) if first != second else (None, None)


def current_unit(other: PeriodReading | None) -> PeriodReading | None:
    """What stands against "last month" where nothing else is said: this month."""
    period = other.period if other is not None else None
    if other is None or period is None or period.kind != "calendar" or period.offset != -1 or period.count != 1:
        return None
    return replace(other, period=period.model_copy(update={"offset": 0}))


def _is_year(period: Period) -> bool:
    return period.kind == "named" and period.year is not None and not any(getattr(period, p) for p in _PARTS)


def same_stretch(now: PeriodReading, said: dict[str, object]) -> bool:
    """Whether "the month before" is said of a month, "the previous 30 days" of thirty days."""
    period, unit, count = now.period, said.get("unit"), said.get("count")
    if period is None:
        return False
    if unit is None:
        return True
    if period.kind == "named":
        own = next((p for p in ("day", "week", "month", "quarter") if getattr(period, p)), "year")
        return own == unit and count in {None, 1}
    if period.kind == "absolute":
        return False
    return period.unit == unit and count in {None, period.count} and (count is not None or period.count == 1)


def joined_times(first: PeriodReading, second: PeriodReading) -> Period | None:
    """Two months beside each other as one stretch ("in April and May 2026")."""
    one, other = first.period, second.period
    if one is None or other is None or one.kind != "named" or other.kind != "named" or not one.month or not other.month:
        return None
    if one.day or other.day or (one.year and first.year_said and one.year != other.year) or other.year is None:
        return None
    if other.month != one.month + 1:
        return None
    after = date(other.year + other.month // 12, other.month % 12 + 1, 1)
    return Period(kind="absolute", start=date(other.year, one.month, 1), end=after - timedelta(days=1))
