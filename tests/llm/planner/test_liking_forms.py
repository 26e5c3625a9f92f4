"""Somebody of whom only a liking is known, in many wordings; whoever else is named beside it is not lost."""

from __future__ import annotations

import pytest

from assistant.llm.planner.context import DialogueContext
from assistant.llm.planner.planner import plan_turn
from tests.support.planner_shops import PlannerShop


def plan(text: str):
    (made,) = plan_turn(text, DialogueContext(), PlannerShop()).calls
    return made.name, made.args


@pytest.mark.parametrize(("text", "liked"), [
    ("recommend something for people who like gardening", "gardening"), ("ideas for a cat person", "cat"),
    ("products for football fans", "football"), ("gift for somebody who travels a lot", "travels"),
    ("I have a customer who is into painting, what would you offer?", "painting"),
    ("which products fit people that adore Christmas", "Christmas"), ("what do we have for coffee addicts", "coffee"),
])
def test_a_liking(text, liked):
    assert plan(text) == ("recommend_products", {"liking": liked})


def test_rules_numbers_and_whoever_is_named_join_it():
    assert plan("what would you suggest for a tea lover under 20 euros?")[1] == {"liking": "tea", "max_price": 20.0}
    assert plan("3 gift ideas for a dad who loves barbecues")[1] == {"liking": "barbecues", "k": 3}
    assert plan("recommend something for customer 17850 who likes tea")[1] == {"liking": "tea", "customer_id": "17850"}
    assert plan("recommend something for our German customers who like tea")[1]["filter"]["values"] == ["Germany"]


@pytest.mark.parametrize("text", ["show me people who love tea", "recommend products for loyal customers"])
def test_people_asked_for_and_groups_are_no_liking(text):
    assert "liking" not in plan(text)[1]


@pytest.mark.parametrize("text", [
    "who would buy the red mug among first-time buyers", "which first-time buyers should hear about the red mug?",
])
def test_the_group_that_is_meant_is_not_lost(text):
    name, args = plan(text)
    assert name == "likely_buyers" and args["product_id"] == "P1" and args["filter"]["metric"] == "new_customers"
