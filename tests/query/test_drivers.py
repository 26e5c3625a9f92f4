"""Changes are explained exactly; premises are checked; noise is called noise."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.data.warehouse import open_snapshot, write_snapshot
from assistant.errors import InvalidPlan, MissingData, NoRows
from assistant.llm.replies import compose
from assistant.plans import ChangePlan, Compare, Comparison, Period
from assistant.query.decompose import Part, chain, to_the_cent
from assistant.query.drivers import explain_change
from assistant.query.entities import entity_index

FEBRUARY = Period(kind="named", month=2, year=2024)


def summed(result, table):
    found = result.table(table)
    return sum(Decimal(str(r[found.column_index("amount")])) for r in found.rows)


def test_february_by_hand(shop):
    """January: C1 spent 50 on 2 units. February: C4 and C5, both new, spent 116 on 7 units in two orders."""
    result = explain_change(shop, ChangePlan(period=FEBRUARY, claimed="down"))
    assert (result.figures["value"].value, result.figures["base"].value, result.figures["change"].value) == (
        116.0,
        50.0,
        66.0,
    )
    people = {r[0]: r[3] for r in result.table("customers").rows}
    assert people == {"new customers": 116.0, "customers not seen again": -50.0}
    assert {r[0]: r[3] for r in result.table("by_category").rows} == {
        "Garden": 76.0,
        "Homeware": -50.0,
        "Kitchen": 40.0,
    }
    factors = {r[0]: (r[1], r[2]) for r in result.table("drivers").rows}
    assert factors["number of customers"] == (1.0, 2.0)
    assert factors["units per order"] == (2.0, 3.5)
    assert result.words["premise"] == "wrong"
    assert compose([result]).text.startswith("Revenue did not fall but rose.")


@pytest.mark.parametrize(
    "name",
    ["revenue", "net_revenue", "orders", "units", "customers", "average_order_value", "return_rate", "gross_margin"],
)
@pytest.mark.parametrize(
    "period", [FEBRUARY, Period(kind="calendar", unit="month"), Period(kind="rolling", unit="day", count=45)]
)
def test_parts_sum_to_the_cent(shop, name, period):
    result = explain_change(shop, ChangePlan(metric=name, period=period))
    for table in result.tables[1:]:
        assert summed(result, table.id) == Decimal(str(result.figures["change"].value)).quantize(Decimal("0.01"))


@pytest.mark.parametrize("by", ["category", "country", "product"])
@pytest.mark.parametrize(
    "name", ["orders", "customers", "average_order_value", "gross_margin", "margin_rate", "returned_value", "units",
             "revenue_per_customer", "items_per_order", "new_customers", "return_rate"]
)
def test_any_measure_by_any_group_sums_or_says_that_it_cannot(shop, name, by):
    result = explain_change(shop, ChangePlan(metric=name, period=FEBRUARY, dimension=by))
    for table in result.tables[1:]:
        assert summed(result, table.id) == Decimal(str(result.figures["change"].value)).quantize(Decimal("0.01"))
    split = any(t.id == f"by_{by}" for t in result.tables)
    assert split != any(c.code == "no_split" for c in result.caveats)


@pytest.mark.parametrize("name", ["sent", "opened", "responses", "control_size", "campaign_cost", "click_rate"])
def test_messages_are_split_by_what_messages_have(demo_snapshot, name):
    march = ChangePlan(  # in February only letters went out, of which no opening or click can be seen
        metric=name, period=Period(kind="named", month=3, year=2026), compare=Comparison(kind="year_earlier")
    )
    result = explain_change(demo_snapshot, march)
    assert not {t.id for t in result.tables} & {"by_category", "by_product"}
    change = Decimal(str(result.figures["change"].value)).quantize(Decimal("0.01"))
    assert all(summed(result, table.id) == change for table in result.tables[1:])
    if name == "sent":
        assert {t.id for t in result.tables} >= {"by_campaign", "by_message_channel"}


def test_orders_of_several_categories_are_taken_back(shop):
    lines = shop.con.table("order_lines").to_pandas()
    products = shop.con.table("products").to_pandas().set_index("product_id")["category"]
    lines = lines[lines["line_type"] == "sale"].assign(month=pd.to_datetime(lines["ordered_at"]).dt.strftime("%Y-%m"))
    lines["category"] = lines["product_id"].map(products)
    result = explain_change(shop, ChangePlan(metric="orders", period=FEBRUARY, dimension="category"))
    table = result.table("by_category")
    for name, before, after, _ in [r[:4] for r in table.rows if r[0] in set(products)]:
        for month, value in (("2024-01", before), ("2024-02", after)):
            part = lines[(lines["month"] == month) & (lines["category"] == name)]
            assert part["order_id"].nunique() == value
    assert summed(result, "by_category") == result.figures["change"].value


def test_margin_is_sales_times_rate(shop):
    result = explain_change(shop, ChangePlan(metric="gross_margin", period=FEBRUARY))
    rows = result.table("drivers").rows
    assert [r[0] for r in rows] == ["sales of products whose cost is known", "margin rate"]
    for side, name in ((1, "base"), (2, "value")):
        assert rows[0][side] * rows[1][side] / 100 == pytest.approx(result.figures[name].value)


def test_what_the_catalogue_holds_now_has_no_past(shop):
    with pytest.raises(MissingData):
        explain_change(shop, ChangePlan(metric="average_list_price", period=FEBRUARY))


def test_a_running_month_is_compared_with_the_same_days(shop):
    result = explain_change(shop, ChangePlan(period=Period(kind="calendar", unit="month")))
    assert (result.figures["value"].value, result.figures["base"].value) == (32.0, 40.0)
    assert "like_with_like" in {c.code for c in result.caveats}


def test_guests_are_a_part_of_their_own(shop):
    plan = ChangePlan(period=Period(kind="named", month=12, year=2023))
    result = explain_change(shop, plan)
    people = {r[0]: r[3] for r in result.table("customers").rows}
    assert people == {"new customers": 18.0, "customers not seen again": -65.0, "guests": 40.0}


def test_impossible_comparisons(shop):
    with pytest.raises(NoRows):
        explain_change(shop, ChangePlan(period=FEBRUARY, compare=Comparison(kind="year_earlier")))
    with pytest.raises(InvalidPlan):
        explain_change(shop, ChangePlan(period=Period()))
    with pytest.raises(InvalidPlan):
        explain_change(shop, ChangePlan(metric="last_order_date", period=FEBRUARY))


@given(st.lists(st.tuples(st.floats(0.01, 1e4), st.floats(0.01, 1e4)), min_size=1, max_size=5))
def test_a_chain_has_no_residual(pairs):
    current, base = [p[0] for p in pairs], [p[1] for p in pairs]
    parts = chain(current, base)
    product = 1.0
    before = 1.0
    for c, b in pairs:
        product, before = product * c, before * b
    assert sum(parts) == pytest.approx(product - before, rel=1e-6, abs=1e-6 * max(product, before))


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=12))
def test_rounding_keeps_the_sum(amounts):
    total = sum(amounts)
    parts = to_the_cent([Part(str(i), str(i), a) for i, a in enumerate(amounts)], total)
    assert sum(Decimal(str(p.amount)) for p in parts) == Decimal(repr(total)).quantize(Decimal("0.01"))


def steady_shop(folder, last_month_factor):
    """Two years of one order a day with a mild wobble; the last month multiplied."""
    days = pd.date_range("2022-01-01", "2023-12-31")
    price = [10 + (i * 7 % 5) - 2 for i in range(len(days))]
    amount = [
        p * (last_month_factor if d >= pd.Timestamp("2023-12-01") else 1) for p, d in zip(price, days, strict=True)
    ]
    ids = [f"O{i}" for i in range(len(days))]
    at = [d + timedelta(hours=9) for d in days]
    customers = [f"C{i % 40}" for i in range(len(days))]
    tables = {
        "orders": pd.DataFrame({"order_id": ids, "customer_id": customers, "ordered_at": at}),
        "order_lines": pd.DataFrame(
            {
                "line_id": ids,
                "order_id": ids,
                "customer_id": customers,
                "ordered_at": at,
                "product_id": "P1",
                "line_type": "sale",
                "quantity": 1,
                "unit_price": amount,
                "amount": amount,
            }
        ),
    }
    write_snapshot(folder, tables, source="tests")
    return open_snapshot(folder)


@pytest.mark.parametrize(("factor", "noise"), [(1.0, "yes"), (3.0, "no")])
def test_a_change_within_usual_variation_is_called_noise(tmp_path, factor, noise):
    snapshot = steady_shop(tmp_path, factor)
    result = explain_change(snapshot, ChangePlan(period=Period(kind="named", month=12, year=2023)))
    assert result.words["noise"] == noise
    assert result.figures["usual_low"].value < 0 < result.figures["usual_high"].value
    assert result.figures["usual_steps"].value >= 12


@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_any_filter_and_window_sums(shop, data):
    country = data.draw(st.sampled_from([None, *entity_index(shop).values("country")]))
    start = data.draw(st.dates(shop.manifest.first_day + timedelta(days=40), shop.as_of - timedelta(days=10)))
    end = data.draw(st.dates(start, shop.as_of))
    plan = ChangePlan(
        period=Period(kind="absolute", start=start, end=end),
        dimension="product",
        filter=Compare(field="country", values=(country,)) if country else None,
    )
    try:
        result = explain_change(shop, plan)
    except NoRows:
        return
    for table in result.tables[1:]:
        assert summed(result, table.id) == Decimal(str(result.figures["change"].value)).quantize(Decimal("0.01"))
