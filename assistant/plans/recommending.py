"""Requests about the recommender itself and about products that are new."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from assistant.plans.base import PlanModel
from assistant.plans.filters import Filter
from assistant.plans.periods import Period


class LaunchRequest(PlanModel):
    """New products: which to push (no customer), or which suit one customer, by what the products are.

    A product is new for ``days`` after its launch date or, where none is known, its first sale; with ``period``, where
    that day lies in it. ``newest_first`` lists them by that day, not by how many customers they suit.
    """

    kind: Literal["new_products"] = "new_products"
    customer_id: str | None = None
    filter: Filter | None = Field(default=None, description="customers whose tastes count; unset: all with orders")
    category: str | None = None
    days: int = Field(default=60, ge=1, le=730, description="how long a product counts as new")
    period: Period | None = Field(default=None, description="launched in these days, instead of 'days'")
    newest_first: bool = False
    in_stock_only: bool = True
    k: int = Field(default=5, ge=1, le=100)


class CheckRequest(PlanModel):
    """Whether the recommendations are any good.

    ``about``: everything; quality against the popularity list; whether everybody gets the same; how much of the
    catalogue is shown; whether bestsellers are favoured; how old the model is; whether it feeds on its own lists.
    """

    kind: Literal["check_recommender"] = "check_recommender"
    about: Literal["all", "quality", "sameness", "coverage", "popularity", "age", "feedback"] = "all"
