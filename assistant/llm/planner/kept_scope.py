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
from assistant.llm.planner.context import LOOK_ASIDE, DialogueContext, Past
from assistant.llm.planner.discourse_scene import parts_of
from assistant.llm.planner.heard import expression, heard
from assistant.llm.planner.parts import gather
from assistant.llm.planner.references import period_of_row
from assistant.llm.planner.replies import decline
from assistant.llm.planner.spans import Reading, read
from assistant.llm.planner.steps import covers_steps
from assistant.llm.planner.things_in_talk import looked_at, one_of
from assistant.llm.planner.units import GRAINS
from assistant.llm.planner.values import join
from assistant.llm.planner.vocabulary import Vocabulary
from assistant.plans.briefing import BriefingRequest
from assistant.plans.filters import And, Compare, CustomerCondition, Filter, Not, Or
from assistant.plans.query import ChangePlan, QueryPlan
from assistant.plans.requests import SegmentRule

#: readings of a text as a question of its own
_FRESH = frozenset({"query", "composed", "two_measures"})
#: answers for a stretch of time and a part of the shop
_SCOPED = frozenset({"query_data", "explain_change", "brief_shop"})
#: units that come round again
_CLOCK = frozenset({"weekday"})
_GOODS = ("product", "category", "subcategory", "brand")
_HEADS = frozenset({"customers", "new_customers", "returning_customers"})


def kept_scope(text: str, planned: Planned, context: DialogueContext, words: Vocabulary) -> Planned | None:
    """The plan kept to the time and the part of the shop spoken of; None where it has its own or there is none.

    Args:
        planned: how the text is read.
        context: the conversation before it.
    """
    alone = _of_person(text, planned, context, words)
    if alone is not None:
        return alone
    before = _before(context)
    claimed = _claimed_then(text, planned, before, words)
    if claimed is not None:
        return claimed
    bought = _bought_then(text, planned, before)
    if bought is not None:
        return bought
    if before is None or planned.frame not in _FRESH or planned.done is not None or len(planned.calls) != 1:
        return None
    plan = planned.calls[0].plan()
    reading = read(text, words)
    pointing = not heard("kept_scope.pointing").isdisjoint(t.word for t in reading.tokens)
    if not isinstance(plan, QueryPlan):
        return None
    if expression("kept_scope.of_it").search(text) and not _narrows(plan, before):
        return Planned([decline(words.lexicon, "not_understood", "not_part_of", words=text.strip(" ?!."))], 0.0,
                       frame="decline")
    if _apart(reading, plan, words) and not pointing:
        return None
    if reading.has("customers_pronoun") and _of_people(before):
        return None  # "what did they spend": these customers, whoever bought then
    changes: dict[str, Any] = {}
    notes = []
    if before.period is not None and _timeless(plan, reading) and covers_steps(before.period, plan.dimensions, words):
        changes["period"] = before.period
        notes.append("kept_time||")
    elif before.period is not None and _relative(plan, reading):
        changes["period"] = before.period  # "the year before": before the year spoken of
    if pointing or not heard("kept_scope.then").isdisjoint(t.word for t in reading.tokens):
        changes |= _picked_time(context, before, plan)
    kept = _part(before.filter, plan, joined=pointing)
    if pointing and kept is None and plan.filter is None:
        changes |= _picked_group(context, before, plan)
    if kept is not None and (plan.period is None or changes):
        changes["filter"] = kept
        notes.append("kept_part||")
    measure = _measure(plan, before, reading, words)
    if measure and not changes:
        notes.append(f"kept_measure|{words.metrics[measure['metrics'][0]].label.lower()}")
    changes |= measure
    if not changes:
        return None
    try:
        scoped = QueryPlan.model_validate(plan.model_copy(update=changes).model_dump())
    except ValidationError:
        return None
    return replace(planned, calls=[call(scoped)], notes=[*planned.notes, *notes])


def _claimed_then(
    text: str, planned: Planned, before: QueryPlan | ChangePlan | BriefingRequest | None, words: Vocabulary
) -> Planned | None:
    """As in "how much more did Kitchen make than Garden?" after a table of 2025: in that time."""
    one = planned.calls[0] if len(planned.calls) == 1 and planned.done is None else None
    if one is None or one.name != "check_premise" or one.args.get("relation") != "larger":
        return None
    inner = getattr(one.plan(), "plan", None)
    if not isinstance(inner, QueryPlan) or before is None or before.period is None or inner.compare is not None:
        return None
    if not _timeless(inner, read(text, words)):
        return None
    scoped = call(inner.model_copy(update={"period": before.period})).args
    return replace(planned, calls=[replace(one, args={**one.args, "plan": scoped})],
                   notes=[*planned.notes, "kept_time||"])


