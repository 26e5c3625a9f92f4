"""Things to choose from that stand beside their kind."""

from __future__ import annotations

import pytest

from assistant.llm.planner.planner import plan_turn
from tests.support.planner_shops import PlannerShop

SHOP = PlannerShop()


@pytest.mark.parametrize("text", [
    "Which country (Germany / France / Narnia) had the most orders in 2011?",
    "which of our countries, Germany, France or Narnia, had the most orders in 2011",
    "what country - Germany, Narnia or France - had most orders in 2011?",
])
def test_those_named_are_compared_and_the_unknown_one_is_said(text: str) -> None:
    planned = plan_turn(text, None, SHOP)
    args = planned.calls[0].args
    assert args["dimensions"] == ["country"] and args["filter"]["values"] == ["Germany", "France"]
    assert "limit" not in args, "all that were named are shown"
    assert any(note.startswith("not_among|Narnia|") for note in planned.notes)


def test_where_none_is_of_the_shop_the_answer_is_no() -> None:
    planned = plan_turn("Which country (Narnia / Gondor) had the most orders in 2011?", None, SHOP)
    assert planned.calls[0].name == "decline" and "Narnia" in planned.calls[0].args["message"]


def test_a_list_that_is_no_choice_is_left_alone() -> None:
    planned = plan_turn("which category had most orders, revenue and units in 2011", None, SHOP)
    assert "filter" not in planned.calls[0].args
