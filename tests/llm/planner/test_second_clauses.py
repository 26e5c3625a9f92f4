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
