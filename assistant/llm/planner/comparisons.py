"""What a figure is set against: an earlier time, the rest, another stretch that was named."""

from __future__ import annotations

from calendar import monthrange
from typing import Any

from assistant.llm.planner.group_bounds import bound_words
from assistant.llm.planner.heard import heard
from assistant.llm.planner.means import earlier_unit
from assistant.llm.planner.other_year import in_each_year, same_stretch
from assistant.llm.planner.parts import Parts
from assistant.llm.planner.period_whole import year_after
from assistant.llm.planner.period_words import PeriodReading
from assistant.llm.planner.units import GRAINS
from assistant.plans.periods import Period
from assistant.plans.query import Comparison


def comparison(p: Parts) -> tuple[Comparison | None, Period | None]:
    """What it is set against, and the main period once the other one is taken off."""
    r = p.reading
    p.periods = in_each_year(p.periods, r.vocabulary.status.as_of)
    period = p.period
    ends = p.periods[0].ends if p.periods else None
    if (
        ends is not None
        and len(p.periods) == 1
        and r.has("growth", "change", "compare", "up", "down")
        and not r.has("year_earlier", "previous")
        and _alike(*ends)
    ):
        p.used.update(r.having("compare", "growth", "change", "up", "down"))
        return Comparison(kind="period", period=ends[0]), ends[1]
    if r.has("year_earlier"):
        p.used.update(r.having("year_earlier"))
        p.used.update(r.having("compare", "growth", "change"))
        return Comparison(kind="year_earlier"), period or Period(kind="calendar", unit=earlier_unit(p))
    if r.has("previous"):
        p.used.update(r.having("previous", "compare", "growth", "change"))
        return Comparison(kind="previous"), period or Period(kind="calendar", unit=_said_unit(p), offset=-1)
    if r.has("perform") and not p.groups and not p.periods and p.metrics and not r.has("average"):
        return Comparison(kind="previous"), Period(kind="calendar", unit="month", offset=-1)
    if len(p.periods) == 2 and p.periods[0].period is not None and _same_of(p):
        year = p.periods[1].period.year if p.periods[1].period is not None else None
        moved = _in_year(p, p.periods[0].period, year)
        if moved is not None:
            p.used.update(r.having("compare", "growth", "change", "grain"))
            p.used.update(i for i, item in enumerate(r.items) if item.lemma in heard("compose.same_period"))
            return Comparison(kind="period", period=moved), period
    if p.against_rest:
        return Comparison(kind="rest"), period
    if r.has("rest"):
        p.used.update(r.having("rest", "compare"))
        return Comparison(kind="rest"), period
    if len(p.periods) == 2 and _to_date_against_last(p):
        unit = p.periods[1].period.unit  # type: ignore[union-attr]
        p.used.update(r.having("compare", "growth", "change"))
        return Comparison(kind="year_earlier" if unit == "year" else "previous"), p.periods[0].period
    if len(p.periods) == 2 and p.periods[0].period == p.periods[1].period and r.has("compare"):
        p.used.update(r.having("compare", "growth", "change"))  # "last quarter … with the previous quarter"
        yearly = period is not None and period.kind == "named"  # "this November better than last November"
        return Comparison(kind="year_earlier" if yearly else "previous"), period
    if len(p.periods) >= 2:
        return _two_periods(p)
    against = _against_one_period(p)
    if against is not None:
        return against
    if r.has("growth", "change") and not p.conditions.customers and not _only_differing(p):
        if p.periods and p.periods[0].open_end:
            p.implied += 1.0  # "gone up since June": from when to when is open
        p.used.update(r.having("growth", "change", "up", "down"))
        if not any(g in GRAINS for g in p.groups) and not r.has("trend"):
            return Comparison(kind="previous"), period or Period(kind="calendar", unit="month", offset=-1)
    return None, period


def _only_differing(p: Parts) -> bool:
    """As in "does it differ between countries": a difference of groups is no change in time."""
    items = [item for item in p.reading.items if item.has("growth", "change", "up", "down")]
    return all(item.lemma in bound_words(p.reading.vocabulary.lexicon.language)["differ"] for item in items)


def _to_date_against_last(p: Parts) -> bool:
    """As in "year to date vs last year": the same stretch of the unit before, not all of it."""
    first, second = (found.period for found in p.periods)
    if first is None or second is None or first.kind != "to_date":
        return False
    last = second.kind == "calendar" and (second.offset, second.count) == (-1, 1)
    return last and second.unit in {first.unit, "year"}


def _same_of(p: Parts) -> bool:
    """Whether "the same months of" stands before the second period."""
    tokens, second = p.reading.tokens, p.periods[1]
    year_only = second.period is not None and second.period.kind == "named" and second.period.year is not None
    return bool(year_only) and any(t.lemma in heard("same") for t in tokens[max(0, second.start - 3) : second.start])


