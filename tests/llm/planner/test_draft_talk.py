"""What is asked and said about the draft on the table: shown in part, changed, copied, or refused by name."""

from __future__ import annotations

from typing import Any

import pytest

from assistant.llm.planner.context import DialogueContext, Past
from assistant.llm.planner.planner import plan_turn
from tests.support.planner_shops import PlannerShop

SHOP = PlannerShop()
DRAFT = "Win back lapsed customers by email and sms with 10 % off"


def after(*texts: str) -> tuple[str, dict[str, Any]]:
    """The last text's call, after a draft with the id c-7."""
    context, planned = DialogueContext(), None
    for text in (DRAFT, *texts):
        planned = plan_turn(text, context, SHOP)
        context.questions.append(text)
        context.past += [Past(c, {"words": {"campaign": "c-7"}}) for c in planned.calls]
    assert planned is not None
    assert len(planned.calls) == 1, planned.calls
    return planned.calls[0].name, planned.calls[0].args


@pytest.mark.parametrize(("text", "part"), [
    ("what will it cost?", "cost"), ("is it within budget?", "cost"), ("how expensive is it", "cost"),
    ("what happens if nobody reacts?", "result"), ("what if it flops?", "result"), ("is 10 % too much?", "result"),
    ("what can we expect from it?", "result"), ("will it pay off?", "result"),
    ("who gets left out?", "people"), ("show me the waterfall", "people"),
    ("what could go wrong?", "risks"), ("any risks?", "risks"),
])
def test_a_question_shows_its_part_of_the_draft(text: str, part: str) -> None:
    assert after(text) == ("show_campaign", {"campaign_id": "c-7", "part": part})


@pytest.mark.parametrize(("text", "expected"), [
    ("drop the discount", {"offer": {"kind": "none"}}),
    ("scrap the offer", {"offer": {"kind": "none"}}),
    ("make it an SMS", {"channels": ["sms"]}),
    ("switch to push", {"channels": ["push"]}),
    ("A/B test two subject lines", {"variants": 2}),
    ("test 3 subject lines", {"variants": 3}),
])
def test_a_change_is_the_next_version(text: str, expected: dict[str, Any]) -> None:
    name, args = after(text)
    assert name == "draft_campaign"
    assert args["campaign_id"] == "c-7"
    assert {k: args.get(k, {"kind": "none"}) for k in expected} == expected


def test_two_changes_in_one_text_are_both_made() -> None:
    _, args = after("exclude Germany and make it SMS")
    assert args["channels"] == ["sms"]
    assert "Germany" in str(args["audience"])


def test_a_reminder_is_one_more_message() -> None:
    _, args = after("add a reminder after 5 days if they haven't ordered")
    assert [s.get("after_days", 0) for s in args["steps"]] == [0, 0, 5]
    assert args["steps"][-1]["only_if"] == "no_order"


def test_a_copy_is_a_draft_of_its_own() -> None:
    name, args = after("duplicate it for Germany")
    assert name == "draft_campaign"
    assert "campaign_id" not in args
    assert "Germany" in str(args["audience"])
    assert "days_since_last_order" in str(args["audience"])


@pytest.mark.parametrize(("text", "word"), [
    ("include people who unsubscribed", "unsubscribed"), ("ignore the opt-outs", "unsubscribed"),
    ("bundle instead of discount", "bundle"), ("limit it to 500 people", "500"), ("test send to me", "seed addresses"),
    ("what would it cost with push as well?", "as it is"), ("say stocks are running out", "may not claim"),
    ("No more than two messages a week per person", "cap_hours"), ("duplicate it", "for whom"),
])
def test_what_no_draft_holds_is_refused_by_name(text: str, word: str) -> None:
    name, args = after(text)
    assert name == "decline"
    assert word in args["message"]


@pytest.mark.parametrize(("text", "name"), [
    ("did it work?", "read_experiment"), ("stop it", "stop_sending"), ("can I see the mail for one of them?",
                                                                       "explain_message"),
    ("which campaigns are waiting for approval?", "list_campaigns"), ("why is the control group so big?",
                                                                      "explain_brief"),
    ("how will you decide which version wins?",
                                                                     "explain_brief"),
])
def test_what_is_done_with_the_draft(text: str, name: str) -> None:
    assert after(text)[0] == name


@pytest.mark.parametrize(("text", "name", "expected"), [
    ("How did our last win-back do?", "read_out_campaigns", {"campaign_kind": "win_back", "latest": True}),
    ("Compare 10% with 15% for lapsed customers", "choose_offers", {"about": "compare"}),
])
def test_questions_without_a_draft(text: str, name: str, expected: dict[str, Any]) -> None:
    call = plan_turn(text, DialogueContext(), SHOP).calls[0]
    assert call.name == name
    assert {k: call.args.get(k) for k in expected} == expected


def test_a_calendar_is_cut_to_the_days_named() -> None:
    calls = [plan_turn(t, DialogueContext(), SHOP).calls[0] for t in (
        "Show me the campaign calendar for next week", "what is planned for january?", "campaign calendar")]
    assert [c.name for c in calls] == ["show_calendar"] * 3
    weeks = [calls[0].plan().first_day, calls[0].plan().last_day]
    assert (weeks[0].weekday(), weeks[1].weekday(), (weeks[1] - weeks[0]).days) == (0, 6, 6)
    assert (calls[1].plan().first_day.month, calls[1].plan().last_day.day) == (1, 31)
    assert calls[2].plan().first_day is None


def test_gifts_that_were_bought_are_no_offer() -> None:
    call = plan_turn("Draft a campaign for people who bought gifts last year", DialogueContext(), SHOP).calls[0]
    assert call.args.get("offer") is None
    thanked = plan_turn("thank loyal customers with a free gift", DialogueContext(), SHOP).calls[0]
    assert thanked.args["offer"]["kind"] == "gift"


@pytest.mark.parametrize("text", [
    "how many get SMS and how many e-mail?", "what does one SMS cost?", "who gets the push?", "why 10 %?",
    "is 5 % enough?", "does France get it?",
])
def test_a_question_changes_nothing(text: str) -> None:
    assert after(text)[0] != "draft_campaign"


@pytest.mark.parametrize(("texts", "expected"), [
    (["only by sms", "use email as well"], {"channels": ["sms", "email"]}),
    (["take SMS out"], {"channels": ["email"]}), (["drop email"], {"channels": ["sms"]}),
    (["that's too pushy"], {"tone": "friendly"}),
    (["start next Monday, run for two weeks"], {"runs_days": 14}),
    (["don't hold anyone out"], {"holdout_share": 0.0}),
    (["how about push?"], {"channels": ["email", "sms", "push"]}),
])
def test_wordings_of_changes(texts: list[str], expected: dict[str, Any]) -> None:
    name, args = after(*texts)
    assert name == "draft_campaign"
    assert {k: args.get(k) for k in expected} == expected


def test_the_draft_stays_on_the_table_while_its_people_are_listed() -> None:
    name, args = after("who are they?", "leave out France")
    assert name == "draft_campaign"
    assert args["campaign_id"] == "c-7"
