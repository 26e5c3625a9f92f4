"""Questions about what contacts change, in many wordings, as plans; and neighbours that mean something else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from assistant.llm.planner.context import DialogueContext, Past
from assistant.llm.planner.planner import plan_turn
from assistant.plans.shop import Match, ShopStatus, Term
from tests.support.planner_shops import PlannerShop


class _Mailing(PlannerShop):
    """A shop with past campaigns."""

    def dimensions(self) -> Sequence[Term]:
        return [*super().dimensions(), Term("campaign", "campaign", ("campaign",))]

    def status(self) -> ShopStatus:
        status = super().status()
        return replace(status, rows={**status.rows, "touches": 20_000})

    def labels(self, dimension: str) -> Sequence[str]:
        return ["Autumn Win-back", "Garden Opening"] if dimension == "campaign" else super().labels(dimension)

    def find(self, text: str, kinds: Sequence[str] = (), k: int = 5) -> Sequence[Match]:
        known = [Match("customer", "17850", "17850", 100.0)] if "customer" in kinds and text == "17850" else []
        return known or super().find(text, kinds, k)


SHOP = _Mailing()


def planned(text: str) -> tuple[str, dict[str, Any]]:
    calls = plan_turn(text, None, SHOP).calls
    assert len(calls) == 1
    return calls[0].name, calls[0].args


LISTS = {
    "moved": [
        "Who is moved by a contact?", "Who is moved by our messages?", "which customers can be persuaded",
        "who reacts best to our campaigns?", "customers who only buy because of our messages",
        "Who needs a nudge to buy?", "show me the persuadables", "who should get the next message?",
        "for whom does a message make a difference", "which customers are worth contacting", "uplift by customer",
    ],
    "leave_alone": [
        "Whom should we not contact?", "Whom should I not contact?", "who should we leave alone?",
        "Which customers should we leave alone in the next campaign?", "Show me the do-not-contact list",
        "who is better left alone", "which people are not worth contacting?",
        "how much do we waste on people who would buy anyway?", "should we contact everybody?",
        "How much would we save if we didn't contact the sure buyers?",
        "would contacting everyone be a waste of money?", "are we contacting too many customers?",
        "who should never be contacted", "where do we waste discounts?",
    ],
    "sure_buyers": [
        "Which customers buy anyway?", "who would buy without our messages?", "who orders regardless",
        "which customers don't need a coupon to buy?", "show our sure buyers", "Who would have bought anyway?",
        "what share of customers would buy anyway?", "to whom do we give discounts for nothing",
    ],
    "sleeping_dogs": [
        "Who are our sleeping dogs?", "sleeping dogs", "which customers are put off by our messages?",
        "Do our messages annoy anyone?", "who buys less when we contact them?", "who reacts badly to our campaigns",
        "how many sleeping dogs do we have?",
    ],
    "quality": [
        "How good is the uplift model?", "is the uplift model any good?", "do customers react differently to our "
        "campaigns?", "how well can you tell who is moved by a message?",
        "what is the Qini score?", "compare the uplift learners",
    ],
}


@pytest.mark.parametrize(("about", "text"), [(a, t) for a, texts in LISTS.items() for t in texts])
def test_whom(about: str, text: str) -> None:
    name, args = planned(text)
    assert name == "predict_uplift" and args.get("about", "moved") == about


@pytest.mark.parametrize(("text", "channel", "kind"), [
    ("Who is moved by e-mail?", "email", None), ("whom should we e-mail next?", "email", None),
    ("who shouldn't we e-mail?", "email", None), ("who is worth a letter?", "post", None),
    ("who can be persuaded by a text message", "sms", None),
    ("who is moved by a win-back mail", "email", "win_back"), ("who buys less when we e-mail them", "email", None),
])
def test_channel_and_kind(text: str, channel: str | None, kind: str | None) -> None:
    name, args = planned(text)
    assert name == "predict_uplift" and (args.get("channel"), args.get("campaign_kind")) == (channel, kind)


def test_number_of_customers() -> None:
    assert planned("top 50 customers by uplift") == ("predict_uplift", {"k": 50})


@pytest.mark.parametrize("text", [
    "Should we contact customer 17850?", "is customer 17850 a sleeping dog?", "uplift of customer 17850",
    "what would a message change for customer 17850?", "does customer 17850 buy anyway?",
    "would customer 17850 be persuaded by a discount?",
])
def test_one_customer(text: str) -> None:
    name, args = planned(text)
    assert name == "predict_uplift" and args["customer_id"] == "17850"


@pytest.mark.parametrize(("text", "expected"), [
    ("Did our past campaigns work?", {}), ("Do our e-mails work?", {"channel": "email"}),
    ("do win-back mails work?", {"campaign_kind": "win_back", "channel": "email"}),
    ("are our SMS campaigns profitable?", {"channel": "sms", "measure": "margin"}),
    ("what is the incremental revenue of our campaigns?", {"measure": "revenue"}),
    ("which segment reacts best to our campaigns?", {"by": "segment"}),
    ("in which countries do our campaigns work best?", {"by": "country"}),
    ("which kind of campaign works best?", {"by": "campaign_kind"}),
    ("which channel works best?", {"by": "message_channel"}),
    ("did the SMS campaigns work better than the e-mails?", {"by": "message_channel"}),
    ("effect of our past campaigns by time since the last order", {"by": "recency"}),
    ("read out our past experiments by acquisition channel", {"by": "acquisition_channel"}),
    ("did Autumn Win-back work by segment?", {"campaign": "Autumn Win-back", "by": "segment"}),
    ("what did the Garden Opening campaign really bring?", {"campaign": "Garden Opening"}),
    ("was Garden Opening profitable?", {"campaign": "Garden Opening", "measure": "margin"}),
])
def test_read_outs(text: str, expected: dict[str, Any]) -> None:
    assert planned(text) == ("read_out_campaigns", expected)


@pytest.mark.parametrize(("text", "expected"), [
    ("does emailing people actually change anything", {"channel": "email"}),
    ("do customers order more when we e-mail them?", {"channel": "email"}),
    ("how much extra profit did our campaigns make?", {"measure": "margin"}),
    ("are loyal customers moved by mails?", {"channel": "email", "by": "segment"}),
    ("lift of win-back campaigns with confidence intervals by segment", {"campaign_kind": "win_back", "by": "segment"}),
    ("did the Garden Opening campaign bring in extra revenue?", {"campaign": "Garden Opening", "measure": "revenue"}),
    ("are our e-mails a waste of money?", {"channel": "email", "measure": "revenue"}),
    ("is our marketing effective", {}),
])
def test_read_outs_by_their_words(text: str, expected: dict[str, Any]) -> None:
    assert planned(text) == ("read_out_campaigns", expected)


@pytest.mark.parametrize(("text", "about"), [
    ("which customers should be excluded from the next mailing because they buy anyway?", "leave_alone"),
    ("customers we should stop emailing", "leave_alone"), ("do we send too many emails?", "leave_alone"),
    ("who would come back on their own without a mail?", "sure_buyers"),
    ("are we annoying customers with too many mails?", "sleeping_dogs"),
    ("is it worth e-mailing our customers?", "moved"), ("show the uplift model's exam", "quality"),
])
def test_lists_by_their_words(text: str, about: str) -> None:
    name, args = planned(text)
    assert name == "predict_uplift" and args.get("about", "moved") == about


@pytest.mark.parametrize("text", [
    "do customers in Germany order more when we e-mail them?", "did our campaigns work in May?",
    "who should stop getting mails about tea?", "which women are moved by e-mail?",
    "how much did discounts cost us in 2025", "can you stop sending emails to lapsed customers",
    "who opened our e-mails?", "who responded to our campaigns?",
])
def test_words_that_such_an_answer_could_not_show_are_not_passed_over(text: str) -> None:
    assert all(c.name not in {"predict_uplift", "read_out_campaigns"} for c in plan_turn(text, None, SHOP).calls)


def test_advice_needs_a_record_of_contacts() -> None:
    calls = plan_turn("whom should we e-mail next?", None, PlannerShop()).calls
    assert calls[0].name != "predict_uplift"
    assert plan_turn("who should I contact?", None, SHOP).calls[0].name != "predict_uplift", "too open: asked back"


@pytest.mark.parametrize("text", [
    "who is about to leave?", "which customers buy tea?", "who should get an apology", "customers who bought in May",
    "revenue by campaign", "who bought without a discount last month?",
    "draft a win-back campaign for lapsed customers",
])
def test_neighbours_are_read_as_before(text: str) -> None:
    assert all(c.name not in {"predict_uplift", "read_out_campaigns"} for c in plan_turn(text, None, SHOP).calls)


def after(*turns: str) -> tuple[str, dict[str, Any]]:
    context = DialogueContext()
    calls = []
    for text in turns:
        calls = plan_turn(text, context, SHOP).calls
        context.questions.append(text)
        context.past += [Past(c, {}) for c in calls]
    return calls[0].name, calls[0].args


@pytest.mark.parametrize(("turns", "expected"), [
    (("Do win-back mails work?", "and by time since the last order?"),
     {"campaign_kind": "win_back", "channel": "email", "by": "recency"}),
    (("Do win-back mails work?", "what about SMS?"), {"campaign_kind": "win_back", "channel": "sms"}),
    (("did our past campaigns work?", "by country", "and the margin?"), {"by": "country", "measure": "margin"}),
    (("did our past campaigns work?", "how about Garden Opening?"), {"campaign": "Garden Opening"}),
    (("did Garden Opening work by segment?", "and letters?"), {"by": "segment", "channel": "post"}),
    (("who is moved by e-mail?", "and by SMS?"), {"channel": "sms"}),
    (("whom should we not contact?", "what about letters?"), {"about": "leave_alone", "channel": "post"}),
])
def test_follow_ups(turns: tuple[str, ...], expected: dict[str, Any]) -> None:
    assert after(*turns)[1] == expected


def test_what_follows_another_answer_is_left_to_it() -> None:
    assert after("revenue last month", "by country")[0] == "query_data"
