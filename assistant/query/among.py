"""The first few things by a measure as a condition: "the year with the fewest orders", "our five best cities"."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from assistant.errors import NoRows
from assistant.plans.filters import Among, And, Compare, Filter, Not, Or
from assistant.plans.query import QueryPlan, Sort
from assistant.plans.reword import reword

if TYPE_CHECKING:
    import ibis

    from assistant.query.compile import QueryOptions, Scope, SnapshotKey


def chosen(scope: Scope, condition: Among) -> Compare:
    """The condition with the things it stands for, found as the ranking itself would find them (ties kept, units of
    time that are not whole never the lowest).

    Raises:
        UnknownName, MissingData, InvalidPlan: as :func:`assistant.query.engine.run_query`. NoRows: there are none.
    """
    from assistant.query.compile import SnapshotKey

    key = SnapshotKey(scope.snapshot.fingerprint, scope.snapshot)
    return _chosen(key, scope.options, condition)


@lru_cache(maxsize=256)
def _chosen(key: SnapshotKey, options: QueryOptions, condition: Among) -> Compare:
    from assistant.query.compile import Scope, check
    from assistant.query.dimensions import dimension
    from assistant.query.rows import answer

    scope = Scope(key.snapshot, options)
    plan = ranking(condition)
    check(scope, plan.metrics, plan.dimensions, plan.filter)
    rows = _every(scope, condition) if not condition.limit else answer(scope, plan, plan.metrics, ()).rows
    if not rows and condition.limit:
        raise NoRows(f"Nothing in the data matches: {reword(plan)}")
    found = dimension(condition.dimension)
    values = [r[condition.dimension] for r in rows]
    decode = None if found.type == "date" else found.decode
    shown = tuple(v.isoformat() if found.type == "date" else decode(v) if decode else v for v in values)
    return Compare(field=condition.dimension, op="in", values=shown)


def is_orders(condition: Among) -> bool:
    """Whether it stands for every order that holds something: too many to be listed one by one."""
    return condition.dimension == "order" and not condition.limit


def orders_holding(scope: Scope, condition: Among) -> ibis.Value:
    """Ids of the orders for which the metric over the lines that are meant compares as said, within the question."""
    from assistant.query.compile import grouped

    window = scope.window(condition.period)
    table = grouped(scope, (condition.metric,), ("order",), condition.where, window, labels=False)
    held = table.filter(_bounded(table, condition))["order"]
    return _following(scope, held) if condition.following else held


def _following(scope: Scope, held: ibis.Value) -> ibis.Value:
    """Ids of the orders that known customers placed next after the first of theirs among these."""
    import ibis

    from assistant.query.facts import LINES, widen

    lines = widen(scope.snapshot, LINES, ["customer_id", "line_type", "order_id", "at"])
    sold = lines.filter((lines.line_type == "sale") & lines.customer_id.notnull())
    orders = sold.group_by("customer_id", "order_id").aggregate(placed=sold["at"].min())
    turn = ibis.window(group_by="customer_id", order_by=[orders.placed, orders.order_id])
    numbered = orders.mutate(place=ibis.row_number().over(turn), holds=orders.order_id.isin(held))
    own = ibis.window(group_by="customer_id")
    first = numbered.mutate(first=numbered.place.min(where=numbered.holds).over(own))
    return first.filter(first.place == first["first"] + 1).order_id


def _bounded(table: ibis.Table, condition: Among) -> ibis.BooleanValue:
    """Whether the metric of a thing compares as the condition says."""
    value, bounds = table[condition.metric], condition.values
    if condition.op == "between":
        return value.between(min(bounds), max(bounds))
    compare: Callable[..., ibis.BooleanValue] = getattr(operator, condition.op)
    return compare(value, bounds[0])


def _every(scope: Scope, condition: Among) -> list[dict]:
    """All the things for which the metric compares as said, however many."""
    from assistant.query.compile import grouped
    from assistant.query.rows import fetch

    window = scope.window(condition.period)
    table = grouped(scope, (condition.metric,), (condition.dimension,), condition.where, window)
    return fetch(scope, table.filter(_bounded(table, condition)))


def rankings(condition: Filter | None) -> Iterator[Among]:
    """Every ranking that narrows the lines of a filter."""
    match condition:
        case Among():
            yield condition
        case And() | Or():
            for part in condition.parts:
                yield from rankings(part)
        case Not():
            yield from rankings(condition.part)


def ranking(condition: Among) -> QueryPlan:
    """The ranking that finds the things."""
    return QueryPlan(
        metrics=(condition.metric,),
        dimensions=(condition.dimension,),
        filter=condition.where,
        period=condition.period,
        sort=Sort(by=condition.metric, descending=condition.descending),
        limit=condition.limit or None,
        offset=condition.offset,
    )
