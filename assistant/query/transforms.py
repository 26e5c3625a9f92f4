"""Columns computed from row to row: shares, running totals, trailing averages, growth on the row before.

Each function adds its columns to the rows and returns their names.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from assistant.errors import InvalidPlan
from assistant.plans.query import QueryPlan
from assistant.query.dimensions import dimension
from assistant.query.group_conditions import of_change
from assistant.query.metrics import metric

Row = dict[str, Any]


def share_units(plan: QueryPlan) -> tuple[str, ...]:
    """The dimensions of whose every value a share is taken: those named, else a unit of time beside something else."""
    units = [d for d in plan.dimensions if dimension(d).role == "time"]
    over_time = len(units) == 1 and len(plan.dimensions) > 1 and plan.limit is None
    return plan.within or (tuple(units) if over_time else ())


def shares(plan: QueryPlan, rows: list[Row], name: str, total: Any, wholes: Mapping[Any, Any] | None) -> list[str]:
    """Percent of the total, or of the total of the row's own :func:`share_units`.

    Args:
        wholes: totals by the values of these units; None for what adds up over the rows.

    Raises:
        InvalidPlan: the metric is no sum and no count.
    """
    if metric(name).unit not in {"currency", "count"}:
        raise InvalidPlan(f"{metric(name).label} is not a sum or a count, so it has no shares", received=name)
    units = share_units(plan)
    of_units: dict[Any, float] = {}
    for row in rows if units else ():
        key = tuple(row[u] for u in units)
        of_units[key] = of_units.get(key, 0.0) + float(row.get(name) or 0) if wholes is None else wholes.get(key)
    for row in rows:
        value, whole = row.get(name), of_units.get(tuple(row[u] for u in units)) if units else total
        row[f"{name}__share"] = float(value) / float(whole) * 100 if whole and value is not None else None
    return [f"{name}__share"]


def cumulative(plan: QueryPlan, rows: list[Row], name: str, total: Any, over_time: Collection[str]) -> list[str]:
    """Running total, for money with its running share of the total in percent.

    Args:
        over_time: counts that add up along time, though not over other dimensions.

    Raises:
        InvalidPlan: the metric cannot be added up over these rows.
    """
    along_time = name in over_time and all(dimension(d).role == "time" for d in plan.dimensions)
    if not (metric(name).additive or along_time):
        raise InvalidPlan(
            f"{metric(name).label} cannot be added up from group to group",
            received=name,
            valid=("revenue", "units", "orders by month", "new_customers by month"),
        )
    running = 0.0
    for row in rows:
        running += row.get(name) or 0
        row[f"{name}__cumulative"] = round(running, 4)
    if metric(name).unit == "currency" and total:
        for row in rows:
            row[f"{name}__cumulative_share"] = row[f"{name}__cumulative"] / total * 100
    return [f"{name}__cumulative"]


def moving_average(plan: QueryPlan, rows: list[Row], name: str) -> list[str]:
    """Mean of the last rows, as many as the window; none before there are so many."""
    values = [r.get(name) for r in rows]
    for i, row in enumerate(rows):
        held = [v for v in values[max(0, i - plan.window + 1) : i + 1] if v is not None]
        row[f"{name}__average"] = sum(held) / plan.window if len(held) == plan.window else None
    return [f"{name}__average"]


def growth(plan: QueryPlan, rows: list[Row], name: str, grain: str | None, partial: Collection[date]) -> list[str]:
    """Change on the unit of time before, in the metric's unit and in percent; none where one of the two is not whole.

    Raises:
        InvalidPlan: the rows are no units of time.
    """
    if grain is None:
        raise InvalidPlan("Growth from one to the next needs a unit of time", received=", ".join(plan.dimensions))
    before = None
    for row in rows:
        value = None if row[grain] in partial else row.get(name)
        row[f"{name}__growth"] = (value - before) / abs(before) * 100 if before and value is not None else None
        row[f"{name}__step"] = value - before if before is not None and value is not None else None
        before = value
    return [*([f"{name}__step"] if picks_moves(plan) else []), f"{name}__growth"]


def picks_moves(plan: QueryPlan) -> bool:
    """Whether some units of time are picked by how much they moved: "the month with the biggest drop"."""
    return plan.transform == "growth" and (plan.limit is not None or bool(of_change(plan.having)))
