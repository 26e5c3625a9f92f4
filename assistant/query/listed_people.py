"""The rule behind a list of customers, for those who want to change it condition by condition."""

from __future__ import annotations

from typing import Any

from assistant.plans.filters import Among, And, Filter, Not, Or
from assistant.plans.query import QueryPlan


def listed_by(plan: QueryPlan) -> dict[str, Any]:
    """``rule`` (plan JSON of the filter) where a plan lists all customers that meet its filter; nothing where a time, a
    bound on a figure, a ranking or another split also says who is listed."""
    whole = plan.limit is None and plan.period is None and not plan.having and plan.compare is None
    if plan.dimensions != ("customer",) or plan.filter is None or not whole or _ranks(plan.filter):
        return {}
    return {"rule": plan.filter.model_dump(mode="json")}


def _ranks(condition: Filter) -> bool:
    """Whether things that come first by a measure are among the conditions: no rule for customers has such a one."""
    match condition:
        case Among():
            return True
        case And() | Or():
            return any(_ranks(part) for part in condition.parts)
        case Not():
            return _ranks(condition.part)
    return False
