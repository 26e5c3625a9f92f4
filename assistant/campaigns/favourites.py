"""The favourite category of each recipient, from what the person bought, and products of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

import ibis

from assistant.campaigns.messages import Picks
from assistant.data.warehouse import Snapshot

#: days of orders that a favourite is read from
LOOK_BACK = 730
NOTE = (f"The favourite category of a person is the one with most of their orders within {LOOK_BACK} days, by spending "
        "where two have as many. Who has none gets products of every category.")


def favourite_categories(snapshot: Snapshot, people: Sequence[str]) -> dict[str, str]:
    """Customer id → category; nobody without an order of goods that have one.

    Raises:
        MissingData: the data hold no categories.
    """
    snapshot.require("products", "category", needed_for="A favourite category")
    lines = snapshot.table("order_lines")
    since = ibis.literal(snapshot.as_of - timedelta(days=LOOK_BACK), type="date")
    mine = lines.filter((lines.line_type == "sale") & lines.customer_id.isin(list(people)))
    sold = mine.filter(mine.ordered_at.date() > since)
    goods = snapshot.table("products").filter(lambda t: t.category.notnull()).select("product_id", "category")
    joined = sold.inner_join(goods, "product_id")
    counted = joined.group_by(["customer_id", "category"]).aggregate(
        orders=joined.order_id.nunique(), spent=joined.amount.sum())
    order = [ibis.desc(counted.orders), ibis.desc(counted.spent), ibis.asc(counted.category)]
    placed = counted.mutate(place=ibis.row_number().over(group_by=counted.customer_id, order_by=order))
    rows = snapshot.execute(placed.filter(placed.place == 0).select("customer_id", "category")).to_pylist()
    return {r["customer_id"]: r["category"] for r in rows}


def picks_of_favourites(
    snapshot: Snapshot, people: Sequence[str], k: int,
    pick: Callable[[Sequence[str], int, str | None], Mapping[str, Picks]],
) -> dict[str, Picks]:
    """Products of each person's favourite category, chosen by the recommender."""
    liked = favourite_categories(snapshot, people)
    groups: dict[str | None, list[str]] = {}
    for person in people:
        groups.setdefault(liked.get(person), []).append(person)
    found: dict[str, Picks] = {}
    for category in sorted(groups, key=str):
        found |= pick(groups[category], k, category)
    return {person: found.get(person, ()) for person in people}
