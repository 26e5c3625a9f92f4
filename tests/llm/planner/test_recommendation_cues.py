"""Questions about recommendations in any order of words, and what must not be taken for one."""

from __future__ import annotations

from typing import Any

import pytest

from assistant.llm.planner.context import DialogueContext
from assistant.llm.planner.planner import plan_turn
from tests.support.planner_shops import PlannerShop


def _call(text: str) -> tuple[str, dict[str, Any]]:
    (one,) = plan_turn(text, DialogueContext(), PlannerShop()).calls
    return one.name, {k: v for k, v in one.args.items() if v not in (None, (), [], {})}


def test_next_order_is_no_count_of_orders() -> None:
    assert _call("what would customer 17850 order next") == (
        "recommend_products", {"customer_id": "17850", "purpose": "next"})


@pytest.mark.parametrize(("text", "action"), [
    ("candidates for clearance", "clear"), ("what should we put on sale to get rid of stock", "clear"),
    ("things to take off the homepage", "stop"),
])
def test_promotion_in_other_words(text: str, action: str) -> None:
    name, args = _call(text)
    assert (name, args["action"]) == ("plan_promotion", action)


def test_a_customer_and_goods() -> None:
    assert _call("which product should I show customer 17850 first?")[1]["customer_id"] == "17850"


@pytest.mark.parametrize("text", ["what does customer 17850 like?", "show customer 17850", "should we give a discount"])
def test_other_questions_are_left_alone(text: str) -> None:
    assert _call(text)[0] not in {"recommend_products", "plan_promotion"}


def test_what_is_looked_for_is_not_joined_to_what_it_goes_with() -> None:
    assert not _call("which mug goes with the linen cushion")[1].get("also_product_ids")


@pytest.mark.parametrize("text", ["why Kitchen for customer 17850", "how come we push Kitchen at customer 17850?"])
def test_why_takes_a_category(text: str) -> None:
    assert _call(text) == ("recommend_products", {"customer_id": "17850", "why": "Kitchen"})


@pytest.mark.parametrize("text", [
    "what could I offer people instead of the mug", "our mugs are sold out, any substitutes?",
])
def test_words_of_several_products_are_not_taken_for_one(text: str) -> None:
    name, args = _call(text)
    assert name == "find_substitutes" and args["product_id"] in {"mug", "mugs"}


@pytest.mark.parametrize(("text", "period"), [
    ("how many products were launched in the last two months?", "rolling"),
    ("which items did we start selling in November?", "named"), ("what did we add to the range this year?", "calendar"),
])
def test_new_products_of_days_that_are_named(text: str, period: str) -> None:
    name, args = _call(text)
    assert name == "new_products" and args["period"]["kind"] == period


def test_the_newest_are_listed_by_day() -> None:
    args = _call("list the ten newest products")[1]
    assert args["newest_first"] and args["k"] == 10


def test_who_wants_the_new_ones_of_a_category() -> None:
    name, args = _call("who would want our newest Garden items?")
    assert name == "likely_buyers" and args["category"] == "Garden" and args["new_only"]


@pytest.mark.parametrize("text", ["what would customers in Germany go for?", "what would German customers like?"])
def test_what_a_group_likes_is_no_count_of_it(text: str) -> None:
    name, args = _call(text)
    assert name == "recommend_products" and args["filter"]["values"] == ["Germany"]


def test_rules_of_a_list_tell_products_from_other_offers() -> None:
    name, args = _call("what could we offer our lapsed customers, only things in stock and under 20 euros?")
    assert (name, args["max_price"]) == ("recommend_products", 20.0)
    assert args["filter"]["metric"] == "days_since_last_order"


def test_an_ordinary_word_may_pass_and_is_named() -> None:
    planned = plan_turn("what do you swiftly recommend for customer 17850?", DialogueContext(), PlannerShop())
    assert planned.calls[0].name == "recommend_products" and planned.notes == ["not_used|swiftly"]


@pytest.mark.parametrize("text", [
    "recommend unicorn mugs for customer 17850", "recommend products for hospitals", "which purple products to promote",
])
def test_a_word_that_narrows_does_not_pass(text: str) -> None:
    assert _call(text)[0] == "decline"


def test_a_list_by_content_needs_something_known() -> None:
    planned = plan_turn("picks for a first-time visitor based on content", DialogueContext(), PlannerShop())
    assert planned.calls[0].args["method"] == "popularity" and planned.notes == ["content_of_nobody|"]


def test_what_is_bought_along_with_a_category() -> None:
    assert _call("what are people buying along with Garden things?") == ("bought_together", {"category": "Garden"})


def test_one_category_rather_than_another() -> None:
    args = _call("why did customer 17850 get recommended Kitchen and not Garden?")[1]
    assert (args["why"], args["why_not"]) == ("Kitchen", "Garden") and not args.get("exclude_categories")


