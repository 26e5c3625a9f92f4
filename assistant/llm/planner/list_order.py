"""The order in which a list is wanted, said beside the question: "worst first", "best to worst", "alphabetically".

The words are taken off, the rest is planned as it stands, and the order is put into its plan. Which end is the worst
depends on the measure: of a return rate it is the highest.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any

from assistant.llm.planner.candidate import Planned, call, one_query
from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.units import GRAINS
from assistant.plans.query import QueryPlan, Sort

#: of these the highest is the worst
RATHER_LOW = frozenset({
    "return_rate", "unit_return_rate", "order_return_rate", "units_returned", "returned_value", "return_orders",
    "cancelled_orders", "cancellation_rate", "discount_amount", "discount_rate", "lost_customers", "unsubscribe_rate",
    "unsubscribed", "cart_abandonment_rate", "checkout_abandonment_rate", "abandoned_carts", "abandoned_value",
    "campaign_cost", "cost_per_response", "days_between_orders", "days_since_last_order", "cost_of_goods",
})
_SHORTEST = 2


@lru_cache(maxsize=4)
def _orders(language: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    raw: dict[str, Any] = read_yaml(language, "two_sides").get("orders") or {}
    before, after = raw.get("before", ""), raw.get("after", "")
    return tuple(
        (re.compile(rf"{before}(?:{p})(?={after})".replace(" ", r"\s+"), re.IGNORECASE), kind)
        for kind, patterns in (raw.get("kinds") or {}).items() for p in patterns
    )


def with_list_order(text: str, language: str, again: Callable[[str], Planned]) -> Planned | None:
    """The plan of the text with its rows in the order that was said; None where none was, or nothing can be ordered.

    Args:
        again: plans another text in full.
    """
    for pattern, kind in _orders(language):
        match = pattern.search(text)
        if match is None:
            continue
        rest = f"{text[: match.start()].rstrip(' ,;:–-(')}{text[match.end() :]}"
        if len(rest.split()) < _SHORTEST:
            return None
        planned = again(rest)
        plan = one_query(planned)
        if plan is None or not plan.dimensions:
            return None
        ordered = _ordered(plan, kind)
        return None if ordered is None else replace(planned, calls=[call(ordered)])
    return None


def _ordered(plan: QueryPlan, kind: str) -> QueryPlan | None:
    by = plan.sort.by if plan.sort is not None else plan.metrics[0]
    names = [d for d in plan.dimensions if d not in GRAINS]
    times = [d for d in plan.dimensions if d in GRAINS]
    if kind in {"names", "names_back"}:
        sort = Sort(by=names[0], descending=kind == "names_back") if names else None
    elif kind in {"oldest", "newest"}:
        sort = Sort(by=times[0], descending=kind == "newest") if times else None
    else:
        if by in plan.dimensions:
            by = plan.metrics[0]
        low = by in RATHER_LOW
        down = {"down": True, "up": False, "best": not low, "worst": low}[kind]
        sort = Sort(by=by, descending=down)
    if sort is None:
        return None
    if plan.limit is not None and plan.sort is not None and sort.descending != plan.sort.descending:
        return None  # "the five best, worst first": which rows and in which order are two things
    return plan.model_copy(update={"sort": sort})
