"""Questions about the value of customers in words."""

from __future__ import annotations

from assistant.plans.requests import ValueRequest
from assistant.plans.reword import _filter, _number

_GROUPS = {
    "acquisition_channel": "acquisition channel", "country": "country", "city": "city", "segment": "segment",
    "first_month": "month of the first order", "first_quarter": "quarter of the first order",
    "first_year": "year of the first order",
}


def reword_value(request: ValueRequest) -> str:
    """As in "value of all customers to date, and expected within 365 days, the 20 highest"."""
    when = f"within {_number(request.horizon_days)} days"
    who = f"customers where {_filter(request.filter)}" if request.filter is not None else "all customers"
    by = f" by {_GROUPS[request.by]}" if request.by is not None else ""
    if request.customer_id:
        said = f"value of customer {request.customer_id} to date, and expected {when}"
    elif request.about == "alive":
        said = f"how many of {who} still buy{by}"
    elif request.about == "exam":
        said = f"how good the expected value of customers {when} is"
    elif request.about == "new":
        cost = f", and when a cost of {_number(request.acquisition_cost)} is paid back" if request.acquisition_cost \
            else ""
        won = who if request.filter is not None else "customers"
        said = f"what newly won {won} bring {when} of their first order{by}{cost}"
    elif request.by is not None:
        said = f"value of {who} to date, and expected {when}{by}"
    else:
        said = f"value of {who} to date, and expected {when}, the {_number(request.k)} highest"
    return said + _money(request)


def _money(request: ValueRequest) -> str:
    said = ""
    if request.margin_percent is not None:
        said += f", as margin at {_number(request.margin_percent)} %"
    elif request.measure == "margin":
        said += ", as gross margin"
    if request.discount_percent:
        said += f", discounted at {_number(request.discount_percent)} % a year"
    return said
