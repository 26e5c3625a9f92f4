"""Products wanted under several conditions: every condition said is in the plan."""

from __future__ import annotations

from typing import Any

import pytest

from assistant.llm.planner.context import DialogueContext, Past
from assistant.llm.planner.planner import plan_turn
from tests.support.planner_shops import PlannerShop

SHOP = PlannerShop()


def search(text: str, context: DialogueContext | None = None) -> dict[str, Any]:
    """The arguments of the product search that a text is read as."""
    calls = plan_turn(text, context or DialogueContext(), SHOP).calls
    assert [c.name for c in calls] == ["search_products"], calls
    return calls[0].args


@pytest.mark.parametrize(("text", "args"), [
    ("show me mugs that are not red", {"text": "mugs", "without": ["red"]}),
    ("mugs not red or blue under 10",
     {"text": "mugs", "without": ["red", "blue"], "max_price": 10.0}),
    ("red mugs between 5 and 10 in stock",
     {"text": "red mugs", "min_price": 5.0, "max_price": 10.0, "in_stock_only": True}),
    ("mugs made of ceramic", {"text": "mugs", "containing": ["ceramic"]}),
    ("mugs sorted by price", {"text": "mugs", "sort": "cheapest"}),
    ("show me the most expensive mugs in stock", {"text": "mugs", "sort": "dearest", "in_stock_only": True}),
    ("newest mugs under 20", {"text": "mugs", "sort": "newest", "max_price": 20.0}),
    ("3 best-selling mugs under 15", {"text": "mugs", "sort": "best_selling", "max_price": 15.0, "k": 3}),
    ("something like the red mug but cheaper and not blue",
     {"text": "red mug", "alike": True, "relative_price": "cheaper", "without": ["blue"]}),
])
def test_every_condition_is_in_the_plan(text: str, args: dict[str, Any]) -> None:
    assert search(text) == args


def test_a_category_said_as_one_is_a_filter() -> None:
    assert search("cheapest products in Kitchen") == {"category": "Kitchen", "sort": "cheapest"}


def test_the_newest_of_a_category_are_its_new_products() -> None:
    calls = plan_turn("newest products in Kitchen", DialogueContext(), SHOP).calls
    assert [(c.name, c.args) for c in calls] == [("new_products", {"category": "Kitchen", "newest_first": True})]


@pytest.mark.parametrize("text", [
    "customers who bought mugs that are not red", "best-selling products in Kitchen", "revenue of mugs not in stock",
    "how many mugs are in stock", "best-selling mugs in Germany", "top 10 mugs in 2011", "who bought the cheapest mug",
    "mugs with more than 500 pieces",
])
def test_questions_about_sales_and_people_are_no_search_with_conditions(text: str) -> None:
    calls = plan_turn(text, DialogueContext(), SHOP).calls
    assert not any(c.name == "search_products" and ({"without", "sort", "min_price", "in_stock_only"} & c.args.keys())
                   for c in calls)


def test_a_condition_alone_narrows_the_search_before() -> None:
    context = DialogueContext()
    first = plan_turn("mugs not red", context, SHOP).calls[0]
    context.questions.append("mugs not red")
    context.past.append(Past(first, {"tables": []}))
    assert search("only those in stock, cheapest first", context) == {
        "text": "mugs", "without": ["red"], "in_stock_only": True, "sort": "cheapest"}


@pytest.mark.parametrize(("second", "more"), [
    ("under 10", {"max_price": 10.0}), ("under 12 euros", {"max_price": 12.0}),
    ("made of ceramic", {"containing": ["ceramic"]}),
    ("and not blue", {"without": ["red", "blue"]}),
])
def test_a_limit_alone_is_no_number_of_rows(second: str, more: dict[str, Any]) -> None:
    context = DialogueContext()
    first = plan_turn("mugs not red", context, SHOP).calls[0]
    context.questions.append("mugs not red")
    context.past.append(Past(first, {"tables": []}))
    assert search(second, context) == {"text": "mugs", "without": ["red"], **more}
