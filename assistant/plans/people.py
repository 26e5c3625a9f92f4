"""Requests about people as persons: what they are interested in, whether they are treated alike, what may be shared."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from assistant.plans.base import PlanModel
from assistant.plans.filters import Filter
from assistant.plans.query import QueryPlan


class InterestRequest(PlanModel):
    """Interests that purchases show: who has the interest named, those of one customer, or all there are. With both:
    whether that customer has it."""

    kind: Literal["interests"] = "interests"
    interest: str | None = Field(default=None, max_length=100, description="a category, subcategory, brand or word")
    customer_id: str | None = None
    filter: Filter | None = Field(default=None, description="only customers it selects")
    k: int = Field(default=20, ge=1, le=1000)

    @model_validator(mode="after")
    def _one_question(self) -> InterestRequest:
        if self.customer_id is not None and self.filter is not None:
            raise ValueError("the interests of one customer need no filter")
        return self


class FairnessRequest(PlanModel):
    """Whether groups of people (by gender, age, declared columns) are chosen alike and predicted equally well.

    ``of``: ``churn`` (who counts as about to leave), ``value`` (the dearest tenth by expected value),
    ``ordering`` (the tenth most likely to order), ``uplift`` (who is said to be moved by a contact), ``segments`` (the
    groups found), ``recommendations`` (whose lists held what they then bought, and what the lists show), ``table`` (the
    likeliest tenth of a table with an outcome), or ``audience`` (customers that ``filter`` selects).
    """

    kind: Literal["fairness"] = "fairness"
    of: Literal["churn", "value", "ordering", "uplift", "segments", "recommendations", "table", "audience"] = "churn"
    filter: Filter | None = None
    name: str | None = Field(default=None, max_length=100, description="what the audience is called")
    by: str | None = Field(default=None, max_length=60, description="one sensitive column only: 'gender', 'age'")
    horizon_days: int = Field(default=90, ge=7, le=730)
    table: str | None = Field(default=None, max_length=100, description="name of a table with an outcome; the latest")

    @model_validator(mode="after")
    def _audience(self) -> FairnessRequest:
        if self.table is not None and self.of != "table":
            raise ValueError("only the prediction of a table has a table")
        if (self.of == "audience") != (self.filter is not None):
            raise ValueError("an audience needs its filter, and only an audience has one")
        return self


class ReportRequest(PlanModel):
    """An aggregate report as a file to share: groups of fewer than ten people are left out; on demand with noise.

    ``epsilon``: how much of the privacy budget a report with noise may use; unset: the default of the settings.
    """

    kind: Literal["report"] = "report"
    plan: QueryPlan
    noise: bool = Field(default=False, description="differential privacy")
    epsilon: float | None = Field(default=None, gt=0, le=10)


class PrivacyRequest(PlanModel):
    """What is kept from models and rules (``sensitive``, with close ``proxies``), who objected (``objectors``), what is
    left of the privacy ``budget``; or ``all`` of it."""

    kind: Literal["privacy"] = "privacy"
    about: Literal["all", "sensitive", "proxies", "objectors", "budget"] = "all"
