"""Small wrong changes of a rule, one at a time: what a test of the rule must notice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from assistant.plans import And, BoughtThen, Compare, CustomerCondition, Filter, InGroup, Not, Or, Period, Predicted

_OTHER_OPERATOR = {
    "gt": ("ge", "lt"), "ge": ("gt", "le"), "lt": ("le", "gt"), "le": ("lt", "ge"), "eq": ("ne",), "ne": ("eq",),
    "in": ("not_in",), "not_in": ("in",), "contains": ("not_contains",), "not_contains": ("contains",),
}
_OTHER_METRIC = {"revenue": ("orders", "units", "net_revenue"), "orders": ("units", "revenue"), "units": ("orders",)}
_MONEY = {"revenue", "gross_revenue", "net_revenue"}


def mutants(rule: Filter) -> Iterator[tuple[str, Filter]]:
    """Every mutant with what was done; none of them is the rule itself."""
    for what, changed in _mutants(rule):
        if changed != rule:
            yield what, changed


def _mutants(rule: Any) -> Iterator[tuple[str, Any]]:
    match rule:
        case And() | Or():
            other = Or if isinstance(rule, And) else And
            if len(rule.parts) > 1:
                yield "and/or", other(parts=rule.parts)
            for n, part in enumerate(rule.parts):
                rest = (*rule.parts[:n], *rule.parts[n + 1 :])
                if rest:
                    yield "condition dropped", rest[0] if len(rest) == 1 else rule.model_copy(update={"parts": rest})
                for what, changed in _mutants(part):
                    parts = (*rule.parts[:n], changed, *rule.parts[n + 1 :])
                    yield what, rule.model_copy(update={"parts": parts})
        case Not():
            yield "not dropped", rule.part
            for what, changed in _mutants(rule.part):
                yield what, Not(part=changed)
        case CustomerCondition():
            yield "negated", Not(part=rule)
            yield from _did(rule)
        case Compare():
            yield from _compare(rule)
        case Predicted():
            yield "negated", Not(part=rule)
            yield from _predicted(rule)
        case BoughtThen():
            yield "negated", Not(part=rule)
            yield from _sequence(rule)
        case InGroup():
            yield "negated", Not(part=rule)


def _did(rule: CustomerCondition) -> Iterator[tuple[str, Filter]]:
    for op in _OTHER_OPERATOR.get(rule.op, ()) if rule.rank is None else ():
        yield "operator", rule.model_copy(update={"op": op})
    if rule.rank in {"top_percent", "bottom_percent"}:
        other = "bottom_percent" if rule.rank == "top_percent" else "top_percent"
        yield "rank turned", rule.model_copy(update={"rank": other})
    for n, value in enumerate(rule.values):
        for step in _steps(rule, value):
            values = (*rule.values[:n], step, *rule.values[n + 1 :])
            yield "value", rule.model_copy(update={"values": values})
    for metric in _OTHER_METRIC.get(rule.metric, ()):
        if rule.within_days is None:
            yield "measure", rule.model_copy(update={"metric": metric})
    for period in _periods(rule.period):
        yield "period", rule.model_copy(update={"period": period})
    if rule.within_days is not None:
        for days in (rule.within_days - 1, rule.within_days + 1, None):
            yield "days apart", rule.model_copy(update={"within_days": days})
    if rule.where is not None:
        yield "goods dropped", rule.model_copy(update={"where": None})
        for what, changed in _mutants(rule.where):
            yield what, rule.model_copy(update={"where": changed})


def _steps(rule: CustomerCondition, value: float | str) -> Iterator[float]:
    if not isinstance(value, int | float):
        return
    if rule.rank is not None:
        yield from (value * 1.1 if rule.rank != "top_n" else value + 1, max(value * 0.9, 0.5) if rule.rank != "top_n"
                    else max(value - 1, 1))
    elif rule.metric in _MONEY:
        yield from (value + 0.01, value - 0.01, value * 1.1, value * 0.9) if value else (value + 0.01,)
    else:
        yield from (value + 1, value - 1) if value else (value + 1,)


def _periods(period: Period | None) -> Iterator[Period | None]:
    if period is None:
        return
    yield None
    if period.kind == "calendar":
        yield from (period.model_copy(update={"offset": period.offset + k}) for k in (-1, 1))
    elif period.kind == "rolling":
        yield from (period.model_copy(update={"count": period.count + k}) for k in (-1, 1) if period.count + k > 0)
    elif period.kind == "named" and period.year is not None and period.month is None:
        yield from (period.model_copy(update={"year": period.year + k}) for k in (-1, 1))
    elif period.kind == "absolute":
        for side in ("start", "end"):
            day = getattr(period, side)
            if day is not None:
                yield from (period.model_copy(update={side: day + timedelta(days=k)}) for k in (-1, 1))


def _compare(rule: Compare) -> Iterator[tuple[str, Filter]]:
    for op in _OTHER_OPERATOR.get(rule.op, ()):
        yield "operator", rule.model_copy(update={"op": op})
    for n, value in enumerate(rule.values):
        if len(rule.values) > 1 and rule.op in {"in", "not_in"}:
            yield "value dropped", rule.model_copy(update={"values": (*rule.values[:n], *rule.values[n + 1 :])})
        if isinstance(value, str) and rule.op in {"eq", "in", "ne", "not_in", "contains"}:
            values = (*rule.values[:n], f"not {value}", *rule.values[n + 1 :])
            yield "value", rule.model_copy(update={"values": values})


def _predicted(rule: Predicted) -> Iterator[tuple[str, Filter]]:
    for op in _OTHER_OPERATOR.get(rule.op, ()) if rule.rank is None else ():
        yield "operator", rule.model_copy(update={"op": op})
    for value in rule.values[:1]:
        for step in (value * 1.1, value * 0.9) if rule.rank else (value + 0.01, value - 0.01, value * 1.1):
            yield "value", rule.model_copy(update={"values": (step, *rule.values[1:])})


def _sequence(rule: BoughtThen) -> Iterator[tuple[str, Filter]]:
    yield "order turned", rule.model_copy(update={"steps": rule.steps[::-1]})
    for n in range(len(rule.steps)):
        if rule.steps[n] is not None:
            yield "step opened", rule.model_copy(update={"steps": (*rule.steps[:n], None, *rule.steps[n + 1 :])})
    if rule.within_days is not None:
        for days in (rule.within_days - 1, rule.within_days + 1, None):
            yield "days apart", rule.model_copy(update={"within_days": days})
    for n, step in enumerate(rule.steps):
        for what, changed in _mutants(step) if step is not None else ():
            yield what, rule.model_copy(update={"steps": (*rule.steps[:n], changed, *rule.steps[n + 1 :])})
