""""Why not this product?": the first rule that leaves it out, or its rank."""

from __future__ import annotations

from typing import Any

import numpy as np

from assistant.models.recommend.fitted import CustomerLists, FittedRecommender
from assistant.models.recommend.meant import products_meant
from assistant.models.recommend.one_customer import OneCustomer
from assistant.results import Column, Table


def why_not_table(one: OneCustomer, product_id: str, lists: CustomerLists) -> Table:
    """One row that says why a product is not in a customer's list.

    ``status`` is ``in_list``, a rule of :data:`~assistant.models.recommend.catalogue.RULES`, ``ranked_lower`` (with
    rank and score against the last product shown), ``shaped`` (it ranks high enough, and caps, variants or variety
    gave its place to another) or ``no_evidence``.

    Raises:
        UnknownName: no such product; ``valid`` holds the nearest ids and names.
    """
    fitted, filters = one.fitted, one.filters
    row = product_row(fitted, product_id)
    facts = fitted.catalogue.frame.iloc[row]
    place = int(facts["position"])
    rank, score, last = None, None, None
    rule = fitted.catalogue.rules(filters)[row]
    if facts["product_id"] in lists.product_ids[0]:
        status = "in_list"
        rank = int(np.flatnonzero(lists.product_ids[0] == facts["product_id"])[0]) + 1
    elif rule is not None:
        status = rule
    else:
        status, rank, score, last = _standing(one, place, lists)
    values: list[Any] = [
        facts["product_id"], facts["name"], status, rank, score, last,
        None if np.isnan(facts["price"]) else round(float(facts["price"]), 2), filters.max_price,
        None if np.isnan(facts["stock"]) else int(facts["stock"]),
        facts["category"] if isinstance(facts["category"], str) else None,
    ]
    columns = [
        Column(name="product_id", label="Product id", unit="id"), Column(name="name", label="Product"),
        Column(name="status", label="Status"), Column(name="rank", label="Rank", unit="count"),
        Column(name="score", label="Score", unit="score"),
        Column(name="last_score", label="Score of the last product shown", unit="score"),
        Column(name="price", label="Price", unit="currency"),
        Column(name="max_price", label="Price limit", unit="currency"),
        Column(name="stock", label="Stock", unit="count"), Column(name="category", label="Category"),
    ]
    return Table(id="why_not", title="Why not this product", columns=columns, rows=[values], total_rows=1)


def product_row(fitted: FittedRecommender, product_id: str) -> int:
    """Row of the catalogue of a product named by id or name; of several that are meant the first.

    Raises:
        UnknownName: no such product; ``valid`` holds the nearest ids and names.
    """
    return products_meant(fitted.catalogue, product_id).rows[0]


def _standing(one: OneCustomer, place: int, lists: CustomerLists) -> tuple[str, int | None, float | None, float | None]:
    """Status, rank, score and the score of the last product shown, for a product that no product rule leaves out."""
    if one.returned[place]:
        return "returned", None, None, None
    if place in one.owned and one.hidden[place]:
        return "owned", None, None, None
    scores = one.scores()[0]
    rank = one.rank(place)
    if rank is None:
        return "no_evidence", None, None, None
    shown = lists.scores[0][np.isfinite(lists.scores[0])]
    last = round(float(shown.min()), 4) if len(shown) else None
    status = "ranked_lower" if rank > len(lists.product_ids[0]) else "shaped"
    return status, rank, round(float(scores[place]), 4), last
