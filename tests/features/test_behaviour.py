"""Counts of behaviour, recomputed with pandas."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd
import pytest

from assistant.errors import MissingData
from assistant.features.behaviour import behaviour, blocks_of
from assistant.features.labels import leaking_columns
from tests.support.shop_builder import shop_of


@pytest.fixture(scope="module")
def frame(demo_snapshot):
    return behaviour(demo_snapshot).set_index("customer_id")


@pytest.fixture(scope="module")
def sales(demo_snapshot):
    lines = demo_snapshot.execute(demo_snapshot.table("order_lines")).to_pandas()
    products = demo_snapshot.execute(demo_snapshot.table("products")).to_pandas()
    lines = lines[(lines["line_type"] == "sale") & lines["customer_id"].notna()]
    return lines.merge(products[["product_id", "category"]], on="product_id", how="left")


def test_lines_by_category_discount_and_quantity(frame, sales):
    expected = pd.crosstab(sales["customer_id"], sales["category"])
    for category in expected:
        assert (frame[f"category:{category}"] == expected[category].reindex(frame.index, fill_value=0)).all()
    cut = sales[sales["discount"].astype(float) > 0].groupby("customer_id").size().reindex(frame.index, fill_value=0)
    assert (frame["discount:reduced"] == cut).all()
    many = sales[sales["quantity"] >= 6].groupby("customer_id").size().reindex(frame.index, fill_value=0)
    assert (frame["quantity:6 or more units"] == many).all()
    quantities = [c for c in frame if c.startswith("quantity:")]
    assert (frame[quantities].sum(axis=1) == sales.groupby("customer_id").size().reindex(frame.index)).all()


def test_orders_by_month_and_channel_count_each_order_once(frame, sales):
    orders = sales.drop_duplicates("order_id")
    expected = pd.crosstab(orders["customer_id"], orders["ordered_at"].dt.month)
    for month in range(1, 13):
        assert (frame[f"month:{month}"] == expected[month].reindex(frame.index, fill_value=0)).all()
    channels = [c for c in frame if c.startswith("channel:")]
    assert (frame[channels].sum(axis=1) == frame["order_count"].astype(float)).all()


def test_no_trait_of_the_person_is_counted(frame):
    assert set(blocks_of(list(frame.columns))) == {"category", "month", "channel", "discount", "quantity", "rhythm"}


def test_nothing_after_the_day_is_seen(demo_snapshot):
    earlier = demo_snapshot.at(demo_snapshot.as_of - timedelta(days=60))
    assert leaking_columns(behaviour, earlier, earlier) == []
    assert len(behaviour(earlier)) < len(behaviour(demo_snapshot))
    assert behaviour(earlier)["category:Garden"].sum() < behaviour(demo_snapshot)["category:Garden"].sum()


def test_without_categories_the_prices_count(tmp_path):
    orders = [(f"C{i}", f"2024-0{1 + i % 3}-01", [f"P{i}"]) for i in range(10)]
    shop = shop_of(tmp_path, orders, prices={f"P{i}": float(i) for i in range(10)})
    frame = behaviour(shop)
    prices = [c for c in frame if c.startswith("price:")]
    assert len(prices) == 5 and (frame[prices].sum(axis=1) == 1).all()
    assert not [c for c in frame if c.startswith("month:")]  # less than a year was seen


def test_no_customers_is_missing_data(tmp_path):
    with pytest.raises(MissingData, match="customer_id"):
        behaviour(shop_of(tmp_path, [(None, "2024-01-01", ["X"])]))
