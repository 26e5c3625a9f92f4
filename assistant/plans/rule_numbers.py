"""The conditions that a rule joins by "and", and the numbers in them that a person can change."""

from __future__ import annotations

from typing import Any

from assistant.plans.filters import And, BoughtThen, Compare, CustomerCondition, Filter, Not, Or, Predicted


def conditions(rule: Filter) -> list[Filter]:
    """The conditions that a rule joins by "and", however deep."""
    if isinstance(rule, And):
        return [c for part in rule.parts for c in conditions(part)]
    return [rule]


def numbers_in(rule: Filter) -> list[float]:
    """Bounds, days and lengths of time in a rule, in the order of its conditions; numbers of goods and prices inside
    ``where`` are not among them."""
    match rule:
        case And() | Or():
            return [n for part in rule.parts for n in numbers_in(part)]
        case Not():
            return numbers_in(rule.part)
    return list(_of_one(rule).values())


def times_said(rule: Filter, number: float) -> int:
    """How often a number stands in a rule."""
    return numbers_in(rule).count(number)


def with_number(rule: Any, old: float, new: float) -> Filter:
    """The rule with one number in the place of another, wherever that stands.

    Raises:
        pydantic.ValidationError: the condition does not allow the new number.
    """
    match rule:
        case And() | Or():
            return type(rule)(parts=tuple(with_number(part, old, new) for part in rule.parts))
        case Not():
            return Not(part=with_number(rule.part, old, new))
    where = next((k for k, value in _of_one(rule).items() if value == old), None)
    if where is None:
        return rule  # type: ignore[no-any-return]
    changed = rule.model_dump() | {"term": None}  # what a word stands for no longer holds
    whole: Any = int(new) if new.is_integer() else new
    if where == "within_days":
        changed["within_days"] = whole
    elif where == "period":
        changed["period"] = changed["period"] | {"count": whole}
    else:
        index = int(where.split()[1])
        changed["values"] = (*changed["values"][:index], whole, *changed["values"][index + 1 :])
    return type(rule).model_validate(changed)  # type: ignore[no-any-return]


def _of_one(leaf: Any) -> dict[str, float]:
    """Numbers of one condition by where they stand in it."""
    found: dict[str, float] = {}
    if isinstance(leaf, CustomerCondition | Predicted | Compare):
        found |= {f"values {i}": float(v) for i, v in enumerate(leaf.values)
                  if isinstance(v, int | float) and not isinstance(v, bool)}
    if isinstance(leaf, CustomerCondition | BoughtThen) and leaf.within_days is not None:
        found["within_days"] = float(leaf.within_days)
    period = getattr(leaf, "period", None)
    if period is not None and period.kind == "rolling":
        found["period"] = float(period.count)
    return found
