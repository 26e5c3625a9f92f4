"""How long the stock lasts: units in stock against what sells lately, and which products to order again."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from assistant.errors import NoRows, UnknownName
from assistant.features.product_facts import product_facts
from assistant.plans import StockRequest
from assistant.plans.reword import reword
from assistant.results import Column, DefinitionUsed, Evidence, Figure, Result, Source, Table

if TYPE_CHECKING:
    from assistant.data.warehouse import Snapshot

#: Days whose sales say what sells per day.
RATE_DAYS = 56


def stock_result(snapshot: Snapshot, request: StockRequest) -> Result:
    """Days of stock of one product, or the products whose stock ends within ``within_days``, soonest first.

    Raises:
        MissingData: the shop's data hold no stock. UnknownName: no such product.
        NoRows: the product has no stock figure, or no product runs out that soon.
    """
    snapshot.require("products", "stock", needed_for="How long the stock lasts")
    rows = _rows(snapshot)
    if request.product_id is not None:
        rows = [r for r in rows if r["product_id"] == request.product_id]
        if not rows:
            raise UnknownName("The shop has no such product, or no stock is known for it", received=request.product_id)
    else:
        rows = [r for r in rows if r["on_sale"] and r["days"] is not None and r["days"] <= request.within_days]
        if not rows:
            raise NoRows(f"No product runs out within {request.within_days} days at the rate it sells now",
                         received=str(request.within_days))
        rows.sort(key=lambda r: (r["days"], -r["sold"], r["product_id"]))
    shown = rows[: request.k]
    table = Table(id="stock", title="How long the stock lasts", total_rows=len(rows), rows=[
        [r["product_id"], r["name"], r["stock"], r["sold"], r["rate"], r["days"], r["out"], r["order"]] for r in shown
    ], columns=_COLUMNS)
    figures = {c.name: table.figure(0, c.name) for c in _COLUMNS[2:] if table.cell(0, c.name) is not None}
    figures |= {
        "found": Figure(value=len(rows), unit="count", label="Products",
                        source=Source(table="stock", origin="derived", derivation="number of rows")),
        "rate_days": Figure(value=RATE_DAYS, unit="days", label="Sales counted", source=Source(origin="definition")),
        "within_days": Figure(value=request.within_days, unit="days", label="Within", source=Source(origin="plan")),
    }
    return Result(
        kind="stock", title="How long the stock lasts", currency=snapshot.currency, tables=[table], figures=figures,
        headline=["days"] if request.product_id is not None and "days" in figures else ["found"],
        words={"one": shown[0]["name"] if request.product_id is not None else "",
               "sells": "yes" if shown[0]["rate"] else ""},
        evidence=_evidence(snapshot, request), followups=["Top 10 products by revenue", "Which products sell worst?"],
    )


_COLUMNS = [
    Column(name="product_id", label="Product id", unit="id"), Column(name="name", label="Product"),
    Column(name="stock", label="In stock", unit="count"), Column(name="sold", label="Sold lately", unit="count"),
    Column(name="rate", label="Sold per day", unit="number"), Column(name="days", label="Stock lasts", unit="days"),
    Column(name="out", label="Runs out about", unit="date"),
    Column(name="order", label="Needed for as many days again", unit="count"),
]


def _rows(snapshot: Snapshot) -> list[dict[str, Any]]:
    facts = product_facts(snapshot)
    known = facts.filter(facts.stock.notnull()).select(
        "product_id", "name", "on_sale", stock=facts.stock.cast("float64"))
    lines = snapshot.table("order_lines")
    since = snapshot.as_of - timedelta(days=RATE_DAYS)
    sold = lines.filter((lines.line_type == "sale") & (lines.ordered_at.date() > since)).group_by("product_id")
    units = {r["product_id"]: float(r["units"]) for r in
             snapshot.execute(sold.aggregate(units=lines.quantity.sum().cast("float64"))).to_pylist()}
    found = []
    for row in snapshot.execute(known).to_pylist():
        stock, count = max(row["stock"], 0.0), units.get(row["product_id"], 0.0)
        rate = count / RATE_DAYS
        days = int(stock / rate) if rate > 0 else None
        out = None if days is None or days > 3650 else (snapshot.as_of + timedelta(days=days)).isoformat()
        found.append({**row, "on_sale": row["on_sale"] is not False, "stock": int(stock), "sold": int(count),
                      "rate": round(rate, 2), "days": days, "out": out,
                      "order": max(0, round(count - stock)) if rate > 0 else None})
    return found


def _evidence(snapshot: Snapshot, request: StockRequest) -> Evidence:
    return Evidence(
        plan=request.model_dump(mode="json"), plan_words=reword(request), snapshot=snapshot.manifest.id,
        source=snapshot.manifest.source, synthetic=snapshot.manifest.synthetic, as_of=snapshot.as_of,
        window_start=snapshot.as_of - timedelta(days=RATE_DAYS - 1), window_end=snapshot.as_of,
        definitions=[DefinitionUsed(
            term="stock lasts",
            meaning=f"units in stock divided by units sold per day over the last {RATE_DAYS} days")],
        assumptions=["It goes on selling as in those days; seasons, deliveries under way and campaigns are not known.",
                     f"Orders take at most {request.within_days} days to arrive; say another time to change it."],
    )
