"""Questions about past campaigns and sending in general, and what a brief says in passing."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from assistant.llm.planner.context import DialogueContext
from assistant.llm.planner.planner import plan_turn
from assistant.llm.planner.uplift_talk import campaign_named
from tests.support.planner_shops import PlannerShop

SHOP = PlannerShop()


def _planned(text: str) -> tuple[str, dict[str, Any]]:
    made = plan_turn(text, DialogueContext(), SHOP).calls[0]
    return made.name, made.args


@pytest.mark.parametrize(("text", "tool", "expected"), [
    ("Which discount campaigns lost money?", "read_out_campaigns", {"earned": "least", "discounted": True}),
    ("which campaign had the best return", "read_out_campaigns", {"earned": "most"}),
    ("What did the win-back campaigns bring in total after costs?", "read_out_campaigns",
     {"campaign_kind": "win_back", "by": "campaign"}),
    ("Best time to send emails?", "explain_brief", {"no_draft": True, "channel": "email"}),
    ("Win-back by SMS and if no phone an e-mail", "draft_campaign", {"channels": ["sms", "email"],
                                                                     "first_channel": True}),
    ("Draft a win-back campaign for lapsed customers by email, under 80 words", "draft_campaign",
     {"at_most": 80, "at_most_of": "words"}),
    ("Plan a Black Friday campaign with a budget of 500 euros", "draft_campaign", {"budget": 500.0}),
])
def test_plans(text: str, tool: str, expected: dict[str, Any]) -> None:
    name, args = _planned(text)
    assert name == tool
    assert {key: args.get(key) for key in expected} == expected


def test_second_channel_is_no_condition_on_customers() -> None:
    args = _planned("Email lapsed customers, or text them if they have no email")[1]
    assert args["first_channel"] is True
    assert "contactable" not in str(args["audience"])


def test_we_is_no_campaign() -> None:
    """ "How much revenue did we make" asks of the shop, not of a campaign called "We Miss You"."""
    near = SimpleNamespace(kind="campaign", score=1.0, label="We Miss You")
    shop: Any = SimpleNamespace(labels=lambda _: ["We Miss You"], find=lambda *_: [near])

    assert campaign_named(shop, "we") is None
    assert campaign_named(shop, "we miss you") == "We Miss You"
