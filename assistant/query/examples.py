"""Example questions made of the shop's own names; candidates only, whoever shows them checks that they run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.query.catalogue import dimension_missing

if TYPE_CHECKING:
    from assistant.data.warehouse import Snapshot
    from assistant.query.entities import EntityIndex


def example_candidates(snapshot: Snapshot, entities: EntityIndex) -> list[str]:
    """Questions of different kinds, most telling first, only about columns that are loaded."""
    countries, categories = entities.values("country"), entities.values("category")
    customers, products = entities.values("customer"), entities.values("product")
    asks = ["How much did we sell last month?"]
    place = countries[1] if len(countries) > 1 else None
    asks.append(f"Top 10 products by revenue in {place}" if place else "Top 10 products by revenue")
    asks.append("Which customers have not ordered for 90 days but spent over 500?")
    asks.append("Split our customers into segments and tell me what each looks like")
    if customers:
        asks.append(f"What should we recommend to customer {customers[0]}, and why?")
    asks.append("Forecast revenue for the next 8 weeks")
    asks.append("Who is about to leave?")
    if categories and not dimension_missing(snapshot, "category"):
        asks.append("What is our return rate by category?")
        asks.append(f"Draft a win-back campaign with 10 % off {categories[0]}")
    if products:
        name = entities.label("product", products[0])
        asks.append(f"How many {name} did we sell this year?")
    asks.append("Revenue by month")
    return asks
