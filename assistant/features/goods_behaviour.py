"""How each customer has bought certain products up to a day: how often, how lately, and how large a part."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from assistant.features.order_behaviour import YEAR_DAYS

if TYPE_CHECKING:
    import pandas as pd

    from assistant.data.warehouse import Snapshot

GOODS_COLUMNS = ("goods_orders", "goods_days_since", "goods_share", "goods_recent", "goods_year")


def with_goods(snapshot: Snapshot, frame: pd.DataFrame, products: Sequence[str], horizon_days: int) -> pd.DataFrame:
    """Add columns about the products to rows of :func:`~assistant.features.order_behaviour.customer_features`.

    Args:
        products: ids.

    Returns:
        the frame with ``goods_orders`` (orders that held one), ``goods_days_since`` (days since the last of them;
        missing without one), ``goods_share`` (of all orders, 0–1), ``goods_recent`` and ``goods_year`` (those within
        the horizon and 365 days before ``as_of``).
    """
    import pandas as pd

    lines = snapshot.table("order_lines")
    lines = lines.filter(lines.customer_id.notnull(), lines.line_type == "sale", lines.product_id.isin(list(products)))
    orders = lines.group_by(["customer_id", "order_id"]).aggregate(day=lines.ordered_at.max().date())
    as_of = snapshot.as_of
    found = snapshot.execute(orders.group_by("customer_id").aggregate(
        goods_orders=orders.count(), goods_last=orders.day.max(),
        goods_recent=(orders.day > as_of - timedelta(days=horizon_days)).sum(),
        goods_year=(orders.day > as_of - timedelta(days=YEAR_DAYS)).sum(),
    )).to_pandas()
    joined = frame.merge(found, on="customer_id", how="left")
    for column in ("goods_orders", "goods_recent", "goods_year"):
        joined[column] = joined[column].fillna(0).astype("float64")
    last = pd.to_datetime(joined.pop("goods_last"))
    joined["goods_days_since"] = (pd.Timestamp(as_of) - last).dt.days.astype("float64")
    joined["goods_share"] = joined["goods_orders"] / joined["order_count"]
    return joined
