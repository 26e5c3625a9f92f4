"""Changes of a draft that are more than one word: each does what was said, and nothing wider."""

from __future__ import annotations

from typing import Any

import pytest

from assistant.llm.planner.candidate import ToolCall
from assistant.llm.planner.context import DialogueContext, Past
from assistant.llm.planner.planner import plan_turn
from assistant.llm.planner.respelled import unswapped
from assistant.llm.planner.vocabulary import vocabulary
from tests.support.planner_shops import PlannerShop

SHOP = PlannerShop()
RULE = {"op_type": "customer", "metric": "days_since_last_order", "op": "ge", "values": [90.0]}
DRAFT: dict[str, Any] = {"goal": "win_back", "audience": RULE, "offer": {"kind": "percent_off", "value": 10.0},
                         "channels": ["email"]}


def after(text: str, **more: Any) -> ToolCall:
    past = Past(ToolCall("draft_campaign", DRAFT | more), {"words": {"campaign": "c-1"}}, 1)
    (made,) = plan_turn(text, DialogueContext([past], ["a draft"]), SHOP).calls
    return made


@pytest.mark.parametrize("text", ["leave out customers in Germany", "exclude people from Germany",
                                  "don't send it to customers in Germany", "not for customers in Germany please",
                                  "leave Germany out"])
def test_who_is_left_out_is_denied(text: str) -> None:
    parts = after(text).args["audience"]["parts"]
    assert [p.get("op_type") for p in parts] == ["customer", "not"]
    assert parts[1]["part"]["values"] == ["Germany"]


def test_somebody_who_cannot_be_told_apart_is_not_passed_over() -> None:
    assert after("leave out people with a cat").name == "decline"


@pytest.mark.parametrize("text", ["make the discount 15 % and send it on Monday", "send it on Monday and make it 15 %"])
def test_two_changes_in_one_text_are_both_made(text: str) -> None:
    args = after(text).args
    assert args["offer"]["value"] == 15 and args["starts_on"]


@pytest.mark.parametrize(("text", "day"), [("push it back a week", "2026-07-13"), ("two days earlier", "2026-07-04"),
                                           ("postpone it by 3 days", "2026-07-09")])
def test_a_start_is_moved(text: str, day: str) -> None:
    assert str(after(text, starts_on="2026-07-06").args["starts_on"]) == day
    assert after(text).name == "decline"


@pytest.mark.parametrize("text", ["start it tomorrow at 9", "schedule it for next Monday at 9",
                                  "send it out at 9 am on Friday"])
def test_an_hour_is_no_discount(text: str) -> None:
    made = after(text)
    assert made.name != "draft_campaign" or made.args["offer"]["value"] == 10


def test_a_number_alone_is_that_of_the_wordings_where_there_are_several() -> None:
    assert after("make it three", variants=2).args["variants"] == 3


@pytest.mark.parametrize("text", ["Draft a win-back campaign for lapsed customers and own a cat",
                                  "Draft a campaign for lapsed customers in Germany with a dog"])
def test_what_may_narrow_an_audience_stops_the_draft(text: str) -> None:
    assert plan_turn(text, None, SHOP).calls[0].name == "decline"


def test_swapped_letters_are_put_right_but_not_in_quotations_and_names() -> None:
    words = vocabulary(SHOP, "en")
    assert unswapped('how many pepole buoght', words) == "how many people bought"
    assert unswapped('set the subject to "pepole" for Pepole', words) == 'set the subject to "pepole" for Pepole'


@pytest.mark.parametrize("text", [
    "We want to reactivate customers who haven't bought since January, 1,000 euros max, email only",
    "Draft a win-back for lapsed customers, at most 1,000 euros",
    "Win back lapsed customers by email, max 1,000 euros",
])
def test_an_amount_that_stands_apart_is_the_budget(text: str) -> None:
    (made,) = plan_turn(text, None, SHOP).calls
    assert made.name == "draft_campaign" and made.args["budget"] == 1000
    assert "revenue" not in str(made.args.get("audience"))


@pytest.mark.parametrize("text", ["Stop the win-back", "cancel the loyalty campaign"])
def test_stopping_a_kind_nobody_drafted_stops_nothing(text: str) -> None:
    assert plan_turn(text, None, SHOP).calls[0].name == "ask_back"


@pytest.mark.parametrize("text", ["what margin is left?", "who won't get it and why?", "what's the deadline?"])
def test_questions_about_the_draft_show_it(text: str) -> None:
    assert after(text).name == "show_campaign"


def test_half_price_is_a_share_and_a_second_for_nothing_is_no_offer_here() -> None:
    (made,) = plan_turn("Draft a half price campaign for lapsed customers", None, SHOP).calls
    assert made.args["offer"]["value"] == 50
    (no,) = plan_turn("Buy one get one free on mugs for loyal customers", None, SHOP).calls
    assert no.name == "decline" and "free delivery" in no.args["message"]
