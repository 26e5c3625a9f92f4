"""Golden figures of the tiny shop, computed on paper, and the rules of what is shown."""

from __future__ import annotations

import pytest

from assistant.errors import InvalidPlan, MissingData, NoRows, UnknownName
from assistant.llm.replies import caveat_texts, compose
from assistant.plans import And, Compare, Comparison, CustomerCondition, Having, Not, Period, QueryPlan, Sort
from assistant.query.compile import QueryOptions
from assistant.query.engine import run_query

LAST_MONTH = Period(kind="calendar", unit="month", offset=-1)
THIS_MONTH = Period(kind="calendar", unit="month")
GERMANY = Compare(field="country", values=("Germany",))

#: whole data, by hand: sales 321 of which guest 40, one return of 25, nine orders, 23 units, five customers
TOTALS = {
    "revenue": 321.0,
    "gross_revenue": 321.0,
    "net_revenue": 296.0,
    "returned_value": 25.0,
    "orders": 9,
    "units": 23,
    "units_returned": 1,
    "net_units": 22,
    "return_orders": 1,
    "order_line_count": 13,
    "products_sold": 5,
    "customers": 5,
    "new_customers": 5,
    "returning_customers": 0,
    "repeat_customers": 2,
    "one_time_customers": 3,
    "guest_revenue": 40.0,
    "guest_orders": 1,
    "known_revenue": 281.0,
    "shipping_revenue": 4.0,
    "booked_amount": 300.0,
    "average_order_value": 321 / 9,
    "items_per_order": 23 / 9,
    "lines_per_order": 13 / 9,
    "orders_per_customer": 8 / 5,
    "revenue_per_customer": 281 / 5,
    "average_price": 321 / 23,
    "return_rate": 25 / 321 * 100,
    "unit_return_rate": 1 / 23 * 100,
    "repeat_rate": 40.0,
    "guest_share": 40 / 321 * 100,
    "cost_of_goods": 131.5,
    "gross_margin": 189.5,
    "margin_rate": 189.5 / 321 * 100,
    "first_order_date": "2023-11-03",
    "last_order_date": "2024-03-09",
    "days_between_orders": (127 + 102) / (2 + 1),
    "days_since_last_order": (0 + 8 + 95 + 36 + 24) / 5,
    "lifetime_days": (127 + 102) / 5,
    "customer_tenure": (127 + 102 + 0 + 8 + 95 + 36 + 24) / 5,
    "silence_in_gaps": (0 / (127 / 2) + 8 / 102) / 2,
    "product_count": 5,
    "stock": 275,
    "out_of_stock": 1,
    "stock_value": 2200.0,
    "average_list_price": 17.6,
    "lost_customers": 1,
    "reactivated_customers": 1,
    "order_return_rate": 1 / 9 * 100,
    "new_customer_share": 100.0,
    "revenue_per_product": 321 / 5,
}


@pytest.mark.parametrize("name", TOTALS)
def test_total_of_every_metric_by_hand(shop, name):
    result = run_query(shop, QueryPlan(metrics=(name,)))
    expected = TOTALS[name]
    assert result.figures[name].value == (expected if isinstance(expected, str) else pytest.approx(expected, abs=1e-9))


GROUPS = {
    ("revenue", "country"): {"Germany": 147.0, "France": 94.0, "United Kingdom": 80.0},
    ("revenue", "month"): {"Nov 2023": 65.0, "Dec 2023": 58.0, "Jan 2024": 50.0, "Feb 2024": 116.0, "Mar 2024": 32.0},
    ("revenue", "quarter"): {"Q4 2023": 123.0, "Q1 2024": 198.0},
    ("revenue", "season_of_year"): {
        "autumn (September to November)": 65.0, "winter (December to February)": 224.0, "spring (March to May)": 32.0,
    },
    ("orders_over_new_customers", "year"): {"2023": 4 / 3, "2024": 5 / 2},
    ("revenue", "year"): {"2023": 123.0, "2024": 198.0},
    ("revenue", "category"): {"Kitchen": 130.0, "Garden": 116.0, "Homeware": 75.0},
    ("revenue", "brand"): {"Acorn": 95.0, "Birch": 191.0, "Cedar": 35.0},
    ("revenue", "new_vs_returning"): {"new": 199.0, "returning": 82.0, "guest": 40.0},
    ("revenue", "customer_type"): {"known customer": 281.0, "guest": 40.0},
    ("revenue", "customer"): {"C1": 116.0, "C2": 31.0, "C3": 18.0, "C4": 40.0, "C5": 76.0},
    ("revenue", "cohort"): {"Nov 2023": 147.0, "Dec 2023": 18.0, "Feb 2024": 116.0},
    ("revenue", "first_product"): {"P3": 116.0, "P5": 31.0, "P1": 58.0, "P4": 76.0},
    ("orders", "weekday"): {"Friday": 4, "Monday": 1, "Tuesday": 1, "Wednesday": 2, "Saturday": 1},
    ("new_customers", "month"): {"Nov 2023": 2, "Dec 2023": 1, "Jan 2024": 0, "Feb 2024": 2, "Mar 2024": 0},
    ("returning_customers", "month"): {"Nov 2023": 0, "Dec 2023": 0, "Jan 2024": 1, "Feb 2024": 0, "Mar 2024": 2},
    ("return_rate", "category"): {"Homeware": 25 / 75 * 100, "Garden": 0.0, "Kitchen": 0.0},
    ("repeat_rate", "country"): {"Germany": 100.0, "France": 0.0, "United Kingdom": 0.0},
    ("booked_amount", "line_type"): {"sale": 321.0, "return": -25.0, "shipping": 4.0},
    ("units", "product"): {"P1": 7, "P2": 3, "P3": 3, "P4": 3, "P5": 7},
    ("stock", "brand"): {"Acorn": 50, "Birch": 25, "Cedar": 200},
}


