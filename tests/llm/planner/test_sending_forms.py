"""Whole texts about a campaign on its way out."""

from __future__ import annotations

from typing import Any

import pytest

from assistant.llm.planner.planner import plan_turn
from tests.support.planner_shops import PlannerShop

SHOP = PlannerShop()


def plan(text: str) -> tuple[str, dict[str, Any]]:
    found = plan_turn(text, None, SHOP).calls[0]
    return found.name, found.args


@pytest.mark.parametrize("text", [
    "dry run", "Do a dry run of the campaign", "dry-run for c-3", "show me a dry run of campaign c-3, please",
    "what would happen if I send it?", "what exactly would go out", "check the draft before sending",
    "prepare c-3 for approval", "simulate the sending of c-3", "what am I approving?",
    "how much would it cost to send?", "how much will sending cost?", "who will get it?", "who gets the campaign",
])
def test_dry_run(text: str) -> None:
    assert plan(text) == ("dry_run_campaign", {"campaign_id": "c-3"} if "c-3" in text else {})


@pytest.mark.parametrize("text", [
    "show the campaign calendar", "campaign calendar", "do any campaigns overlap?", "which campaigns overlap",
    "are any of my campaigns overlapping?", "show me the marketing calendar", "which offers stack?",
    "when do my campaigns run", "would anybody get two offers at the same time?",
])
def test_calendar(text: str) -> None:
    assert plan(text)[0] == "show_calendar"


@pytest.mark.parametrize(("text", "target"), [
    ("export it for Klaviyo", "klaviyo"), ("export the recipients for mailchimp", "mailchimp"),
    ("make a Meta upload file", "meta"), ("create a file for google customer match", "google"),
    ("export the audience as Excel", "xlsx"), ("save the recipients as parquet", "parquet"), ("export it", "csv"),
    ("make a printable brief of c-2", "brief"), ("give me an ics file for c-2", "calendar"),
    ("put it in my calendar", "calendar"), ("export the promo codes", "codes"), ("upload it to facebook", "meta"),
])
def test_exports(text: str, target: str) -> None:
    name, args = plan(text)
    assert name == "export_campaign" and args.get("target", "csv") == target


@pytest.mark.parametrize(("text", "args"), [
    ("use unique promo codes", {"codes": "unique"}),
    ("give everyone their own voucher code until 2026-12-31", {"codes": "unique", "codes_until": "2026-12-31"}),
    ("create unique coupon codes for each customer valid until 31 December 2026",
     {"codes": "unique", "codes_until": "2026-12-31"}),
    ("everybody gets their own code", {"codes": "unique"}),
    ("use the promo code WINTER10", {"codes": "shared", "code": "WINTER10"}),
    ("use the same discount code for everyone", {"codes": "shared"}),
    ("use no codes", {"codes": "none"}),
    ("send it on 2026-12-01 at 10:30", {"send_at": "2026-12-01T10:30:00"}),
    ("schedule c-2 for 2026-12-01 at 2pm", {"campaign_id": "c-2", "send_at": "2026-12-01T14:00:00"}),
    ("send it on 2026-12-01 at 10am in everyone's local time",
     {"send_at": "2026-12-01T10:00:00", "clock": "recipient"}),
    ("schedule c-2 for 2026-12-01 at 9:30 in the recipients' time zone",
     {"campaign_id": "c-2", "send_at": "2026-12-01T09:30:00", "clock": "recipient"}),
    ("use each recipient's own time zone", {"clock": "recipient"}),
    ("send it at 10am on 2026-12-03 in everyone's own time zone",
     {"send_at": "2026-12-03T10:00:00", "clock": "recipient"}),
    ("don't send it before 2026-12-03", {"send_at": "2026-12-03T00:00:00"}),
    ("it should go out on 2026-12-03 at 9:15", {"send_at": "2026-12-03T09:15:00"}),
    ("repeat it weekly until 2027-01-31, at most 200 each time",
     {"repeats": "weekly", "repeats_until": "2027-01-31", "most_each": 200}),
    ("run c-2 whenever new data are loaded until 2027-01-31, at most 1,000 people each time and at most 5,000 in total",
     {"campaign_id": "c-2", "repeats": "new_data", "repeats_until": "2027-01-31", "most_each": 1000,
      "most_in_all": 5000}),
    ("send it only once", {"repeats": "never"}),
])
def test_how_it_is_sent(text: str, args: dict[str, Any]) -> None:
    assert plan(text) == ("plan_sending", args)


@pytest.mark.parametrize(("text", "about"), [
    ("what was sent?", "state"), ("sending status of c-1", "state"), ("how many messages are queued?", "state"),
    ("is anything still waiting to be sent?", "state"), ("has c-1 been sent yet?", "state"),
    ("which messages are unknown?", "unknown"), ("show the audit log", "audit"),
    ("who approved c-1 and when?", "audit"), ("what came back from the mailing?", "objections"),
    ("how many bounces and complaints came back?", "objections"), ("any unsubscribes since we sent it?", "objections"),
    ("who unsubscribed after the campaign?", "objections"), ("show the suppression list", "objections"),
])
def test_what_became_of_it(text: str, about: str) -> None:
    name, args = plan(text)
    assert name == "show_sendings" and args.get("about", "state") == about


@pytest.mark.parametrize(("text", "undo"), [
    ("pause c-1", False), ("hold the sending", False),
    ("stop sending", False), ("stop the sending of c-1 now", False), ("halt all sendings", False), ("stop c-1", False),
    ("take back what has not left", True), ("cancel the queued messages of c-1", True), ("undo the sending", True),
])
def test_stop(text: str, undo: bool) -> None:
    name, args = plan(text)
    assert name == "stop_sending" and args.get("undo", False) is undo


@pytest.mark.parametrize("text", ["resume sending", "continue the sending of c-2", "lift the stop"])
def test_a_stop_is_taken_back_by_hand(text: str) -> None:
    name, args = plan(text)
    assert name == "decline" and "terminal" in args["message"] and args["reason"] == "not_permitted"


def test_a_day_without_its_year_is_never_in_the_past() -> None:
    from datetime import UTC, date, datetime

    name, args = plan("send it on 1 December at 10:00")
    assert name == "plan_sending" and date.fromisoformat(args["send_at"][:10]) >= datetime.now(UTC).date()


@pytest.mark.parametrize("text", [
    "approve it", "approve the campaign", "approve c-1", "I approve", "send it now", "send the campaign",
    "start sending",
    "go ahead and send it", "approve run 70b7e090cf8a", "yes, send it to everyone", "launch the campaign now",
])
def test_no_message_approves_or_sends(text: str) -> None:
    name, args = plan(text)
    assert name in {"decline", "ask_back", "show_campaign", "list_campaigns"}, (name, args)


@pytest.mark.parametrize("text", [
    "export revenue by month", "stop discounts", "what was sold last month?", "send a campaign to lapsed customers",
    "which products are sold together", "repeat customers by month", "use of coupons by month",
])
def test_other_questions_are_left_alone(text: str) -> None:
    assert plan(text)[0] not in {"plan_sending", "dry_run_campaign", "show_sendings", "stop_sending", "export_campaign",
                                 "show_calendar"}
