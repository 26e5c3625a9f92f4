"""Requests about groups of customers side by side, and about customers who went from one group to another."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from assistant.plans.base import PlanModel
from assistant.plans.filters import Filter
from assistant.plans.periods import Period

_LONGEST = 2_000


class GroupsRequest(PlanModel):
    """What two groups of customers are like beside each other; ``second`` unset: everybody else."""

    kind: Literal["groups"] = "groups"
    first: Filter
    second: Filter | None = None
    first_name: str = Field(default="the first group", max_length=_LONGEST)
    second_name: str = Field(default="everybody else", max_length=_LONGEST)


class MoversRequest(PlanModel):
    """Customers who were in one group at the beginning of a stretch of time and are in another at its end.

    ``source`` unset: wherever they came from (also their first order); ``target`` unset: wherever they went.
    ``period`` unset: the last 90 days. Groups that a split makes keep the limits of the first day.
    """

    kind: Literal["movers"] = "movers"
    source: Filter | None = None
    target: Filter | None = None
    source_name: str = Field(default="", max_length=_LONGEST)
    target_name: str = Field(default="", max_length=_LONGEST)
    period: Period | None = None
    k: int = Field(default=20, ge=1, le=1_000)

    @model_validator(mode="after")
    def _somebody(self) -> MoversRequest:
        if self.source is None and self.target is None:
            raise ValueError("a move needs a group to come from or one to go to")
        return self