def _in_year(p: Parts, period: Period, year: int | None) -> Period | None:
    """The same stretch in another year."""
    if year is None:
        return None
    if period.kind == "named":
        return period.model_copy(update={"year": year})
    if period.kind != "absolute" or period.start is None or period.end is None:
        return None
    back = period.end.year - year
    last = monthrange(year, period.end.month)[1]
    whole = period.end.day == monthrange(period.end.year, period.end.month)[1]
    day = last if whole else min(period.end.day, last)
    start = period.start.replace(year=period.start.year - back, day=min(period.start.day, 28))
    return period.model_copy(update={"start": start, "end": period.end.replace(year=year, day=day)})


def _against_one_period(p: Parts) -> tuple[Comparison, Period] | None:
    """As in "products losing sales versus last year": the current year against the one named."""
    r = p.reading
    if len(p.periods) != 1 or not (p.metrics or p.groups):
        return None
    named = p.periods[0]
    period = named.period
    between = [i for i in r.items if i.end == named.start and (i.has("value") or i.number is not None)]
    near = {named.start} if between else {named.start, named.start - 1}  # "app vs web last quarter" compares the two
    before = [k for k in r.having("compare") if r.items[k].end in near]
    if not before or period is None or period.kind != "calendar" or period.count != 1 or period.offset >= 0:
        return None
    p.used.update(r.having("compare", "growth", "change", "up", "down"))
    return Comparison(kind="period", period=period), Period(kind="calendar", unit=period.unit)


def _said_unit(p: Parts) -> Any:
    """As in "month over month" compares months, "week on week" weeks."""
    for i in p.reading.having("previous"):
        for token in p.reading.items[i].tokens:
            unit = {"mom": "month", "wow": "week", "qoq": "quarter"}.get(token.lemma, token.lemma)
            if unit in {"day", "week", "month", "quarter", "year"}:
                return unit
    return "month"


def _alike(a: Period, b: Period) -> bool:
    """Two months, two quarters, two years, two days: ends that can be set against each other."""

    def shape(x: Period) -> tuple[bool, ...]:
        return (x.kind == "named", bool(x.month), bool(x.quarter), bool(x.event), x.kind == "absolute")

    return shape(a) == shape(b) and a != b


def _two_periods(p: Parts) -> tuple[Comparison | None, Period | None]:
    """As in "Nov 2011 with Nov 2010" · "from last month to this month": the later one is set against the other."""
    first, second = year_after(p.periods[0], p.periods[1]), p.periods[1]
    p.used.update(p.reading.having("compare", "growth", "change"))
    stretch = same_stretch(first, second, p.reading.vocabulary.status.as_of)
    if stretch is not None:
        return stretch
    bare = _bare_beside_dated(first.period, second.period)
    if bare is not None:
        return bare
    if _from_to(p, first, second) or _before(first, second):  # "compare the first half with the second"
        first, second = second, first
    if first.period is None or second.period is None or first.period == second.period:
        return None, first.period
    return Comparison(kind="period", period=_same_year(first, second)), first.period


def _bare_beside_dated(a: Period | None, b: Period | None) -> tuple[Comparison, Period] | None:
    """As in "Q1 against Q1 last year": the one without a year is the latest."""
    if a is None or b is None or a.kind != "named" or (a.year is None) == (b.year is None):
        return None
    if a.model_copy(update={"year": b.year}) != b:
        return None
    now, other = (a, b) if a.year is None else (b, a)
    return Comparison(kind="period", period=other), now


def _same_year(first: PeriodReading, second: PeriodReading) -> Period:
    """As in "November 2011 against October": the October of that year."""
    a, b = first.period, second.period
    assert a is not None and b is not None
    if (
        b.kind == "named"
        and b.year is None
        and a.kind == "named"
        and a.year
        and (b.month or b.quarter)
        and b.event is None
    ):
        ahead = (b.month or 0) > (a.month or 0) if b.month and a.month else False
        return b.model_copy(update={"year": a.year - (1 if ahead else 0)})
    return b


def _before(first: PeriodReading, second: PeriodReading) -> bool:
    def rank(period: Period | None) -> tuple[int, ...]:
        if period is None:
            return ()
        if period.kind == "calendar":
            return (period.offset,)
        if period.kind == "absolute":
            return (period.start.toordinal() if period.start else 0,)
        return (period.year or 0, period.quarter or 0, period.month or 0)

    a, b = first.period, second.period
    return a is not None and b is not None and a.kind == b.kind and a.unit == b.unit and rank(a) < rank(b)


def _from_to(p: Parts, first: PeriodReading, second: PeriodReading) -> bool:
    tokens = p.reading.tokens
    if any(item.has("compare") for item in p.reading.items if first.end <= item.start < second.start):
        return False  # "from January to May 2011 compared to from January to May 2010"
    return tokens[first.start].lemma in heard("between_from") and any(
        tokens[k].lemma in heard("to_and") for k in range(first.end - 1, second.start + 1) if k < len(tokens)
    )
