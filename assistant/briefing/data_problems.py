"""Findings on the data themselves: what figures cannot see."""

from __future__ import annotations

from assistant.briefing.finding import Finding, table_of
from assistant.briefing.scene import Scene

#: share of the rows read from which rows left out are worth a finding, in percent; and share of sales for guests
LEFT_OUT_PERCENT, GUEST_PERCENT = 0.1, 5.0


def guests(scene: Scene) -> Finding | None:
    """Sales without a customer, where they are many."""
    if not scene.has("customer"):
        return None
    row = scene.rows(("revenue", "guest_revenue", "guest_orders", "guest_share"), (), scene.year)[0]
    share, amount = row["guest_share"], row["guest_revenue"]
    if not share or share < GUEST_PERCENT:
        return None
    columns = [("amount", "sales without a customer", "currency"), ("share", "share of sales", "percent"),
               ("orders", "orders", "count")]
    start, end = scene.year
    return Finding(
        code="sales_without_customer", tone="bad",
        table=table_of("sales_without_customer", "Sales without a customer", columns,
                       [[float(amount), float(share), row["guest_orders"]]]),
        size=float(amount), sized_by="sales that no customer figure counts",
        # nothing is lost by it: it ranks behind what costs money
        pace=float(amount) * 28 / ((end - start).days + 1) / 100,
        question="Share of sales from guests by month", method=f"product sales without a customer, {scene.year_words}",
        words={"days": scene.year_words}, sql=scene.sql(("guest_revenue",), (), scene.year),
    )


def left_out(scene: Scene) -> Finding | None:
    """Rows that could not be used, where they are many."""
    if scene.condition is not None:
        return None
    quality = scene.scope.snapshot.manifest.quality
    dropped = sorted((e for e in quality.exclusions if e.kept_as is None and e.count), key=lambda e: -e.count)
    total = sum(e.count for e in dropped)
    if not quality.rows_read or 100 * total / quality.rows_read < LEFT_OUT_PERCENT:
        return None
    columns = [("reason", "reason", "text"), ("rows", "rows", "count"), ("share", "share of rows read", "percent"),
               ("all_rows", "rows left out in all", "count"), ("all_share", "share of rows read, in all", "percent")]
    return Finding(
        code="rows_left_out", tone="bad",
        table=table_of("rows_left_out", "Rows left out when loading", columns, [
            [e.reason, e.count, 100 * e.count / quality.rows_read, total, 100 * total / quality.rows_read]
            for e in dropped]),
        size=None, sized_by="", pace=0.0, question="What data do you have?", method="the report of the latest load",
    )
