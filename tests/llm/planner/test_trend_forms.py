"""What is trending, what loses popularity: by the form of the whole text, in words that nobody tuned one by one."""

from __future__ import annotations

import pytest

from assistant.llm.planner.context import DialogueContext
from assistant.llm.planner.planner import plan_turn
from tests.support.planner_shops import PlannerShop


def plan(text: str):
    (made,) = plan_turn(text, DialogueContext(), PlannerShop()).calls
    return made.name, made.args


@pytest.mark.parametrize("text", [
    "what is trending?", "What's hot at the moment?", "which items are gaining momentum",
    "which products are taking off?", "show me trending products", "are there any up-and-coming products?",
    "is anything catching on lately?",
    "which articles are suddenly popular", "what are people suddenly buying more of?",
])
def test_a_rise_is_asked_for(text):
    assert plan(text) == ("plan_promotion", {"action": "rising"})


@pytest.mark.parametrize("text", [
    "which products are losing popularity?", "what is going out of fashion", "anything losing steam?",
    "which items are past their peak", "what's no longer popular?",
])
def test_a_fall_is_asked_for(text):
    assert plan(text) == ("plan_promotion", {"action": "falling"})


def test_time_place_number_and_category_join():
    assert plan("what is trending in Kitchen")[1] == {"action": "rising", "category": "Kitchen"}
    assert plan("top 3 trending products under 20")[1] == {"action": "rising", "k": 3, "max_price": 20.0}
    assert plan("what is trending in Germany")[1]["filter"]["values"] == ["Germany"]
    assert plan("trending products this quarter")[1]["period"]["unit"] == "quarter"


def test_what_the_end_does_not_explain_is_not_read_as_a_trend():
    assert plan("hot chocolate")[0] != "plan_promotion"
    assert plan("what is popular right now")[0] == "query_data"
