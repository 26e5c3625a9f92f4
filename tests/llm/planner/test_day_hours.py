"""Hours of the day as conditions: full hours with a sign that they are times."""

from __future__ import annotations

import pytest

from assistant.llm.planner.context import DialogueContext
from assistant.llm.planner.day_hours import with_hours
from assistant.llm.planner.planner import plan_turn
from tests.support.planner_shops import PlannerShop


@pytest.mark.parametrize(("text", "said"), [
    ("orders between 6pm and 10pm", "orders h18x21"),
    ("orders from 12 to 14 o'clock", "orders h12x13"),
    ("orders between 6 and 10 pm", "orders h18x21"),
    ("revenue after 18:00", "revenue h18x23"),
    ("revenue before 9am", "revenue h0x8"),
    ("orders in the evening", "orders h18x22"),
    ("orders between 9:30 and 11:00", "orders between 9:30 and 11:00"),
    ("orders between 10 and 20 euros", "orders between 10 and 20 euros"),
    ("revenue from 2024 to 2025", "revenue from 2024 to 2025"),
    ("customers with 6 to 8 orders", "customers with 6 to 8 orders"),
])
def test_only_full_hours_are_put_as_hours(text, said):
    assert with_hours(text) == said


def test_hours_narrow_a_question_and_leave_a_sending_alone():
    plan = plan_turn("orders between 6pm and 10pm by country", DialogueContext(), PlannerShop()).calls[0]
    assert plan.args["filter"]["values"] == [18, 21] and plan.args["dimensions"] == ["country"]
    later = plan_turn("send it at 9am", DialogueContext(), PlannerShop()).calls[0]
    assert later.name != "query_data"