def _bought_then(
    text: str, planned: Planned, before: QueryPlan | ChangePlan | BriefingRequest | None
) -> Planned | None:
    """As in "how many customers bought it?" after the best category in Germany last year: there and then."""
    plan = planned.calls[0].plan() if len(planned.calls) == 1 else None
    said = plan.filter if isinstance(plan, QueryPlan | SegmentRule) else None
    if not isinstance(before, QueryPlan) or not isinstance(said, CustomerCondition) or plan is None:
        return None
    timed = said.period is not None or isinstance(plan, QueryPlan) and plan.period is not None
    if timed or not expression("bought_it.pronoun").fullmatch(text.strip()):
        return None
    own = said.where.field if isinstance(said.where, Compare) else None
    parts = [f for f in parts_of(before.filter) if isinstance(f, Compare) and f.field not in {own, *before.dimensions}]
    if own is None or before.period is None and not parts:
        return None
    kept = said.model_copy(update={"where": join([said.where, *parts]), "period": before.period})  # type: ignore[list-item]
    notes = [*(["kept_time||"] if before.period is not None else []), *(["kept_part||"] if parts else [])]
    scoped = plan.model_copy(update={"filter": kept})
    return replace(planned, calls=[call(scoped)], notes=[*planned.notes, *notes])


def unheld(text: str, planned: Planned, context: DialogueContext, words: Vocabulary) -> Planned | None:
    """A "no" where a text points at what was narrowed before and its plan is about all the shop at all times: "how much
    did that bring in" after the buyers of one category."""
    last = context.past[-1] if context.past else None
    plan = planned.calls[0].plan() if len(planned.calls) == 1 and planned.frame in _FRESH else None
    if last is None or not isinstance(plan, QueryPlan) or planned.done is not None:
        return None
    lost = expression("kept_scope.goods").search(text) if _listed_goods(last) else None
    if lost is not None and not any(f"'{name}'" in repr(call(plan).args) for name in _GOODS):
        return Planned([decline(words.lexicon, "not_understood", "not_of_whole_shop", words=lost.group())], 0.0,
                       frame="decline")
    if plan.filter is not None or plan.compare is not None or plan.dimensions:
        return None
    said = expression("kept_scope.pointer").search(text)
    before = context.last("query_data", "count_audience")
    narrowed = before is not None and (
        before.call.args.get("filter") or plan.period is None and before.call.args.get("period"))
    open_turn = last.refused or last.call.name in {"decline", "ask_back"}
    if said is None or not (narrowed or plan.period is None and open_turn):
        return None
    no = decline(words.lexicon, "not_understood", "not_of_whole_shop", words=said.group())
    return Planned([no], 0.0, frame="decline")


def _listed_goods(last: Past) -> bool:
    return not last.refused and last.call.name == "query_data" and last.call.args.get("dimensions") == ["product"]


def _before(context: DialogueContext) -> QueryPlan | ChangePlan | BriefingRequest | None:
    """The data question answered in the turn before this one."""
    last: Past | None = next((p for p in reversed(context.past) if p.frame != LOOK_ASIDE), None)
    if last is None or last.refused or last.call.name not in _SCOPED:
        return None
    if sum(p.turn == last.turn for p in context.past) > 1:
        return None  # several answers: which of them is gone on with is not known
    plan = last.call.plan()
    if isinstance(plan, BriefingRequest):
        return plan.model_copy(update={"period": looked_at(last)})
    return plan if isinstance(plan, QueryPlan | ChangePlan) else None


def _of_person(text: str, planned: Planned, context: DialogueContext, words: Vocabulary) -> Planned | None:
    """A question about nobody in particular after an answer about one customer: it is about that customer."""
    last = context.past[-1] if context.past else None
    person = one_of(last, "customer") if last is not None and not last.refused else None
    plan = planned.calls[0].plan() if len(planned.calls) == 1 and planned.frame in _FRESH else None
    if person is None or not isinstance(plan, QueryPlan) or plan.filter is not None or planned.done is not None:
        return None
    if last is not None and last.call.name == "query_data" and last.call.args.get("dimensions"):
        return None  # the one row of a ranking is a thing among others
    reading = read(text, words)
    of_all = set(plan.metrics) & _HEADS or "customer" in plan.dimensions or plan.compare is not None
    if of_all or _apart(reading, plan, words) or reading.has("value"):
        return None
    kept = plan.model_copy(update={"filter": Compare(field="customer", op="eq", values=(person,))})
    return replace(planned, calls=[call(kept)], notes=[*planned.notes, f"kept_person|{person}"])


def _of_people(before: QueryPlan | ChangePlan | BriefingRequest) -> bool:
    counted = isinstance(before, QueryPlan) and bool(set(before.metrics) & _HEADS or "customer" in before.dimensions)
    return counted or _timed(before.filter)


def _apart(reading: Reading, plan: QueryPlan, words: Vocabulary) -> bool:
    """Whether a question says that it is about everything or about now, or is about what has no time."""
    said = {t.word for t in reading.tokens}
    if said & heard("kept_scope.whole") or reading.has("everything"):
        return True
    metrics = [words.metrics[m] for m in plan.metrics if m in words.metrics]
    if any(m.of_now for m in metrics):
        return True
    present = bool(said & heard("kept_scope.present")) and not said & heard("shared_scope.past")
    return present and bool(set(plan.metrics) & _HEADS or "customer" in plan.dimensions)


