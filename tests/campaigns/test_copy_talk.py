"""Refining the words of a draft by chat, and asking why somebody gets what: plans, results and replies."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.campaigns.draft import draft_campaign, make_plan, undo_campaign
from assistant.campaigns.preview import subjects
from assistant.campaigns.why import explain_message
from assistant.errors import InvalidPlan, NotPermitted, UnknownName
from assistant.llm.planner.context import DialogueContext, Past
from assistant.llm.planner.planner import plan_turn
from assistant.llm.replies import compose
from assistant.plans import CampaignBrief, CopyEdit, MessageRequest, OfferSpec, UndoRequest
from tests.campaigns.test_draft import brief, rooms, shop_with_contacts
from tests.support.planner_shops import PlannerShop

SHOP = PlannerShop()
FIRST = "Win back lapsed customers with 10% off by email and sms"


def drafted() -> DialogueContext:
    made = plan_turn(FIRST, DialogueContext(), SHOP).calls[-1]
    return DialogueContext([Past(made, {"words": {"campaign": "c-4"}})], [FIRST])


def said(text: str) -> tuple[str, dict[str, object]]:
    """The tool, and what of the brief differs from the first draft."""
    context = drafted()
    call = plan_turn(text, context, SHOP).calls[-1]
    before = context.past[0].call.args
    return call.name, {k: v for k, v in call.args.items() if before.get(k) != v and k != "campaign_id"}


@pytest.mark.parametrize(("text", "changes"), [
    ("make it shorter", {"length": "short"}), ("Can you shorten the email?", {"length": "short"}),
    ("it's too long", {"length": "short"}), ("a bit more detailed please", {"length": "long"}),
    ("write it in Chinese", {"language": "zh"}), ("Chinese version please", {"language": "zh"}),
    ("translate it into Chinese", {"language": "zh"}), ("give me three variants", {"variants": 3}),
    ("a/b test with two variants", {"variants": 2}), ("rewrite it", {"wording": 1}),
    ("say it differently", {"wording": 1}), ("try another wording", {"wording": 1}),
    ("add a pop-up", {"channels": ["email", "sms", "popup"]}),
    ("also write a social post", {"channels": ["email", "sms", "social"]}),
    ("use a shorter subject line", {"piece_turns": [{"piece": "subject", "aim": "shorter"}]}),
    ("the headline is too long", {"piece_turns": [{"piece": "subject", "aim": "shorter"}]}),
    ("give me another subject", {"piece_turns": [{"piece": "subject"}]}),
    ("i don't like the greeting", {"piece_turns": [{"piece": "greeting"}]}),
    ("use our bestsellers instead", {"goods": "best"}), ("make it about our new arrivals", {"goods": "new"}),
    ("don't leave anyone out because of past campaigns", {"leave_alone": False}),
    ("make it friendlier", {"tone": "friendly"}), ("add push", {"channels": ["email", "sms", "push"]}),
])
def test_refinements_give_the_next_version(text: str, changes: dict[str, object]) -> None:
    tool, found = said(text)
    plain = {k: list(v) if isinstance(v, tuple) else v for k, v in found.items()}
    assert (tool, plain) == ("draft_campaign", changes)


@pytest.mark.parametrize(("text", "channel", "piece", "words"), [
    ('change the subject to "Come home to {shop_name}"', "email", "subject", "Come home to {shop_name}"),
    ("set the subject line to We miss you", "email", "subject", "We miss you"),
    ('Use "Have a look" as the button', "email", "button", "Have a look"),
    ('change the sms text to "{shop_name} says hello"', "sms", "text", "{shop_name} says hello"),
    ('the greeting should be "Dear friends,"', "email", "greeting", "Dear friends,"),
])
def test_a_text_by_hand_is_an_edit(text: str, channel: str, piece: str, words: str) -> None:
    call = plan_turn(text, drafted(), SHOP).calls[-1]
    assert call.name == "draft_campaign"
    assert call.plan().edits == (CopyEdit(channel=channel, piece=piece, text=words),)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", [
    "make it sound like 50% off", "say it's guaranteed", "tell them it is the last chance", 'say "only today"',
    "pretend we have only three left", "claim it's the best",
])
def test_claims_are_declined(text: str) -> None:
    call = plan_turn(text, drafted(), SHOP).calls[-1]
    assert call.name == "decline" and call.args["reason"] == "not_permitted"


@pytest.mark.parametrize("text", ["why did customer 10023 get this?", "show the email for customer 10023",
                                  "what would 10023 get?"])
def test_one_recipient_is_asked_about(text: str) -> None:
    call = plan_turn(text, drafted(), SHOP).calls[-1]
    assert call.name == "explain_message" and call.args["customer_id"] == "10023" and call.args["campaign_id"] == "c-4"


def test_without_a_draft_these_words_mean_nothing_of_a_draft() -> None:
    assert plan_turn("make it shorter", DialogueContext(), SHOP).calls[-1].name != "draft_campaign"


def test_a_first_brief_names_language_length_and_pop_up() -> None:
    call = plan_turn("draft a win-back campaign in Chinese with a pop-up for lapsed customers, short text",
                     DialogueContext(), SHOP).calls[-1]
    made: CampaignBrief = call.plan()
    assert (made.language, made.length, made.channels[-1]) == ("zh", "short", "popup")


def test_one_piece_is_put_in_other_words_and_refused_where_none_is_shorter(tmp_path: Path) -> None:
    shop, own = shop_with_contacts(tmp_path), rooms(tmp_path)
    plans = [make_plan(shop, brief(piece_turns=[{"piece": "subject", "aim": a} for a in aims]), own, "c-1")
             for aims in ((), ("other",), ("other", "other"), ("longer",))]
    said = [subjects(plan.copy, 1)[0] for plan in plans]
    assert len(set(said[:3])) == 3 and len(said[3]) > len(said[0])
    with pytest.raises(InvalidPlan, match="shorter"):
        draft_campaign(shop, brief(piece_turns=[{"piece": "subject", "aim": "shorter"}] * 30), own)


def test_every_line_says_why(tmp_path: Path) -> None:
    shop, own = shop_with_contacts(tmp_path), rooms(tmp_path)
    draft_campaign(shop, brief(products_per_recipient=2), own)
    result = explain_message(shop, MessageRequest(customer_id="C1", channel="email"), own)
    rows = {row[2]: row[3] for row in result.table("lines").rows}
    (line,) = [text for text in rows if text.startswith("Red Mug")]
    assert "products.price of P1" in rows[line] and "bought P5" in rows[line]
    assert [row[1] for row in result.table("lines").rows][:3] == ["subject", "preheader", "greeting"]
    assert all(rows.values()) and "C1 would get" in compose([result]).text
    assert "consent" in rows[[text for text in rows if "Unsubscribe" in text][0]]


@pytest.mark.parametrize(("customer", "standing"), [("C2", "not_reachable"), ("C4", "not_reachable")])
def test_who_gets_nothing_is_told_why(tmp_path: Path, customer: str, standing: str) -> None:
    shop, own = shop_with_contacts(tmp_path), rooms(tmp_path)
    draft_campaign(shop, brief(), own)
    result = explain_message(shop, MessageRequest(customer_id=customer), own)
    assert result.words["standing"] == standing and "gets nothing" in compose([result]).text
    with pytest.raises(UnknownName):
        explain_message(shop, MessageRequest(customer_id="nobody"), own)


def test_a_refused_text_leaves_the_draft_as_it_was_and_undo_takes_an_edit_back(tmp_path: Path) -> None:
    """As a language model writes: refused with the reason, written again, kept as a version, taken back."""
    shop, own = shop_with_contacts(tmp_path), rooms(tmp_path)
    first = draft_campaign(shop, brief(), own)
    promised = CopyEdit(channel="email", piece="subject", text="Half off, guaranteed!")
    with pytest.raises(NotPermitted, match="guarantee"):
        draft_campaign(shop, brief(campaign_id="c-1", edits=(promised,)), own)
    with pytest.raises(InvalidPlan, match="no data fill"):
        unknown = promised.model_copy(update={"text": "Enjoy {discount_of_the_year}"})
        draft_campaign(shop, brief(campaign_id="c-1", edits=(unknown,)), own)
    assert own.store.load("c-1").version == 1
    again = promised.model_copy(update={"text": "Enjoy {offer}"})
    second = draft_campaign(shop, brief(campaign_id="c-1", edits=(again,)), own)
    assert second.details["copy"][0]["subject"] == "Enjoy 10 % off your next order"
    assert second.details["copy"][0]["edited"] == ["subject"]
    assert "texts by hand" in {row[0] for row in second.table("changes").rows}
    back = undo_campaign(shop, UndoRequest(), own.store)
    assert back.details["copy"][0]["subject"] == first.details["copy"][0]["subject"]


def test_chinese_copy_holds_the_same_prices_and_the_paid_share(tmp_path: Path) -> None:
    shop, own = shop_with_contacts(tmp_path), rooms(tmp_path)
    offer = OfferSpec(kind="percent_off", value=15)
    result = draft_campaign(shop, brief(language="zh", offer=offer, products_per_recipient=2), own)
    email, sms = (next(c for c in result.details["copy"] if c["channel"] == name) for name in ("email", "sms"))
    assert "8.5折" in email["body"] and "现价€8.50（原价€10.00）" in email["body"] and "退订" in email["body"]
    assert 'lang="zh"' in email["html"] and sms["alphabet"] == "UCS-2" and sms["body"].endswith("拒收请回复R")


def test_variants_and_public_channels_are_shown_one_by_one(tmp_path: Path) -> None:
    shop, own = shop_with_contacts(tmp_path), rooms(tmp_path)
    result = draft_campaign(shop, brief(variants=5, channels=("email", "popup", "social")), own)
    shown = [(c["channel"], c["variant"]) for c in result.details["copy"]]
    assert shown == [(c, v) for v in range(1, 6) for c in ("email", "popup", "social")]
    assert all(check["seen"] for c in result.details["copy"] for check in c["checks"])
    assert {row[0] for row in result.table("channels").rows} == {"email"}
    with pytest.raises(ValueError, match="channel with addresses"):
        brief(channels=("social",))
