"""A scrap after a refusal is no question of its own."""

from __future__ import annotations

import pytest

from assistant.llm.planner.candidate import ToolCall
from assistant.llm.planner.context import DialogueContext, Past
from assistant.llm.planner.planner import plan_turn
from tests.support.planner_shops import PlannerShop

SHOP = PlannerShop()
REFUSED = DialogueContext(
    [Past(ToolCall("decline", {"reason": "not_understood", "message": "", "missing": [], "nearest": []}),
          {"refusal": {"reason": "not_understood"}})],
    ["what do wibbles wobble?"],
)


@pytest.mark.parametrize("text", ["only German customers please", "ok, just customers from France", "without guests"])
def test_a_scrap_is_not_answered_alone(text: str) -> None:
    assert plan_turn(text, REFUSED, SHOP).calls[0].name == "decline"


@pytest.mark.parametrize("text", [
    "just revenue from Germany then", "how many customers are from Germany?",
    "just tell me how many orders we had in 2011",
])
def test_a_whole_question_is(text: str) -> None:
    assert plan_turn(text, REFUSED, SHOP).calls[0].name != "decline"


def test_without_a_refusal_before_it_is_a_question() -> None:
    assert plan_turn("only German customers", None, SHOP).calls[0].name != "decline"


OPEN = DialogueContext(
    [Past(ToolCall("ask_back", {"text": "Which?", "options": ["lapsed customers", "loyal customers"]}))],
    ["which customers matter?"],
)


def test_they_are_nobody_while_a_question_back_is_open() -> None:
    planned = plan_turn("how much did they spend", OPEN, SHOP)
    assert planned.calls[0].name == "decline"
    assert planned.calls[0].args["nearest"] == ["lapsed customers", "loyal customers"]


def test_another_question_is_answered_meanwhile() -> None:
    assert plan_turn("revenue in 2011", OPEN, SHOP).calls[0].name == "query_data"
