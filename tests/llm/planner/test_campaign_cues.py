"""Questions about tests, the calendar, the time to send and past campaigns, in any order of words."""

from __future__ import annotations

from typing import Any

import pytest

from assistant.llm.planner.context import DialogueContext, Past
from assistant.llm.planner.planner import plan_turn
from tests.support.planner_shops import PlannerShop

SHOP = PlannerShop()


def _planned(text: str, context: DialogueContext | None = None) -> tuple[str, dict[str, Any]]:
    made = plan_turn(text, context or DialogueContext(), SHOP).calls[0]
    return made.name, made.args


@pytest.mark.parametrize(("text", "tool", "expected"), [
    ("How long would I have to run an A/B test if we get about 60 orders a day?", "size_experiment",
     {"about": "duration", "orders_per_day": 60.0}),
    ("If I test on 10% of my list, how long before I know at 80 orders per day?", "size_experiment",
     {"about": "duration", "orders_per_day": 80.0, "in_test": 0.1}),
    ("How many people would I need for a split test of two subject lines to spot a 2 point difference in open rate?",
     "size_experiment", {"about": "test", "effect": 2.0, "outcome": "opens"}),
    ("Any clashes?", "show_calendar", {}),
    ("What's the best day and time to send emails to my customers?", "explain_brief",
     {"no_draft": True, "channel": "email"}),
    ("which mailings flopped?", "read_out_campaigns", {"earned": "least"}),
    ("Does texting beat email for us?", "read_out_campaigns", {"by": "message_channel"}),
])
def test_plans(text: str, tool: str, expected: dict[str, Any]) -> None:
    name, args = _planned(text)
    assert name == tool
    assert {key: args.get(key) for key in expected} == expected


@pytest.mark.parametrize("text", ["How long does a test of our tea take in Leeds at 60 orders a day?",
                                  "Which of the green mailings flopped?"])
def test_a_word_that_is_no_cue_leaves_the_text_to_others(text: str) -> None:
    assert _planned(text)[0] not in {"size_experiment", "read_out_campaigns"}


def test_a_read_out_goes_on_with_some_of_the_campaigns() -> None:
    context = DialogueContext()
    first = plan_turn("Which campaign had the best return?", context, SHOP)
    context.questions.append("q")
    context.past += [Past(c, {"kind": "read_out"}) for c in first.calls]
    name, args = _planned("And of the win-backs only?", context)
    assert name == "read_out_campaigns"
    assert (args["campaign_kind"], args["earned"], args.get("latest", False)) == ("win_back", "most", False)


def test_a_size_goes_on_with_other_customers() -> None:
    context = DialogueContext()
    first = plan_turn("How large a holdout do I need to detect a lift of 3%?", context, SHOP)
    context.questions.append("q")
    context.past += [Past(c, {"kind": "experiment_size"}) for c in first.calls]
    name, args = _planned("And if I only email customers in Germany?", context)
    assert name == "size_experiment" and "Germany" in str(args["audience"]) and args["effect_relative"] == 3.0
