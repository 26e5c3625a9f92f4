"""A question without a time or a part of the shop of its own, after one that had them: these are still spoken of.

After "revenue in Q3 2011" the question "top 5 countries" is about Q3 2011, and by revenue. What is kept is said beside
the answer, with the words that lift it. Questions of the present ("who are our best customers?"), of all there is ("how
many orders in total?") and of customers pointed at keep nothing; nor is a series kept to less than two of its steps.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from assistant.llm.planner.candidate import Planned, call
from assistant.llm.planner.context import DialogueContext, Past
from assistant.llm.planner.heard import heard
from assistant.llm.planner.parts import gather
from assistant.llm.planner.period_grammar import PeriodReader
from assistant.llm.planner.spans import Reading, read
from assistant.llm.planner.vocabulary import Vocabulary
from assistant.plans.filters import And, Compare, CustomerCondition, Filter, Not, Or
from assistant.plans.periods import Period
from assistant.plans.query import ChangePlan, QueryPlan
from assistant.plans.shop import Shop

#: readings of a text as a question of its own
_FRESH = frozenset({"query", "composed", "two_measures"})
_HEADS = frozenset({"customers", "new_customers", "returning_customers"})
_DAYS = {"day": 1, "weekday": 7, "hour": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}


def kept_scope(text: str, planned: Planned, context: DialogueContext, words: Vocabulary, shop: Shop) -> Planned | None:
    """The plan kept to the time and the part of the shop spoken of; None where it has its own or there is none.

    Args:
        planned: how the text is read.
        context: the conversation before it.
    """
    before = _before(context)
    if before is None or planned.frame not in _FRESH or planned.done is not None or len(planned.calls) != 1:
        return None
    plan = planned.calls[0].plan()
    reading = read(text, words)
    if not isinstance(plan, QueryPlan) or _apart(reading, plan, words):
        return None
    if reading.has("customers_pronoun") and _of_people(before):
        return None  # "what did they spend": these customers, whoever bought then
    changes: dict[str, Any] = {}
    notes = []
    if before.period is not None and _timeless(plan, reading) and _steps(plan, before.period, words, shop):
        changes["period"] = before.period
        notes.append("kept_time||")
    kept = _part(before.filter, plan)
    if kept is not None and (plan.period is None or changes):
        changes["filter"] = kept
        notes.append("kept_part||")
    if not changes:
        return None
    changes |= _measure(plan, before, reading, words)
    try:
        scoped = QueryPlan.model_validate(plan.model_copy(update=changes).model_dump())
    except ValidationError:
        return None
    return replace(planned, calls=[call(scoped)], notes=[*planned.notes, *notes])


def _before(context: DialogueContext) -> QueryPlan | ChangePlan | None:
    """The data question answered in the turn before this one."""
    last: Past | None = context.past[-1] if context.past else None
    if last is None or last.refused or last.call.name not in {"query_data", "explain_change"}:
        return None
    if sum(p.turn == last.turn for p in context.past) > 1:
        return None  # several answers: which of them is gone on with is not known
    plan = last.call.plan()
    return plan if isinstance(plan, QueryPlan | ChangePlan) else None


def _of_people(before: QueryPlan | ChangePlan) -> bool:
    counted = isinstance(before, QueryPlan) and bool(set(before.metrics) & _HEADS or "customer" in before.dimensions)
    return counted or _timed(before.filter)


def _apart(reading: Reading, plan: QueryPlan, words: Vocabulary) -> bool:
    """Whether a question says that it is about everything or about now, or is about what has no time."""
    said = {t.word for t in reading.tokens}
    if said & heard("kept_scope.whole") or reading.has("everything"):
        return True
    metrics = [words.metrics[m] for m in plan.metrics if m in words.metrics]
    if any(m.of_now for m in metrics) or "customer" in plan.dimensions:
        return True
    present = bool(said & heard("kept_scope.present")) and not said & heard("shared_scope.past")
    return present and bool(set(plan.metrics) & _HEADS)


def _timeless(plan: QueryPlan, reading: Reading) -> bool:
    """Whether nothing in the question says when."""
    if plan.period is not None or plan.compare is not None and plan.compare.kind not in {"total", "rest"}:
        return False
    return not reading.has("period", "duration", "ago") and not _timed(plan.filter)


def _timed(condition: Filter | None) -> bool:
    if isinstance(condition, And | Or):
        return any(_timed(part) for part in condition.parts)
    if isinstance(condition, Not):
        return _timed(condition.part)
    return isinstance(condition, CustomerCondition)


def _steps(plan: QueryPlan, period: Period, words: Vocabulary, shop: Shop) -> bool:
    """Whether a series has two steps or more in the time."""
    grains = [_DAYS[d] for d in plan.dimensions if d in _DAYS]
    if not grains:
        return True
    bounds = PeriodReader([], words.lexicon, shop.status().as_of).bounds(period)
    return bounds is not None and (bounds[1] - bounds[0]).days + 1 >= 2 * max(grains) - 7


def _part(condition: Filter | None, plan: QueryPlan) -> Filter | None:
    """The values the shop is narrowed to, where the question names none and is not about what they are values of."""
    parts = list(condition.parts) if isinstance(condition, And) else [condition] if condition is not None else []
    if not parts or plan.filter is not None or plan.having or plan.compare is not None:
        return None
    for part in parts:
        plain = part.part if isinstance(part, Not) else part
        if not isinstance(plain, Compare) or plain.field in {"customer", *plan.dimensions}:
            return None
    return condition


def _measure(
    plan: QueryPlan, before: QueryPlan | ChangePlan, reading: Reading, words: Vocabulary
) -> dict[str, Any]:
    """The measure spoken of, where the question ranks things and does not say by what."""
    said = gather(reading)
    asked = before.metrics[0] if isinstance(before, QueryPlan) else before.metric
    if said.metrics or said.sort_metric or reading.has("metric", "act", "definition") or plan.metrics == (asked,):
        return {}
    metric = words.metrics.get(asked)
    if metric is None or not metric.adds_up or asked in _HEADS or len(plan.metrics) > 1 or plan.having:
        return {}
    sort = None if plan.sort is None else plan.sort.model_copy(update={
        "by": asked if plan.sort.by in plan.metrics else plan.sort.by})
    return {"metrics": (asked,), "sort": sort}


__all__ = ["kept_scope"]
