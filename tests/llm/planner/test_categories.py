"""Wordings about categories where the data have none → plans, and those that must not be taken for one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from assistant.llm.planner.candidate import ToolCall
from assistant.llm.planner.context import DialogueContext, Past
from assistant.llm.planner.planner import plan_turn
from assistant.plans.shop import ShopStatus
from tests.support.planner_shops import PlannerShop

TOPS = ("Bags", "Candles & incense", "Cards", "Mugs, bottles & cups", "Other")
SUBS = ("Gift bags", "Purses", "Boxes", "Tea towels")
OURS = {"propose_categories", "adopt_categories", "show_categories", "change_categories"}


class SortedShop(PlannerShop):
    """The planner's shop with agreed categories instead of its own."""

    def status(self) -> ShopStatus:
        return replace(super().status(), added={"products.category": "proposed from product names"})

    def values(self, dimension: str) -> Sequence[str]:
        return {"category": TOPS, "subcategory": SUBS}.get(dimension) or super().values(dimension)


SHOP, PLAIN = SortedShop(), PlannerShop()


def plan(text: str, context: DialogueContext | None = None, shop: PlannerShop = SHOP) -> ToolCall:
    return plan_turn(text, context, shop).calls[0]


def after(tool: str, names: Sequence[str] = TOPS, **args: Any) -> DialogueContext:
    table = {"id": "categories", "columns": [{"name": "category"}], "rows": [[n] for n in names]}
    return DialogueContext([Past(ToolCall(tool, args), {"tables": [table]}, 1)], ["?"])


PROPOSED = ("propose categories", "group my products into categories",
            "make categories from the product names", "categorise my products", "cluster the products by meaning",
            "sort all our products into groups", "propose a taxonomy", "organise the catalogue into categories please",
            "suggest a two-level taxonomy for our products", "classify the products automatically",
            "come up with some categories for our products", "I want to group my products",
            "Can you suggest product categories for my catalogue?")


@pytest.mark.parametrize("text", PROPOSED)
def test_asking_for_a_proposal(text: str) -> None:
    assert plan(text, shop=PLAIN) == ToolCall("propose_categories", {})


@pytest.mark.parametrize("text", ["propose categories from scratch", "regroup the products from scratch",
                                  "group my products into categories anew"])
def test_asking_for_another_one(text: str) -> None:
    assert plan(text) == ToolCall("propose_categories", {"fresh": True})


@pytest.mark.parametrize("text", ["use these categories", "use these", "accept", "accept them", "yes, use them", "ok",
                                  "looks good, use them", "adopt the proposal", "take these categories into use"])
def test_accepting_right_after_a_proposal(text: str) -> None:
    assert plan(text, after("propose_categories")) == ToolCall("adopt_categories", {})
    assert plan(text, after("propose_categories", fresh=True)) == ToolCall("adopt_categories", {"fresh": True})


def test_what_would_move_is_shown_before_categories_in_use_are_fitted_anew() -> None:
    assert plan("use the proposed categories") == ToolCall("propose_categories", {})
    assert plan("use the proposed categories", shop=PLAIN) == ToolCall("adopt_categories", {})


@pytest.mark.parametrize(("text", "args"), [
    ("rename Cards to Greetings", {"action": "rename", "category": "Cards", "new_name": "Greetings"}),
    ("rename the category cards to Paper goods", {"action": "rename", "category": "Cards", "new_name": "Paper goods"}),
    ("rename candles and incense to Scent", {"action": "rename", "category": "Candles & incense", "new_name": "Scent"}),
    ("merge Cards into Bags", {"action": "merge", "category": "Cards", "into": "Bags"}),
    ("merge bags and cards", {"action": "merge", "category": "Bags", "into": "Cards"}),
    ("combine Purses with Gift bags", {"action": "merge", "category": "Purses", "into": "Gift bags"}),
    ("move the regency cakestand to Purses", {"action": "move", "into": "Purses", "words": "regency cakestand"}),
    ("put the lunch box in Bags", {"action": "move", "into": "Bags", "words": "lunch box"}),
    ("put everything called lunch box into Bags", {"action": "rule", "into": "Bags", "words": "lunch box"}),
    ("all products with tote in their name belong to Bags", {"action": "rule", "into": "Bags", "words": "tote"}),
    ("add a category Tea with everything called tea", {"action": "add", "new_name": "Tea", "words": "tea"}),
    ("create a new category called Seasonal", {"action": "add", "new_name": "Seasonal"}),
    ("rename the category Blabla to Foo", {"action": "rename", "category": "Blabla", "new_name": "Foo"}),
])
def test_changing_them(text: str, args: dict[str, str]) -> None:
    assert plan(text) == ToolCall("change_categories", args)


@pytest.mark.parametrize(("text", "category"), [
    ("rename the second one to Home", "Candles & incense"), ("rename number 3 to Home", "Cards"),
    ("rename the last one to Home", "Other"), ("call the first category Home", "Bags"),
])
def test_a_place_in_the_list_names_a_category(text: str, category: str) -> None:
    wanted = {"action": "rename", "category": category, "new_name": "Home"}
    assert plan(text, after("show_categories")) == ToolCall("change_categories", wanted)


@pytest.mark.parametrize(("text", "args"), [
    ("show the categories", {}), ("which categories do we have?", {}), ("list our categories", {}),
    ("show the products of Bags", {"category": "Bags"}), ("what is in Gift bags?", {"category": "Gift bags"}),
    ("which products are in the category other", {"category": "Other"}), ("show me 5 products of cards", {
        "category": "Cards", "limit": 5}),
])
def test_showing_them(text: str, args: dict[str, Any]) -> None:
    assert plan(text) == ToolCall("show_categories", args)


def test_undoing_right_after_a_change() -> None:
    for tool in ("adopt_categories", "change_categories"):
        args = {} if tool == "adopt_categories" else {"action": "rename", "category": "Cards", "new_name": "X"}
        assert plan("undo that", after(tool, **args)) == ToolCall("undo_change", {"of": "category"})


@pytest.mark.parametrize("text", ["stop using the categories", "discard the proposed categories",
                                  "drop the categories"])
def test_stopping(text: str) -> None:
    assert plan(text) == ToolCall("adopt_categories", {"action": "stop"})


@pytest.mark.parametrize("text", [
    "revenue by category", "top categories in Germany", "group customers into segments", "suggest groups of customers",
    "show me customer segments", "use these customers for a campaign", "rename the segment Mug fans to Cup fans",
    "group revenue by month", "sort products by revenue", "show the products", "split revenue by country",
    "which products are in stock?", "group orders by weekday", "sort the products by price",
    "show top 10 products in Germany",
    "divide customers into groups", "put the revenue in a chart", "what is in the data?", "propose a campaign for Bags",
    "move on", "merge the two lists", "suggest products for customer C1", "which categories sell best?",
    "list products by category", "put together a campaign for lapsed customers", "recommend products from Bags",
])
def test_what_is_no_request_about_categories(text: str) -> None:
    assert plan(text).name not in OURS


@pytest.mark.parametrize("text", ["show the categories", "which categories do we have?"])
def test_categories_of_the_data_are_asked_about_as_ever(text: str) -> None:
    assert plan(text, shop=PLAIN).name not in OURS