@pytest.mark.parametrize(("name", "by"), GROUPS)
def test_groups_by_hand(shop, name, by):
    table = run_query(shop, QueryPlan(metrics=(name,), dimensions=(by,))).table("result")
    found = {table.cell(i, by): table.cell(i, name) for i in range(len(table.rows))}
    assert found == pytest.approx(GROUPS[name, by])


def test_revenue_shows_the_net_figure_beside_it_and_the_setting_turns_it_round(shop):
    gross = run_query(shop, QueryPlan(metrics=("revenue",), filter=GERMANY))
    assert gross.figures["revenue"].value == 147.0
    assert gross.figures["net_revenue"].value == 122.0
    assert "After returns and cancellations of €25.00 it is €122.00." in compose([gross]).text
    net = run_query(shop, QueryPlan(metrics=("revenue",), filter=GERMANY), options=QueryOptions(sales_basis="net"))
    assert net.figures["revenue"].value == 122.0
    assert net.figures["gross_revenue"].value == 147.0


def test_last_month_is_the_last_whole_one_and_the_running_one_is_named(shop):
    result = run_query(shop, QueryPlan(metrics=("revenue",), period=LAST_MONTH))
    assert result.figures["revenue"].value == 116.0
    assert "1–9 March 2024" in " ".join(c.text for c in caveat_texts(result))


def test_a_running_month_is_compared_with_the_same_days(shop):
    plan = QueryPlan(metrics=("revenue",), period=THIS_MONTH, compare=Comparison(kind="previous"))
    result = run_query(shop, plan)
    figures = result.figures
    assert figures["revenue"].value == 32.0
    assert figures["revenue__base"].value == 40.0  # 1–9 February, not the 116 of the whole month
    assert figures["revenue__change_pct"].value == pytest.approx(-20.0)
    assert {"incomplete_period", "like_with_like"} <= {c.code for c in result.caveats}


def test_top_products_keep_ties_and_skip_with_offset(shop):
    plan = QueryPlan(metrics=("units",), dimensions=("product",), limit=1)
    first = run_query(shop, plan)
    assert [r[0] for r in first.table("result").rows] == ["P1", "P5"]
    assert "ties_kept" in {c.code for c in first.caveats}
    second = run_query(shop, QueryPlan(metrics=("revenue",), dimensions=("product",), limit=1, offset=1))
    assert second.table("result").rows[0][0] == "P3"
    worst = run_query(
        shop,
        QueryPlan(metrics=("revenue",), dimensions=("product",), sort=Sort(by="revenue", descending=False), limit=1),
    )
    assert worst.table("result").rows[0][0] == "P2"


def test_customer_list_counts_all_matches_and_says_guests_are_left_out(shop):
    plan = QueryPlan(
        metrics=("revenue", "days_since_last_order"),
        dimensions=("customer",),
        having=(
            Having(metric="days_since_last_order", op="ge", values=(30,)),
            Having(metric="revenue", op="gt", values=(15,)),
        ),
    )
    result = run_query(shop, plan)
    assert [r[0] for r in result.table("result").rows] == ["C4", "C3"]
    assert result.figures["groups"].value == 2
    guests = next(c for c in result.caveats if c.code == "guests_excluded")
    assert guests.figures["share"].value == pytest.approx(40 / 321 * 100)
    assert compose([result]).text.startswith("**2** customers match")


