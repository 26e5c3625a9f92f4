"""Known exports: Shopify orders, Complete Journey."""

from __future__ import annotations

import pytest

from assistant.data.load import preview_load
from assistant.data.presets import general_rules, presets
from assistant.data.schema import LINE_TYPES
from assistant.data.targets import all_targets
from tests.data.loading import loaded, revenue, rows, settings_in, write
from tests.support.shared_data import shared_data

SHOPIFY = """Name,Email,Financial Status,Paid at,Fulfillment Status,Accepts Marketing,Currency,Subtotal,Shipping,\
Taxes,Total,Discount Code,Discount Amount,Created at,Lineitem quantity,\
Lineitem name,Lineitem price,Lineitem sku,Billing Country,\
Cancelled at,Refunded Amount,Vendor,Source,Lineitem discount,Phone
#1001,anna@example.org,paid,2024-01-05 10:00:00 +0100,fulfilled,yes,EUR,36.00,4.90,0,40.90,SPRING,4.00,\
2024-01-05 10:00:00 +0100,2,Red Mug,10.00,MUG-R,DE,,0.00,Acorn,web,0,
#1001,,,,,,,,,,,,,2024-01-05 10:00:00 +0100,1,Tea Towel,20.00,TOWEL,,,,Cedar,,0,
#1002,ben@example.org,refunded,2024-01-06 10:00:00 +0100,,no,EUR,10.00,0,0,10.00,,0,\
2024-01-06 10:00:00 +0100,1,Red Mug,10.00,MUG-R,FR,2024-01-07 09:00:00 +0100,10.00,Acorn,web,0,
#1003,ANNA@example.org,partially_refunded,2024-02-06 10:00:00 +0100,,yes,EUR,20.00,0,0,20.00,,0,\
2024-02-06 10:00:00 +0100,2,Handmade card,10.00,,DE,,5.00,Acorn,pos,0,+49301234
#1004,,paid,2024-02-07 10:00:00 +0100,,no,EUR,25.00,0,0,25.00,,0,\
2024-02-07 10:00:00 +0100,1,Gift Card,25.00,,DE,,0.00,Acorn,web,0,
"""


@pytest.fixture
def shopify(tmp_path):
    return loaded(tmp_path, write(tmp_path / "orders_export.csv", SHOPIFY))


def test_shopify_lines_orders_and_discounts(shopify):
    assert shopify.manifest.notes["preset"] == "shopify"
    assert shopify.currency == "EUR"
    lines = {r["line_id"]: r for r in rows(shopify, "order_lines")}
    first = [r for r in lines.values() if r["order_id"] == "#1001"]
    assert sorted((r["product_id"], r["amount"], r["discount"]) for r in first) == [
        ("MUG-R", 18.0, 2.0),
        ("TOWEL", 18.0, 2.0),
    ]
    assert {r["country"] for r in first} == {"DE"}
    orders = {r["order_id"]: r for r in rows(shopify, "orders")}
    assert (orders["#1001"]["discount"], orders["#1001"]["shipping"], orders["#1001"]["channel"]) == (4.0, 4.9, "web")
    assert orders["#1002"]["status"] == "cancelled"
    assert revenue(shopify) == 66.0


def test_shopify_cancellations_and_refunds_are_counter_lines(shopify):
    taken = [
        (r["line_type"], r["order_id"], r["amount"], r["product_id"])
        for r in rows(shopify, "order_lines")
        if r["line_type"] in {"cancellation", "return"}
    ]
    assert sorted(taken) == [("cancellation", "#1002", -10.0, "MUG-R"), ("return", "#1003", -5.0, None)]


def test_shopify_customers_are_known_without_their_address(shopify):
    by_order = {r["order_id"]: r["customer_id"] for r in rows(shopify, "orders")}
    assert by_order["#1001"] == by_order["#1003"] != by_order["#1002"]
    assert by_order["#1004"] is None
    assert not any(
        "@" in str(r) for table in ("orders", "order_lines", "customers", "quarantine") for r in rows(shopify, table)
    )
    contacts = {(r["customer_id"], r["channel"]): r["consent"] for r in rows(shopify, "contacts")}
    assert contacts == {
        (by_order["#1001"], "email"): True,
        (by_order["#1002"], "email"): False,
        (by_order["#1001"], "sms"): None,
    }


def test_shopify_products_without_a_code_are_told_apart_by_name(shopify):
    products = {r["product_id"]: r for r in rows(shopify, "products")}
    assert set(products) == {"MUG-R", "TOWEL", "Handmade card"}
    assert products["MUG-R"]["brand"] == "Acorn"
    assert [r["line_type"] for r in rows(shopify, "order_lines") if r["order_id"] == "#1004"] == ["gift_card"]


def test_complete_journey(tmp_path):
    folder = shared_data("completejourney")
    shop = loaded(tmp_path, folder)
    counts = {name: info.rows for name, info in shop.manifest.tables.items()}
    assert counts["campaigns"] == 27
    assert counts["touches"] == 6_589
    assert counts["responses"] == 2_102
    assert shop.manifest.quality.rows_read == 75_000
    assert counts["order_lines"] + counts["quarantine"] == 75_000
    assert 92_331 <= counts["products"] <= 92_331 + 5
    assert shop.has("products", "category", "subcategory", "brand")
    assert shop.currency == "USD"
    assert any("not meaningful" in w for w in shop.manifest.quality.warnings)
    assert any("coupons" in w and "promotions_sample" in w for w in shop.manifest.quality.warnings)


@pytest.mark.slow
def test_online_retail_first_edition_as_daily_files(tmp_path):
    archive = shared_data("online_retail_ii/online_retail_by_day_csv.tar.gz")
    preview = preview_load([archive], settings_in(tmp_path))
    assert (preview.preset, preview.rows) == ("online_retail", 541_909)
    shop = loaded(tmp_path, archive)
    steps = {s.step: s.rows for s in shop.manifest.quality.steps}
    assert steps["rows read"] == 541_909
    assert steps["without exact duplicates"] == 536_641  # the known 5,268 exact duplicates of this edition


def test_presets_name_only_what_exists():
    for found in presets().values():
        for shape in found.tables:
            assert {t for t in shape.columns.values() if t} <= set(all_targets())
        assert {c.line_type for c in found.rules.codes} <= set(LINE_TYPES)
    assert {c.line_type for c in general_rules().codes} <= set(LINE_TYPES)
