"""Things named one by one in a series over time are shown one by one: "revenue of Lumi & Oak and Fjordlys per quarter".

Their sum alone would answer who asks for both together. "Together", "in total" and the like keep the sum.
"""

from __future__ import annotations

from dataclasses import replace

from assistant.llm.planner.candidate import Planned, call, one_query
from assistant.llm.planner.heard import expression
from assistant.llm.planner.units import GRAINS
from assistant.llm.planner.vocabulary import Vocabulary
from assistant.plans.filters import And, Compare
from assistant.plans.query import QueryPlan

_FEW = range(2, 7)


def each_by_name(text: str, planned: Planned, words: Vocabulary) -> Planned:
    """The plan, split by the things named where it is a plain series over them."""
    plan = one_query(planned)
    if plan is None or len(plan.dimensions) != 1 or plan.dimensions[0] not in GRAINS:
        return planned
    if plan.compare or plan.having or plan.limit or plan.transform or plan.summary or len(plan.metrics) > 1:
        return planned
    parts = plan.filter.parts if isinstance(plan.filter, And) and plan.filter.term is None else (plan.filter,)
    named = [p for p in parts if isinstance(p, Compare) and p.op == "in" and len(p.values) in _FEW]
    if len(named) != 1 or named[0].field not in words.dimensions or expression("each_by_name.summed").search(text):
        return planned
    if not all(str(v).casefold() in text.casefold() for v in named[0].values):
        return planned  # a region or a kind of thing, not names
    split = plan.model_copy(update={"dimensions": (plan.dimensions[0], named[0].field)})
    return replace(planned, calls=[call(QueryPlan.model_validate(split.model_dump()))])
