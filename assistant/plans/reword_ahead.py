"""Conditions on customers in words: what they bought one after the other, and what is expected of them."""

from __future__ import annotations

from assistant.plans.filters import SENT_BACK, BoughtThen, Compare, Filter, InGroup, Or, Predicted
from assistant.plans.labels import LABELS
from assistant.plans.reword_periods import during, said
from assistant.plans.reword_uplift import contact_group

_PREDICTED = {
    "churn_probability": ("a probability of leaving", " %"),
    "expected_value": ("expected sales", ""),
    "expected_orders": ("expected days with an order", ""),
}
_OPERATORS = {
    "gt": "above", "ge": "of at least", "lt": "below", "le": "of at most", "eq": "of exactly", "ne": "other than",
}


_SENT_BACK = "sent something back or cancelled it"


def reword_ahead(condition: BoughtThen | Predicted | InGroup) -> str:
    """A sequence, a prediction, or a group by what a contact changes, in words."""
    if isinstance(condition, InGroup):
        return contact_group(condition)
    return _sequence(condition) if isinstance(condition, BoughtThen) else _predicted(condition)


def _number(value: float) -> str:
    return said(f"{value:,.0f}" if float(value).is_integer() else f"{value:,}")


def _sequence(condition: BoughtThen) -> str:
    first, *later = condition.steps
    said_steps = "the customer " + (_SENT_BACK if first == SENT_BACK else f"bought {_step(first)}") + "".join(
        f" and later {_SENT_BACK}" if s == SENT_BACK else f" and in a later order {_step(s)}" for s in later)
    days = condition.within_days
    apart = "" if days is None else " on the same day" if days == 0 else f" within {_number(days)} days"
    if days == 1:
        apart = f" within {_number(1)} day"
    timed = condition.period is not None and condition.period.kind != "all"
    return said_steps + apart + (f", all {during(condition.period)}" if timed and condition.period else "")


def _step(step: Filter | None) -> str:
    from assistant.plans.reword_filters import filter_words  # it builds on this module

    if step is None:
        return "anything"
    if isinstance(step, Compare) and step.op in {"eq", "in", "contains"} and step.values:
        name = LABELS.get(step.field, step.field.replace("_", " "))
        return f"{name} {' or '.join(str(v) for v in step.values)}"
    return f"({filter_words(step)})" if isinstance(step, Or) else f"lines where {filter_words(step)}"


def _predicted(condition: Predicted) -> str:
    name, unit = _PREDICTED[condition.attribute]
    ahead = f" within {_number(condition.horizon_days)} days"
    if condition.rank is not None:
        n = _number(condition.values[0]) if condition.values else "?"
        rank = {"top_percent": f"top {n} %", "bottom_percent": f"bottom {n} %", "top_n": f"top {n}"}[condition.rank]
        return f"the customer is among the {rank} by {name.removeprefix('a ')}{ahead}"
    if condition.op in {"is_null", "not_null"}:
        return f"the customer has {'no prediction of ' if condition.op == 'is_null' else ''}{name}{ahead}"
    values = [_number(v) + unit for v in condition.values]
    if condition.op == "between":
        return f"the customer has {name} between {' and '.join(values)}{ahead}"
    return f"the customer has {name} {_OPERATORS.get(condition.op, condition.op)} {' or '.join(values)}{ahead}"
