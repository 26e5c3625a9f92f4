""" "… and are in stock" beside another condition on products keeps those in stock; the bare figure keeps all."""

from __future__ import annotations

from dataclasses import replace

from assistant.llm.planner.candidate import Planned, call, one_query
from assistant.llm.planner.heard import expression
from assistant.plans.query import Having, QueryPlan

_STOCK = "stock"


def in_stock_too(text: str, planned: Planned) -> Planned:
    """The plan with the condition, where a list of products by another condition only shows the stock."""
    plan = one_query(planned)
    if plan is None or plan.dimensions != ("product",) or _STOCK not in plan.metrics:
        return planned
    if not plan.having or any(h.metric == _STOCK for h in plan.having):
        return planned
    if not expression("in_stock_too.condition").search(text):
        return planned
    kept = plan.model_copy(update={"having": (*plan.having, Having(metric=_STOCK, op="gt", values=(0.0,)))})
    return replace(planned, calls=[call(QueryPlan.model_validate(kept.model_dump()))])
