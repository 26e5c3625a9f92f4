"""A scrap after a question back that nobody settled narrows the first reading, which is said."""

from __future__ import annotations

from assistant.llm.planner.context import DialogueContext, Past
from assistant.llm.planner.planner import plan_turn
from tests.support.planner_shops import PlannerShop

SHOP = PlannerShop()
QUESTION = "show me average sales"


def after(text: str) -> tuple[dict, list[str]]:
    context = DialogueContext()
    asked = plan_turn(QUESTION, context, SHOP)
    assert [c.name for c in asked.calls] == ["ask_back"]
    context.questions.append(QUESTION)
    context.past += [Past(c, None) for c in asked.calls]
    planned = plan_turn(text, context, SHOP)
    return planned.calls[0].args, planned.notes


def test_the_first_reading_is_narrowed() -> None:
    args, notes = after("by month")
    assert (args["metrics"], args["dimensions"]) == (["average_order_value"], ["month"])
    assert notes[0] == "first_open|show me average order value"


def test_a_question_of_its_own_is_not() -> None:
    args, notes = after("how many orders by country")
    assert (args["metrics"], args["dimensions"]) == (["orders"], ["country"])
    assert not any(note.startswith("first_open") for note in notes)
