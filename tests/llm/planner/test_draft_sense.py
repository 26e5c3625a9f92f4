"""The last look at a draft: who is left out is denied, a sum is the budget, nobody named means those spoken of."""

from __future__ import annotations

from typing import Any

import pytest

from assistant.llm.planner.candidate import ToolCall
from assistant.llm.planner.context import DialogueContext, Past
from assistant.llm.planner.planner import plan_turn
from tests.support.planner_shops import PlannerShop

SHOP = PlannerShop()
RULE = {"op_type": "customer", "metric": "days_since_last_order", "op": "ge", "values": [90.0]}
DRAFT: dict[str, Any] = {"goal": "win_back", "audience": RULE, "channels": ["email"]}
SPENDERS = {"op_type": "customer", "metric": "revenue", "op": "gt", "values": [500.0]}


def after(call: ToolCall, text: str, **result: Any) -> ToolCall:
    (made,) = plan_turn(text, DialogueContext([Past(call, result, 1)], ["before"]), SHOP).calls
    return made


def changed(text: str) -> dict[str, Any]:
    return after(ToolCall("draft_campaign", DRAFT), text, words={"campaign": "c-1"}).args


@pytest.mark.parametrize("text", ["drop the ones in Germany", "and lose the ones from Germany",
                                  "minus people from Germany", "minus anyone in Germany"])
def test_what_a_text_leaves_out_is_never_kept_alone(text: str) -> None:
    parts = changed(text)["audience"]["parts"]
    assert parts[0]["metric"] == "days_since_last_order"
    assert parts[1]["op_type"] == "not" and parts[1]["part"]["values"] == ["Germany"]


def test_the_words_of_one_condition_are_not_those_of_the_audience() -> None:
    assert "audience_words" not in changed("minus anyone who returned something")


def test_a_sum_of_its_own_is_the_budget_and_no_bound_on_customers() -> None:
    (made,) = plan_turn("Win back customers who haven't ordered for half a year, max 500 pounds, by email", None,
                        SHOP).calls
    assert made.args["budget"] == 500 and made.args["audience"]["metric"] == "days_since_last_order"


@pytest.mark.parametrize("text", ["draft a win back email", "set up a launch campaign by email",
                                  "draft a christmas campaign with 10% off"])
def test_a_draft_for_nobody_is_for_those_listed_right_before(text: str) -> None:
    listed = ToolCall("query_data", {"metrics": ["revenue"], "dimensions": ["customer"], "filter": SPENDERS})
    planned = plan_turn(text, DialogueContext([Past(listed, {}, 1)], ["before"]), SHOP)
    assert planned.calls[0].args["audience"] == SPENDERS
    assert any(note.startswith("drafted_for|") for note in planned.notes)


def test_a_draft_after_a_figure_of_everybody_keeps_its_usual_people() -> None:
    revenue = ToolCall("query_data", {"metrics": ["revenue"]})
    assert "audience" not in after(revenue, "draft a win back email").args


@pytest.mark.parametrize(("text", "tone"), [
    ("make it sound warmer", "friendly"), ("could it be a little less salesy?", "friendly"),
    ("it sounds too stiff", "friendly"), ("a bit more fun", "playful"), ("too jokey for our brand", "formal"),
    ("more urgency please", "urgent"), ("i want it to sound more professional", "formal"),
    ("rewrite it in a warmer voice", "friendly"),
])
def test_a_tone_is_heard_in_any_wording(text: str, tone: str) -> None:
    assert changed(text)["tone"] == tone


@pytest.mark.parametrize(("text", "goods", "about"), [
    ("people who bought kitchen products should get an email about Garden", "kitchen", "garden"),
    ("cross-sell campaign: customers who ordered Garden should hear about Kitchen", "garden", "kitchen"),
])
def test_goods_for_those_who_bought_others(text: str, goods: str, about: str) -> None:
    (made,) = plan_turn(text, None, SHOP).calls
    assert made.name == "draft_campaign" and goods in str(made.args["audience"]).lower()
    assert about not in str(made.args["audience"]).lower()


def test_an_order_for_a_campaign_is_no_read_out() -> None:
    (made,) = plan_turn("make me a welcome campaign for new customers", None, SHOP).calls
    assert made.name == "draft_campaign" and made.args["goal"] == "welcome"


def test_the_answer_to_whom_keeps_the_rest_of_the_order() -> None:
    asked = ToolCall("draft_campaign", {"goal": "launch", "offer": {"kind": "percent_off", "value": 10.0}})
    made = after(asked, "for people in Germany who ordered this year", kind="question").args
    assert made["goal"] == "launch" and made["offer"]["value"] == 10 and "Germany" in str(made["audience"])


def test_a_bare_order_after_people_is_for_these() -> None:
    listed = ToolCall("query_data", {"metrics": ["revenue"], "dimensions": ["customer"], "filter": SPENDERS})
    assert after(listed, "ok, set up a campaign").args["audience"] == SPENDERS


def test_an_order_to_send_is_refused_with_its_draft() -> None:
    (no,) = plan_turn("can you email all customers in Germany right now", None, SHOP).calls
    assert no.args["reason"] == "not_permitted" and no.args["nearest"][0].startswith("Draft an email for all customers")


def test_a_draft_is_called_something() -> None:
    assert changed("call it Autumn Glow")["title"] == "Autumn Glow"


def test_leaving_people_out_of_nothing_is_no_draft_for_them() -> None:
    declined = ToolCall("decline", {"reason": "not_understood", "message": "?"})
    context = DialogueContext([Past(declined, {"kind": "refusal"}, 1)], ["reactivate customers who barked"])
    (made,) = plan_turn("keep out Germany", context, SHOP).calls
    assert made.name == "decline"


def test_a_mail_goes_out_by_mail_and_needs_no_offer() -> None:
    listed = ToolCall("query_data", {"metrics": ["revenue"], "dimensions": ["customer"], "filter": SPENDERS})
    assert after(listed, "do a mail for them with free shipping").args["channels"] == ["email"]
    (made,) = plan_turn("email everyone in Germany, no discount", None, SHOP).calls
    assert made.name == "draft_campaign" and made.args["audience"]["values"] == ["Germany"]


def test_who_is_to_be_won_back_bought_once() -> None:
    (made,) = plan_turn("win back people who haven't ordered since March 2011 by email", None, SHOP).calls
    parts = made.args["audience"]["parts"]
    assert [(p["metric"], p["op"]) for p in parts] == [("orders", "eq"), ("orders", "ge")]
