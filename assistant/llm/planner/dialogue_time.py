"""Follow-ups about time: another period, another year, the month before, a comparison."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from assistant.llm.planner.comparisons import comparison
from assistant.llm.planner.heard import heard
from assistant.llm.planner.parts import Parts
from assistant.llm.planner.period_grammar import PeriodReader
from assistant.llm.planner.units import GRAINS
from assistant.plans.periods import Period
from assistant.plans.query import Comparison, QueryPlan


def edit_periods(p: Parts, plan: QueryPlan, changes: dict[str, Any]) -> None:
    """Put another period or comparison into ``changes``."""
    r = p.reading
    if _step_back(p, plan, changes):
        return
    compares = r.has("compare", "previous", "year_earlier", "growth")
    if compares and _a_year_before(p, plan):
        p.used.update(r.having("compare"))
        changes["compare"] = Comparison(kind="year_earlier")
        return
    if compares:
        p.used.update(i for i, t in enumerate(r.items) if t.lemma in _THAN)
        against, period = comparison(p)
        if against is not None:
            changes["compare"] = against
            if p.periods and against.kind == "period":
                changes["period"] = period
            return
        if _whole_against(p, plan, changes):
            return
        if p.periods and _same_event(p.periods[0].period, plan.period):
            changes["compare"] = Comparison(kind="year_earlier")  # "versus last spring" after this spring
            return
        if p.periods and p.periods[0].period is not None and r.has("compare"):
            changes["compare"] = Comparison(kind="period", period=p.periods[0].period)
            return
    if p.periods:
        words = {t.lemma for t in r.tokens}
        found = _not_the_same(p.periods[0].period, plan.period, r.vocabulary.status.as_of,
                              said_before=not words.isdisjoint(heard("dialogue_time.previous")))
        changes["period"] = None if found is None or found.kind == "all" else _inside(
            in_year_of(found, plan.period), plan.period, p)
        if plan.compare is not None and plan.compare.kind == "period":
            cut = changes["period"] is not None and found is not None and (
                found.kind == changes["period"].kind == "absolute" and found != changes["period"])
            changes["compare"] = Comparison(kind="year_earlier") if cut and _years(plan, p) else None


def _inside(found: Period, before: Period | None, p: Parts) -> Period:
    """As in "only until November" after a year: a bound on one side cuts the time that was looked at."""
    if before is None or found.kind != "absolute" or (found.start is not None and found.end is not None):
        return found
    span = PeriodReader([], p.reading.vocabulary.lexicon, p.reading.vocabulary.status.as_of).bounds(before)
    day = found.start or found.end
    if span is None or day is None or not span[0] <= day <= span[1]:
        return found
    return Period(kind="absolute", start=found.start or span[0], end=found.end or span[1])


def _years(plan: QueryPlan, p: Parts) -> bool:
    """Whether a year is set against the one before."""
    reader = PeriodReader([], p.reading.vocabulary.lexicon, p.reading.vocabulary.status.as_of)
    spans = [reader.bounds(x) for x in (plan.period, plan.compare and plan.compare.period) if x is not None]
    return len(spans) == 2 and None not in spans and spans[1] == tuple(
        d.replace(year=d.year - 1) for d in spans[0] or ())


def _same_event(found: Period | None, before: Period | None) -> bool:
    """Whether a season or shopping day is the one looked at already: the one a year before is meant."""
    return found is not None and bool(found.event) and found == before


def _whole_against(p: Parts, plan: QueryPlan, changes: dict[str, Any]) -> bool:
    """As in "compare with last year" of all data: the year that runs against the same days of the last."""
    found = p.periods[0].period if len(p.periods) == 1 else None
    if plan.period is not None or found is None or (found.kind, found.offset, found.count) != ("calendar", -1, 1):
        return False
    p.used.update(p.reading.having("compare"))
    changes["period"] = Period(kind="calendar", unit=found.unit)
    changes["compare"] = Comparison(kind="year_earlier" if found.unit == "year" else "previous")
    return True


def _not_the_same(
    found: Period | None, before: Period | None, as_of: date, *, said_before: bool = False
) -> Period | None:
    """As in "revenue in 2025" and then "and last year?" asked in 2026: nobody asks for the same again, but for 2024."""
    named = before is not None and before.kind == "named" and before.year and not (before.event or before.week)
    if before is not None and named and found is not None and said_before:
        return _earlier(before, str(found.unit), as_of) or found
    past = found is not None and found.kind == "calendar" and found.offset == -1 and found.count == 1
    if not past or found is None or before is None or before.kind != "named" or before.event or before.week:
        return found
    same = found.unit == "year" and not (before.month or before.quarter) and before.year == as_of.year - 1
    return (_earlier(before, "year", as_of) or found) if same else found


_THAN = heard("dialogue_time.than")


def _a_year_before(p: Parts, plan: QueryPlan) -> bool:
    """As in "compared to last year" of a month or quarter: the same stretch a year before, not the whole year."""
    found = p.periods[0].period if len(p.periods) == 1 else None
    year = found == Period(kind="calendar", unit="year", offset=-1)
    before = plan.period
    if before is None or before.kind == "to_date":
        return year and before is not None
    part = before.month or before.quarter or before.event or before.week or before.day
    whole = before.unit == "year" or (before.kind == "named" and not part)
    return year and not whole


def _step_back(p: Parts, plan: QueryPlan, changes: dict[str, Any]) -> bool:
    """As in "and the month before?": that month itself, where the plan is about one month and nothing is compared."""
    r = p.reading
    hits = [i for i in r.having("previous", "year_earlier") if r.items[i].tokens[-1].lemma in heard("before")]
    if not hits or r.has("compare", "growth", "change") or p.periods or plan.compare is not None:
        return False
    unit = next((t.lemma for t in r.items[hits[0]].tokens if t.lemma in GRAINS), None)
    moved = None if plan.period is None or unit is None else _earlier(plan.period, unit, r.vocabulary.status.as_of)
    if moved is None:
        return False
    p.used.update(hits)
    changes["period"] = moved
    return True


def _earlier(period: Period, unit: str, as_of: date) -> Period | None:
    """The period one unit before; None where it is of another kind."""
    return neighbour(period, unit, as_of, -1)


def neighbour(period: Period, unit: str, as_of: date, step: int) -> Period | None:
    """The period so many units later, or before; None where it is of another kind, or has not begun."""
    if period.kind == "calendar" and period.unit == "day" and unit == "week" and period.count == 1:
        return period.model_copy(update={"offset": period.offset + 7 * step})
    if period.kind == "calendar" and period.unit == unit and period.count == 1:
        return period.model_copy(update={"offset": period.offset + step}) if period.offset + step <= 0 else None
    if period.kind == "named" and period.day and period.month and period.year:
        one = date(period.year, period.month, period.day)
        period = Period(kind="absolute", start=one, end=one)
    if period.kind == "absolute" and period.start is not None and period.end is not None:
        days = {"day": 1, "week": 7}.get(unit, 0)
        if days == 0 or (period.end - period.start).days + 1 != days:
            return None
        moved_by = timedelta(days=days * step)
        return period.model_copy(update={"start": period.start + moved_by, "end": period.end + moved_by})
    if period.kind != "named" or period.event or period.week or period.day:
        return None
    part = period.month or period.quarter
    size = 12 if period.month else 4
    if unit == "year" and period.year:
        return period.model_copy(update={"year": period.year + step})
    if part is None or unit != ("month" if period.month else "quarter"):
        return None
    year = period.year or (
        as_of.year if part <= (as_of.month if period.month else (as_of.month + 2) // 3) else as_of.year - 1
    )
    moved = year * size + part - 1 + step
    named = {"month": moved % size + 1} if period.month else {"quarter": moved % size + 1}
    return period.model_copy(update={**named, "year": moved // size})


def in_year_of(found: Period, before: Period | None) -> Period:
    """As in "November 2011" then "and October?": the same year unless another was said."""
    if (
        found.kind == "named"
        and found.year is None
        and before is not None
        and before.kind == "named"
        and before.year
        and not found.event
    ):
        return found.model_copy(update={"year": before.year})
    if (
        found.kind == "named"
        and found.year
        and not (found.month or found.quarter or found.event or found.week)
        and before is not None
        and (before.kind == "named" and (before.month or before.quarter or before.event))
    ):
        return before.model_copy(update={"year": found.year})
    return found
