"""Changes of a typed plan: a value put in, taken out or exchanged, wherever in the plan its like stands.

They know no words. What a text names comes as conditions; what comes back is the plan with them, or None where the plan
has no place for them.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ValidationError

from assistant.llm.planner.values import join
from assistant.plans.filters import And, Compare, CustomerCondition, Filter, Not, Or
from assistant.plans.query import QueryPlan

#: names for goods: one narrows what another one names, so a new one takes the place of the old
_GOODS = frozenset({"category", "subcategory", "product"})
_LISTING = frozenset({"eq", "in"})
#: a count of orders that only says that something was done at all
_AT_ALL = (0.0, 1.0)


def with_filter(plan: BaseModel, condition: Filter | None) -> dict[str, Any] | None:
    """The fields of a plan with another filter; None where it has none or they do not go together."""
    if "filter" not in type(plan).model_fields:
        return None
    fields = {**plan.model_dump(), "filter": None if condition is None else condition.model_dump()}
    try:
        return type(plan).model_validate(fields).model_dump()
    except ValidationError:
        return None


def split_still(dimensions: tuple[str, ...], condition: Filter | None) -> tuple[str, ...]:
    """The dimensions that tell rows apart: "just returning" of new and returning by month leaves the months."""
    one = {f.field for f in _parts(condition) if isinstance(f, Compare) and f.op == "eq"}
    return tuple(d for d in dimensions if d not in one) or dimensions


def put(condition: Filter | None, new: Compare) -> Filter:
    """A value that takes the place of its like: beside the other conditions, or inside the one on what was bought."""
    parts = _parts(condition)
    for like in (_same_field, _same_goods):
        for i, one in enumerate(parts):
            if like(one, new):
                return join([*parts[:i], new, *parts[i + 1 :]])  # type: ignore[return-value]
    inside = [i for i, one in enumerate(parts) if _within(one, new)]
    if len(inside) == 1:
        one: Any = parts[inside[0]]
        changed = one.model_copy(update={"where": put(one.where, new)})
        return join([*parts[: inside[0]], changed, *parts[inside[0] + 1 :]])  # type: ignore[return-value]
    return narrowed(condition, new)


def narrowed(condition: Filter | None, new: Compare) -> Filter:
    """A value that narrows: it takes the place of its like beside the other conditions, and else joins them."""
    parts = _parts(condition)
    kept = [one for one in parts if not (_same_field(one, new) or _same_goods(one, new) or _shut(one, new))]
    return join([*kept, new])  # type: ignore[return-value]


def shut_out(condition: Filter | None, gone: Compare) -> Filter | None:
    """Without a value: it leaves the list that names it, and is shut out where none does."""
    kept: list[Filter] = []
    found = False
    for one in _parts(condition):
        if isinstance(one, Compare) and _same_field(one, gone) and set(gone.values) & set(one.values):
            found = True
            left = tuple(v for v in one.values if v not in gone.values)
            if left:
                kept.append(one.model_copy(update={"op": "eq" if len(left) == 1 else "in", "values": left}))
        elif isinstance(one, Not) and isinstance(one.part, Compare) and _same_field(one.part, gone):
            found = True
            both = tuple(dict.fromkeys((*one.part.values, *gone.values)))
            kept.append(Not(part=one.part.model_copy(update={"op": "in", "values": both})))
        else:
            kept.append(one)
    return join(kept if found else [*kept, Not(part=gone)])


def exchanged(condition: Filter | None, old: Compare, new: Compare) -> Filter | None:
    """One value for another, wherever it stands; None where it stands nowhere."""
    if isinstance(condition, Compare):
        if condition.field != old.field or condition.op not in _LISTING or not set(old.values) <= set(condition.values):
            return None
        if condition.field != new.field:
            return new if set(condition.values) == set(old.values) else None
        left = [v for v in condition.values if v not in old.values]
        values = tuple(dict.fromkeys((*left, *new.values)))
        return condition.model_copy(update={"op": "eq" if len(values) == 1 else "in", "values": values})
    if isinstance(condition, And | Or):
        parts = [(one, exchanged(one, old, new)) for one in condition.parts]
        if not any(other for _, other in parts):
            return None
        return condition.model_copy(update={"parts": tuple(other or one for one, other in parts)})
    if isinstance(condition, Not):
        other = exchanged(condition.part, old, new)
        return None if other is None else condition.model_copy(update={"part": other})
    if isinstance(condition, CustomerCondition):
        other = exchanged(condition.where, old, new)
        return None if other is None else condition.model_copy(update={"where": other})
    return None


def with_number(plan: QueryPlan, value: float, *, days: bool, side: str = "") -> QueryPlan | None:
    """Another number in the one condition that has one of its kind: an amount or a count, or a number of days.

    Args:
        side: "gt" or "lt" where the number is said to bound from below or above; empty keeps the side it bounds from.
    """
    places = [(i, one) for i, one in enumerate(_parts(plan.filter)) if _numbered(one, days)]
    if len(places) == 1 and not plan.having:
        i, one = places[0]
        parts = _parts(plan.filter)
        values = (value,) if isinstance(one, CustomerCondition) or value != int(value) else (int(value),)
        changed: Any = one.model_copy(update={"values": values, **_turned(one, side)})
        return plan.model_copy(update={"filter": join([*parts[:i], changed, *parts[i + 1 :]])})
    if not places and not days and len(plan.having) == 1 and plan.having[0].of == "value":
        bound = plan.having[0].model_copy(update={"values": (value,), **_turned(plan.having[0], side)})
        return plan.model_copy(update={"having": (bound,)})
    return None


def _turned(one: Any, side: str) -> dict[str, str]:
    """The operator, where the other side is bounded now."""
    return {"op": side} if side and one.op[0] != side[0] else {}


def _numbered(one: Filter, days: bool) -> bool:
    if isinstance(one, CustomerCondition):
        bare = one.metric == "orders" and one.values and one.values[0] in _AT_ALL
        return one.rank is None and len(one.values) == 1 and not bare and one.metric.startswith("days_") == days
    numeric = isinstance(one, Compare) and len(one.values) == 1 and isinstance(one.values[0], int | float)
    return numeric and not isinstance(one.values[0], bool) and not days  # type: ignore[union-attr]


def _parts(condition: Filter | None) -> list[Filter]:
    return list(condition.parts) if isinstance(condition, And) else [condition] if condition is not None else []


def _same_field(one: Filter, new: Compare) -> bool:
    return isinstance(one, Compare) and one.field == new.field and one.op in _LISTING


def _same_goods(one: Filter, new: Compare) -> bool:
    return isinstance(one, Compare) and {one.field, new.field} <= _GOODS and one.op in {*_LISTING, "contains"}


def _shut(one: Filter, new: Compare) -> bool:
    """What was shut out is asked for again."""
    return isinstance(one, Not) and isinstance(one.part, Compare) and one.part.field == new.field


def _within(one: Filter, new: Compare) -> bool:
    """A condition on what customers bought that names such a thing."""
    held = _parts(one.where) if isinstance(one, CustomerCondition) else []
    return any(_same_field(c, new) or _same_goods(c, new) for c in held)


__all__ = ["exchanged", "narrowed", "put", "shut_out", "split_still", "with_filter", "with_number"]
