"""A text is read once in a turn, and what one reading does to it no other one sees."""

from __future__ import annotations

from assistant.llm.planner.candidate_readings import candidates
from assistant.llm.planner.context import DialogueContext
from assistant.llm.planner.heard import hearing
from assistant.llm.planner.spans import read
from assistant.llm.planner.tool_names import ALL_TOOLS
from assistant.llm.planner.turn_memory import once, remembering
from assistant.llm.planner.vocabulary import vocabulary
from tests.support.planner_shops import PlannerShop


def test_a_value_is_made_once_in_a_turn_and_anew_in_the_next() -> None:
    made: list[int] = []
    for _ in range(2):
        with remembering():
            assert [once("key", lambda: made.append(1) or len(made)) for _ in range(3)] == [len(made)] * 3

    assert len(made) == 2
    assert once("key", lambda: 7) == 7


def test_readings_are_kept_but_not_shared() -> None:
    shop = PlannerShop()
    with hearing("en"), remembering():
        words = vocabulary(shop)
        first = read("revenue by country in 2011", words)
        first.items.pop()
        first.memo["nothing"] = object()
        second = read("revenue by country in 2011", words)
        found = candidates(second, DialogueContext(), shop, ALL_TOOLS)
        found[0].unexplained.append("a word")
        found[0].cost += 5
        again = candidates(second, DialogueContext(), shop, ALL_TOOLS)

    assert len(second.items) == len(first.items) + 1
    assert second.memo.get("nothing") is not first.memo["nothing"]
    assert again[0].cost < 1 and "a word" not in again[0].unexplained
