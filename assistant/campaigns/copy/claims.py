"""Claims about products that the data support: new on sale, bought most lately, few left. Nothing else is claimed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from assistant.campaigns.copy.formats import day
from assistant.campaigns.copy.rules import language_file
from assistant.campaigns.copy.slots import Slot
from assistant.data.warehouse import Snapshot

NEW_DAYS = 42
BEST_DAYS, BEST_PLACES, BEST_UNITS = 90, 20, 10
FEW = 5


def product_claims(snapshot: Snapshot, products: Mapping[str, Mapping[str, Any]], language: str) -> dict[str, Slot]:
    """The claim of each product that has one; the first that holds of: few in stock, new, among the most bought.

    Args:
        products: rows of the catalogue with ``stock`` and ``launched_at``.

    Returns:
        product id → slot of kind ``stock`` or ``claim``; its source names the columns and the bounds.
    """
    words = language_file("rules", language)["words"]
    best = _most_bought(snapshot)
    found: dict[str, Slot] = {}
    for product_id, row in products.items():
        stock, launched = row.get("stock"), row.get("launched_at")
        if stock is not None and 0 < stock <= FEW:
            found[product_id] = Slot(words["claim_stock"].format(stock=stock),
                                     f"products.stock of {product_id} on {snapshot.as_of}", "stock")
        elif isinstance(launched, date) and snapshot.as_of - timedelta(days=NEW_DAYS) < launched <= snapshot.as_of:
            found[product_id] = Slot(words["claim_new"].format(date=day(launched, language)),
                                     f"products.launched_at of {product_id}", "claim")
        elif product_id in best:
            found[product_id] = Slot(
                words["claim_bestseller"],
                f"order lines: place {best[product_id]} by units in the {BEST_DAYS} days to {snapshot.as_of}", "claim")
    return found


def withdrawn(row: Mapping[str, Any], as_of: date) -> bool:
    """Whether a product can no longer be bought: taken off sale, or known to be out of stock."""
    ended, stock = row.get("discontinued_at"), row.get("stock")
    return (isinstance(ended, date) and ended <= as_of) or (stock is not None and stock <= 0)


def _most_bought(snapshot: Snapshot) -> dict[str, int]:
    """Places 1 … of the products with most units sold in the last days; ties by id."""
    lines = snapshot.table("order_lines")
    since = snapshot.as_of - timedelta(days=BEST_DAYS)
    sold = lines.filter((lines.line_type == "sale") & (lines.ordered_at.date() > since) & lines.product_id.notnull())
    totals = sold.group_by("product_id").agg(units=sold.quantity.sum())
    rows = snapshot.execute(totals.order_by([totals.units.desc(), totals.product_id]).limit(BEST_PLACES)).to_pylist()
    return {row["product_id"]: place for place, row in enumerate(rows, start=1) if (row["units"] or 0) >= BEST_UNITS}
