"""Whole texts about what customers will do."""

from __future__ import annotations

from typing import Any

import pytest

from assistant.llm.planner.candidate import ToolCall
from assistant.llm.planner.context import DialogueContext, Past
from assistant.llm.planner.planner import plan_turn
from tests.support.planner_shops import PlannerShop

SHOP = PlannerShop()


def plan(text: str, *past: Past) -> tuple[str, dict[str, Any]]:
    found = plan_turn(text, DialogueContext(list(past), ["…"] * len(past)), SHOP).calls[0]
    return found.name, found.args


@pytest.mark.parametrize("text", [
    "who is about to leave and why", "Which customers are at risk of churning, and why?",
    "who are we going to lose and why", "show me the customers at risk with reasons",
])
def test_who_leaves_and_why(text: str) -> None:
    assert plan(text) == ("predict_churn", {})


@pytest.mark.parametrize("text", [
    "why is customer 17850 at risk", "will customer 17850 leave?", "churn risk of customer 17850",
    "is customer 17850 about to leave and why", "what makes customer 17850 at risk", "could we lose customer 17850?",
    "how likely is client 17850 to churn", "why do you think customer #17850 will leave?",
])
def test_one_customer(text: str) -> None:
    assert plan(text) == ("predict_churn", {"customer_id": "17850"})


def test_the_stretch_is_heard() -> None:
    assert plan("how likely is customer 17850 to churn in the next 60 days")[1]["horizon_days"] == 60
    assert plan("who will leave within six months and why")[1]["horizon_days"] == 180
    assert plan("who will order in the next two weeks")[1]["horizon_days"] == 14


def test_the_customer_shown_before() -> None:
    shown = Past(ToolCall("describe_customer", {"customer_id": "17850"}), {"tables": []}, 1)
    assert plan("will she leave?", shown) == ("predict_churn", {"customer_id": "17850"})
    assert plan("and will they order again soon?", shown) == ("predict_orders", {"customer_id": "17850"})


@pytest.mark.parametrize("text", [
    "how good is the churn model", "can I trust the churn prediction?", "show me the lift table of the churn model",
    "does the churn model beat a simple rule?", "how accurate is the prediction of who is about to leave",
    "how well do you predict churn", "calibration of the churn model", "what is the AUC of the churn model?",
])
def test_how_good(text: str) -> None:
    assert plan(text) == ("check_churn", {})


@pytest.mark.parametrize("text", [
    "what drives churn", "why do customers leave?", "what are the main reasons for churn", "churn drivers",
    "which factors predict churn the most", "what are the warning signs of churn?",
])
def test_drivers(text: str) -> None:
    assert plan(text) == ("check_churn", {"about": "drivers"})


@pytest.mark.parametrize("text", [
    "who will order next month", "who is likely to order in the next 30 days", "which customers will buy again soon?",
    "customers likely to order soon", "purchase probabilities of all customers",
])
def test_who_orders(text: str) -> None:
    assert plan(text) == ("predict_orders", {})


def test_who_orders_how_many_and_where() -> None:
    assert plan("top 50 customers most likely to order next month") == ("predict_orders", {"k": 50})
    country = SHOP.values("country")[0]
    tool, args = plan(f"which customers in {country} will order next month")
    assert tool == "predict_orders"
    assert args["filter"] == {"op_type": "compare", "field": "country", "op": "eq", "values": [country]}


def test_who_buys_of_a_category() -> None:
    category = SHOP.labels("category")[0]
    expected = ("predict_orders", {"category": category})
    assert plan(f"who is likely to buy {category} in the next 30 days") == expected
    assert plan(f"which customers will buy {category} products next month?") == expected
    assert plan(f"who would buy {category}?")[0] == "likely_buyers", "without a stretch of time it stays a likeness"


@pytest.mark.parametrize(("text", "args"), [
    ("who in the telco table is likely to churn", {"table": "telco"}),
    ("score the telco table", {"table": "telco"}),
    ("which contracts are likely to be cancelled", {}),
    ("what drives churn in the telco table", {"table": "telco", "about": "drivers"}),
    ("how good is the prediction in the telco table", {"table": "telco", "about": "exam"}),
    ("how likely is 7590-VHVEG to churn in the telco table", {"table": "telco", "row_id": "7590-VHVEG"}),
])
def test_tables(text: str, args: dict[str, Any]) -> None:
    assert plan(text) == ("score_table", args)


@pytest.mark.parametrize("text", [
    "how many customers will order next month", "who ordered last month", "orders next month",
    "how many customers left",
])
def test_other_readings_stay(text: str) -> None:
    assert plan(text)[0] not in {"predict_orders", "predict_churn", "check_churn", "score_table"}


