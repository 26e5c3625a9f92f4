"""The customers of a ranking, as the ones that are spoken of: "and their average order value?", "which of them …".

A ranking picks customers by a limit, which no condition holds. Where a later text speaks of them, the conversation is
read as if they had been listed by their numbers, so that every reading that knows a list of customers keeps to these.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from assistant.llm.planner.candidate import Planned, call
from assistant.llm.planner.context import DialogueContext, Past
from assistant.llm.planner.discourse_scene import parts_of
from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.plan_edits import with_filter
from assistant.llm.planner.values import join
from assistant.plans.filters import Compare
from assistant.plans.query import QueryPlan

_MOST = 1_000
_HEADS = frozenset({"customers", "new_customers", "returning_customers"})
_OF_PEOPLE = frozenset({"count_audience", "predict_churn"})


def with_people_named(text: str, context: DialogueContext, language: str) -> DialogueContext:
    """The conversation with the customers of the last ranking by number, where a text speaks of them."""
    last = context.last()
    plan = last.call.plan() if last is not None and last.call.name == "query_data" else None
    if last is None or not isinstance(plan, QueryPlan) or plan.dimensions != ("customer",) or plan.limit is None:
        return context
    pattern = str((read_yaml(language, "follow_moves") or {}).get("of_people", "(?!)"))
    ids = tuple(context.column(last, "customer"))
    if not 1 < len(ids) <= _MOST or not re.search(pattern, text, re.IGNORECASE):
        return context
    rows = plan.model_copy(update={
        "filter": Compare(field="customer", op="in", values=ids), "limit": None, "offset": 0, "having": (),
    })
    listed = Past(call(rows), last.result, last.turn, last.frame)
    return DialogueContext([listed if past is last else past for past in context.past], context.questions)


def kept_to_them(text: str, planned: Planned, context: DialogueContext, language: str) -> Planned:
    """The plan of "how many of those ordered this month?", kept to those where no condition of theirs is left in it."""
    pattern = str((read_yaml(language, "follow_moves") or {}).get("some_of_them", "(?!)"))
    one = planned.calls[0] if len(planned.calls) == 1 else None
    last = context.last()
    if one is None or last is None or one.name not in {"query_data", "count_audience"}:
        return planned
    found = context.audience() if re.search(pattern, text, re.IGNORECASE) else None
    plan: Any = one.plan()
    of_people = one.name == "count_audience" or plan.dimensions == ("customer",) or (
        not plan.dimensions and set(plan.metrics) <= _HEADS)
    listed = last.call.args.get("dimensions") == ["customer"] or last.call.name in _OF_PEOPLE
    if found is None or not of_people or not listed:
        return planned
    theirs = parts_of(found[0])
    held = [str(f) for f in parts_of(plan.filter)]
    if any(str(f) in held for f in theirs):
        return planned
    fields = with_filter(plan, join([*theirs, *parts_of(plan.filter)]))
    return planned if fields is None else replace(planned, calls=[call(type(plan).model_validate(fields))])


__all__ = ["kept_to_them", "with_people_named"]