def _timeless(plan: QueryPlan, reading: Reading) -> bool:
    """Whether nothing in the question says when."""
    if plan.period is not None or plan.compare is not None and plan.compare.kind not in {"total", "rest"}:
        return False
    return not reading.has("period", "duration", "ago") and not _timed(plan.filter)


def _relative(plan: QueryPlan, reading: Reading) -> bool:
    """Whether a question is set against the time before, and does not say before when."""
    implied = plan.period is None or plan.period.kind == "calendar" and plan.period.offset == 0
    earlier = plan.compare is not None and plan.compare.kind in {"previous", "year_earlier"}
    return earlier and implied and not gather(reading).periods and not _timed(plan.filter)


def _timed(condition: Filter | None) -> bool:
    if isinstance(condition, And | Or):
        return any(_timed(part) for part in condition.parts)
    if isinstance(condition, Not):
        return _timed(condition.part)
    return isinstance(condition, CustomerCondition)


def _part(condition: Filter | None, plan: QueryPlan, *, joined: bool) -> Filter | None:
    """The values the shop is narrowed to, where the question names none and is not about what they are values of.

    Args:
        joined: a word of the question points at them ("new customers there"): they join its own conditions.
    """
    parts = parts_of(condition)
    own = parts_of(plan.filter)
    if not parts or plan.having or plan.compare is not None or (own and not joined):
        return None
    for part in parts:
        plain = part.part if isinstance(part, Not) else part
        several = isinstance(plain, Compare) and plain.field == "customer" and plain.op != "eq"
        if not isinstance(plain, Compare) or several or plain.field in plan.dimensions or part in own:
            return None
        if any(isinstance(o, Compare) and o.field == plain.field for o in own):
            return None
    return condition if not own else join([*own, *parts])


def _picked_group(
    context: DialogueContext, before: QueryPlan | ChangePlan | BriefingRequest, plan: QueryPlan
) -> dict[str, Any]:
    """As in "did it help sales there?" after the category with the highest discount: that one."""
    picked = isinstance(before, QueryPlan) and before.limit == 1 and len(before.dimensions) == 1
    by = before.dimensions[0] if isinstance(before, QueryPlan) and picked else ""
    value = next(iter(context.column(context.past[-1], by)), None) if by and by not in {*GRAINS, "customer"} else None
    if value is None or by in plan.dimensions:
        return {}
    return {"filter": join([*parts_of(before.filter), Compare(field=by, op="eq", values=(value,))])}


def _picked_time(
    context: DialogueContext, before: QueryPlan | ChangePlan | BriefingRequest, plan: QueryPlan
) -> dict[str, Any]:
    """As in "and what do people buy then?" after the best weekday or month: that one."""
    picked = isinstance(before, QueryPlan) and before.limit == 1 and len(before.dimensions) == 1
    by = before.dimensions[0] if isinstance(before, QueryPlan) and picked else ""
    value = next(iter(context.column(context.past[-1], by)), None) if by in GRAINS or by in _CLOCK else None
    if value is None or plan.period not in (None, before.period):
        return {}
    if by in _CLOCK:
        return {"filter": join([*parts_of(plan.filter), Compare(field=by, op="eq", values=(value,))])}
    period = period_of_row(by, value)
    return {} if period is None else {"period": period}


def _narrows(plan: QueryPlan, before: QueryPlan | ChangePlan | BriefingRequest) -> bool:
    """Whether a question is about a part of what was measured: within the same conditions, or of the same measure."""
    named = {f.field for f in parts_of(before.filter) if isinstance(f, Compare)}
    kept = all(f in parts_of(plan.filter) for f in parts_of(before.filter))
    same = not isinstance(before, QueryPlan) or bool(set(plan.metrics) & set(before.metrics))
    return same or kept and bool(named) or bool(_part(before.filter, plan, joined=True))


def _measure(
    plan: QueryPlan, before: QueryPlan | ChangePlan | BriefingRequest, reading: Reading, words: Vocabulary
) -> dict[str, Any]:
    """The measure spoken of, where the question ranks things and does not say by what."""
    said = gather(reading)
    if isinstance(before, BriefingRequest):
        return {}
    asked = before.metrics[0] if isinstance(before, QueryPlan) else before.metric
    if said.metrics or said.sort_metric or reading.has("metric", "act", "definition") or plan.metrics == (asked,):
        return {}
    metric = words.metrics.get(asked)
    if metric is None or metric.of_now or asked in _HEADS or len(plan.metrics) > 1 or plan.having:
        return {}
    sort = None if plan.sort is None else plan.sort.model_copy(update={
        "by": asked if plan.sort.by in plan.metrics else plan.sort.by})
    return {"metrics": (asked,), "sort": sort}


__all__ = ["kept_scope", "unheld"]
