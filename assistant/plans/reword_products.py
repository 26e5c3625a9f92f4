"""Requests about new products, stock and the recommender in words; filters are worded by whoever hands in ``words``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from assistant.plans.filters import Filter
from assistant.plans.recommending import CheckRequest, LaunchRequest
from assistant.plans.requests import StockRequest
from assistant.plans.reword_periods import during

Words = Callable[[Filter], str]

_ABOUT = {
    "all": "whether the recommendations are any good",
    "quality": "whether the recommendations are better than the popularity list",
    "sameness": "whether everybody gets the same recommendations",
    "coverage": "how much of the catalogue is recommended",
    "popularity": "whether the recommender favours bestsellers",
    "age": "when the recommender was last fitted, and whether it is out of date",
    "feedback": "whether the recommender feeds on its own recommendations",
}


def _launch(request: LaunchRequest, words: Words) -> str:
    of = f" of {request.category}" if request.category else ""
    stock = "" if request.in_stock_only else ", in stock or not"
    when = during(request.period) if request.period is not None else f"within {request.days} days"
    first = ", the newest first" if request.newest_first else ""
    new = f"new products{of}, launched {when}{stock}{first}"
    if request.customer_id:
        return f"the {request.k} {new}, that suit customer {request.customer_id} best"
    whom = f"customers where {words(request.filter)}" if request.filter is not None else "most customers"
    return f"the {request.k} {new}, that suit {whom}"


def _check(request: CheckRequest, words: Words) -> str:
    return _ABOUT[request.about]


def _stock(request: StockRequest, words: Words) -> str:
    if request.product_id:
        return f"how long the stock of product {request.product_id} lasts"
    return f"the {request.k} products whose stock ends within {request.within_days} days"


WORDERS: dict[type[Any], Callable[[Any, Words], str]] = {
    LaunchRequest: _launch, CheckRequest: _check, StockRequest: _stock,
}
