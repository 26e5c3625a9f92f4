"""The share of a named group: the group is the whole."""

from __future__ import annotations

import pytest

from assistant.llm.planner.planner import plan_turn
from assistant.plans.query import QueryPlan
from tests.support.planner_shops import PlannerShop

SHOP = PlannerShop()


def plan_of(text: str) -> QueryPlan:
    plan = plan_turn(text, None, SHOP).calls[0].plan()
    assert isinstance(plan, QueryPlan), text
    return plan


@pytest.mark.parametrize(("text", "whole"), [
    ("what share of loyal customers are from Germany", "how many loyal customers"),
    ("what share of German customers are loyal", "how many German customers"),
    ("what fraction of the customers from Germany bought mugs", "how many customers from Germany"),
])
def test_the_group_named_is_the_whole(text: str, whole: str) -> None:
    plan, group = plan_of(text), plan_turn(whole, None, SHOP).calls[0].plan()
    assert plan.compare is not None and plan.compare.of == group.filter
    assert plan.filter != group.filter and plan.metrics == ("customers",)


def test_the_other_way_round_is_another_share() -> None:
    one, other = plan_of("what share of loyal customers are from Germany"), plan_of(
        "what share of German customers are loyal")
    assert one.compare != other.compare
