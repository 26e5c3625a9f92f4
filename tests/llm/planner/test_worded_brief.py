"""Requests for campaigns in many clauses: each clause is done, shown or named, and none is lost."""

from __future__ import annotations

from typing import Any

import pytest

from assistant.llm.planner.brief_clauses import clauses_of, orders_campaign
from assistant.llm.planner.context import DialogueContext
from assistant.llm.planner.planner import plan_turn
from assistant.llm.planner.vocabulary import vocabulary
from assistant.llm.planner.worded_brief import looked_at
from tests.support.planner_shops import PlannerShop

SHOP = PlannerShop()


def drafted(text: str) -> dict[str, Any]:
    planned = plan_turn(text, DialogueContext(), SHOP)
    assert [c.name for c in planned.calls] == ["draft_campaign"], planned.calls
    return planned.calls[0].args


def declined(text: str) -> str:
    planned = plan_turn(text, DialogueContext(), SHOP)
    assert planned.calls[0].name == "decline", planned.calls
    return str(planned.calls[0].args["message"])


@pytest.mark.parametrize(("text", "expected"), [
    ("We've got 800 to spend on getting dormant German shoppers back before the end of August, email only, "
     "something warm in tone",
     {"goal": "win_back", "budget": 800.0, "channels": ["email"], "tone": "friendly", "ends_on": "2012-08-31"}),
    ("Put together something for first-time buyers from the last month to get a second order out of them, "
     "free shipping, keep it short",
     {"goal": "cross_sell", "offer": {"kind": "free_delivery"}, "length": "short"}),
    ("Bring back those who spent over 300 last year and nothing this year. 15 % off their next order. SMS and email. "
     "hold out a fifth.",
     {"goal": "win_back", "holdout_share": 0.2, "offer": {"kind": "percent_off", "value": 15.0},
      "channels": ["sms", "email"]}),
    ("Cap the spend at 300 and get me as many orders back as possible from lapsed customers",
     {"goal": "win_back", "budget": 300.0}),
    ("Get people who haven't bought for 90 days shopping again - 3 mails, 5 days apart, stop when they order",
     {"goal": "win_back", "exit_when": "order"}),
    ("A short welcome mail for everyone who joined in June, 10 % on the first order, valid for two weeks",
     {"goal": "welcome", "length": "short", "runs_days": 14, "offer": {"kind": "percent_off", "value": 10.0}}),
    ("Could we mail our German and French customers a 15% coupon for kitchen? keep costs below 400",
     {"budget": 400.0, "offer": {"kind": "percent_off", "value": 15.0, "category": "Kitchen"}}),
])
def test_every_clause_is_done(text: str, expected: dict[str, Any]) -> None:
    args = drafted(text)
    assert {k: args.get(k) for k in expected} == expected
    assert not args.get("not_included")


def test_messages_are_as_far_apart_as_was_said() -> None:
    args = drafted("Plan a reactivation of one-time buyers with two mails a week apart, second only if they haven't "
                   "ordered")
    assert [s.get("after_days", 0) for s in args["steps"]] == [0, 7]
    assert args["steps"][1]["only_if"] == "no_order"


def test_goods_are_told_apart_from_what_customers_bought() -> None:
    args = drafted("Cross-sell garden to people who bought kitchen")
    assert args["offer"]["category"] == "Garden"
    assert "Garden" not in str(args["audience"])


def test_it_is_the_goods_of_the_request() -> None:
    args = drafted("promote garden to everyone in Germany except those who bought it in the last 30 days")
    assert "Garden" in str(args["audience"])
    assert "Germany" in str(args["audience"])


@pytest.mark.parametrize(("text", "named"), [
    ("Reach out to loyal customers with a mail, in Dutch", "in Dutch"),
    ("Invite customers in Germany who spent more than 200 to our summer event, formal tone", "summer event"),
    ("Message everyone in France about kitchen, in a playful voice, next Tuesday morning", "next Tuesday morning"),
])
def test_what_no_draft_holds_is_named(text: str, named: str) -> None:
    assert any(named in reason for reason in drafted(text)["not_included"])


@pytest.mark.parametrize(("text", "word"), [
    ("Offer 12 % on stationery to teachers", "teachers"),
    ("Offer VIPs a gift and everyone else 10 %", "one offer"),
])
def test_whoever_is_not_understood_is_not_written_to(text: str, word: str) -> None:
    assert word in declined(text)


