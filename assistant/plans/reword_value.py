"""Questions about the value of customers in words."""

from __future__ import annotations

from assistant.plans.requests import ValueRequest
from assistant.plans.reword_base import number_words
from assistant.plans.reword_filters import filter_words

_GROUPS = {
    "acquisition_channel": "acquisition channel", "country": "country", "city": "city", "segment": "segment",
    "first_month": "month of the first order", "first_quarter": "quarter of the first order",
    "first_year": "year of the first order",
}


def reword_value(request: ValueRequest) -> str:
    """As in "value of all customers to date, and expected within 365 days, the 20 highest"."""
    when = f"within {number_words(request.horizon_days)} days"
    who = f"customers where {filter_words(request.filter)}" if request.filter is not None else "all customers"
    by = f" by {_GROUPS[request.by]}" if request.by is not None else ""
    if request.customer_id:
        said = f"value of customer {request.customer_id} to date, and expected {when}"
    elif request.about == "alive":
        said = f"how many of {who} still buy{by}"
    elif request.about == "exam":
        said = f"how good the expected value of customers {when} is"
    elif request.about == "new":
        paid = request.acquisition_cost
        cost = f", and when a cost of {number_words(paid)} is paid back" if paid else ""
        won = who if request.filter is not None else "customers"
        said = f"what newly won {won} bring {when} of their first order{by}{cost}"
    elif request.by is not None:
        said = f"value of {who} to date, and expected {when}{by}"
    else:
        said = f"value of {who} to date, and expected {when}, the {number_words(request.k)} highest"
    return said + _money(request)


def _money(request: ValueRequest) -> str:
    said = ""
    if request.margin_percent is not None:
        said += f", as margin at {number_words(request.margin_percent)} %"
    elif request.measure == "margin":
        said += ", as gross margin"
    if request.discount_percent:
        said += f", discounted at {number_words(request.discount_percent)} % a year"
    return said
