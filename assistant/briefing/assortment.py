"""Findings on products: what sells best, comes back, loses money, lies on the shelf, is sold out."""

from __future__ import annotations

from assistant.briefing.discovery import FALSE_ALARMS, believable
from assistant.briefing.finding import Finding, table_of
from assistant.briefing.scene import Scene
from assistant.query.compile import grouped
from assistant.query.facts import LINES, missing
from assistant.query.rows import Row, fetch
from assistant.results import Caveat

#: best sellers shown
BEST = 5
#: orders of a product from which its returns are judged, and returns from which it can be listed
MIN_SOLD, MIN_RETURNED = 30, 5
#: weeks of sales below which stock is called short
SHORT_WEEKS = 2
#: days without a sale after which stock is called idle
IDLE_DAYS = 90


def best_sellers(scene: Scene) -> Finding | None:
    """The products with the most revenue in the stretch."""
    if scene.windows is None or not scene.has("product"):
        return None
    days = scene.windows.steps[0]
    metrics = ("revenue", "orders", "units")
    rows = sorted((r for r in scene.rows(metrics, ("product",), days) if r["revenue"]),
                  key=lambda r: (-r["revenue"], str(r["product"])))
    if not rows:
        return None
    total = sum(r["revenue"] for r in rows)
    top = rows[:BEST]
    columns = [("product", "product", "text"), ("revenue", "revenue", "currency"), ("orders", "orders", "count"),
               ("units", "units sold", "count"), ("share", "share of revenue", "percent")]
    size = sum(r["revenue"] for r in top)
    return Finding(
        code="best_sellers", tone="plain",
        table=table_of("best_sellers", "Best sellers", columns, [
            [_name(r), float(r["revenue"]), r["orders"], r["units"], 100 * r["revenue"] / total] for r in top]),
        size=float(size), sized_by="revenue", pace=scene.windows.per_four_weeks(float(size)),
        question="Which products are bought together?",
        method="products by revenue in the stretch looked at", sql=scene.sql(metrics, ("product",), days),
    )


def returned_more(scene: Scene) -> tuple[float, list[tuple[Row, float]], int]:
    """Products whose orders come back more often than the shop's do, beyond sampling noise.

    Returns:
        share of returns over all products, the products with their probabilities, how many were tested.
    """
    from scipy.special import bdtrc

    metrics = ("orders", "return_orders", "returned_value", "revenue")
    if not scene.has("product") or missing(scene.scope.snapshot, LINES, ("line_type", "quantity")):
        return 0.0, [], 0
    rows = [r for r in scene.rows(metrics, ("product",), scene.year) if (r["orders"] or 0) >= MIN_SOLD]
    events = sum((r["orders"] or 0) + (r["return_orders"] or 0) for r in rows)
    returned = sum(r["return_orders"] or 0 for r in rows)
    if not returned:
        return 0.0, [], len(rows)
    usual = returned / events
    chances = []
    for r in rows:
        back = int(r["return_orders"] or 0)
        chances.append(float(bdtrc(back - 1, int(r["orders"]) + back, usual)) if back else 1.0)
    kept = believable(chances)
    chosen = [(r, c) for r, c, k in zip(rows, chances, kept, strict=True)
              if k and r["return_orders"] >= MIN_RETURNED and r["returned_value"]]
    return usual, chosen, len(rows)


def often_returned(scene: Scene) -> Finding | None:
    """The finding on products that come back more often than others."""
    usual, chosen, tested = returned_more(scene)
    if not chosen:
        return None
    metrics = ("orders", "return_orders", "returned_value", "revenue")
    chosen.sort(key=lambda pair: (-pair[0]["returned_value"], str(pair[0]["product"])))
    total = float(sum(r["returned_value"] for r, _ in chosen))
    columns = [("product", "product", "text"), ("returned", "value returned", "currency"),
               ("returns", "returns", "count"), ("orders", "orders", "count"),
               ("share", "returns among orders and returns", "percent"),
               ("usual", "the same over all products", "percent")]
    start, end = scene.year
    return Finding(
        code="often_returned", tone="bad",
        table=table_of("often_returned", "Products that come back more often than others", columns, [
            [_name(r), float(r["returned_value"]), r["return_orders"], r["orders"],
             100 * r["return_orders"] / (r["orders"] + r["return_orders"]), 100 * usual] for r, _ in chosen]),
        size=total, sized_by="value returned in a year", pace=total * 28 / ((end - start).days + 1),
        question="Which products have the highest return rate?",
        method=(f"returns among orders and returns of each product with {MIN_SOLD} orders or more, {scene.year_words}, "
                f"against all products together: binomial, {tested} tested; kept so that at most {FALSE_ALARMS:.0%} "
                "of those listed are false alarms (Benjamini and Hochberg)"),
        chance=min(c for _, c in chosen), words={"one": "yes" if len(chosen) == 1 else ""},
        sql=scene.sql(metrics, ("product",), scene.year),
    )


