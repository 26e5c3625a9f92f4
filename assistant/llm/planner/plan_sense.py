"""The last look at a plan of figures: its numbers, its times and its whole are those that were said.

A number of the text that the plan does not hold is named, whichever reading lost it. Goods with a time each ("mugs in
March and candles in April") are bought at that time each. A share of those who bought in a time is one of the customers
of that time, not of all there ever were. What is looked for among the goods has no time, no place and no buyers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from assistant.llm.planner.candidate import Planned, ToolCall, call
from assistant.llm.planner.coverage import number_gaps
from assistant.llm.planner.people_clauses import FRAME as CLAUSES
from assistant.llm.planner.question_sense import beside_the_question
from assistant.llm.planner.replies import decline, quoted
from assistant.llm.planner.spans import Item, Reading, read
from assistant.llm.planner.vocabulary import Vocabulary
from assistant.plans.alike import GOODS
from assistant.plans.filters import And, CustomerCondition, Filter
from assistant.plans.periods import Period
from assistant.plans.query import QueryPlan

#: frames of texts that say only what is different from the answer before
_OF_TALK = frozenset({
    "decline", "picked", "ask", "refused", "small_talk", "undo", "back", "repeat", "explain", "advice", "follow_up",
    "discourse", "second_clause",
})
#: seasons that do not lie within one calendar year
_ACROSS_YEARS = frozenset({"winter", "new year"})
#: what no product has in its name or its description: when, to whom and how often it was sold
_OF_SALES = ("period", "duration", "ago", "times")
#: a time stands so many items behind its goods
_NEAR = 3


def sensible_plan(text: str, planned: Planned, words: Vocabulary, *, in_talk: bool = False) -> Planned:
    """The plan, with its times and its whole set right, or a "no" that names what it lost.

    Args:
        text: as it was said.
        planned: its plan, whichever reading made it.
        words: the shop's vocabulary.
        in_talk: something was answered before, which a number may speak of.
    """
    if len(planned.calls) != 1 or planned.done is not None or planned.frame in _OF_TALK:
        return planned
    only = planned.calls[0]
    kept = [note.partition("|")[2] for note in planned.notes if note.startswith("background|")]
    reading = read(kept[0] if kept else text, words)
    if only.name == "search_products":
        lost = [item.text for item in reading.items if item.has(*_OF_SALES) and not item.has("value", "metric", "dim")]
        return _no(lost, words) if lost else planned
    if only.name != "query_data":
        return planned
    beside = planned.frame == CLAUSES and beside_the_question(text, planned.calls, words.lexicon.language)
    if beside:
        return _no([beside], words)
    plan = only.plan()
    if not isinstance(plan, QueryPlan):
        return planned
    made = _of_all_looked_at(_of_the_year(_of_their_time(_each_at_its_time(reading, plan))))
    planned = planned if made is plan else replace(planned, calls=[call(made)])
    if _upside_down(made):
        return _no([item.text for item in reading.items if item.has("period")], words)
    lost = [] if in_talk else number_gaps(reading, [ToolCall(only.name, call(made).args)])
    return _no(lost, words) if lost else planned


def _no(lost: list[str], words: Vocabulary) -> Planned:
    return Planned([decline(words.lexicon, "not_understood", "lost", words=quoted(lost))], 0.0, lost, frame="decline")


def _each_at_its_time(reading: Reading, plan: QueryPlan) -> QueryPlan:
    """The plan with every goods at the time said right behind them, where each has one."""
    parts = plan.filter.parts if isinstance(plan.filter, And) else ()
    bought = [p for p in parts if isinstance(p, CustomerCondition) and p.where is not None]
    if len(bought) < 2 or len(reading.having("period")) < 2:
        return plan
    places = {i: next((k for k, item in enumerate(reading.items) if _names(item, p.where)), None)
              for i, p in enumerate(bought)}
    if None in places.values() or len(set(places.values())) < len(bought):
        return plan
    times: dict[int, Period] = {}
    for i, at in places.items():
        after = min((k for k in places.values() if k is not None and at is not None and k > at), default=None)
        behind = reading.items[at + 1 : min(at + _NEAR, after or len(reading.items))] if at is not None else []
        said = [item.get("period").period for item in behind if item.has("period")]
        if len(said) != 1 or said[0] is None:
            return plan
        times[i] = said[0]
    changed = {id(p): p.model_copy(update={"period": times[i]}) for i, p in enumerate(bought)}
    whole = None if plan.period in times.values() else plan.period
    if all(changed[id(p)] == p for p in bought) and whole == plan.period:
        return plan
    both = And(parts=tuple(changed.get(id(p), p) for p in parts))
    return plan.model_copy(update={"filter": both, "period": whole})


def _names(item: Item, where: Filter | None) -> bool:
    """Whether an item names the goods of a condition."""
    values = {str(v).casefold() for v in _values(where)}
    named = {v.value.casefold() for v in item.alts.get("value", ()) if v.dimension in GOODS}
    return bool(values & (named | {item.text.casefold(), item.lemma.casefold()}))


def _values(condition: Any) -> Iterator[Any]:
    yield from getattr(condition, "values", None) or ()
    for part in getattr(condition, "parts", None) or ():
        yield from _values(part)


def _of_their_time(plan: QueryPlan) -> QueryPlan:
    """The plan of a share of customers by how they bought in a time, with the customers of that time as the whole."""
    total = plan.compare is not None and plan.compare.kind == "total" and plan.compare.of is None
    if not total or plan.metrics != ("customers",) or plan.period is not None or plan.dimensions:
        return plan
    parts = plan.filter.parts if isinstance(plan.filter, And) else (plan.filter,)
    bought = [p for p in parts if isinstance(p, CustomerCondition)]
    times = {p.period.model_dump_json() for p in bought if p.period is not None}
    if not bought or len(times) != 1 or not all(p.period is not None and _several(p) for p in bought):
        return plan
    return plan.model_copy(update={"period": bought[0].period})


def _of_the_year(plan: QueryPlan) -> QueryPlan:
    """The plan of a share of a season with its year as the whole, and never a year as a part of its season."""
    against, time = plan.compare, plan.period
    if against is None or against.kind != "total" or time is None or plan.dimensions:
        return plan
    if against.period is None and plan.filter is None and _of_one_year(time) and time.year:
        whole = Period(kind="named", year=time.year)
        return plan.model_copy(update={"compare": against.model_copy(update={"period": whole})})
    part = against.period
    if part is None or time.year is None or not _is_year(time) or not _of_one_year(part):
        return plan
    part = part.model_copy(update={"year": time.year})
    return plan.model_copy(update={"period": part, "compare": against.model_copy(update={"period": time})})


def _is_year(period: Period) -> bool:
    """As in "2025", "last year"."""
    named = period.kind == "named" and period.year is not None
    return (named and not (period.event or period.month or period.quarter or period.week)) or (
        period.kind == "calendar" and period.unit == "year")


def _of_one_year(period: Period) -> bool:
    """As in "Christmas", which lies within a year, where winter does not."""
    return period.event is not None and period.event not in _ACROSS_YEARS


def _upside_down(plan: QueryPlan) -> bool:
    """Whether a whole year is to be a part of one of its seasons."""
    against, time = plan.compare, plan.period
    whole = against.period if against is not None and against.kind == "total" else None
    return whole is not None and time is not None and _is_year(time) and not _is_year(whole) and whole.kind == "named"


def _of_all_looked_at(plan: QueryPlan) -> QueryPlan:
    """The plan of things without any sale as those and how many were looked at: their share of revenue is nothing."""
    none_of_it = plan.having and all(h.op == "eq" and h.values == (0,) and h.of == "value" for h in plan.having)
    goods = len(plan.dimensions) == 1 and plan.dimensions[0] in GOODS
    return plan.model_copy(update={"transform": None}) if none_of_it and goods and plan.transform == "share" else plan


def _several(condition: CustomerCondition) -> bool:
    """Whether it holds for some of those who bought, and only for them: "just once", "over 100", "candles"."""
    values = [float(v) for v in condition.values if isinstance(v, int | float)]
    if condition.rank is not None or condition.metric not in {"orders", "revenue", "units"} or not values:
        return False
    once = condition.metric == "orders" and condition.op == "ge" and values == [1] and condition.where is None
    return not once and (condition.op == "eq" and values[0] > 0 or condition.op in {"ge", "gt"})
