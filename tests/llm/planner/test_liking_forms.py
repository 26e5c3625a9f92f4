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


@pytest.mark.parametrize("text", [
    "recommend for customer 17850 products under 5 pounds they've never bought",
    "recommend products to customer 17850 under 5 they do not own yet",
    "what should we recommend to customer 17850 under 5, nothing they already bought",
])
def test_nothing_they_bought_before(text):
    assert plan(text)[1] == {"customer_id": "17850", "max_price": 5.0, "unowned": True}


@pytest.mark.parametrize(("text", "args"), [
    ("a cheaper option than the red mug", {"product_id": "P1", "relative_price": "cheaper"}),
    ("we're out of the red mug, what do we offer instead?", {"product_id": "P1"}),
    ("our red mug is sold out; which product should we point people to?", {"product_id": "P1"}),
    ("what could stand in for the red mug", {"product_id": "P1"}),
])
def test_what_to_offer_instead(text, args):
    assert plan(text) == ("find_substitutes", args)


@pytest.mark.parametrize(("text", "name", "args"), [
    ("next order of customer 17850", "recommend_products", {"customer_id": "17850", "purpose": "next"}),
    ("when will customer 17850 need to reorder?", "recommend_products", {"customer_id": "17850", "purpose": "reorder"}),
    ("recommend for 99999", "recommend_products", {"customer_id": "99999"}),
    ("top picks for customer 17850 from Kitchen only, max 40 euros", "recommend_products",
     {"category": "Kitchen", "max_price": 40.0, "customer_id": "17850"}),
    ("gift ideas under 25 euros", "recommend_products", {"max_price": 25.0}),
    ("something similar to the red mug but less expensive", "search_products",
     {"like_product_id": "P1", "relative_price": "cheaper"}),
    ("is our recommender stuck in a feedback loop?", "check_recommender", {"about": "feedback"}),
    ("how stale is the model?", "check_recommender", {"about": "age"}),
    ("which products get recommended to almost nobody?", "check_recommender", {"about": "coverage"}),
    ("which products deserve more visibility on the home page next week?", "plan_promotion", {}),
    ("which articles should disappear from the newsletter?", "plan_promotion", {"action": "stop"}),
    ("what sells with the red mug but isn't a mug?", "bought_together", {"product_id": "P1", "complements": True}),
])
def test_other_wordings_of_lists(text, name, args):
    assert plan(text) == (name, args)


@pytest.mark.parametrize("text", [
    "Show slow movers with high stock", "which slow movers do we have", "what do we have too much of in stock",
])
def test_what_lies_in_stock_is_to_be_cleared(text):
    assert plan(text) == ("plan_promotion", {"action": "clear"})


def test_no_product_of_a_basket_is_dropped():
    name, args = plan("If someone has a red mug and a purple unicorn in the basket, what to suggest?")
    assert name != "recommend_products" or args["basket"] != ["P1"]


def test_who_lacks_it_and_might_buy_it():
    name, args = plan("who hasn't bought the red mug yet but is likely to?")
    assert name == "likely_buyers" and args["product_id"] == "P1"
    assert (args["filter"]["metric"], args["filter"]["values"]) == ("orders", [0.0])


@pytest.mark.parametrize(("text", "name", "args"), [
    ("suggest an upsell for the red mug", "find_substitutes", {"product_id": "P1", "relative_price": "dearer"}),
    ("what goes with the red mug but is not a mug", "bought_together", {"product_id": "P1", "complements": True}),
    ("which product should I discount?", "plan_promotion", {"action": "clear"}),
    ("gift for a grandmother who knits", "recommend_products", {"liking": "knits"}),
])
def test_further_wordings_of_lists(text, name, args):
    assert plan(text) == (name, args)


def test_people_of_a_country_are_people_not_a_basket():
    name, args = plan("who in Germany would like the red mug")
    assert (name, args["product_id"], args["filter"]["values"]) == ("likely_buyers", "P1", ["Germany"])


def test_what_is_never_recommended_is_a_matter_of_coverage():
    assert plan("which items do we never recommend?") == ("check_recommender", {"about": "coverage"})


@pytest.mark.parametrize(("text", "name", "args"), [
    ("show me an alternative to the red mug that costs less", "find_substitutes",
     {"product_id": "P1", "relative_price": "cheaper"}),
    ("which two products make the best pair deal?", "propose_bundles", {"size": 2}),
])
def test_prices_said_otherwise_and_pairs(text, name, args):
    assert plan(text) == (name, args)
