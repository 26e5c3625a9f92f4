"""What a reply says of the request is traced to the request, and what it says of the data is named for what it is."""

from __future__ import annotations

from datetime import date

import pytest

from assistant.errors import InvalidPlan
from assistant.llm.replies import compose
from assistant.plans import (
    And,
    ChangePlan,
    Compare,
    Comparison,
    CustomerCondition,
    Having,
    Period,
    QueryPlan,
    SegmentRule,
    Sort,
)
from assistant.plans.reword import phrase
from assistant.query.audience import count_rule
from assistant.query.drivers import explain_change
from assistant.query.engine import run_query
from assistant.query.periods import preposition

THIS_YEAR = Period(kind="named", year=2024)
FROM_JANUARY = Period(kind="absolute", start=date(2024, 1, 1), end=date(2024, 3, 5))


def sources(result):
    return {n.text: n.source.origin for n in compose([result]).numbers}


def test_numbers_of_conditions_and_periods_come_from_the_plan_and_the_calendar(shop):
    condition = CustomerCondition(metric="orders", op="ge", values=(1,))
    result = run_query(shop, QueryPlan(metrics=("revenue",), dimensions=("customer",), filter=condition,
                                       period=FROM_JANUARY))
    reply = compose([result])
    assert "placed at least 1 order." in reply.text
    found = sources(result)
    assert found["1"] == "plan"
    assert found["1 January – 5 March 2024"] == "evidence"
    for number in reply.numbers:
        assert reply.text[number.start : number.end] == number.text


def test_digits_of_names_are_not_numbers_of_the_plan():
    said = phrase(And(parts=(
        Compare(field="product", op="contains", values=("set of 12",)),
        CustomerCondition(metric="revenue", op="ge", values=(2000,), period=Period(kind="named", year=2023)),
    )))
    assert [said.text[a:b] for a, b in said.numbers] == ["2,000", "2023"]


def test_an_audience_and_a_change_trace_their_words_too(shop):
    rule = CustomerCondition(metric="orders", op="ge", values=(2,))
    assert sources(count_rule(shop, SegmentRule(filter=rule)))["2"] in {"plan", "cell"}
    assert count_rule(shop, SegmentRule(filter=rule)).figures["rule_1"].source.origin == "plan"
    change = explain_change(shop, ChangePlan(period=Period(kind="named", year=2024, month=2), filter=Compare(
        field="quantity", op="ge", values=(1,))))
    found = sources(change)
    assert (found["February 2024"], found["January 2024"], found["1"]) == ("evidence", "evidence", "plan")


def test_a_list_of_customers_shows_what_its_condition_counts(shop):
    """C1 bought for 71 in 2024 and for 116 in all; the list is ordered by the year asked about."""
    condition = CustomerCondition(metric="revenue", op="gt", values=(30,), period=THIS_YEAR)
    result = run_query(shop, QueryPlan(metrics=("revenue",), dimensions=("customer",), filter=condition))
    table = result.table("result")
    asked = {r[0]: (r[table.column_index("asked_1")], r[table.column_index("revenue")]) for r in table.rows}
    assert asked == {"C5": (76.0, 76.0), "C1": (71.0, 116.0), "C4": (40.0, 40.0)}
    assert [r[0] for r in table.rows] == ["C5", "C1", "C4"]
    labels = {c.name: c.label for c in table.columns}
    assert (labels["asked_1"], labels["revenue"]) == ("revenue in 2024", "revenue in all")
    assert "revenue in 2024 €71.00, revenue in all €116.00" in compose([result]).text


def test_a_condition_on_products_shows_what_was_spent_on_them(shop):
    mugs = Compare(field="product", op="contains", values=("mug",))
    condition = CustomerCondition(metric="revenue", op="le", values=(20,), where=mugs)
    result = run_query(shop, QueryPlan(metrics=("orders",), dimensions=("customer",), filter=condition))
    table = result.table("result")
    spent = {r[0]: r[table.column_index("asked_1")] for r in table.rows}
    assert spent == {"C2": 11.0, "C3": 18.0, "C5": 0.0}
    assert "where product contains mug" in table.columns[table.column_index("asked_1")].label


def test_the_whole_of_a_list_without_guests_is_named_so(shop):
    result = run_query(shop, QueryPlan(metrics=("revenue",), dimensions=("customer",), limit=2))
    assert "of revenue of known customers, which is" in compose([result]).text
    assert result.figures["revenue"].label == "revenue of known customers"
    by_product = run_query(shop, QueryPlan(metrics=("revenue",), dimensions=("product",), limit=2))
    assert "known customers" not in compose([by_product]).text


@pytest.mark.parametrize(("by", "plural"), [("customer", "customers"), ("country", "countries"), ("month", "months")])
def test_the_number_of_rows_is_called_by_what_they_are(shop, by, plural):
    assert run_query(shop, QueryPlan(metrics=("revenue",), dimensions=(by,))).figures["groups"].label == plural


@pytest.mark.parametrize("dimensions", [("month",), ("month", "country"), ("country", "month")])
def test_incomplete_units_are_listed_for_the_chart(shop, dimensions):
    result = run_query(shop, QueryPlan(metrics=("revenue",), dimensions=dimensions))
    assert result.details["incomplete_periods"] == ["Nov 2023", "Mar 2024"]  # data: 3 November 2023 – 9 March 2024


def test_a_first_month_that_is_cut_is_no_lowest_month(shop):
    cut = Period(kind="absolute", start=date(2024, 1, 15), end=date(2024, 3, 9))
    result = run_query(shop, QueryPlan(metrics=("revenue",), dimensions=("month",), period=cut))
    assert result.figures["lowest_when"].value == result.figures["highest_when"].value == "Feb 2024"


def test_periods_with_common_days_are_not_compared(shop):
    december_on = Period(kind="absolute", start=date(2023, 12, 26))
    with pytest.raises(InvalidPlan, match="overlap"):
        run_query(shop, QueryPlan(metrics=("revenue",), period=THIS_YEAR,
                                  compare=Comparison(kind="period", period=december_on)))
    with pytest.raises(InvalidPlan, match="overlap"):
        explain_change(shop, ChangePlan(period=THIS_YEAR, compare=Comparison(kind="period", period=Period())))


def test_periods_of_different_length_are_named_as_such_in_a_change(shop):
    winter = Period(kind="absolute", start=date(2023, 11, 3), end=date(2023, 12, 31))
    result = explain_change(shop, ChangePlan(period=Period(kind="named", year=2024, month=2),
                                             compare=Comparison(kind="period", period=winter)))
    assert "unequal_periods" in {c.code for c in result.caveats}


@pytest.mark.parametrize(("label", "words"), [
    ("June 2026", "in "), ("5 June 2026", "on "), ("since 2 May 2026", ""), ("up to 2 May 2026", ""),
    ("last 30 days (10 February – 10 March 2024)", "in the "), ("month to date (1–9 March 2024)", "in the "),
    ("1–9 March 2024", "in "),
])
def test_prepositions(label, words):
    assert preposition(label) == words


def test_an_asked_column_respects_an_order_asked_for(shop):
    condition = CustomerCondition(metric="revenue", op="gt", values=(30,), period=THIS_YEAR)
    plan = QueryPlan(metrics=("revenue", "orders"), dimensions=("customer",), filter=condition,
                     sort=Sort(by="orders"), having=(Having(metric="orders", op="ge", values=(1,)),))
    table = run_query(shop, plan).table("result")
    orders = [r[table.column_index("orders")] for r in table.rows]
    assert orders == sorted(orders, reverse=True)
