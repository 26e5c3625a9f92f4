"""Captions, posts and subject lines asked for by themselves, and what is said of them next."""

from __future__ import annotations

from typing import Any

import pytest

from assistant.llm.planner.context import DialogueContext, Past
from assistant.llm.planner.planner import plan_turn
from tests.support.planner_shops import PlannerShop

SHOP = PlannerShop()


@pytest.mark.parametrize(("text", "expected"), [
    ("Give me an Instagram caption for our lanterns", {"theme": "lanterns"}),
    ("tweet about garden, nothing cheesy", {"category": "Garden", "tone": "friendly"}),
    ("Could you write three subject lines for a garden promotion?",
     {"channel": "subject", "category": "Garden", "variants": 3}),
    ("I need a subject line for the garden email, give me a few options",
     {"channel": "subject", "category": "Garden", "variants": 3}),
    ("I need subject line ideas for a win-back email", {"channel": "subject", "goal": "win_back"}),
])
def test_plans(text: str, expected: dict[str, Any]) -> None:
    made = plan_turn(text, DialogueContext(), SHOP).calls[0]
    assert made.name == "draft_post"
    assert {key: made.args.get(key) for key in expected} == expected


@pytest.mark.parametrize("text", [
    "How many Instagram posts did we write?", "Which subject line had the best open rate?",
    "A/B test two subject lines"])
def test_what_is_counted_or_tested_is_no_post(text: str) -> None:
    assert plan_turn(text, DialogueContext(), SHOP).calls[0].name != "draft_post"


def _after_lines(text: str) -> tuple[str, dict[str, Any]]:
    context = DialogueContext()
    first = plan_turn("Write three subject lines about garden", context, SHOP)
    context.questions.append("q")
    context.past.append(Past(first.calls[0], {"kind": "subject_lines", "details": {"lines": ["One", "Two", "Three"]}}))
    made = plan_turn(text, context, SHOP).calls[0]
    return made.name, made.args


def test_a_line_is_taken_into_a_draft_and_nobody_is_chosen_by_default() -> None:
    name, args = _after_lines("I like the second one, use it in a draft for lapsed customers")
    assert name == "draft_campaign" and args["edits"][0]["text"] == "Two"
    assert args["audience_words"] == "lapsed" or args["audience"]
    name, args = _after_lines("use the first")
    assert name == "ask_back" and all("One" in o for o in args["options"])


def test_other_lines_are_other_lines() -> None:
    assert _after_lines("some more options")[1]["wording"] == 1
