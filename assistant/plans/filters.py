"""The one filter language, shared by questions, segments and audiences."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from assistant.plans.base import PlanModel
from assistant.plans.periods import Period

Operator = Literal[
    "eq", "ne", "gt", "ge", "lt", "le", "between", "in", "not_in", "contains", "not_contains", "is_null", "not_null"
]
Scalar = str | int | float | bool


class Compare(PlanModel):
    """A condition on one dimension or column of an order line, its order, product or customer.

    ``field`` is the name of a dimension (``country``, ``category``, ``product``, ``weekday`` …). ``between`` takes
    two values (both inclusive); ``in`` and ``not_in`` take any number; text comparison ignores case.
    """

    op_type: Literal["compare"] = "compare"
    field: str
    op: Operator = "eq"
    values: tuple[Scalar, ...] = ()


class CustomerCondition(PlanModel):
    """Customers by what they did: ``metric`` over their own lines (narrowed by ``where`` and ``period``), compared.

    "spent over 500 last year"      → metric=revenue, op=gt, values=(500,), period=last year
    "bought a mug but not a teapot" → orders where product contains mug ≥ 1  and  orders where … teapot = 0
    "not ordered for 90 days"       → metric=days_since_last_order, op=ge, values=(90,)
    ``rank`` instead of values: ``top_percent`` / ``bottom_percent`` / ``top_n`` of customers by that metric.
    """

    op_type: Literal["customer"] = "customer"
    metric: str
    op: Operator = "gt"
    values: tuple[float | str, ...] = ()
    rank: Literal["top_percent", "bottom_percent", "top_n"] | None = None
    where: Filter | None = None
    period: Period | None = None


class And(PlanModel):
    op_type: Literal["and"] = "and"
    parts: tuple[Filter, ...] = Field(min_length=1)


class Or(PlanModel):
    op_type: Literal["or"] = "or"
    parts: tuple[Filter, ...] = Field(min_length=1)


class Not(PlanModel):
    op_type: Literal["not"] = "not"
    part: Filter


Filter = Annotated[Compare | CustomerCondition | And | Or | Not, Field(discriminator="op_type")]

for _model in (CustomerCondition, And, Or, Not):
    _model.model_rebuild()
