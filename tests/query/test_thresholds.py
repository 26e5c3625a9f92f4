"""Thresholds on orders, products and lines; middles, days and different values; the tiny shop by hand."""

from __future__ import annotations

from datetime import date

import pytest

from assistant.data.warehouse import open_snapshot, write_snapshot
from assistant.errors import InvalidPlan
from assistant.llm.replies import compose
from assistant.plans import And, Compare, Comparison, CustomerCondition, Having, Or, Period, QueryPlan, Sort
from assistant.query.engine import run_query
from tests.support.tiny_shop import tiny_tables

FEBRUARY = Period(kind="named", year=2024, month=2)
GERMANY = Compare(field="country", values=("Germany",))


@pytest.fixture(scope="module")
def richer(tmp_path_factory):
    """The tiny shop with discounts on three lines of two orders, a cancellation, a product without stock known."""
    tables = tiny_tables()
    lines = tables["order_lines"]
    lines["discount"] = 0.0
    lines.loc[lines.order_id.isin(["O1", "O7"]) & (lines.product_id != "P3"), "discount"] = 1.0
    lines.loc[lines.order_id == "O6", "line_type"] = "cancellation"
    tables["products"].loc[tables["products"].product_id == "P4", "stock"] = None
    extra = tables["products"].iloc[[0]].assign(product_id="P9", name="Unsold Vase", stock=3, category="Homeware")
    tables["products"] = tables["products"].merge(extra, how="outer")
    folder = tmp_path_factory.mktemp("richer")
    write_snapshot(folder, tables, source="tests", currency="EUR")
    return open_snapshot(folder)


def listed(result, column=None):
    table = result.table("result")
    key = table.columns[0].name
    return {table.cell(i, key): table.cell(i, column or table.columns[-1].name) for i in range(len(table.rows))}


def value(shop, **plan):
    plan.setdefault("metrics", ("orders",))
    return run_query(shop, QueryPlan(**plan)).figures[plan["metrics"][0]].value


def test_orders_over_an_amount(shop):
    over = Compare(field="order_value", op="gt", values=(40,))
    assert value(shop, filter=over) == 3  # 45, 50, 76
    assert value(shop, filter=over, period=FEBRUARY) == 1
    result = run_query(shop, QueryPlan(metrics=("revenue",), dimensions=("order",),
                                       having=(Having(metric="revenue", op="gt", values=(40,)),)))
    assert listed(result, "revenue") == {"O8": 76.0, "O5": 50.0, "O1": 45.0}
    reply = compose([result])
    assert reply.text.startswith("**3** orders match") and "with revenue above 40" in reply.text
    assert {n.text: n.source.origin for n in reply.numbers}["40"] == "plan"


def test_medians_and_extremes(shop):
    assert value(shop, metrics=("median_order_value",)) == 40.0
    assert value(shop, metrics=("largest_order_value",)) == 76.0
    by = run_query(shop, QueryPlan(metrics=("median_order_value",), dimensions=("country",)))
    assert listed(by, "median_order_value") == {"Germany": 21.0, "France": 47.0, "United Kingdom": 40.0}
    compared = run_query(shop, QueryPlan(metrics=("median_order_value",), period=FEBRUARY,
                                         compare=Comparison(kind="previous")))
    found = compared.figures
    assert (found["median_order_value"].value, found["median_order_value__base"].value) == (58, 50)


def test_per_day_counts_days_without_a_sale(shop):
    assert value(shop, metrics=("revenue_per_day",)) == pytest.approx(321 / 128)
    assert value(shop, metrics=("orders_per_day",), period=FEBRUARY) == pytest.approx(2 / 29)
    march = Period(kind="named", year=2024, month=3)  # the data end on the ninth
    assert value(shop, metrics=("orders_per_day",), period=march) == pytest.approx(2 / 9)
    by_month = run_query(shop, QueryPlan(metrics=("revenue_per_day",), dimensions=("month",)))
    assert listed(by_month)["Feb 2024"] == pytest.approx(116 / 29)
    by_weekday = run_query(shop, QueryPlan(metrics=("orders_per_day",), dimensions=("weekday",)))
    fridays = sum(1 for d in range(date(2023, 11, 3).toordinal(), date(2024, 3, 9).toordinal() + 1)
                  if date.fromordinal(d).weekday() == 4)
    assert listed(by_weekday)["Friday"] == pytest.approx(4 / fridays)
    by_country = run_query(shop, QueryPlan(metrics=("units_per_day",), dimensions=("country",)))
    assert listed(by_country)["France"] == pytest.approx(4 / 128)
    with pytest.raises(InvalidPlan):
        run_query(shop, QueryPlan(metrics=("revenue_per_day",), dimensions=("month", "weekday")))


