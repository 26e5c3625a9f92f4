"""Stretches with a word beside them: whole units ("the last 4 complete months"), a year so far ("2025 YTD"), the same
day of last week, and the year that is said once for two periods ("March against April 2025")."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from assistant.llm.planner.heard import heard
from assistant.llm.planner.period_words import PeriodReading
from assistant.plans.periods import LONGEST, Period

if TYPE_CHECKING:
    from assistant.llm.planner.period_grammar import PeriodReader


def whole_units(reader: PeriodReader, i: int) -> PeriodReading | None:
    """The last n units that are over: "last 4 complete months"; without that word they would end today."""
    start = i
    i += reader.lemma(i) in heard("the")
    after = reader.listed(i, "last") or reader.listed(i, "past")
    counted = reader.count(after) if after is not None else None
    if counted is None or reader.lemma(counted[1]) not in heard("period_whole.complete"):
        return None
    unit, number = reader.unit(counted[1] + 1), int(counted[0])
    if unit is None or number < 1 or number != counted[0]:
        return None
    period = Period(kind="calendar", unit=unit, offset=-1, count=min(number, LONGEST))  # type: ignore[arg-type]
    return PeriodReading("period", start, counted[1] + 2, period)


def year_so_far(reader: PeriodReader, i: int) -> PeriodReading | None:
    """A year up to the day and month of the data's last day: "2025 YTD", "YTD 2025"."""
    year, end = reader.year(i), i + 1
    if year is not None:
        said = reader.phrase(end, reader.w.singles)
        if said is None or reader.w.singles[reader.key(end, said)] != _YEAR_TO_DATE:
            return None
        end = said
    else:
        said = reader.phrase(i, reader.w.singles)
        if said is None or reader.w.singles[reader.key(i, said)] != _YEAR_TO_DATE:
            return None
        said += reader.lemma(said) in heard("of")
        year, end = reader.year(said), said + 1
    if year is None or not 1900 <= year <= reader.as_of.year:
        return None
    if year == reader.as_of.year:
        return PeriodReading("period", i, end, _YEAR_TO_DATE, year_said=True)
    day = min(reader.as_of.day, monthrange(year, reader.as_of.month)[1])
    period = Period(kind="absolute", start=date(year, 1, 1), end=date(year, reader.as_of.month, day))
    return PeriodReading("period", i, end, period, year_said=True)


def same_day_before(reader: PeriodReader, i: int) -> PeriodReading | None:
    """As in "yesterday against the same day last week": a week before yesterday, otherwise a week before today."""
    start = i
    i += reader.lemma(i) in heard("the")
    end = next((i + len(words) for said in heard("period_whole.same_day") if (words := said.split())
                and [reader.lemma(k) for k in range(i, i + len(words))] == words), None)
    if end is None:
        return None
    yesterday = any(token.lemma in heard("period_whole.yesterday") for token in reader.tokens)
    day = reader.as_of - timedelta(days=8 if yesterday else 7)
    return PeriodReading("period", start, end, Period(kind="absolute", start=day, end=day), year_said=True)


def week_span(week: int, year: int | None, as_of: date) -> tuple[date, date] | None:
    """Monday and Sunday of an ISO week, without a year the latest that has begun; None for a year without that week."""
    for one in (year,) if year else (as_of.year, as_of.year - 1):
        try:
            monday = date.fromisocalendar(one, week, 1)
        except ValueError:
            continue
        if year or monday <= as_of:
            return monday, monday + timedelta(days=6)
    return None


def year_after(first: PeriodReading, second: PeriodReading) -> PeriodReading:
    """The first of two periods with the year of the second, where only that one was said: "March vs April 2025"."""
    a, b = first.period, second.period
    if a is None or b is None or first.year_said or not second.year_said or first.computed:
        return first
    if a.model_copy(update={"year": b.year}) == b:
        return first  # "Q1 against Q1 last year"
    if a.kind == b.kind == "named" and b.year and not a.event and not b.event and (
            (a.month and b.month) or (a.quarter and b.quarter)):
        later = (a.month or 0) - (b.month or 0) > _HALF_YEAR  # "December vs January 2026", but "May vs April 2025"
        return replace(first, period=a.model_copy(update={"year": b.year - later}), year_said=True)
    if a.kind == b.kind == "absolute" and a.start and a.end and b.end and a.start.year == a.end.year != b.end.year:
        moved = {"start": _in(a.start, b.end.year), "end": _in(a.end, b.end.year)}
        return replace(first, period=a.model_copy(update=moved), year_said=True)
    return first


def _in(day: date, year: int) -> date:
    return day.replace(year=year, day=min(day.day, monthrange(year, day.month)[1]))


#: months beyond which the earlier year is meant
_HALF_YEAR = 6
_YEAR_TO_DATE = Period(kind="to_date", unit="year")
