"""The customers of a ranking, as the ones that are spoken of: "and their average order value?", "which of them …".

A ranking picks customers by a limit, which no condition holds. Where a later text speaks of them, the conversation is
read as if they had been listed by their numbers, so that every reading that knows a list of customers keeps to these.
"""

from __future__ import annotations

import re

from assistant.llm.planner.candidate import call
from assistant.llm.planner.context import DialogueContext, Past
from assistant.llm.planner.language_files import read_yaml
from assistant.plans.filters import Compare
from assistant.plans.query import QueryPlan

_MOST = 1_000


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


__all__ = ["with_people_named"]
