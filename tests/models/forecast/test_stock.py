"""How long the stock lasts, recomputed with pandas."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from assistant.data.warehouse import Snapshot
from assistant.errors import MissingData, UnknownName
from assistant.llm.replies import compose
from assistant.models.forecast.stock import RATE_DAYS, stock_result
from assistant.plans import StockRequest
from tests.support.daily_shop import daily_shop, run_of_days


def test_stock_against_what_sold(demo_snapshot: Snapshot) -> None:
    lines = demo_snapshot.table("order_lines")
    frame = demo_snapshot.execute(lines.select("product_id", "line_type", "quantity", "ordered_at")).to_pandas()
    since = demo_snapshot.as_of - timedelta(days=RATE_DAYS)
    late = frame[(frame["line_type"] == "sale") & (frame["ordered_at"].dt.date > since)]
    sold = late.groupby("product_id")["quantity"].sum()
    products = demo_snapshot.table("products")
    listed = demo_snapshot.execute(products.select("product_id", "stock")).to_pandas().set_index("product_id")["stock"]
    result = stock_result(demo_snapshot, StockRequest(within_days=30, k=50))
    rows = result.table("stock").rows
    assert rows
    for product, _, stock, units, _, days, _, _ in rows:
        assert stock == max(int(listed[product]), 0) and units == int(sold[product])
        assert days == int(stock / (float(sold[product]) / RATE_DAYS)) <= 30
    assert [r[5] for r in rows] == sorted(r[5] for r in rows)
    assert compose([result]).text
    one = stock_result(demo_snapshot, StockRequest(product_id=str(rows[0][0])))
    assert one.figures["days"].value == rows[0][5] and "lasts" in compose([one]).text


def test_what_cannot_be_said(demo_snapshot: Snapshot, tmp_path: Path) -> None:
    with pytest.raises(UnknownName):
        stock_result(demo_snapshot, StockRequest(product_id="no-such"))
    with pytest.raises(MissingData):
        stock_result(daily_shop(tmp_path, run_of_days(date(2024, 1, 1), [10.0] * 40)), StockRequest())
