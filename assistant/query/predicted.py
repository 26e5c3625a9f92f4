"""Customers by what a model expects of each. The models lie above this room: their predictions are handed in."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from assistant.errors import InvalidPlan

if TYPE_CHECKING:
    from assistant.data.warehouse import Snapshot
    from assistant.plans.filters import Predicted

_NEEDED = {"between": 2, "is_null": 0, "not_null": 0, "gt": 1, "ge": 1, "lt": 1, "le": 1, "eq": 1, "ne": 1}


def predictions(snapshot: Snapshot, condition: Predicted) -> Mapping[str, float | None]:
    """What is expected of each customer whom the model knows.

    Raises:
        InvalidPlan: nobody handed in the models.
    """
    if snapshot.predicted is None:
        raise InvalidPlan("Predictions of a model are not available here", received=condition.attribute)
    return snapshot.predicted(snapshot, condition)


def predicted_members(snapshot: Snapshot, condition: Predicted) -> list[str]:
    """Ids of the customers who meet a condition on a prediction, sorted.

    Raises:
        InvalidPlan: values that the operator cannot use; or see :func:`predictions`.
    """
    _check(condition)
    values = predictions(snapshot, condition)
    known = {c: v for c, v in values.items() if v is not None and not math.isnan(v)}
    if condition.rank is not None:
        return sorted(_ranked(known, condition))
    if condition.op == "is_null":
        return sorted(set(values) - set(known))
    return sorted(c for c, v in known.items() if _meets(v, condition))


def _meets(value: float, condition: Predicted) -> bool:
    wanted = condition.values
    match condition.op:
        case "gt":
            return value > wanted[0]
        case "ge":
            return value >= wanted[0]
        case "lt":
            return value < wanted[0]
        case "le":
            return value <= wanted[0]
        case "eq":
            return value == wanted[0]
        case "ne":
            return value != wanted[0]
        case "between":
            return wanted[0] <= value <= wanted[1]
    return condition.op == "not_null"


def _ranked(known: Mapping[str, float], condition: Predicted) -> list[str]:
    n = condition.values[0]
    down = 1 if condition.rank == "bottom_percent" else -1
    order = sorted(known, key=lambda c: (down * known[c], c))
    return order[: int(n) if condition.rank == "top_n" else math.ceil(len(order) * n / 100)]


def _check(condition: Predicted) -> None:
    given = len(condition.values)
    if condition.rank is not None:
        if given != 1 or condition.values[0] <= 0:
            raise InvalidPlan("A rank needs one positive number", received=list(condition.values))
        if condition.rank != "top_n" and condition.values[0] > 100:
            raise InvalidPlan("A share of customers is at most 100 percent", received=condition.values[0])
        return
    if condition.op not in _NEEDED:
        raise InvalidPlan("A prediction cannot be compared that way", received=condition.op, valid=list(_NEEDED))
    if given != _NEEDED[condition.op]:
        raise InvalidPlan(f"The operator '{condition.op}' needs {_NEEDED[condition.op]} value(s)",
                          received=list(condition.values))