def test_a_basket_of_several_things_and_an_add_on() -> None:
    name, args = _call("Someone is buying a teapot and a mug; suggest an add-on")
    assert name == "recommend_products" and len(args["basket"]) == 2


def test_reorder_of_one_category_and_top_spenders() -> None:
    assert _call("when should customer 17850 reorder Garden things?")[1]["category"] == "Garden"
    assert _call("recommendations for our top spenders")[1]["filter"]["rank"] == "top_percent"


@pytest.mark.parametrize(("text", "action"), [
    ("which products have momentum in Germany right now?", "rising"),
    ("what shouldn't I advertise any longer?", "stop"),
])
def test_courses_and_stops_in_other_words(text: str, action: str) -> None:
    name, args = _call(text)
    assert (name, args["action"]) == ("plan_promotion", action)


def test_what_to_promote_on_an_occasion() -> None:
    name, args = _call("which goods deserve a place in the Easter mailing?")
    assert (name, args["focus"]) == ("brief_shop", "promote") and args["period"]["event"] == "easter"


@pytest.mark.parametrize(("text", "about"), [
    ("is something wrong with the recommendation engine", "all"), ("which products are never recommended", "coverage"),
    ("what share of our catalogue is ever recommended", "coverage"), ("is there a popularity bias", "popularity"),
    ("how different are the lists across customers", "sameness"), ("should we retrain the model", "age"),
    ("are customers only buying what we recommend", "feedback"),
])
def test_the_recommender_itself(text: str, about: str) -> None:
    name, args = _call(text)
    assert (name, args.get("about", "all")) == ("check_recommender", about)


@pytest.mark.parametrize("text", ["what's new in the shop", "which products have we launched recently", "new arrivals"])
def test_new_products_in_other_words(text: str) -> None:
    assert _call(text)[0] == "new_products"


@pytest.mark.parametrize("text", [
    "People who are into tea - what could we show them?", "what could we show people who are into tea?",
])
def test_what_people_are_into_is_no_count_of_them(text: str) -> None:
    assert _call(text)[1]["liking"] == "tea"


def test_a_bare_number_is_so_many_products() -> None:
    args = _call("recommend Kitchen things to loyal customers, not napkins, at most 3")[1]
    assert args["k"] == 3 and not args.get("max_price")


def test_gone_in_its_place_and_a_basket_of_a_category() -> None:
    assert _call("the linen cushion is out, what do we put forward in its place?")[0] == "find_substitutes"
    assert _call("customer 17850 is at the checkout with a Garden thing, anything to add?")[1]["basket"] == ["Garden"]


def test_would_they_like_it() -> None:
    assert _call("would customer 17850 like the tea towel?")[1]["why"]


def test_the_same_for_all_and_three_things() -> None:
    assert _call("are your lists just the same bestsellers for all?")[1]["about"] == "sameness"
    assert _call("which three things should customer 17850 get next?")[1] == {"customer_id": "17850", "k": 3}


@pytest.mark.parametrize(("text", "args"), [
    ("who would buy an Acorn mug?", {"text": "mug", "brand": "Acorn"}),
    ("20 people who would want a mug from Acorn", {"text": "mug", "brand": "Acorn"}),
    ("which customers might be interested in Kitchen by Acorn", {"category": "Kitchen", "brand": "Acorn"}),
    ("who would like Acorn", {"brand": "Acorn"}),
])
def test_a_brand_narrows_the_goods_that_somebody_would_buy(text: str, args: dict[str, Any]) -> None:
    assert _call(text) == ("likely_buyers", args)


def test_a_brand_that_was_bought_is_of_the_customers() -> None:
    name, args = _call("what should we recommend to customers who bought Acorn")
    assert name == "recommend_products" and "brand" not in args and args["filter"]["where"]["field"] == "brand"


@pytest.mark.parametrize("text", [
    "which items should I show people from France?", "which products would we put in front of people from France",
])
def test_what_to_show_a_group(text: str) -> None:
    assert _call(text)[1]["filter"]["values"] == ["France"]


def test_several_products_that_something_goes_with_are_a_basket() -> None:
    assert len(_call("suggest products that go with the linen cushion and the red mug together")[1]["basket"]) == 2


@pytest.mark.parametrize(("text", "name"), [
    ("If I drop the price of the red mug to 5, how many more will I sell?", "decline"),
    ("if we cut prices by 10 %, how many more units would we sell?", "break_even"),
    ("what would sales be of the red mug if it was 10 % cheaper", "break_even"),
])
def test_what_a_price_would_bring_is_no_second_question(text: str, name: str) -> None:
    assert _call(text)[0] == name