def sold_at_a_loss(scene: Scene) -> Finding | None:
    """Products whose sales of the stretch brought less than they cost."""
    if scene.windows is None or not scene.has("product") or missing(scene.scope.snapshot, LINES, ("cost",)):
        return None
    metrics, days = ("gross_margin", "revenue", "units"), scene.windows.steps[0]
    rows = [r for r in scene.rows(metrics, ("product",), days) if r["gross_margin"] is not None
            and r["gross_margin"] < 0]
    if not rows:
        return None
    rows.sort(key=lambda r: (r["gross_margin"], str(r["product"])))
    total = float(sum(r["gross_margin"] for r in rows))
    columns = [("product", "product", "text"), ("margin", "gross margin", "currency"),
               ("revenue", "revenue", "currency"), ("units", "units sold", "count")]
    return Finding(
        code="sold_at_a_loss", tone="bad",
        table=table_of("sold_at_a_loss", "Products sold below cost", columns, [
            [_name(r), float(r["gross_margin"]), float(r["revenue"]), r["units"]] for r in rows]),
        size=total, sized_by="gross margin", pace=abs(scene.windows.per_four_weeks(total)),
        question="Which products have the lowest margin rate?",
        method="gross margin by product in the stretch looked at, where the cost is known",
        words={"one": "yes" if len(rows) == 1 else ""}, sql=scene.sql(metrics, ("product",), days),
    )


def _stock(scene: Scene) -> dict[str, Row]:
    """Stock, name and value of one unit by product, where stock is known and the stretch is the latest one."""
    snapshot = scene.scope.snapshot
    if not scene.now or not scene.has("product") or not snapshot.has("products", "stock"):
        return {}
    table = snapshot.table("products")
    wanted = [c for c in ("product_id", "name", "stock", "cost", "price") if c in table.columns]
    rows = fetch(scene.scope, table.filter(table.stock.notnull()).select(*wanted))
    return {r["product_id"]: r for r in rows}


def short_of_stock(scene: Scene) -> list[Finding]:
    """Products that sell and are sold out, or will be within two weeks at the rate of the stretch."""
    stock = _stock(scene)
    if scene.windows is None or not stock:
        return []
    metrics, days = ("revenue", "units", "orders"), scene.windows.steps[0]
    weeks = scene.windows.current.days_covered / 7
    sold = [r for r in scene.rows(metrics, ("product",), days) if r["product"] in stock and (r["units"] or 0) > 0]
    out = [r for r in sold if stock[r["product"]]["stock"] <= 0]
    short = [r for r in sold if 0 < stock[r["product"]]["stock"] < SHORT_WEEKS * r["units"] / weeks
             and r["orders"] >= MIN_RETURNED]
    found = []
    for code, title, rows in (("sold_out", "Products that sell and are out of stock", out),
                              ("running_out", "Products that will soon be out of stock", short)):
        if not rows:
            continue
        rows.sort(key=lambda r: (-r["revenue"], str(r["product"])))
        total = float(sum(r["revenue"] for r in rows))
        columns = [("product", "product", "text"), ("revenue", "revenue", "currency"), ("units", "units sold", "count"),
                   ("stock", "in stock", "count"), ("weeks", "stock lasts", "weeks")]
        found.append(Finding(
            code=code, tone="bad",
            table=table_of(code, title, columns, [
                [_name(r), float(r["revenue"]), r["units"], stock[r["product"]]["stock"],
                 max(0.0, stock[r["product"]]["stock"] / (r["units"] / weeks))] for r in rows]),
            size=total, sized_by="their revenue in the stretch looked at", pace=scene.windows.per_four_weeks(total),
            question="Which products are out of stock?" if code == "sold_out" else "Top 10 products by units sold",
            method=("stock as loaded, against units sold in the stretch looked at; "
                    f"short: less than {SHORT_WEEKS} weeks of such sales"),
            words={"one": "yes" if len(rows) == 1 else ""}, caveats=(Caveat(code="catalogue_now"),),
            sql=scene.sql(metrics, ("product",), days),
        ))
    return found


def idle_stock(scene: Scene) -> Finding | None:
    """Products in stock without a sale for ninety days, at cost (at list price where no cost is known)."""
    from datetime import timedelta

    stock = {p: r for p, r in _stock(scene).items() if r["stock"] > 0}
    end = scene.scope.snapshot.as_of
    start = end - timedelta(days=IDLE_DAYS - 1)
    if not stock or start < scene.scope.snapshot.manifest.first_day:
        return None
    sold = fetch(scene.scope, grouped(scene.scope, ("units",), ("product",), None, (start, end), labels=False))
    moving = {r["product"] for r in sold if r["units"]}
    wanted = {r["product"] for r in scene.rows(("units",), ("product",), (scene.scope.snapshot.manifest.first_day, end))
              } if scene.condition is not None else set(stock)
    priced = "cost" if any(r.get("cost") for r in stock.values()) else "price"
    idle = [(p, r, float(r["stock"]) * float(r[priced])) for p, r in stock.items()
            if p not in moving and p in wanted and r.get(priced)]
    if not idle:
        return None
    idle.sort(key=lambda item: (-item[2], item[0]))
    total = sum(value for *_, value in idle)
    basis = "at cost" if priced == "cost" else "at list price"
    columns = [("product", "product", "text"), ("value", f"value of the stock {basis}", "currency"),
               ("stock", "in stock", "count")]
    return Finding(
        code="idle_stock", tone="bad",
        table=table_of("idle_stock", "In stock and not sold lately", columns, [
            [r.get("name") or p, value, r["stock"]] for p, r, value in idle]),
        size=total, sized_by=f"value of the stock {basis}", pace=total * 28 / YEAR,
        question=f"Which products have not sold in the last {IDLE_DAYS} days?",
        method=f"products with stock and no sale in the last {IDLE_DAYS} days of the data",
        words={"one": "yes" if len(idle) == 1 else "", "basis": basis}, caveats=(Caveat(code="catalogue_now"),),
        sql=scene.sql(("units",), ("product",), (start, end)),
    )


YEAR = 364
"""Idle stock is weighed as if its value were lost over a year."""


def _name(row: Row) -> str:
    return str(row.get("product_label") or row["product"])
