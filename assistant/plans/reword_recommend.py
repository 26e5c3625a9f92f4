"""Requests for recommendations and for customers of a product in plain words."""

from __future__ import annotations

from assistant.plans.requests import BuyersRequest, RecommendRequest
from assistant.plans.reword_base import counted, join_words, number_words
from assistant.plans.reword_filters import reword_filter
from assistant.plans.reword_lists import AIMS, rule_words

_METHODS = {"popularity": "by popularity", "item_knn": "by what similar baskets hold"}


def reword_recommend(request: RecommendRequest) -> str:
    """Which products for whom, why one of them, or why not another."""
    if request.basket:
        whom = f" to customer {request.customer_id}" if request.customer_id else ""
        first = f"{number_words(request.k)} products to recommend{whom} with {join_words(list(request.basket))}"
        return ", ".join([first, *rule_words(request)])
    if request.why:
        other = f" and not product {request.why_not}" if request.why_not else ""
        return f"why product {request.why}{other} is recommended to customer {request.customer_id}"
    if request.why_not:
        return f"why product {request.why_not} is not recommended to customer {request.customer_id}"
    whom = (
        f"customer {request.customer_id}"
        if request.customer_id
        else (f"customers where {reword_filter(request.filter)}" if request.filter is not None else "everybody")
    )
    if request.liking:
        whom = "people" if whom == "everybody" else whom
        whom += f" who like '{request.liking}'" if whom == "people" else f", of those that fit '{request.liking}'"
    parts = [f"{request.k} {counted('products', [request.k])} {AIMS[request.purpose]} {whom}", *rule_words(request)]
    if request.adults_only:
        parts.append("only customers known to be of age")
    if request.unowned:
        parts.append("nothing they bought before")
    if request.method != "auto":
        parts.append(_METHODS.get(request.method, f"by the method {request.method}"))
    return ", ".join(parts)


def reword_buyers(request: BuyersRequest) -> str:
    """Customers for what, or like whom."""
    where = f" among customers where {reword_filter(request.filter)}" if request.filter is not None else ""
    k = number_words(request.k)
    if request.like_customer_id:
        return f"the {k} customers who buy most like customer {request.like_customer_id}{where}"
    what = f"product {request.product_id}" if request.product_id else request.category or (
        f"'{request.text}'" if request.text else "products")
    if request.new_only:
        what = f"what is new of {what}"
    if request.product_ids:
        what = f"any of the products {join_words(list(request.product_ids))}"
    if request.brand:
        what += f" of brand {request.brand}"
    return f"the {k} customers most suited to {what}{where}"
