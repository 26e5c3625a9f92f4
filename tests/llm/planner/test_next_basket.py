"""Questions about the next order: which customer is meant, and whether repeats are asked for alone."""

from __future__ import annotations

from typing import Any

import pytest

from assistant.llm.planner.candidate import ToolCall
from assistant.llm.planner.context import DialogueContext, Past
from assistant.llm.planner.planner import plan_turn
from tests.support.planner_shops import PlannerShop


def planned(text: str, *past: Past) -> dict[str, Any]:
    found = plan_turn(text, DialogueContext(list(past), ["a question"] * len(past)), PlannerShop())
    assert [c.name for c in found.calls] == ["recommend_products"], found.calls
    return found.calls[0].args


@pytest.mark.parametrize(("text", "purpose"), [
    ("What will customer 17850 buy next?", "next"),
    ("next basket of customer 17850", "next"),
    ("predict the next basket for customer 17850", "next"),
    ("what is customer 17850 likely to buy again?", "reorder"),
    ("what will customer 17850 reorder?", "reorder"),
    ("Which products are due for replenishment for customer 17850?", "reorder"),
    ("what should we recommend to customer 17850?", None),
    ("what is the next best offer for customer 17850?", None),
])
def test_one_customer(text: str, purpose: str | None) -> None:
    args = planned(text)
    assert args.get("customer_id") == "17850" and args.get("purpose") == purpose and not args.get("filter")


def test_a_group_of_customers() -> None:
    args = planned("predict the next basket for customers in Germany")
    assert args["purpose"] == "next" and args["filter"]["field"] == "country"
    assert planned("what will our customers buy again?") == {"purpose": "reorder"}


@pytest.mark.parametrize("text", ["what will they reorder?", "what are they likely to buy again?"])
def test_they_are_the_customer_of_the_conversation(text: str) -> None:
    past = Past(ToolCall("describe_customer", {"customer_id": "17850"}), {"tables": []}, 1)
    assert planned(text, past) == {"customer_id": "17850", "purpose": "reorder"}


def test_what_the_shop_orders_again_is_a_question_of_stock() -> None:
    found = plan_turn("which products should we reorder?", DialogueContext([], []), PlannerShop())
    assert [c.name for c in found.calls] != ["recommend_products"]
