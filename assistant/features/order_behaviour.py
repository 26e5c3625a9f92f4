"""How each customer has ordered up to a day: recency, frequency, rhythm, value, season, returns, discounts.

Lines are summed by order first (a shop has far fewer orders than lines), orders by customer in the same query. A
snapshot hides every row after its analysis date, so nothing later can reach a column.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from assistant.features.order_sums import HeldOrders, order_sums

if TYPE_CHECKING:
    import ibis
    import pandas as pd

    from assistant.data.warehouse import Snapshot

#: Days whose revenue stands for what a customer is worth a year.
YEAR_DAYS = 365
#: Whole weeks nearest to a year: the same weekday a year ago.
SEASON_DAYS = 364
MONTH_DAYS = 30

COLUMNS = (
    "days_since_last_order", "order_count", "tenure_days", "usual_gap_days", "recent_orders", "yearly_value",
    "month_orders", "year_orders", "season_orders", "last_gap_days", "gap_spread_days", "mean_order_value",
    "lines_per_order", "return_share", "discount_share",
)


def customer_features(snapshot: Snapshot, horizon_days: int) -> pd.DataFrame:
    """Order behaviour of every identified customer with a product sale up to ``as_of``.

    Args:
        horizon_days: "recent" means the last so many days, and the season is the same number of days a year ago.

    Returns:
        ``customer_id`` and

        - ``days_since_last_order``, ``tenure_days`` (since the first order): days;
        - ``order_count``; ``recent_orders``, ``month_orders``, ``year_orders``: orders within the horizon, 30 and 365
          days before ``as_of``;
        - ``usual_gap_days``, ``last_gap_days``, ``gap_spread_days``: mean, latest and standard deviation of the days
          between days with orders; missing for customers with one such day (with two, for the spread);
        - ``season_orders``: orders in the ``horizon_days`` days that began 364 days before ``as_of``; missing for
          customers who came later than that;
        - ``yearly_value``: sales less returns of the last 365 days, shop currency, at least 0;
        - ``mean_order_value``: gross sales per order, shop currency; ``lines_per_order``;
        - ``return_share``: returned value over gross sales, 0–1; ``discount_share``: share of orders with a discount
          on a line, 0–1 (0 throughout where lines carry none).

        Sorted by ``customer_id``; float64 but for whole counts and days.

    Raises:
        MissingData: orders carry no customer.
    """
    snapshot.require("order_lines", "customer_id", needed_for="A churn prediction")
    frame = snapshot.execute(_customers(order_sums(snapshot), snapshot.as_of, horizon_days)).to_pandas()
    return _shape(frame, snapshot.as_of)


def customers_as_of(orders: HeldOrders, as_of: date, horizon_days: int) -> pd.DataFrame:
    """The same columns on an earlier day, from orders already summed."""
    known = orders.table.filter(orders.table.day <= as_of)
    return _shape(orders.execute(_customers(known, as_of, horizon_days)).to_pandas(), as_of)


def _customers(orders: ibis.Table, as_of: date, horizon_days: int) -> ibis.Table:
    bought = orders.sale_lines > 0

    def since(days: int) -> ibis.expr.types.BooleanValue:
        return orders.day > as_of - timedelta(days=days)

    season = bought & since(SEASON_DAYS) & (orders.day <= as_of - timedelta(days=SEASON_DAYS - horizon_days))
    customers = orders.group_by("customer_id").aggregate(
        first=orders.day.min(where=bought), last=orders.day.max(where=bought), order_count=bought.sum(),
        recent_orders=(bought & since(horizon_days)).sum(), month_orders=(bought & since(MONTH_DAYS)).sum(),
        year_orders=(bought & since(YEAR_DAYS)).sum(), season_orders=season.sum(),
        yearly_value=orders.amount.sum(where=since(YEAR_DAYS)).cast("float64"),
        gross=orders.gross.sum().cast("float64"), back=orders.back.sum().cast("float64"),
        sale_lines=orders.sale_lines.sum(), discounted=(orders.discounted > 0).sum(),
    )
    customers = customers.filter(customers.order_count > 0)
    rhythm = _rhythm(orders.filter(bought))
    joined = customers.left_join(rhythm, "customer_id").drop("customer_id_right")
    return joined.order_by("customer_id")


def _rhythm(orders: ibis.Table) -> ibis.Table:
    """Days with orders and what lies between them, per customer."""
    import ibis

    days = orders.select("customer_id", "day").distinct()
    before = days.day.lag().over(ibis.window(group_by=days.customer_id, order_by=days.day))
    days = days.mutate(gap=days.day.delta(before, unit="day").cast("float64"))
    return days.group_by("customer_id").aggregate(
        order_days=days.count(), gap_squares=(days.gap * days.gap).sum(),
        last_gap_days=days.gap.argmax(days.day),
    )


def _shape(frame: pd.DataFrame, as_of: date) -> pd.DataFrame:
    import numpy as np
    import pandas as pd

    whole = ["order_count", "order_days", "recent_orders", "month_orders", "year_orders", "season_orders",
             "sale_lines", "discounted"]  # engines differ in the type of a summed condition
    frame[whole] = frame[whole].astype("int64")
    first, last = pd.to_datetime(frame["first"]), pd.to_datetime(frame["last"])
    frame["days_since_last_order"] = (pd.Timestamp(as_of) - last).dt.days.astype("int64")
    frame["tenure_days"] = (pd.Timestamp(as_of) - first).dt.days.astype("int64")
    gaps = (frame["order_days"] - 1).astype("float64")
    gaps = gaps.where(gaps > 0)
    frame["usual_gap_days"] = ((last - first).dt.days / gaps).astype("float64")
    variance = frame["gap_squares"].astype("float64") / gaps - frame["usual_gap_days"] ** 2
    frame["gap_spread_days"] = np.sqrt(variance.clip(lower=0.0)).where(gaps > 1)
    frame["last_gap_days"] = frame["last_gap_days"].astype("float64").where(gaps > 0)
    frame["season_orders"] = frame["season_orders"].astype("float64").where(frame["tenure_days"] >= SEASON_DAYS)
    frame["yearly_value"] = frame["yearly_value"].fillna(0.0).clip(lower=0.0)
    gross = frame["gross"].fillna(0.0)
    frame["mean_order_value"] = (gross / frame["order_count"]).clip(lower=0.0)
    frame["lines_per_order"] = frame["sale_lines"] / frame["order_count"]
    taken = (-frame["back"].astype("float64").fillna(0.0)).clip(lower=0.0)
    frame["return_share"] = (taken / gross.where(gross > 0)).clip(upper=1.0).fillna(0.0) + 0.0  # no minus zero
    frame["discount_share"] = frame["discounted"] / frame["order_count"]
    return frame[["customer_id", *COLUMNS]]