def test_who_leaves_among_some() -> None:
    country = SHOP.values("country")[0]
    wanted = {"op_type": "compare", "field": "country", "op": "eq", "values": [country]}
    for text in (f"who in {country} is about to leave and why", f"customers in {country} at risk of leaving"):
        assert plan(text) == ("predict_churn", {"filter": wanted})
    unknown = plan("which customers in Atlantis are about to leave and why")
    assert unknown[0] != "predict_churn", "no condition is dropped"


@pytest.mark.parametrize("text", [
    "which of our top 50 customers are about to leave?", "how risky is losing our top 50 customers",
    "who among our best 50 customers will leave",
])
def test_the_first_customers_are_who_is_asked_about_not_how_many_are_listed(text: str) -> None:
    asked = plan(text)[1]
    assert asked["filter"]["rank"] == "top_n" and asked["filter"]["values"] == [50] and "k" not in asked


def test_by_probability_where_the_likeliest_are_asked_for() -> None:
    assert plan("who is most likely to leave and why") == ("predict_churn", {"order_by": "churn_probability"})


@pytest.mark.parametrize(("tool", "args", "wanted"), [
    ("predict_churn", {"horizon_days": 60}, ("check_churn", {"horizon_days": 60})),
    ("predict_orders", {"category": "Garden"}, ("predict_orders", {"category": "Garden", "about": "exam"})),
    ("score_table", {"table": "telco"}, ("score_table", {"table": "telco", "about": "exam"})),
])
def test_how_good_was_that(tool: str, args: dict[str, Any], wanted: tuple[str, dict[str, Any]]) -> None:
    shown = Past(ToolCall(tool, args), {"tables": []}, 1)
    assert plan("how good is that prediction?", shown) == wanted
    assert plan("can I trust this?", shown) == wanted


def test_tables_there_are() -> None:
    assert plan("which tables can you score?") == ("score_table", {"about": "tables"})
    assert plan("how can I add a churn table?") == ("score_table", {"about": "tables"})


@pytest.mark.parametrize(("text", "args"), [
    ("customers likely to churn with a value above 500", {"yearly_value_over": 500.0}),
    ("customers at risk with a value at risk above 1,200 and why", {"value_at_risk_over": 1200.0}),
    ("who is at risk, worth more than 1000?", {"yearly_value_over": 1000.0}),
])
def test_a_bound_of_value_is_kept(text: str, args: dict[str, Any]) -> None:
    assert plan(text) == ("predict_churn", args)


def test_a_number_after_a_comparison_is_no_length_of_a_list() -> None:
    assert plan("customers about to churn, score above 700")[1].get("k") != 700


@pytest.mark.parametrize("text", ["which customers are about to make their second purchase",
                                  "one-time buyers likely to come back"])
def test_the_second_order(text: str) -> None:
    once = {"op_type": "customer", "metric": "orders", "op": "eq", "values": [1.0]}
    assert plan(text) == ("predict_orders", {"filter": once})


def test_why_after_a_list_and_for_one_who_left() -> None:
    shown = Past(ToolCall("predict_churn", {"horizon_days": 60}), {"tables": []}, 1)
    assert plan("and why?", shown) == ("check_churn", {"horizon_days": 60, "about": "drivers"})
    assert plan("why did customer 17850 leave?") == ("predict_churn", {"customer_id": "17850"})
    assert plan("is customer 17850 still active?") == ("predict_churn", {"customer_id": "17850"})


@pytest.mark.parametrize("text", ["predict customer churn", "what will churn cost us", "estimate churn for customers"])
def test_plain_requests_for_churn(text: str) -> None:
    assert plan(text) == ("predict_churn", {})


def test_how_many_really_leave_is_asked_of_the_exam() -> None:
    assert plan("how many of the customers at risk will really leave?") == ("check_churn", {})


def test_a_month_ahead_is_said_to_be_counted_in_days() -> None:
    assert plan_turn("who will order next month", DialogueContext(), SHOP).notes == ["next_as_days|next month"]
    assert plan_turn("who will order within 30 days", DialogueContext(), SHOP).notes == []


@pytest.mark.parametrize("text", [
    "who are the 10 likeliest to order in the next 3 weeks", "top 10 by probability of ordering in the next 3 weeks",
])
def test_the_likeliest_to_order(text: str) -> None:
    assert plan(text) == ("predict_orders", {"horizon_days": 21, "k": 10})


def test_the_days_of_another_deed_are_not_those_of_leaving() -> None:
    (found,) = plan_turn("customers likely to churn who bought garden within 30 days", DialogueContext(),
                         PlannerShop()).calls
    assert found.args["filter"]["parts"][-1]["horizon_days"] == 90
