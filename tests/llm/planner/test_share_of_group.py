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


@pytest.mark.parametrize(("text", "part", "whole"), [
    ("app orders as a share of web orders", "app", "web"),
    ("ratio of app to web orders", "app", "web"),
    ("German revenue as a percentage of French revenue", "Germany", "France"),
])
def test_one_value_is_the_whole_of_another(text: str, part: str, whole: str) -> None:
    plan = plan_of(text)
    assert plan.compare is not None and plan.compare.of is not None
    assert (plan.filter.values, plan.compare.of.values) == ((part,), (whole,))
