"""Orders by two things that they hold, from the text to the plan."""

from __future__ import annotations

import pytest

from assistant.llm.planner.context import DialogueContext
from assistant.llm.planner.planner import plan_turn
from assistant.plans import Among, And, Compare, Not
from assistant.plans.query import QueryPlan
from tests.support.planner_shops import PlannerShop

SHOP = PlannerShop()


def holds(category: str) -> Among:
    return Among(dimension="order", metric="units", limit=0, where=Compare(field="category", values=(category,)))


GARDEN, KITCHEN = holds("Garden"), holds("Kitchen")


def planned(text: str) -> tuple[str, QueryPlan | None]:
    found = plan_turn(text, DialogueContext(), SHOP)
    plan = found.calls[0].plan() if found.calls[0].name == "query_data" else None
    return found.frame, plan if isinstance(plan, QueryPlan) else None


@pytest.mark.parametrize("text", [
    "how many orders contained both Garden and Kitchen products?",
    "number of orders with garden and kitchen together",
    "How many baskets have both garden items and kitchen items?",
    "how often were garden and kitchen bought together?",
    "how many transactions include Garden and Kitchen in the same order?",
])
def test_both_in_one_order(text: str) -> None:
    frame, plan = planned(text)
    assert frame == "order_sets" and plan is not None
    assert plan.metrics == ("orders",)
    assert plan.filter == And(parts=(GARDEN, KITCHEN))


@pytest.mark.parametrize("text", [
    "orders that had Garden but no Kitchen products",
    "how many orders include garden but not kitchen?",
    "how many orders with Garden without any Kitchen items",
])
def test_one_and_not_the_other(text: str) -> None:
    frame, plan = planned(text)
    assert frame == "order_sets" and plan is not None
    assert plan.filter == And(parts=(GARDEN, Not(part=KITCHEN)))


def test_measure_time_and_split_of_the_question_are_kept() -> None:
    _, plan = planned("average order value of orders with both Garden and Kitchen in 2025 by country")
    assert plan is not None
    assert plan.metrics == ("average_order_value",) and plan.dimensions == ("country",)
    assert plan.period is not None and plan.period.year == 2025
    assert plan.filter == And(parts=(GARDEN, KITCHEN))
    _, plan = planned("how many orders in 2025 had Garden but no Kitchen?")
    assert plan is not None and plan.period is not None and plan.period.year == 2025


@pytest.mark.parametrize("text", [
    "revenue from customers who bought Garden but not Kitchen",  # said of customers
    "orders from Germany and France",
    "orders with a discount",
    "orders with both Garden and flurbs",  # one thing is not the shop's
    "how many customers never placed orders with Garden but no Kitchen",
    "orders with Garden and Kitchen",  # not said that it is one order
])
def test_other_texts_are_left_alone(text: str) -> None:
    assert planned(text)[0] != "order_sets"
