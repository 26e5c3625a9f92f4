"""Second halves of a question and questions about the rows of a list before: "they" is what was counted or listed."""

from __future__ import annotations

from typing import Any

import pytest

from assistant.llm.planner.candidate import ToolCall
from assistant.llm.planner.context import DialogueContext, Past
from assistant.llm.planner.planner import plan_turn
from tests.support.planner_shops import PlannerShop

TOP = {"metrics": ["revenue"], "dimensions": ["country"], "limit": 3, "sort": {"by": "revenue"},
       "period": {"kind": "named", "year": 2011}}
ROWS = [["France"], ["Germany"], ["Spain"]]


def after_top(text: str, args: dict[str, Any] | None = None) -> list[ToolCall]:
    """What is called for a text after a list of three countries."""
    table = {"columns": [{"name": "country"}], "rows": ROWS}
    past = Past(ToolCall("query_data", args or TOP), {"tables": [table]}, 1)
    return plan_turn(text, DialogueContext([past], ["top 3 countries in 2011"]), PlannerShop()).calls


@pytest.mark.parametrize("text", ["and their return rate?", "what is their return rate?", "the return rate of those",
                                  "show their return rate"])
def test_a_new_measure_keeps_the_rows_and_the_time(text: str) -> None:
    (made,) = after_top(text)

    assert made.args["metrics"] == ["return_rate"]
    assert made.args["dimensions"] == ["country"]
    assert made.args["filter"]["values"] == ["France", "Germany", "Spain"]
    assert made.args["period"] == {"kind": "named", "year": 2011}
    assert "limit" not in made.args


@pytest.mark.parametrize("text", ["which of those have more than 100 orders?", "which of them have over 100 orders"])
def test_a_bound_is_put_to_the_rows_of_the_list(text: str) -> None:
    (made,) = after_top(text)

    assert made.args["having"][0] | {"op": "gt"} == {"metric": "orders", "op": "gt", "values": [100.0]}
    assert made.args["filter"]["values"] == ["France", "Germany", "Spain"]
    assert made.args["period"] == {"kind": "named", "year": 2011}


def test_a_list_of_all_rows_is_changed_as_a_whole() -> None:
    (made,) = after_top("and their return rate?", {"metrics": ["revenue"], "dimensions": ["country"]})

    assert "filter" not in made.args


@pytest.mark.parametrize("text", [
    "how many orders did we have in France in 2011 and what were they worth?",
    "how many orders did we have in France in 2011, and how much revenue did they bring?",
    "how many orders did we have in France in 2011 and what was the total?",
    "how many orders did we have in France in 2011 and for how much?",
])
def test_the_worth_is_of_what_was_counted(text: str) -> None:
    (made,) = plan_turn(text, None, PlannerShop()).calls

    assert made.args["metrics"] == ["orders", "revenue"]
    assert made.args["filter"]["values"] == ["France"]
    assert made.args["period"]["year"] == 2011


def test_a_share_then_and_now_is_taken_over_stretches_of_one_length() -> None:
    text = "What percentage of revenue comes from our top 20% customers, and how has that changed since last year?"

    periods = [c.args["study"]["period"] for c in plan_turn(text, None, PlannerShop()).calls]

    assert [p["kind"] for p in periods] == ["absolute", "absolute"]
    assert periods[1]["end"] < periods[0]["start"]
    assert all(c.args["study"]["top_percent"] == 20.0 for c in plan_turn(text, None, PlannerShop()).calls)


def test_a_second_half_without_a_measure_is_named() -> None:
    text = "How many new customers did we win in May 2011 and what are they worth?"

    calls = plan_turn(text, None, PlannerShop()).calls

    assert [c.name for c in calls] == ["query_data", "decline"]
    assert "what are they worth" in calls[1].args["message"]


@pytest.mark.parametrize("text", [
    "What was the average discount percentage on orders that used a discount?",
    "average discount rate of orders with a discount", "discount rate of discounted orders",
])
def test_a_discount_is_taken_over_the_orders_that_carry_one(text: str) -> None:
    (made,) = plan_turn(text, None, PlannerShop()).calls

    assert made.args["metrics"] == ["discount_rate", "orders"]
    assert made.args["filter"]["dimension"] == "order"
    assert made.args["filter"]["metric"] == "discount_amount"


def test_the_worth_of_returning_customers_is_not_that_of_the_whole_shop() -> None:
    text = "How many returning customers did we have last month and what were they worth?"

    calls = plan_turn(text, None, PlannerShop()).calls

    assert calls[0].args["metrics"] == ["returning_customers"]
    assert [c.name for c in calls] == ["query_data", "decline"]


@pytest.mark.parametrize(("text", "expected"), [
    ("how many orders over 100 in May 2011, and what share of all orders is that",
     {"metrics": ["orders"], "compare": {"kind": "total"}}),
    ("gross margin in May 2011 and what % of sales is that", {"metrics": ["gross_margin", "margin_rate"]}),
    ("revenue in May 2011 and is that up on May 2010", {"metrics": ["revenue"], "compare": {
        "kind": "period", "period": {"kind": "named", "month": 5, "year": 2010}}}),
    ("top 5 brands and their return rate in 2011", {"metrics": ["revenue", "return_rate"], "dimensions": ["brand"]}),
    ("how many customers bought only once in 2011 and how much did they bring", {"metrics": ["customers", "revenue"]}),
])
def test_a_second_half_is_one_plan_with_the_first(text: str, expected: dict[str, Any]) -> None:
    (made,) = plan_turn(text, None, PlannerShop()).calls

    assert {k: made.args[k] for k in expected} == expected


def test_a_part_of_what_was_counted_keeps_its_conditions_and_its_time() -> None:
    whole, part = plan_turn(
        "how many orders did we get in May 2011 and how many of them came from France?", None, PlannerShop()).calls

    assert whole.args["metrics"] == part.args["metrics"] == ["orders"]
    assert whole.args["period"] == part.args["period"]
    assert part.args["filter"]["values"] == ["France"]


def test_a_part_that_cannot_be_told_is_named() -> None:
    calls = plan_turn("how many orders did we get in May 2011 and how many of them were gifts?", None,
                      PlannerShop()).calls

    assert [c.name for c in calls] == ["query_data", "decline"]


def test_what_new_customers_brought_is_theirs_alone() -> None:
    _, theirs = plan_turn("how many new customers in 2011 and how much of the revenue was theirs", None,
                          PlannerShop()).calls

    assert theirs.args["filter"]["metric"] == "new_customers"
    assert theirs.args["compare"] == {"kind": "total"}


def test_with_and_without_is_asked_both_ways() -> None:
    first, second = plan_turn("how many customers from France with and without email consent", None,
                              PlannerShop()).calls

    assert first != second


def test_a_part_of_the_money_is_no_part_of_the_orders() -> None:
    counted, money = plan_turn(
        "how many orders were over 100 in May 2011 and what part of revenue was that", None, PlannerShop()).calls

    assert counted.args["metrics"] == ["orders"]
    assert money.args["metrics"] == ["revenue"]
    assert money.args["compare"] == {"kind": "total"}
