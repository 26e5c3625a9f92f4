"""The request to compare recommenders."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from assistant.plans.base import PlanModel


class CompareRecommendersRequest(PlanModel):
    """How good the recommendations are: all models, ``model`` against the one in use, or against another.

    With ``customer_id`` also both lists of that customer side by side.
    """

    kind: Literal["compare_recommenders"] = "compare_recommenders"
    model: str | None = Field(default=None, max_length=60, description="family or name of a recommender: ease, als …")
    against: str | None = Field(default=None, max_length=60)
    customer_id: str | None = None
    k: int = Field(default=5, ge=1, le=50)

    @model_validator(mode="after")
    def _in_order(self) -> CompareRecommendersRequest:
        if self.against is not None and self.model is None:
            raise ValueError("give 'model' before 'against'")
        return self


def reword_recommenders(request: CompareRecommendersRequest) -> str:
    """Which recommenders, and whose lists."""
    lists = f", with their lists for customer {request.customer_id}" if request.customer_id else ""
    if request.model is None:
        return f"how good the recommendations are, all recommenders compared{lists}"
    return f"the recommender {request.model} against {request.against or 'the one in use'}{lists}"
