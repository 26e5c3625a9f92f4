"""Baskets of a web shop: filled, ordered, left; every figure can be computed on paper."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from assistant.data.baskets import basket_items
from assistant.data.demo import DEFAULT_SEED
from assistant.data.warehouse import Snapshot, open_snapshot, write_snapshot
from assistant.errors import MissingData
from assistant.plans import CustomerCondition, Period, QueryPlan
from assistant.query.audience import customer_ids
from assistant.query.engine import run_query
from tests.support.tiny_shop import tiny_shop, tiny_tables

#: basket, type, moment, customer, product, units, price, order; the data end on 2024-03-09
EVENTS = [
    ("a", "view", "2024-03-01 09:00", "C1", "P1", None, None, None),
    ("a", "view", "2024-03-01 09:01", "C1", "P3", None, None, None),
    ("a", "add_to_cart", "2024-03-01 09:05", "C1", "P1", 2, 10.0, None),
    ("a", "add_to_cart", "2024-03-01 09:06", "C1", "P3", 1, 25.0, None),
    ("a", "remove_from_cart", "2024-03-01 09:07", "C1", "P3", 1, 25.0, None),
    ("b", "add_to_cart", "2024-03-02 10:00", "C2", "P4", 1, None, None),  # no price: that of the list counts
    ("b", "checkout", "2024-03-02 10:10", "C2", None, None, None, None),
    ("c", "view", "2024-03-01 08:00", "C2", "P1", None, None, None),
    ("c", "add_to_cart", "2024-03-01 08:05", "C2", "P1", 1, 11.0, None),
    ("c", "checkout", "2024-03-01 08:10", "C2", None, None, None, None),
    ("c", "purchase", "2024-03-01 10:00", "C2", "P1", 1, 11.0, "O9"),
    ("d", "view", "2024-03-05 10:00", None, "P5", None, None, None),
    ("e", "add_to_cart", "2024-03-09 23:30", None, "P5", 3, 5.0, None),  # half an hour before the end: still open
]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    columns = ["basket_id", "event_type", "occurred_at", "customer_id", "product_id", "quantity", "unit_price",
               "order_id"]
    events = pd.DataFrame(EVENTS, columns=columns).assign(channel="web")
    events["occurred_at"] = pd.to_datetime(events["occurred_at"])
    events["quantity"] = events["quantity"].astype("Int64")
    folder = tmp_path_factory.mktemp("baskets")
    write_snapshot(folder, tiny_tables() | {"events": events}, source="tests", currency="EUR")
    return open_snapshot(folder)


def figure(shop: Snapshot, metric: str, **plan: object) -> object:
    return run_query(shop, QueryPlan(metrics=(metric,), **plan)).figures[metric].value


def test_baskets_are_ordered_left_or_open(shop: Snapshot) -> None:
    assert [figure(shop, m) for m in ("carts", "abandoned_carts", "product_visits", "checkouts_left")] == [4, 2, 3, 1]
    assert figure(shop, "abandoned_value") == 2 * 10 + 40
    assert figure(shop, "cart_abandonment_rate") == pytest.approx(200 / 3)
    assert figure(shop, "checkout_abandonment_rate") == 50
    assert figure(shop, "average_abandoned_value") == 30
    assert figure(shop, "add_to_cart_rate") == pytest.approx(200 / 3)
    assert figure(shop, "view_to_order_rate") == pytest.approx(100 / 3)


def test_what_was_taken_out_again_is_not_left_in_a_basket(shop: Snapshot) -> None:
    result = run_query(shop, QueryPlan(metrics=("abandoned_carts",), dimensions=("product",)))
    assert {r[0]: r[result.table("result").column_index("abandoned_carts")] for r in result.table("result").rows
            if r[result.table("result").column_index("abandoned_carts")]} == {"P1": 1, "P4": 1}


def test_an_earlier_day_does_not_know_the_order_that_follows(shop: Snapshot) -> None:
    before = shop.at(date(2024, 3, 1))
    items = before.execute(basket_items(before).select("basket_id", "outcome").distinct()).to_pylist()
    assert {r["basket_id"]: r["outcome"] for r in items} == {"a": "left", "c": "ordered"}
    assert figure(before, "abandoned_carts") == 1


def test_days_before_the_first_event_are_no_days_without_baskets(shop: Snapshot) -> None:
    result = run_query(shop, QueryPlan(metrics=("abandoned_carts", "orders"), dimensions=("month",)))
    assert [r[0] for r in result.table("result").rows] == ["Mar 2024"]
    assert "events_since" in [c.code for c in result.caveats]
    inside = run_query(shop, QueryPlan(metrics=("abandoned_carts",), period=Period(
        kind="absolute", start=date(2024, 3, 2), end=date(2024, 3, 5))))
    assert inside.figures["abandoned_carts"].value == 1
    assert "events_since" not in [c.code for c in inside.caveats]


def test_people_who_left_a_basket_are_known_customers(shop: Snapshot) -> None:
    assert customer_ids(shop, CustomerCondition(metric="abandoned_carts", op="ge", values=(1,))) == ["C1", "C2"]


def test_without_events_the_table_to_load_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingData, match="events") as error:
        run_query(tiny_shop(tmp_path), QueryPlan(metrics=("cart_abandonment_rate",)))
    assert "GA4" in str(error.value.hint)


def test_the_rate_of_the_demo_shop_is_the_planted_one(demo_snapshot: Snapshot) -> None:
    """Recounted from the events of the demo shop, of which those of the last hour alone are open."""
    assert demo_snapshot.manifest.notes["seed"] == str(DEFAULT_SEED)
    share = figure(demo_snapshot, "cart_abandonment_rate")
    events = demo_snapshot.execute(demo_snapshot.table("events")).to_pandas()
    baskets = events[events["event_type"].isin(["add_to_cart", "purchase"])].groupby("basket_id")
    ordered = baskets["event_type"].agg(lambda kinds: "purchase" in set(kinds))
    assert share == pytest.approx(100 * (1 - ordered.mean()), abs=0.05)
