"""What a person would take from an answer, so that the answers of two readings can be set side by side."""

from __future__ import annotations

from typing import Any

from assistant.errors import AssistantError
from assistant.llm.planner.candidate import ToolCall
from assistant.llm.planner.units import GRAINS
from assistant.plans.answering import Answering, Computing
from assistant.plans.query import QueryPlan
from assistant.plans.requests import SegmentRule
from assistant.plans.studies import StudyRequest
from assistant.results import Result

_PLACES = 4
"""Digits after the point in which figures are compared."""


def run(shop: Answering, call: ToolCall) -> Result | None:
    """The answer of a call; None where the reading has none, or where it cannot be had while a question is read."""
    plan = call.plan()
    try:
        if isinstance(plan, QueryPlan):
            result = shop.query(plan)
        elif isinstance(plan, SegmentRule) and isinstance(shop, Computing):
            result = shop.count_audience(plan)
        elif isinstance(plan, StudyRequest) and isinstance(shop, Computing):
            result = shop.run_study(plan)
        else:
            return None
    except AssistantError:
        return None
    return None if result.refusal or not result.tables or not result.tables[0].rows else result


def taken(plan: QueryPlan, result: Result) -> tuple[Any, ...]:
    """What is taken from the answer of a query: the names of a ranking or list in order, else every cell."""
    table = result.tables[0]
    names = [c.name for c in table.columns]
    groups = [d for d in plan.dimensions if d not in GRAINS]
    if groups and groups[0] in names and (plan.sort is not None or "customer" in groups):
        at = names.index(groups[0])
        return (table.total_rows, *(str(row[at]) for row in table.rows))
    return tuple(tuple(_rounded(cell) for cell in row) for row in table.rows)


def alike(first: ToolCall, one: Result, second: ToolCall, other: Result) -> bool:
    """Whether two answers say the same: equal, or the figures that one leads with are among the other's."""
    plans = first.plan(), second.plan()
    if isinstance(plans[0], QueryPlan) and isinstance(plans[1], QueryPlan):
        return taken(plans[0], one) == taken(plans[1], other)
    return _leading(one) <= _figures(other) or _leading(other) <= _figures(one)


def _leading(result: Result) -> set[Any]:
    """The figures that an answer begins with."""
    named = [result.figures[name].value for name in result.headline if name in result.figures]
    cells = named or [c for c in result.tables[0].rows[0] if isinstance(c, int | float) and not isinstance(c, bool)]
    return {_rounded(cell) for cell in cells[:1]}


def _figures(result: Result) -> set[Any]:
    found = {_rounded(figure.value) for figure in result.figures.values()}
    return found | {_rounded(cell) for table in result.tables for row in table.rows for cell in row}


def _rounded(cell: Any) -> Any:
    return round(float(cell), _PLACES) if isinstance(cell, int | float) and not isinstance(cell, bool) else str(cell)
