"""What customers did in every unit of a stretch of time ("ordered in each of the last 3 months", "every month of 2025")
or all on one day ("ordered twice on the same day")."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from assistant.llm.planner.candidate import Candidate, call
from assistant.llm.planner.group_bounds import bound_words
from assistant.llm.planner.spans import Reading
from assistant.llm.planner.study_rest import reduced
from assistant.plans.filters import And, Compare, CustomerCondition, Filter
from assistant.plans.periods import Period
from assistant.plans.query import QueryPlan
from assistant.plans.requests import SegmentRule

if TYPE_CHECKING:
    from assistant.llm.planner.intents import Frames

#: more units than this make no readable condition
MOST = 24


def same_day(frames: Frames) -> Candidate | None:
    """The rest of the text, with the orders that its condition counts all on one day."""
    from assistant.llm.planner.intents import Frames as AllFrames

    whole = frames.reading
    lemmas = [t.lemma for t in whole.tokens]
    for phrase in sorted(bound_words(whole.vocabulary.lexicon.language)["same_day"], key=len, reverse=True):
        parts = str(phrase).split()
        at = next((k for k in range(len(lemmas) - len(parts) + 1) if lemmas[k : k + len(parts)] == parts), None)
        if at is None:
            continue
        kept = [i for i, it in enumerate(whole.items) if it.end <= at or it.start >= at + len(parts)]
        rest = AllFrames(reduced(whole, kept), frames.context, frames.shop, frames.bound)
        for one in (rest.query(), rest.audience()):
            plan = one.calls[0].plan() if one is not None and len(one.calls) == 1 and one.cost <= 0.4 else None
            if one is None or not isinstance(plan, QueryPlan | SegmentRule):
                continue
            condition = plan.filter
            if not isinstance(condition, CustomerCondition) or condition.metric != whole.vocabulary.role("orders"):
                continue
            if condition.op not in {"gt", "ge"} or condition.period is not None or condition.within_days is not None:
                continue
            held = condition.model_copy(update={"within_days": 0})
            edited = type(plan).model_validate({**plan.model_dump(), "filter": held.model_dump()})
            return Candidate([call(edited)], one.cost - 0.1, one.frame, one.unexplained, one.absent, one.notes)
        return None
    return None


@dataclass(frozen=True)
class Units:
    """The units, each a period of its own, and the items that say them."""

    periods: tuple[Period, ...]
    items: range


def each_unit(frames: Frames) -> Candidate | None:
    """The rest of the text, with its condition on customers held in every one of the units."""
    from assistant.llm.planner.intents import Frames as AllFrames

    whole = frames.reading
    found = units(whole)
    if found is None:
        return None
    kept = [i for i in range(len(whole.items)) if i not in found.items]
    rest = AllFrames(reduced(whole, kept), frames.context, frames.shop, frames.bound)
    read = [c for c in (rest.query(), rest.audience()) if c is not None and len(c.calls) == 1 and c.cost <= 0.4]
    for one in sorted(read, key=lambda c: c.cost):
        plan = one.calls[0].plan()
        people = isinstance(plan, QueryPlan) and (plan.metrics == ("customers",) or plan.dimensions == ("customer",))
        if isinstance(plan, QueryPlan) and people and plan.filter is None and whole.has("act"):
            plan = plan.model_copy(update={"filter": _ordered(whole)})  # "how many customers ordered in each …"
        if not isinstance(plan, QueryPlan | SegmentRule) or plan.filter is None:
            continue
        if isinstance(plan, QueryPlan) and set(plan.dimensions) - {"customer"}:
            continue
        held, several = _in_each(plan.filter, found.periods)
        if several != 1:
            continue
        edited = type(plan).model_validate({**plan.model_dump(), "filter": held.model_dump()})
        return Candidate([call(edited)], one.cost - 0.1, one.frame, one.unexplained, one.absent, one.notes)
    return None


def _ordered(reading: Reading) -> CustomerCondition:
    return CustomerCondition(metric=str(reading.vocabulary.role("orders")), op="ge", values=(1,))


def units(reading: Reading) -> Units | None:
    """The first stretch that names every unit of a time."""
    words = bound_words(reading.vocabulary.lexicon.language)
    items = reading.items
    for i, item in enumerate(items):
        together = item.has("grain") and item.tokens[0].lemma in words["each"]  # "every quarter" as one item
        if item.lemma not in words["each"] and not together:
            continue
        first = i - 1 if i and items[i - 1].lemma in words["in"] else i
        k, unit = i + 1, str(item.get("grain")) if together else None
        if k < len(items) and items[k].has("grain"):
            unit, k = str(items[k].get("grain")), k + 1
        if k >= len(items) or not items[k].has("period"):
            continue
        period = items[k].get("period").period
        found = _split(_as_named(period, unit, reading), unit) if period is not None else None
        found = None if found is None else [p for p in found if _has_begun(p, reading.vocabulary.status.as_of)]
        if found is not None and 2 <= len(found) <= MOST:
            return Units(tuple(found), range(first, k + 1))
    return None


def _as_named(period: Period, unit: str | None, reading: Reading) -> Period:
    """As in "every month this year": a whole year as its number, so that its months can be told apart."""
    if period.kind == "calendar" and period.unit == "year" and period.count == 1 and unit in {"month", "quarter"}:
        return Period(kind="named", year=reading.vocabulary.status.as_of.year + period.offset)
    return period


def _has_begun(period: Period, as_of: date) -> bool:
    """Whether a unit of a year begins by the analysis date: nobody can have ordered in a month that is to come."""
    if period.kind != "named" or period.year != as_of.year:
        return True
    first = period.month or (3 * period.quarter - 2 if period.quarter else 1)
    return first <= as_of.month


def _split(period: Period, unit: str | None) -> list[Period] | None:
    """The units of a period: whole calendar units of the last so many, months or quarters of a named year."""
    if period.kind in {"rolling", "calendar"} and period.unit in {"week", "month", "quarter", "year"}:
        if period.count > 1 and unit in {None, period.unit}:
            last = -1 if period.kind == "rolling" else period.offset
            return [Period(kind="calendar", unit=period.unit, offset=last - k) for k in range(period.count)]
        return None
    year = period.year if period.kind == "named" and not (period.month or period.quarter or period.event) else None
    if year is None:
        return None
    if unit == "month":
        return [Period(kind="named", year=year, month=m) for m in range(1, 13)]
    if unit == "quarter":
        return [Period(kind="named", year=year, quarter=q) for q in range(1, 5)]
    return None


def _of_orders(condition: Filter, worth: Compare | None) -> Filter:
    """As in "purchases of at least 100 in each month": orders worth so much are counted, not any."""
    if worth is None or not isinstance(condition, CustomerCondition) or condition.where is not None:
        return condition
    return condition.model_copy(update={"where": worth})


def _in_each(condition: Filter, periods: tuple[Period, ...]) -> tuple[Filter, int]:
    """The condition with what customers did repeated for every unit, and how many such parts there were."""
    if isinstance(condition, CustomerCondition):
        if condition.period is not None or condition.rank is not None or condition.within_days is not None:
            return condition, 0
        if condition.op == "eq" and tuple(condition.values) == (0,):
            return condition, 0
        return And(parts=tuple(condition.model_copy(update={"period": u, "term": None}) for u in periods)), 1
    if isinstance(condition, And):
        worth = next((c for c in condition.parts if isinstance(c, Compare) and c.field == "order_value"), None)
        parts = [_of_orders(c, worth) for c in condition.parts if c is not worth]
        held = [_in_each(part, periods) for part in parts]
        return And(parts=tuple(part for part, _ in held)), sum(n for _, n in held)
    return condition, 0
