"""Requests about what customers will do: who will order or buy, how good a prediction is, tables with an outcome."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from assistant.plans.base import PlanModel
from assistant.plans.filters import Filter
from assistant.plans.requests import ChurnRequest


class OrderingRequest(PlanModel):
    """Customers most likely to order within ``horizon_days`` (1 to 365): anything, of a category, or some products.

    ``about``: ``list`` · ``exam`` (how good this prediction is).
    """

    kind: Literal["ordering"] = "ordering"
    horizon_days: int = Field(default=30, ge=7, le=365)
    category: str | None = None
    product_ids: tuple[str, ...] = Field(default=(), max_length=20, description="any of these products")
    text: str | None = Field(default=None, min_length=1, max_length=100, description="word that product names hold")
    customer_id: str | None = None
    filter: Filter | None = Field(default=None, description="only customers it selects")
    k: int = Field(default=20, ge=1, le=1000)
    about: Literal["list", "exam"] = "list"

    @model_validator(mode="after")
    def _one_thing(self) -> OrderingRequest:
        if len([v for v in (self.category, self.product_ids, self.text) if v]) > 1:
            raise ValueError("give one of category, product_ids and text")
        return self


class ChurnExamRequest(PlanModel):
    """How good the churn prediction is (``exam``: against simpler rules, lift, calibration), or what speaks for leaving
    and staying over all customers (``drivers``)."""

    kind: Literal["churn_exam"] = "churn_exam"
    horizon_days: int = Field(default=90, ge=7, le=730)
    about: Literal["exam", "drivers"] = "exam"


class TableScoreRequest(PlanModel):
    """A table of customers with a yes/no outcome (contracts that were cancelled or not): who is likely, and why.

    ``about``: ``list`` (rows by probability) · ``exam`` (how good) · ``drivers`` (what speaks for it overall) ·
    ``tables`` (which there are). Without ``table`` the one loaded last; without any loaded, says how to add one.
    """

    kind: Literal["table_scores"] = "table_scores"
    table: str | None = Field(default=None, max_length=60)
    row_id: str | None = Field(default=None, max_length=80, description="one row, by its id")
    k: int = Field(default=20, ge=1, le=1000)
    about: Literal["list", "exam", "drivers", "tables"] = "list"


def reword_ordering(request: OrderingRequest) -> str:
    """Who, what, by when."""
    what = f" something of {request.category}" if request.category else ""
    if request.text:
        what = f" products with '{request.text}' in the name"
    if request.product_ids:
        what = f" {' or '.join(f'product {p}' for p in request.product_ids)}"
    deed = f"buy{what}" if what else "order"
    if request.about == "exam":
        return f"how well it is foreseen who will {deed} within {request.horizon_days} days"
    if request.customer_id:
        return f"probability that customer {request.customer_id} will {deed} within {request.horizon_days} days"
    return f"the {request.k} customers most likely to {deed} within {request.horizon_days} days"


def reword_churn_exam(request: ChurnExamRequest) -> str:
    """What is asked of the churn prediction."""
    within = f"no order within {request.horizon_days} days"
    if request.about == "drivers":
        return f"what speaks for {within}, over all customers"
    return f"how good the prediction of {within} is, against simpler rules"


def reword_table(request: TableScoreRequest) -> str:
    """What is asked of which table."""
    table = f"the table {request.table}" if request.table else "the table loaded last"
    if request.about == "tables":
        return "the tables with an outcome"
    if request.row_id:
        return f"probability of the outcome for {request.row_id} in {table}"
    asked = {"list": f"the {request.k} rows of {table} most likely to have the outcome",
             "exam": f"how well the outcome in {table} is foreseen",
             "drivers": f"what speaks for the outcome in {table}"}
    return asked[request.about]


#: what leaving is split by, in words
_GROUPS = {
    "acquisition_channel": "acquisition channel", "country": "country", "city": "city", "segment": "segment",
    "first_month": "month of the first order", "first_quarter": "quarter of the first order",
    "first_year": "year of the first order", "category": "category bought", "message_channel": "channel they agreed to",
}


def reword_churn(request: ChurnRequest, reword_filter: Any) -> str:
    """Who is least likely to order again, among whom; or one customer."""
    days = request.horizon_days
    if request.customer_id:
        return f"probability that customer {request.customer_id} does not order again within {days} days"
    if request.everyone and request.filter is not None:
        return (f"probability of not ordering again within {days} days of the customers where "
                f"{reword_filter(request.filter)}, the first {request.k} by sales to date")
    if request.by is not None:
        who = f" where {reword_filter(request.filter)}" if request.filter is not None else ""
        return f"how many customers{who} have left or will leave within {days} days, by {_GROUPS[request.by]}"
    if request.against is not None and request.filter is not None:
        return (f"how many customers have left or will leave within {days} days: where "
                f"{reword_filter(request.filter)}, against where {reword_filter(request.against)}")
    among = [reword_filter(request.filter)] if request.filter is not None else []
    bounds = (("net sales of 12 months", request.yearly_value_over), ("value at risk", request.value_at_risk_over))
    among += [f"{name} above {over:,.10g}" for name, over in bounds if over is not None]
    who = f"{request.k} {'customer' if request.k == 1 else 'customers'}"
    where = f", among {' and '.join(among)}" if among else ""
    return f"{who} least likely to order again within {days} days, by {request.order_by.replace('_', ' ')}{where}"


def _with_filter(request: OrderingRequest, reword_filter: Any) -> str:
    where = f", among customers where {reword_filter(request.filter)}" if request.filter is not None else ""
    return reword_ordering(request) + where


#: request → (request, words of a filter) → words
WORDERS = {
    ChurnRequest: reword_churn,
    OrderingRequest: _with_filter,
    ChurnExamRequest: lambda request, reword_filter: reword_churn_exam(request),
    TableScoreRequest: lambda request, reword_filter: reword_table(request),
}
