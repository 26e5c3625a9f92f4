"""Words that have no part in the plan."""

from __future__ import annotations

import pytest

from assistant.llm.planner.planner import plan_turn
from tests.support.planner_shops import PlannerShop


@pytest.mark.parametrize(("text", "word"), [
    ("how do my customers pay?", "pay"),
    ("how do all our customers pay?", "pay"),
])  # fmt: skip
def test_a_word_without_which_the_plan_is_the_same_is_named(text: str, word: str) -> None:
    planned = plan_turn(text, None, PlannerShop())

    assert planned.calls[0].name == "decline"
    assert word in planned.calls[0].args["message"]


@pytest.mark.parametrize("text", [
    "show me the total sales revenue by country please",
    "top selling products by revenue in 2025",
    "how much did we sell in May 2026, compared to May 2025",
    "which customers bought from garden at least twice in 2025",
    "how many customers placed an order in the last 30 days",
    "what did customer 12345 buy in 2025",
])  # fmt: skip
def test_words_that_repeat_or_only_introduce_are_no_fault(text: str) -> None:
    assert plan_turn(text, None, PlannerShop()).calls[0].name != "decline"