def test_a_series_says_its_mean_over_whole_units(shop):
    result = run_query(shop, QueryPlan(metrics=("revenue",), dimensions=("month",)))
    assert result.figures["mean"].value == pytest.approx((58 + 50 + 116) / 3)  # December to February
    assert "On average €74.67 per month (over 3 whole ones)." in compose([result]).text


@pytest.mark.parametrize(("name", "count"), [("country_count", 3), ("category_count", 3), ("brand_count", 3)])
def test_different_values(shop, name, count):
    assert value(shop, metrics=(name,)) == count


def test_guests_share_of_orders(shop):
    assert value(shop, metrics=("guest_order_share",)) == pytest.approx(100 / 9)


def test_cancelled_and_discounted_orders(richer):
    assert value(richer, metrics=("cancelled_orders",)) == 1
    assert value(richer, metrics=("cancellation_rate",)) == pytest.approx(100 / 9)
    assert value(richer, metrics=("discounted_orders",)) == 2
    assert value(richer, metrics=("discounted_order_share",)) == pytest.approx(200 / 9)
    assert value(richer, filter=Compare(field="discount", op="gt", values=(0,))) == 2


def test_stock_thresholds_leave_unknown_stock_out(richer):
    def products(op, n):
        few = (Having(metric="stock", op=op, values=(n,)),)
        plan = QueryPlan(metrics=("stock",), dimensions=("product",), having=few, sort=Sort(by="stock"))
        return listed(run_query(richer, plan), "stock")

    assert products("lt", 25) == {"P3": 20, "P9": 3, "P2": 0}
    assert products("le", 0) == {"P2": 0}
    assert value(richer, metrics=("stock",)) == 273


def test_products_never_sold(richer, shop):
    def never(snapshot, **more):
        return run_query(snapshot, QueryPlan(metrics=("units",), dimensions=("product",),
                                             having=(Having(metric="orders", op="eq", values=(0,)),), **more))

    result = never(richer)
    assert [r[:2] for r in result.table("result").rows] == [["P9", "Unsold Vase"]]
    assert compose([result]).text.startswith("**1** of 6 products (16.7 %) matches")
    assert set(listed(never(shop, period=FEBRUARY), "units")) == {"P2", "P3"}
    assert set(listed(never(shop, filter=GERMANY), "units")) == {"P4"}
    kitchen_in_france = And(parts=(Compare(field="category", values=("Kitchen",)),
                                   Compare(field="country", values=("France",))))
    assert set(listed(never(shop, filter=kitchen_in_france), "units")) == {"P5"}
    with pytest.raises(InvalidPlan):
        never(shop, filter=Or(parts=(Compare(field="category", values=("Kitchen",)), GERMANY)))


def test_few_sold_counts_those_never_sold(richer):
    result = run_query(richer, QueryPlan(metrics=("units",), dimensions=("product",),
                                         having=(Having(metric="units", op="le", values=(3,)),)))
    assert listed(result, "units") == {"P2": 3, "P3": 3, "P4": 3, "P9": 0}


def test_margin_below(shop):
    """Margins by product: P1 60.6 %, P2 62.5 %, P3 60 %, P4 53.4 %, P5 70 %."""
    result = run_query(shop, QueryPlan(metrics=("margin_rate",), dimensions=("product",),
                                       having=(Having(metric="margin_rate", op="lt", values=(60,)),)))
    assert set(listed(result)) == {"P4"}


def test_customers_by_number_of_orders(shop):
    result = run_query(shop, QueryPlan(metrics=("customers",), dimensions=("orders_band",)))
    assert listed(result, "customers") == {"1 order": 3, "2 orders": 1, "3–5 orders": 1}
    in_march = run_query(shop, QueryPlan(metrics=("customers",), dimensions=("orders_band",),
                                         period=Period(kind="named", year=2024, month=3)))
    assert listed(in_march, "customers") == {"1 order": 2}
    net = run_query(shop, QueryPlan(metrics=("net_revenue",), dimensions=("orders_band",)))
    assert listed(net, "net_revenue") == {"1 order": 134.0, "2 orders": 31.0, "3–5 orders": 91.0}
    assert value(shop, metrics=("customers",), filter=Compare(field="orders_band", values=("2 orders",))) == 1


def test_percent_of_customers_who(shop):
    plan = QueryPlan(metrics=("customers",), compare=Comparison(kind="total"),
                     filter=CustomerCondition(metric="orders", op="ge", values=(2,)))
    result = run_query(shop, plan)
    assert result.figures["customers__share"].value == pytest.approx(40.0)
    assert "That is 40.0 % of all 5." in compose([result]).text
