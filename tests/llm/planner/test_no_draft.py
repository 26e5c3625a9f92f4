"""A draft that the conversation never saw is not answered about, and not changed."""

from __future__ import annotations

import pytest

from assistant.llm.planner.candidate import ToolCall
from assistant.llm.planner.context import DialogueContext, Past
from assistant.llm.planner.planner import plan_turn
from tests.support.planner_shops import PlannerShop

DRAFT = ToolCall("draft_campaign", {"goal": "launch"})
QUESTION = Past(DRAFT, {"kind": "question", "question": {"text": "Who?", "options": ["Draft it for all customers"]}}, 1)
MADE = Past(DRAFT, {"kind": "campaign", "words": {"campaign": "c-5"}}, 1)


def planned(text: str, *past: Past) -> ToolCall:
    (call,) = plan_turn(text, DialogueContext(list(past)), PlannerShop()).calls
    return call


@pytest.mark.parametrize("text", [
    "Make it repeat daily", "make it weekly", "have it go out every week", "repeat it daily", "send it every Monday",
    "who gets it?", "use unique codes", "export it for Klaviyo",
])
def test_a_fresh_conversation_has_no_draft(text: str) -> None:
    made = planned(text)
    assert made.name == "decline" and made.args["nearest"]


@pytest.mark.parametrize("text", ["what will it cost?", "how large must the control group be?", "Make it repeat daily"])
def test_a_draft_that_was_asked_about_is_not_made(text: str) -> None:
    made = planned(text, QUESTION)
    assert made.name == "decline" and made.args["nearest"] == ["Draft it for all customers"]


@pytest.mark.parametrize(("text", "tool"), [
    ("Make it repeat daily until 2027-01-31, at most 50 each time", "plan_sending"), ("dry run", "dry_run_campaign"),
    ("what will it cost?", "show_campaign"),
])
def test_the_draft_on_the_table_is_meant(text: str, tool: str) -> None:
    assert planned(text, MADE).name == tool


@pytest.mark.parametrize(("text", "tool"), [
    ("show the latest draft", "show_campaign"), ("export c-4 for Klaviyo", "export_campaign"),
    ("show my drafts", "list_campaigns"), ("revenue weekly", "query_data"),
])
def test_what_names_or_shows_a_draft_is_planned(text: str, tool: str) -> None:
    assert planned(text).name == tool


def test_a_size_without_a_draft_is_that_for_everybody() -> None:
    made = planned("is a 10 % control group enough?")
    assert made.name == "size_experiment" and made.args["audience_words"] == "all customers"