def test_nobody_is_the_default_where_some_are_left_out() -> None:
    text = "SMS blast about the summer sale, 20% off garden, leave out anybody who ordered in the last two weeks"
    planned = plan_turn(text, DialogueContext(), SHOP)
    assert planned.calls[0].name == "ask_back"
    picked = drafted(planned.calls[0].args["options"][0])
    assert picked["offer"]["category"] == "Garden"
    assert "not" in str(picked["audience"])


@pytest.mark.parametrize("text", [
    "Give me a list of lapsed customers", "Save customers in Germany as Germans", "How did the campaigns do?",
    "Target revenue for next month", "tell me about our customers",
])
def test_other_texts_are_no_orders(text: str) -> None:
    assert not orders_campaign(text, "en")


def test_time_in_a_condition_is_no_day_of_the_campaign() -> None:
    said = clauses_of("Write to people who bought candles before Christmas, budget 300", "en")
    assert said.people == "people who bought candles before Christmas"
    assert [kind for kind, _, _ in said.found] == ["budget"]


def test_a_taste_is_known_by_what_was_bought() -> None:
    args = drafted("Write an email to customers who bought garden and prefer red ones")
    assert "Garden" in str(args["audience"])
    assert "red" in str(args["audience"]).lower()


@pytest.mark.parametrize(("text", "last"), [
    ("Campaign for VIP customers ahead of Black Friday", "2012-11-22"),
    ("Draft a win-back campaign for lapsed customers, 10% off, valid until the day before Black Friday", "2012-11-22"),
    ("Campaign for lapsed customers that runs until before Christmas", "2011-12-24"),
    ("Email new customers 10% off, done before Cyber Monday, budget 500", "2012-11-25"),
    ("Draft a campaign for lapsed customers, 15% off before Mother's Day", "2012-03-17"),
    ("Draft a campaign for VIP customers until Easter", "2012-04-08"),  # a year after 24 April 2011
])
def test_before_an_occasion_is_the_day_before_it_and_occasions_move(text: str, last: str) -> None:
    assert drafted(text)["ends_on"] == last


@pytest.mark.parametrize(("text", "budget"), [
    ("Plan a Christmas campaign for our German customers with £1,000", 1000.0),
    ("Win back lapsed customers with only £300 to spend", 300.0),
    ("Send VIP customers a mail with €10 off", None),
    ("Write VIP customers a mail, keep it below 60 words", None),
])
def test_money_it_may_spend_is_the_budget(text: str, budget: float | None) -> None:
    assert drafted(text).get("budget") == budget


def test_money_without_more_asks_for_offers_within_it() -> None:
    planned = plan_turn("We have 2k to spend, who and with what?", DialogueContext(), SHOP)
    assert [(c.name, c.args) for c in planned.calls] == [("choose_offers", {"budget": 2000.0})]


def test_a_text_in_another_language_is_refused_with_the_languages_there_are() -> None:
    assert "English or Chinese" in declined("Translate the win-back mail into German")


def test_goods_that_people_looked_at_do_not_vanish_from_whom_it_is_for() -> None:
    drawn = plan_turn("Draft a push notification for lapsed customers", DialogueContext(), SHOP)
    no = looked_at("Draft a push for customers who looked at mugs but didn't buy", drawn, vocabulary(SHOP, "en"))
    assert no is not None and "“looked at mugs”" in str(no.calls[0].args["message"])
    assert looked_at("Draft a push notification for lapsed customers", drawn, vocabulary(SHOP, "en")) is None


@pytest.mark.parametrize(("text", "expected"), [
    ("Draft an email to our top 200 customers announcing early access to the garden range", {"channels": ["email"]}),
    ("set up an abandoned basket reminder with free shipping after 24 hours",
     {"goal": "abandoned_basket", "after_hours": 24}),
    ("Make a clearance campaign to get rid of slow garden stock, 30% off", {"goal": "clearance"}),
    ("Build me two versions of a spring promo so I can test which subject works better", {"variants": 2}),
    ('Draft an email for lapsed customers with the subject "We miss you"', {"channels": ["email"]}),
    ("Schedule a campaign for Friday morning to new customers, welcome with 2 euros off their next order over 50",
     {"goal": "welcome"}),
    ("Plan a promotion for buyers of garden with 15 % off before Christmas", {"ends_on": "2011-12-24"}),
])
def test_more_clauses_of_a_request(text: str, expected: dict[str, Any]) -> None:
    made = plan_turn(text, DialogueContext(), PlannerShop()).calls[0]
    assert made.name == "draft_campaign", made.args
    assert {key: made.args.get(key) for key in expected} == expected
