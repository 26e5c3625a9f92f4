"""Recency, frequency and money per customer, aggregated in the engine.

RFM words (not those of customer-lifetime models): ``days_since_last_order``, ``order_count``, ``monetary_value``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from assistant.data.warehouse import Snapshot

if TYPE_CHECKING:
    import ibis
    import pandas as pd

#: Line types that take money or goods back.
TAKEN_BACK = ("return", "cancellation")


def rfm_expression(snapshot: Snapshot) -> ibis.Table:
    """One row per customer with at least one product sale, as an expression that any engine runs.

    Lines are summed by order first: a shop has far fewer orders than lines, and each order has one customer.
    Amounts are exact decimals until the last cast to float64.
    """
    lines = snapshot.table("order_lines")
    lines = lines.filter(lines.customer_id.notnull(), lines.line_type.isin(["sale", *TAKEN_BACK]))
    sale = lines.line_type == "sale"
    orders = lines.group_by(["customer_id", "order_id"]).aggregate(
        ordered_at=lines.ordered_at.max(where=sale),
        sale_lines=sale.sum(),
        units=lines.quantity.sum(where=sale),
        gross=lines.amount.sum(where=sale),
        returned=lines.amount.sum(where=~sale),
    )
    bought = orders.sale_lines > 0
    customers = orders.group_by("customer_id").aggregate(
        first_order=orders.ordered_at.min().date(),
        last_order=orders.ordered_at.max().date(),
        order_count=bought.sum().cast("int64"),
        units=orders.units.sum().cast("int64"),
        gross_value=orders.gross.sum().cast("float64"),
        returned_value=(-orders.returned.sum()).cast("float64"),
    )
    return customers.filter(customers.order_count > 0).order_by("customer_id")


def rfm(snapshot: Snapshot, basis: Literal["gross", "net"] = "gross") -> pd.DataFrame:
    """Recency, frequency and money of every customer who bought something up to ``as_of``.

    Args:
        snapshot: data and analysis date; guests (no ``customer_id``) have no row.
        basis: ``gross`` counts product sales before returns (the same as the metric *revenue*), ``net`` after.

    Returns:
        columns ``customer_id``, ``first_order``, ``last_order`` (dates), ``days_since_last_order`` (days),
        ``order_count``, ``units`` (sold), ``monetary_value``, ``gross_value``, ``returned_value`` (shop currency),
        sorted by ``customer_id``; empty when no customer bought anything.
    """
    import pandas as pd

    frame = snapshot.execute(rfm_expression(snapshot)).to_pandas()
    frame["returned_value"] = frame["returned_value"].fillna(0.0)
    gone = pd.Timestamp(snapshot.as_of) - pd.to_datetime(frame["last_order"])
    frame["days_since_last_order"] = gone.dt.days.astype("int64")
    frame["monetary_value"] = frame["gross_value"] - (frame["returned_value"] if basis == "net" else 0.0)
    return frame[["customer_id", "first_order", "last_order", "days_since_last_order", "order_count", "units",
                  "monetary_value", "gross_value", "returned_value"]]


@dataclass(frozen=True)
class LeftOut:
    """Who has no row in :func:`rfm`, and why."""

    guest_orders: int
    guest_revenue: float
    total_revenue: float
    never_bought: int
    returns_only: int


def left_out_of_rfm(snapshot: Snapshot) -> LeftOut:
    """Count guests' orders and revenue, customers who never bought, and customers with returns only."""
    lines = snapshot.table("order_lines")
    sales = lines.filter(lines.line_type == "sale")
    guest = sales.customer_id.isnull()
    totals = snapshot.execute(sales.aggregate(
        guest_orders=sales.order_id.nunique(where=guest),
        guest_revenue=sales.amount.sum(where=guest).cast("float64"),
        total_revenue=sales.amount.sum().cast("float64"),
    )).to_pylist()[0]
    by_customer = lines.filter(lines.customer_id.notnull()).group_by("customer_id").aggregate(
        sales=(lines.line_type == "sale").sum(), back=lines.line_type.isin(list(TAKEN_BACK)).sum()
    )
    only_back = by_customer.filter((by_customer.sales == 0) & (by_customer.back > 0)).count()
    buyers = by_customer.filter(by_customer.sales > 0)
    returns_only = snapshot.execute(only_back.as_table()).column(0)[0].as_py()
    never = 0
    if snapshot.has("customers"):
        missing = snapshot.table("customers").anti_join(buyers, "customer_id").customer_id.nunique()
        never = snapshot.execute(missing.as_table()).column(0)[0].as_py() - returns_only
    return LeftOut(
        guest_orders=int(totals["guest_orders"] or 0), guest_revenue=totals["guest_revenue"] or 0.0,
        total_revenue=totals["total_revenue"] or 0.0, never_bought=max(int(never), 0), returns_only=int(returns_only),
    )
