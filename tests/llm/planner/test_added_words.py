"""A question with a word that changes it is not answered as the question without it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from assistant.llm.planner.candidate import Planned
from assistant.llm.planner.planner import plan_turn
from benchmarks.questions.added_words import judged, sample
from tests.support.planner_shops import PlannerShop

CASES = Path(__file__).parents[2] / "golden" / "planner_cases.yaml"
SHOP = PlannerShop()


def _plan(text: str) -> Planned:
    return plan_turn(text, None, SHOP)


def _asked(every: int) -> list[tuple[str, list[str]]]:
    """Questions of the golden cases that are planned, with their tools."""
    cases = yaml.safe_load(CASES.read_text(encoding="utf-8"))["single"]
    texts = [case[0] for case in cases if isinstance(case[0], str)]
    planned = [(text, [c.name for c in _plan(text).calls]) for text in texts[::every]]
    return [(text, tools) for text, tools in planned if not {"decline", "ask_back"} & set(tools)]


def _share(asked: list[tuple[str, list[str]]], most: int, *, kept_back: bool) -> float:
    found = judged(sample(asked, most, kept_back=kept_back), _plan).values()
    every = sum(sum(counts.values()) for counts in found)
    return 1 - sum(counts.get("", 0) for counts in found) / every


def test_added_words_are_noticed() -> None:
    assert _share(_asked(25), 50, kept_back=False) >= 0.96


@pytest.mark.slow
@pytest.mark.parametrize("kept_back", [False, True])
def test_added_words_are_noticed_over_many_questions(kept_back: bool) -> None:
    assert _share(_asked(2), 700, kept_back=kept_back) >= 0.95


@pytest.mark.parametrize(("text", "word"), [
    ("what goes well with the red mug weighted by distance?", "distance"),
    ("make 5 clusters of customers if we raised prices by 5 percent", "clusters"),
    ("who should we email about the Garden Lantern launch per square metre?", "square"),
])  # fmt: skip
def test_a_lost_clause_is_named(text: str, word: str) -> None:
    planned = _plan(text)

    assert planned.calls[0].name == "decline"
    assert word in planned.calls[0].args["message"]


def test_a_describing_word_before_goods_is_named() -> None:
    planned = _plan("which new Kitchen damaged products should we feature?")

    assert planned.calls[0].name == "decline"
    assert "damaged" in planned.calls[0].args["message"]


def test_a_second_question_is_not_read_into_the_first() -> None:
    planned = _plan("which country has the highest revenue and is it growing?")

    assert planned.calls[0].name == "decline"
    assert "is it growing" in planned.calls[0].args["message"]
    assert planned.calls[0].args["nearest"][0] == "which country has the highest revenue"


def test_a_mean_of_totals_for_each_group_is_offered_as_what_can_be_shown() -> None:
    args = _plan("average monthly revenue by category").calls[0].args

    assert "category" in args["message"]
    assert [_plan(text).calls[0].name for text in args["nearest"]] == ["query_data"] * 3
