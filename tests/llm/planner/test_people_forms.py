"""Whole texts about people: interests, profiles."""

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
    "what does customer 17850 like?", "What is customer 17850 interested in?", "interests of customer 17850",
    "show me the tastes of client 17850", "what are customer 17850's interests", "what is customer 17850 into",
    "which interests does customer 17850 have", "tell me the preferences of customer #17850",
])
def test_interests_of_a_customer(text: str) -> None:
    assert plan(text) == ("find_interests", {"customer_id": "17850"})


@pytest.mark.parametrize("text", [
    "what does she like?", "what are their interests", "and what is he interested in?", "what do they like most",
])
def test_interests_of_the_customer_shown_before(text: str) -> None:
    shown = Past(ToolCall("describe_customer", {"customer_id": "17850"}), {"tables": []}, 1)
    assert plan(text, shown) == ("find_interests", {"customer_id": "17850"})


def category() -> str:
    return SHOP.labels("category")[0]


@pytest.mark.parametrize("text", [
    "who is interested in {c}", "which customers are interested in {c}?", "customers interested in {c}",
    "who likes {c}", "show me customers who love {c}", "how many customers are into {c}", "who are our {c} fans?",
    "list everybody with an interest in {c}", "which of our customers are keen on {c} products?",
])
def test_who_is_interested(text: str) -> None:
    assert plan(text.format(c=category())) == ("find_interests", {"interest": category()})


def test_who_would_buy_stays_a_prediction() -> None:
    assert plan(f"who would buy {category()}?")[0] == "likely_buyers"


def test_conditions_beside_an_interest_are_kept() -> None:
    country = SHOP.values("country")[0]
    tool, args = plan(f"customers in {country} interested in {category()}")
    assert tool == "find_interests" and args["interest"] == category()
    assert args["filter"] == {"op_type": "compare", "field": "country", "op": "eq", "values": [country]}


@pytest.mark.parametrize("text", [
    "what are our customers interested in?", "what do our customers like", "interests of our customers",
    "show the interest tags", "which interests do our customers have?", "what are people into",
])
def test_all_interests(text: str) -> None:
    assert plan(text) == ("find_interests", {})


@pytest.mark.parametrize("text", [
    "show customer 17850", "customer 360 of 17850", "full profile of customer 17850", "who is customer 17850?",
    "may we e-mail customer 17850?", "which segment is customer 17850 in", "what are the consents of customer 17850",
    "is customer 17850 price-sensitive?", "what do we know about customer 17850", "customer 17850's buying habits",
])
def test_profiles(text: str) -> None:
    assert plan(text) == ("describe_customer", {"customer_id": "17850"})


@pytest.mark.parametrize(("text", "args"), [
    ("is the churn model fair?", {}), ("fairness report", {}), ("is the model biased against women?", {"by": "gender"}),
    ("does the churn model treat older customers differently", {"by": "age"}), ("are our predictions fair", {}),
    ("check the churn model for bias", {}), ("do you discriminate against women?", {"by": "gender"}),
    ("are men and women treated alike by the churn model?", {"by": "gender"}), ("calibration by group", {}),
    ("are the segments fair?", {"of": "segments"}), ("is our segmentation biased", {"of": "segments"}),
    ("fairness report for our segments", {"of": "segments"}), ("is the clv model fair to everyone", {"of": "value"}),
])
def test_fairness_of_models(text: str, args: dict[str, Any]) -> None:
    tool, given = plan(text)
    assert tool == "check_fairness" and given == args


@pytest.mark.parametrize("text", [
    "is this segment fair?", "is it fair", "check it for bias", "how fair is this audience?",
    "fairness report for this audience", "does this audience discriminate against women?",
])
def test_fairness_of_the_audience_before(text: str) -> None:
    rule = {"op_type": "compare", "field": "country", "op": "eq", "values": ["Germany"]}
    counted = Past(ToolCall("count_audience", {"filter": rule}), {"tables": []}, 1)
    tool, args = plan(text, counted)
    assert tool == "check_fairness" and args["of"] == "audience" and args["filter"] == rule


@pytest.mark.parametrize("text", ["are they fair?", "is this list fair?"])
def test_fairness_of_the_list_before(text: str) -> None:
    listed = Past(ToolCall("predict_churn", {"horizon_days": 60}), {"tables": []}, 1)
    assert plan(text, listed) == ("check_fairness", {"horizon_days": 60})


def test_fairness_of_nothing_chosen_yet() -> None:
    assert plan("is this segment fair?")[0] == "decline"


def test_fairness_of_customers_in_words() -> None:
    tool, args = plan("is it fair to target customers who spent over 500?")
    assert tool == "check_fairness" and args["of"] == "audience" and args["filter"]["metric"] == "revenue"
