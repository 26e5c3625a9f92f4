"""Visits and baskets from common exports, and birthdays without their year."""

from __future__ import annotations

from datetime import datetime

from tests.data.loading import csv, loaded, rows, write
from tests.data.test_presets import SHOPIFY

GA4 = """event_timestamp,event_name,ga_session_id,user_id,item_id,quantity,price,transaction_id
1704448800000000,view_item,s1,C1,p-1,,10.00,
1704448860000000,add_to_cart,s1,C1,p-1,2,10.00,
1704448900000000,page_view,s1,C1,,,,
1704449000000000,begin_checkout,s1,C1,p-1,2,10.00,
1704449100000000,purchase,s1,C1,p-1,2,10.00,1001
1704535200000000,add_to_cart,s2,,P-2,1,5.50,
1704535300000000,scroll,s2,,,,,
"""
CHECKOUTS = """Checkout token,Email,Created at,Completed at,Lineitem sku,Lineitem quantity,Lineitem price,\
Abandoned checkout url
t1,ANNA@example.org,2024-02-05 10:00:00,,MUG-R,2,10.00,https://shop.example/r/t1
t2,ben@example.org,2024-02-06 10:00:00,2024-02-06 12:00:00,TOWEL,1,20.00,https://shop.example/r/t2
"""
PEOPLE = """customer id,country,date of birth,birthday consent
C1,Germany,1988-02-29,yes
C2,France,1990-12-24,no
C3,France,,yes
"""


def test_an_export_of_ga4_becomes_events(tmp_path):
    shop = loaded(tmp_path, csv(tmp_path), write(tmp_path / "ga4.csv", GA4))
    found = rows(shop, "events")
    assert [r["event_type"] for r in found] == ["view", "add_to_cart", "checkout", "purchase", "add_to_cart"]
    assert {r["product_id"] for r in found} == {"P-1", "P-2"}  # codes are unified as those of the orders are
    assert found[0]["occurred_at"] == datetime(2024, 1, 5, 10) and found[3]["order_id"] == "1001"
    assert any("2 events were left out" in w for w in shop.manifest.quality.warnings)
    assert rows(shop, "order_lines", "order_id") and not shop.has("birthdays")


def test_checkouts_that_were_left_are_events_of_the_same_customers(tmp_path):
    files = write(tmp_path / "orders_export.csv", SHOPIFY), write(tmp_path / "checkouts.csv", CHECKOUTS)
    shop = loaded(tmp_path, *files)
    found = rows(shop, "events")
    assert [(r["basket_id"], r["event_type"]) for r in found] == [
        ("t1", "checkout"), ("t2", "checkout"), ("t2", "purchase")]
    buyers = {r["customer_id"] for r in rows(shop, "orders", "customer_id")}
    assert {r["customer_id"] for r in found} <= buyers
    assert "example.org" not in str(found)


def test_a_birthday_keeps_the_day_and_the_month_alone(tmp_path):
    shop = loaded(tmp_path, csv(tmp_path), write(tmp_path / "customers.csv", PEOPLE))
    assert rows(shop, "birthdays") == [
        {"customer_id": "C1", "month": 2, "day": 29, "consent": True},
        {"customer_id": "C2", "month": 12, "day": 24, "consent": False},
    ]
    everything = " ".join(str(rows(shop, t)) for t, i in shop.manifest.tables.items() if i.rows)
    assert "1988" not in everything and "1990" not in everything
