"""Names and sales of products, read once for a whole catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assistant.data.warehouse import Snapshot

#: line types that make a code a product; others are postage, fees, gift cards
PRODUCT_LINES = ("sale", "return", "cancellation")


def product_names(snapshot: Snapshot) -> dict[str, str]:
    """Id → name of products that have a name; codes that only ever stood for postage and the like are left out."""
    lines, products = snapshot.table("order_lines"), snapshot.table("products")
    seen = lines.group_by("product_id").aggregate(goods=lines.line_type.isin(PRODUCT_LINES).cast("int64").sum())
    others = seen.filter(seen.goods == 0).select("product_id")
    rows = snapshot.execute(products.filter(products.name.notnull()).anti_join(others, "product_id")
                            .select("product_id", "name")).to_pylist()
    return {str(r["product_id"]): " ".join(str(r["name"]).split()) for r in rows if str(r["name"]).strip()}


def product_sales(snapshot: Snapshot) -> dict[str, float]:
    """Id → sum of product sale lines before returns, in the shop's currency, up to the analysis date."""
    lines = snapshot.table("order_lines")
    sales = lines.filter(lines.line_type == "sale")
    sums = sales.group_by("product_id").aggregate(total=sales.amount.sum().cast("float64"))
    return {str(r["product_id"]): float(r["total"] or 0.0) for r in snapshot.execute(sums).to_pylist()}
