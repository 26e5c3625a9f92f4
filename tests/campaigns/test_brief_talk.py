"""What is said about a draft beside its words, and kinds of campaigns as marketers name them: plans they lead to."""

from __future__ import annotations

from datetime import timedelta

import pytest

from assistant.llm.planner.candidate import ToolCall
from assistant.llm.planner.context import DialogueContext, Past
from assistant.llm.planner.planner import plan_turn
from assistant.plans import CampaignBrief
from tests.support.planner_shops import PlannerShop

SHOP = PlannerShop()
TODAY = SHOP.status().as_of
FIRST = "Win back lapsed customers with 10% off by email and sms"


def said(text: str) -> tuple[str, dict[str, object]]:
    """The tool, and what of the brief differs from the first draft."""
    made = plan_turn(FIRST, DialogueContext(), SHOP).calls[-1]
    context = DialogueContext([Past(made, {"words": {"campaign": "c-4"}})], [FIRST])
    call = plan_turn(text, context, SHOP).calls[-1]
    return call.name, {k: v for k, v in call.args.items() if made.args.get(k) != v and k != "campaign_id"}


@pytest.mark.parametrize(("text", "changes"), [
    ("send it tomorrow", {"starts_on": str(TODAY + timedelta(days=1))}),
    ("end it on 24 December", {"ends_on": f"{TODAY.year if (TODAY.month, TODAY.day) <= (12, 24) else TODAY.year + 1}"
                                          "-12-24"}),
    ("budget 500", {"budget": 500.0}), ("spend no more than 1,200 on it", {"budget": 1200.0}),
    ("leave out people who would buy anyway", {"leave_alone": True}),
    ("skip the sleeping dogs", {"leave_alone": True}),
    ("stop once they have ordered", {"exit_when": "order"}),
    ("people who order meanwhile should drop out", {"exit_when": "order"}),
    ("use a 20% control group", {"holdout_share": 0.2}), ("hold out 5 %", {"holdout_share": 0.05}),
    ("show 5 products each", {"products_per_recipient": 5}), ("no products", {"products_per_recipient": 0}),
])
def test_a_change_is_the_next_version(text: str, changes: dict[str, object]) -> None:
    tool, found = said(text)
    assert (tool, {k: str(v) if k.endswith("_on") else v for k, v in found.items()}) == ("draft_campaign", changes)


def test_a_weekday_moves_the_start() -> None:
    tool, found = said("send it on Friday instead")
    assert tool == "draft_campaign" and list(found) == ["starts_on"]


def test_sending_now_is_still_no_message_of_the_chat() -> None:
    assert said("send it now")[0] == "decline"


@pytest.mark.parametrize(("text", "about"), [
    ("why this time?", None), ("when is the best day to send it?", None), ("why this audience?", "audience"),
    ("why such a large control group?", "experiment"), ("how did you choose the products?", "products"),
])
def test_asking_for_reasons(text: str, about: str | None) -> None:
    tool, found = said(text)
    assert tool == "explain_brief" and found.get("about") == about


def test_versions_are_named_by_number() -> None:
    assert said("compare version 1 and 3") == ("show_campaign", {"changes": True, "version": 3, "against": 1})
    assert said("show version 2") == ("show_campaign", {"version": 2})


def test_a_change_starts_from_the_standing_version_not_from_the_one_shown() -> None:
    made = plan_turn(FIRST, DialogueContext(), SHOP).calls[-1]
    drafted = Past(made, {"words": {"campaign": "c-4"}})
    context = DialogueContext([drafted], [FIRST])
    shown = plan_turn("show version 1", context, SHOP).calls[-1]
    old = {"words": {"campaign": "c-4"}, "details": {"brief": CampaignBrief(goal="loyalty").model_dump(mode="json")}}
    context = DialogueContext([drafted, Past(shown, old)], [FIRST, "show version 1"])
    for text in ("budget 300", "make it shorter", "exclude VIPs"):
        assert plan_turn(text, context, SHOP).calls[-1].args["goal"] == "win_back", text


def kind(text: str) -> str:
    call = plan_turn(text, DialogueContext(), SHOP).calls[-1]
    assert call.name == "draft_campaign", (text, call)
    return str(call.plan().goal)


@pytest.mark.parametrize(("text", "goal"), [
    ("send a happy birthday email with 10% off", "birthday"), ("abandoned cart campaign by email", "abandoned_basket"),
    ("email people who left something in their basket", "abandoned_basket"),
    ("remind customers to reorder", "replenishment"), ("replenishment campaign for homeware by email", "replenishment"),
    ("thank customers after their purchase by email", "post_purchase"),
    ("follow up with recent buyers by email", "post_purchase"),
    ("clear out slow sellers with 20% off for all customers", "clearance"),
    ("welcome new customers with free delivery", "welcome"),
    ("Black Friday campaign for everyone with 15% off", "seasonal"),
    ("a loyalty email for our VIPs", "loyalty"),
])
def test_kinds_of_campaigns(text: str, goal: str) -> None:
    assert kind(text) == goal


@pytest.mark.parametrize(("text", "field", "wanted"), [
    ("email VIPs with 10% off, stop once they ordered", "exit_when", "order"),
    ("win back lapsed customers by email and leave out people who would buy anyway", "leave_alone", True),
    ("Draft a retention campaign for customers at risk without an exit", "exit_when", "never"),
    ("win back lapsed customers by sms, hold out 20%", "holdout_share", 0.2),
])
def test_a_request_may_end_in_such_a_clause(text: str, field: str, wanted: object) -> None:
    call = plan_turn(text, DialogueContext(), SHOP).calls[-1]
    assert call.name == "draft_campaign" and getattr(call.plan(), field) == wanted
    assert call.plan().audience is not None


def test_a_dry_run_leaves_the_draft_on_the_table() -> None:
    made = plan_turn(FIRST, DialogueContext(), SHOP).calls[-1]
    drafted = Past(made, {"words": {"campaign": "c-4"}})
    tried = Past(ToolCall("dry_run_campaign", {"campaign_id": "c-4"}), {"words": {"campaign": "c-4"}})
    context = DialogueContext([drafted, tried], [FIRST, "dry run"])
    for text in ("exclude VIPs", "budget 300", "make it shorter", "add push"):
        call = plan_turn(text, context, SHOP).calls[-1]
        assert call.args.get("campaign_id") == "c-4" and call.args["goal"] == "win_back", text
    assert plan_turn("why this audience?", context, SHOP).calls[-1].name == "explain_brief"


def test_goods_behind_the_people_are_what_it_is_about_and_gift_buyers_get_no_gift() -> None:
    made = plan_turn("draft an email for customers who bought Kitchen about our Garden", DialogueContext(), SHOP).calls
    assert made[-1].name == "draft_campaign"
    offer, audience = made[-1].args["offer"], made[-1].args["audience"]
    assert offer["category"] == "Garden" and "Garden" not in str(audience) and "Kitchen" in str(audience)
    gift = plan_turn("make a christmas campaign for gift buyers", DialogueContext(), SHOP).calls[-1]
    assert gift.name == "draft_campaign" and "gift" not in str(gift.args.get("offer"))
    assert "gift buyers" in str(gift.args["not_included"])
