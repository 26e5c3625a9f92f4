"""Whole texts about recommendations: why, why not, one against the other, a live basket, which model, for whom."""

from __future__ import annotations

from typing import Any

import pytest

from assistant.llm.planner.context import DialogueContext
from assistant.llm.planner.planner import plan_turn
from assistant.llm.planner.recommendation_forms import about_recommendations
from tests.support.planner_shops import PlannerShop

TOOLS = ("recommend_products", "compare_recommenders", "likely_buyers", "search_products", "query_data", "decline")


def plan(text: str) -> tuple[str, dict[str, Any]]:
    found = plan_turn(text, None, PlannerShop(), tools=TOOLS).calls[0]
    return found.name, found.args


@pytest.mark.parametrize("text", [
    "Why did you recommend the red mug to customer 17850?", "why is the red mug recommended for customer 17850",
    "explain why customer 17850 should get the red mug",
    "what is the reason for recommending red mug to customer 17850?",
    "why does customer 17850 get the red mug", "what makes the red mug a good fit for customer 17850?",
    "please tell me why you suggested the red mug to customer #17850", "how come customer 17850 is shown the red mug?",
])
def test_why(text: str) -> None:
    tool, args = plan(text)
    assert tool == "recommend_products" and args["customer_id"] == "17850" and "why_not" not in args
    assert args["why"] == plan("why not the red mug for customer 17850?")[1]["why_not"]


@pytest.mark.parametrize("text", [
    "why is the red mug not recommended to customer 17850", "why didn't you recommend the red mug to customer 17850?",
    "what would it take to recommend the red mug to customer 17850?", "why doesn't customer 17850 get the red mug",
    "when would you recommend the red mug to customer 17850", "what keeps the red mug off the list of customer 17850?",
])
def test_why_not(text: str) -> None:
    tool, args = plan(text)
    assert tool == "recommend_products" and set(args) == {"customer_id", "why_not"}


def test_one_against_another() -> None:
    tool, args = plan("why the red mug and not the tea towel for customer 17850?")
    assert tool == "recommend_products" and {"why", "why_not"} <= set(args) and args["why"] != args["why_not"]


@pytest.mark.parametrize("text", [
    "customer 17850 has put the red mug into the cart, what else?",
    "customer 17850 has the red mug in the basket - what should we recommend?",
    "what should we offer customer 17850 who just added the red mug to the basket",
    "the red mug is in the cart of customer 17850, what else should we show?",
])
def test_a_live_basket(text: str) -> None:
    tool, args = plan(text)
    assert tool == "recommend_products" and args["customer_id"] == "17850" and len(args["basket"]) == 1


@pytest.mark.parametrize(("text", "expected"), [
    ("compare popularity with EASE", {"model": "popularity", "against": "ease"}),
    ("is item kNN better than popularity?", {"model": "item_knn", "against": "popularity"}),
    ("EASE vs iALS", {"model": "ease", "against": "als"}),
    ("are your recommendations better than just showing bestsellers?", {"model": "popularity"}),
    ("compare EASE and popularity for customer 17850",
     {"model": "ease", "against": "popularity", "customer_id": "17850"}),
    ("which recommender do you use and why?", {}), ("how good are the recommendations?", {}),
    ("how accurate is the recommender", {}), ("can I trust the recommendations?", {}),
    ("compare all recommendation models", {}),
])
def test_which_model_and_how_good(text: str, expected: dict[str, Any]) -> None:
    assert plan(text) == ("compare_recommenders", expected)


@pytest.mark.parametrize(("text", "words"), [
    ("recommend something for a gardening lover", "gardening"),
    ("what would you recommend for someone who likes vintage tea sets", "vintage tea sets"),
    ("suggest a gift for a coffee fan", "coffee"), ("products for people who are into baking", "baking"),
])
def test_for_somebody_who_likes(text: str, words: str) -> None:
    tool, args = plan(text)
    assert (tool, args) == ("recommend_products", {"liking": words})


def test_a_number_of_products_is_kept() -> None:
    assert plan("recommend 3 products to customer 17850")[1] == {"customer_id": "17850", "k": 3}


def test_an_id_that_looks_like_none_is_tried() -> None:
    assert plan("recommend products for customer abc") == ("recommend_products", {"customer_id": "abc"})


@pytest.mark.parametrize("text", [
    "revenue last month", "why did sales drop?", "how many customers bought the red mug",
    "compare this month with last month",
    "recommend products for customers in Germany", "which products should we recommend to all customers?",
    "why are sales up?", "is Germany better than France?", "who bought the red mug", "how good was last month?",
])
def test_other_texts_are_left_alone(text: str) -> None:
    assert about_recommendations(text, DialogueContext(), PlannerShop(), TOOLS) is None
