"""Groups without any row, where nought belongs to the answer: "countries without sales", "never sold", "no order".

A group that nothing was counted for has no row in the fact. Which groups there could be is known otherwise: products,
categories and brands from the catalogue, customers from the list of customers, countries and channels from everything
ever recorded, units of time from the calendar.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from assistant.errors import InvalidPlan
from assistant.plans.filters import And, BoughtThen, Compare, CustomerCondition, Filter, InGroup, Predicted
from assistant.plans.query import Having, QueryPlan
from assistant.query.compile import Scope
from assistant.query.dimensions import NOT_SET, TIME_GRAINS, dimension
from assistant.query.facts import CAMPAIGNS, FACTS, LINES, PRODUCTS, Fact, missing, widen
from assistant.query.filters import (
    NEGATED,
    columns_of,
    comparisons,
    customer_conditions,
    customer_set,
    groups_of,
    is_attribute,
    predicate,
)
from assistant.query.metrics import base_metrics, metric

if TYPE_CHECKING:
    import ibis

#: places in a natural order, all of which there always are
_CYCLES: dict[str, Sequence[int]] = {"weekday": range(7), "hour": range(24), "month_of_year": range(1, 13),
                                    "season_of_year": range(4)}


def nought_belongs(plan: QueryPlan) -> bool:
    """Whether the plan lists groups by a condition that a group without any row meets."""
    if len(plan.dimensions) != 1 or plan.compare is not None or plan.transform is not None:
        return False
    name = plan.dimensions[0]
    if any(_met_by_nought(h) for h in plan.having):
        return name != "order"
    return name == "customer" and plan.period is None and not plan.having and _of_idle_customers(plan.filter)


def by_calendar(plan: QueryPlan) -> bool:
    """Whether the groups that could be there are known without looking: units of time, weekdays, hours."""
    return nought_belongs(plan) and plan.dimensions[0] in {*TIME_GRAINS, *_CYCLES}


def cycle(name: str) -> Sequence[int]:
    """All places of a natural order; empty for a dimension without one."""
    return _CYCLES.get(name, ())


def _met_by_nought(condition: Having) -> bool:
    if condition.of != "value" or condition.op in {"is_null", "not_null", "contains", "not_contains"}:
        return False
    of_things = any(b.grain in {"products", "calendar"} for b in base_metrics(condition.metric))
    return metric(condition.metric).zero_when_empty and not of_things and meets(condition, 0)


def only_nought(condition: Having) -> bool:
    """Whether nothing but nought meets a condition: "without sales"."""
    return condition.op in {"eq", "in", "le"} and list(condition.values) == [0]


def meets(condition: Having, value: Any) -> bool:
    """Whether a plain value meets a condition on groups; an unknown one meets none."""
    if value is None:
        return False
    wanted = list(condition.values)
    checks: dict[str, Callable[[], bool]] = {
        "eq": lambda: value in wanted,
        "in": lambda: value in wanted,
        "gt": lambda: value > wanted[0],
        "ge": lambda: value >= wanted[0],
        "lt": lambda: value < wanted[0],
        "le": lambda: value <= wanted[0],
        "between": lambda: wanted[0] <= value <= wanted[1],
    }
    positive = NEGATED.get(condition.op, condition.op)
    if positive not in checks:
        raise InvalidPlan("Groups cannot be compared that way", received=condition.op, valid=list(checks))
    return checks[positive]() != (condition.op in NEGATED)


def _of_idle_customers(condition: Filter | None) -> bool:
    """Whether a filter is on customers alone and lets some in who never ordered."""
    parts = _joined_by_and(condition)
    return bool(parts) and all(_on_customers(p) for p in parts) and any(_lets_idle_in(p) for p in parts)


def _on_customers(condition: Filter) -> bool:
    if isinstance(condition, CustomerCondition | InGroup | BoughtThen | Predicted):
        return True
    return isinstance(condition, Compare) and "customer_id" not in dimension(condition.field, for_filter=True).columns


def is_state(name: str) -> bool:
    """Whether a metric says of one customer no more than yes or no: on file, agreed, suppressed."""
    return all(b.grain == "contacts" for b in base_metrics(name))


def _lets_idle_in(condition: Filter) -> bool:
    if isinstance(condition, Compare):
        return condition.op == "is_null"
    if not isinstance(condition, CustomerCondition) or condition.rank is not None:
        return False
    if condition.op in {"is_null", "not_null"} or not metric(condition.metric).zero_when_empty:
        return False
    if all(b.grain not in {"lines", "per_customer", "per_order"} for b in base_metrics(condition.metric)):
        return True  # of messages and contacts, which customers without an order have too
    never = condition.op == "eq" and condition.values == (0,)  # "never ordered", and not "not since May"
    return never and condition.where is None and condition.period is None


def with_empty(scope: Scope, table: ibis.Table, plan: QueryPlan, names: Sequence[str]) -> ibis.Table:
    """Add the groups that could be there and have no row; what is counted is 0 for them.

    Args:
        table: one row per group with the dimension, the metrics ``names`` and ``rows_read``.

    Raises:
        InvalidPlan: one condition joins what a group is with what was counted by "or".
    """
    import ibis

    name = plan.dimensions[0]
    listed = _known(scope, name, plan.filter)
    both = table.outer_join(listed, table[name] == listed.listed_id)
    values = {n: both[n].fill_null(0) if metric(n).zero_when_empty else both[n] for n in names}
    values["rows_read"] = both.rows_read.fill_null(0)
    label = f"{name}_label"
    if label in table.columns:
        known = [both[label], both.listed_name] if "listed_name" in listed.columns else [both[label]]
        values[label] = ibis.coalesce(*known) if len(known) > 1 else known[0]
    # a relation of its own: the caller joins it with parts of what it was made from
    return both.select(**{name: ibis.coalesce(both[name], both.listed_id)}, **values).view()


def _known(scope: Scope, name: str, condition: Filter | None) -> ibis.Table:
    """Every value that the dimension has anywhere: ``listed_id``, and ``listed_name`` for what has a name."""
    if name == "customer":
        kept = [p for p in _joined_by_and(condition) if _on_customers(p) and _about_people(scope, p)]
        people = customer_set(scope, And(parts=tuple(kept)) if kept else None)
        return people.select(listed_id=people.customer_id)
    fact = next(
        (f for f in (PRODUCTS, CAMPAIGNS, LINES, *FACTS.values()) if set(dimension(name).columns) <= set(f.columns)
         and not missing(scope.snapshot, f, dimension(name).columns)),
        LINES,
    )
    return _distinct(scope, fact, name, condition)


def _about_people(scope: Scope, condition: Filter) -> bool:
    return not isinstance(condition, Compare) or is_attribute(scope, condition)


def _distinct(scope: Scope, fact: Fact, name: str, condition: Filter | None) -> ibis.Table:
    dim = dimension(name)
    parts = [p for p in _joined_by_and(condition) if _on_group(p, fact, name)]
    labelled = dim.label_column is not None and not missing(scope.snapshot, fact, (dim.label_column,))
    labels = {dim.label_column} if labelled and dim.label_column else set()
    needed = {*dim.columns, *labels, *(c for p in parts for c in columns_of(p, fact))}
    rows = widen(scope.snapshot, fact, sorted(needed))
    for part in parts:
        rows = rows.filter(predicate(scope, part, rows))
    value = dim.expression(rows, scope.dimension_context())
    if value.type().is_string():
        value = value.fill_null(NOT_SET)
    keyed = rows.mutate(listed_id=value)
    if labels:
        named = keyed.group_by("listed_id").aggregate(listed_name=keyed[str(dim.label_column)].max())
        return named.filter(named.listed_id != NOT_SET)
    listed = keyed.select("listed_id").distinct()
    return listed.filter(listed.listed_id != NOT_SET) if value.type().is_string() else listed


def _joined_by_and(condition: Filter | None) -> list[Filter]:
    if isinstance(condition, And):
        return [c for part in condition.parts for c in _joined_by_and(part)]
    return [] if condition is None else [condition]


def _on_group(condition: Filter, fact: Fact, name: str) -> bool:
    """Whether a condition is one on what the group is, and not on what was counted."""
    if fact is PRODUCTS:
        own = [set(dimension(c.field, for_filter=True).columns) <= set(fact.columns) for c in comparisons(condition)]
    else:
        own = [c.field == name for c in comparisons(condition)]
    others = any(True for _ in customer_conditions(condition)) or any(True for _ in groups_of(condition))
    if others or not own or not all(own):
        if any(own):
            raise InvalidPlan(
                "A list with groups that have no sale cannot join a group's trait with a sale's by 'or'",
                hint="Ask for the two separately.",
            )
        return False
    return True