CUSTOMER_FILTERS = {
    "bought a mug but no towel": (
        And(
            parts=(
                CustomerCondition(
                    metric="orders",
                    op="ge",
                    values=(1,),
                    where=Compare(field="product", op="contains", values=("mug",)),
                ),
                CustomerCondition(
                    metric="orders",
                    op="eq",
                    values=(0,),
                    where=Compare(field="product", op="contains", values=("towel",)),
                ),
            )
        ),
        {"C3"},
    ),
    "spent over 30": (CustomerCondition(metric="revenue", op="gt", values=(30,)), {"C1", "C2", "C4", "C5"}),
    "not over 30": (Not(part=CustomerCondition(metric="revenue", op="gt", values=(30,))), {"C3"}),
    "top 40 %": (CustomerCondition(metric="revenue", rank="top_percent", values=(40,)), {"C1", "C5"}),
    "bottom 20 %": (CustomerCondition(metric="revenue", rank="bottom_percent", values=(20,)), {"C3"}),
    "top 1": (CustomerCondition(metric="orders", rank="top_n", values=(1,)), {"C1"}),
    "nothing in 2024": (
        CustomerCondition(metric="orders", op="lt", values=(1,), period=Period(kind="named", year=2024)),
        {"C3"},
    ),
    "silent for 30 days": (CustomerCondition(metric="days_since_last_order", op="ge", values=(30,)), {"C3", "C4"}),
    "first order in February": (Compare(field="first_order", op="ge", values=("2024-02-01",)), {"C4", "C5"}),
}


@pytest.mark.parametrize("words", CUSTOMER_FILTERS)
def test_customers_by_what_they_did(shop, words):
    condition, expected = CUSTOMER_FILTERS[words]
    table = run_query(shop, QueryPlan(metrics=("orders",), dimensions=("customer",), filter=condition)).table("result")
    assert {r[0] for r in table.rows} == expected


def test_guests_are_outside_every_customer_set_but_inside_its_complement(shop):
    rich = CustomerCondition(metric="revenue", op="gt", values=(30,))
    inside = run_query(shop, QueryPlan(metrics=("revenue",), filter=rich)).figures["revenue"].value
    outside = run_query(shop, QueryPlan(metrics=("revenue",), filter=Not(part=rich))).figures["revenue"].value
    assert (inside, outside) == (263.0, 58.0)
    assert inside + outside == 321.0


def test_comparisons_with_the_rest_and_with_everything(shop):
    rest = run_query(shop, QueryPlan(metrics=("revenue", "customers"), filter=GERMANY, compare=Comparison(kind="rest")))
    assert (rest.figures["revenue"].value, rest.figures["revenue__base"].value) == (147.0, 174.0)
    assert (rest.figures["customers"].value, rest.figures["customers__base"].value) == (2, 3)
    share = run_query(shop, QueryPlan(metrics=("revenue",), filter=GERMANY, compare=Comparison(kind="total")))
    assert share.figures["revenue__share"].value == pytest.approx(147 / 321 * 100)


def test_groups_compared_keep_what_is_gone(shop):
    plan = QueryPlan(
        metrics=("revenue",),
        dimensions=("country",),
        period=Period(kind="named", month=1, year=2024),
        compare=Comparison(kind="previous"),
        sort=Sort(by="change", descending=False),
    )
    table = run_query(shop, plan).table("result")
    found = {table.cell(i, "country"): (table.cell(i, "revenue"), table.cell(i, "revenue__base")) for i in range(3)}
    assert found == {"Germany": (50.0, 0), "France": (0, 18.0), "United Kingdom": (0, 40.0)}
    assert table.cell(0, "country") == "United Kingdom"  # the largest fall first


def test_transforms(shop):
    running = run_query(shop, QueryPlan(metrics=("revenue",), dimensions=("month",), transform="cumulative")).table(
        "result"
    )
    assert [r[running.column_index("revenue__cumulative")] for r in running.rows] == [65.0, 123.0, 173.0, 289.0, 321.0]
    moving = run_query(
        shop, QueryPlan(metrics=("revenue",), dimensions=("month",), transform="moving_average", window=2)
    )
    column = moving.table("result").column_index("revenue__average")
    assert [r[column] for r in moving.table("result").rows] == [None, 61.5, 54.0, 83.0, 74.0]
    share = run_query(shop, QueryPlan(metrics=("revenue",), dimensions=("country",), transform="share")).table("result")
    assert sum(r[share.column_index("revenue__share")] for r in share.rows) == pytest.approx(100)
    with pytest.raises(InvalidPlan):
        run_query(shop, QueryPlan(metrics=("customers",), dimensions=("month",), transform="cumulative"))


