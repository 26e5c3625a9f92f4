"""A claim that a question takes for granted, in a form that can be checked."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from assistant.plans.base import PlanModel
from assistant.plans.filters import Operator
from assistant.plans.periods import Period
from assistant.plans.query import QueryPlan

Relation = Literal["nothing", "first", "bound", "larger", "change", "opened"]
#: how it is put: taken for granted, or asked whether it is so, by how much, whether it is so now and was not before
Asked = Literal["", "whether", "size", "passed", "growth"]


class PremiseRequest(PlanModel):
    """Check what a question takes for granted, before it is answered.

    ``relation`` says how ``plan`` is to be read: ``nothing`` (its figure is nought) · ``first`` (``item``, or the
    month, week or day ``item_period``, comes first in its ranking) · ``bound`` (its figure, or with ``share`` its share
    of everything in percent, compares with ``value``) · ``larger`` (``item`` has more than ``than``, or than the
    average of all where the plan has the summary "mean") · ``change`` (it went ``way`` against the comparison of the
    plan, with ``factor`` about that many times) · ``opened`` (sales began in ``year``; no plan).
    ``asked`` says that the claim is the question itself: ``whether`` it is so, by how much (``size``), whether the item
    has ``passed`` the other one since the comparison of the plan, or has grown more (``growth``, in percent). A
    ``factor`` of a ``larger`` claim is how many times as much it is, compared by ``op``.
    """

    relation: Relation
    plan: QueryPlan | None = None
    item: str | None = Field(default=None, description="a value of the plan's dimension")
    item_period: Period | None = Field(default=None, description="the month, week or day meant, for 'first'")
    than: str | None = None
    op: Operator = "eq"
    value: float | None = None
    slack: float = Field(default=0.0, ge=0, description="how far a figure may be off and still be 'about' the value")
    share: bool = False
    way: Literal["up", "down"] | None = None
    factor: float | None = Field(default=None, gt=0)
    year: int | None = Field(default=None, ge=1900, le=2200)
    asked: Asked = ""

    @property
    def of_average(self) -> bool:
        """Whether the item is set against the average of all rows and not against another one."""
        return self.than is None and self.plan is not None and self.plan.summary == "mean"

    @model_validator(mode="after")
    def _complete(self) -> PremiseRequest:
        needed = {
            "nothing": (), "first": (), "bound": ("value",), "larger": ("item", "than"), "change": ("way",),
            "opened": ("year",),
        }[self.relation]
        lacking = [n for n in needed if getattr(self, n) is None and not (n == "than" and self.of_average)]
        if self.plan is None and self.relation != "opened":
            lacking.append("plan")
        if self.relation == "first" and (self.item is None) == (self.item_period is None):
            lacking.append("item or item_period")
        if lacking:
            raise ValueError(f"a premise of relation {self.relation!r} needs {', '.join(lacking)}")
        return self