def test_a_limit_beside_a_time_axis_picks_the_other_dimension_over_the_whole_period(shop):
    table = run_query(shop, QueryPlan(metrics=("revenue",), dimensions=("month", "category"), limit=1)).table("result")
    assert {r[1] for r in table.rows} == {"Kitchen"}
    assert [r[0] for r in table.rows] == ["Nov 2023", "Dec 2023", "Feb 2024", "Mar 2024"]


def test_the_best_and_the_worst_month_are_ranked_not_told_as_a_course(shop):
    best = run_query(shop, QueryPlan(metrics=("revenue",), dimensions=("month",), limit=1))
    text = compose([best]).text
    assert "Month with the highest revenue" in text and "latest" not in text
    assert (best.figures[best.headline[0]].value, best.figures[best.headline[0]].label) == (116.0, "revenue, Feb 2024")
    lowest = Sort(by="revenue", descending=False)
    worst = run_query(shop, QueryPlan(metrics=("revenue",), dimensions=("month",), limit=1, sort=lowest))
    assert [r[:2] for r in worst.table("result").rows] == [["Jan 2024", 50.0]]  # March, with 32, is not over
    assert "Nov 2023 and Mar 2024" in " ".join(t.text for t in caveat_texts(worst))
    whole = Period(kind="named", year=2024, month=1)
    quiet = run_query(shop, QueryPlan(metrics=("orders",), dimensions=("week",), limit=1, sort=Sort(
        by="orders", descending=False), period=whole))
    assert {r[1] for r in quiet.table("result").rows} == {0}  # a week without an order is the quietest


def test_charts_by_rule(shop):
    def chart(**plan):
        return run_query(shop, QueryPlan(**plan)).charts

    assert chart(metrics=("revenue",)) == []
    assert chart(metrics=("revenue",), dimensions=("month",))[0].kind == "line"
    assert chart(metrics=("revenue",), dimensions=("country",))[0].kind == "bar"
    assert chart(metrics=("revenue",), dimensions=("country",), chart="pie")[0].kind == "pie"
    assert chart(metrics=("revenue",), dimensions=("country",), chart="table") == []
    pie_of_rates = run_query(shop, QueryPlan(metrics=("repeat_rate",), dimensions=("country",), chart="pie"))
    assert pie_of_rates.charts[0].kind == "bar"
    assert "pie_misleads" in {c.code for c in pie_of_rates.caveats}


def test_precise_refusals(shop):
    with pytest.raises(UnknownName) as unknown:
        run_query(shop, QueryPlan(metrics=("revenue",), filter=Compare(field="country", values=("Germny",))))
    assert unknown.value.valid == ("Germany",)
    with pytest.raises(UnknownName):
        run_query(shop, QueryPlan(metrics=("revenues",)))
    with pytest.raises(UnknownName):
        run_query(shop, QueryPlan(metrics=("revenue",), dimensions=("colour",)))
    with pytest.raises(MissingData) as missing:
        run_query(shop, QueryPlan(metrics=("discount_rate",)))
    assert missing.value.received == "order_lines.discount"
    with pytest.raises(InvalidPlan):
        run_query(shop, QueryPlan(metrics=("stock",), dimensions=("country",)))
    with pytest.raises(NoRows):
        run_query(shop, QueryPlan(metrics=("revenue",), period=Period(kind="named", year=2030)))
    with pytest.raises(NoRows) as nothing:
        run_query(
            shop, QueryPlan(metrics=("revenue",), period=LAST_MONTH, filter=Compare(field="product", values=("P3",)))
        )
    assert nothing.value.nearest
    with pytest.raises(InvalidPlan):
        run_query(shop, QueryPlan(metrics=("revenue",), compare=Comparison(kind="rest")))


def test_the_evidence_is_complete_and_the_figures_are_cells(shop):
    result = run_query(shop, QueryPlan(metrics=("revenue",), dimensions=("product",), filter=GERMANY, limit=2))
    evidence = result.evidence
    assert evidence.sql and "order_lines" in evidence.sql
    assert evidence.rows_scanned == 15
    assert evidence.snapshot == shop.manifest.id
    assert "country is Germany" in evidence.plan_words
    assert QueryPlan.model_validate(evidence.plan)
    for number in compose([result]).numbers:
        source = number.source
        assert source.table or source.derivation or source.origin in {"evidence", "plan"}
        if source.table:
            assert result.table(source.table).cell(source.row, source.column) == number.value


def test_the_same_plan_gives_the_same_bits(shop):
    plan = QueryPlan(metrics=("revenue", "average_order_value", "repeat_rate"), dimensions=("country",))
    first, second = run_query(shop, plan), run_query(shop, plan)
    assert first.table("result").rows == second.table("result").rows
    assert first.figures == second.figures
