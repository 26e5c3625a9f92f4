"""What orders do not hold is refused by name, also where no single word says so; what is near to it is answered."""

from __future__ import annotations

from typing import Any

import pytest

from assistant.llm.planner.candidate import ToolCall
from assistant.llm.planner.context import DialogueContext, Past
from assistant.llm.planner.planner import plan_turn
from tests.support.planner_shops import PlannerShop

SHOP = PlannerShop()
DRAFT = Past(ToolCall("draft_campaign", {
    "goal": "win_back", "channels": ["email"], "offer": {"kind": "percent_off", "value": 10.0},
    "audience": {"op_type": "customer", "metric": "days_since_last_order", "op": "ge", "values": [90.0]}}),
    {"kind": "campaign", "details": {"campaign_id": "c-1", "version": 1}}, 1)


def plan(text: str, *past: Past) -> Any:
    return plan_turn(text, DialogueContext(list(past), ["…"] * len(past)), SHOP).calls


@pytest.mark.parametrize(("text", "named"), [
    ("what do people say about our products", "reviews"),
    ("how many stars do our articles have", "reviews"),
    ("would people recommend us to others", "recommend"),
    ("are our customers happy", "satisfaction"),
    ("how quickly do we answer customers", "customer support"),
    ("how many people come to our page", "web analytics"),
    ("what do shoppers type into the search box", "web analytics"),
    ("how much money did we put into advertising", "advertising"),
    ("price of a new customer", "advertising"),
    ("is that good compared with other shops", "competitors"),
    ("how much cash is coming in and going out", "costs of running"),
    ("what is the firm worth", "costs of running"),
    ("what do our buyers do for a living", "income"),
    ("are companies buying from us", "companies"),
    ("how heavy are our articles", "what products are made of"),
    ("how many items were broken", "quality"),
    ("page views by product", "web analytics"),
    ("income of customers", "income"),
    ("net profit", "costs of running"),
    ("how many parcels arrived too late", "deliveries"),
    ("how many parcels get lost", "deliveries"),
    ("how long do people wait for their parcels", "deliveries"),
    ("do customers use mobile phones to order", "devices"),
    ("what's our market position", "competitors"),
])
def test_what_is_not_held_is_named(text: str, named: str) -> None:
    [call] = plan(text)
    assert call.name == "decline"
    assert call.args["reason"] == "missing_data"
    assert named in call.args["message"]


@pytest.mark.parametrize(("text", "said"), [
    ("tell me a joke", "of anything else I know nothing"),
    ("am I talking to a person or a machine", "built-in assistant"),
    ("are you an AI", "built-in assistant"),
    ("I need legal advice", "no legal or tax advice"),
])
def test_what_is_no_question_of_the_shop_is_told(text: str, said: str) -> None:
    assert said in plan(text)[0].args["message"]


@pytest.mark.parametrize("text", [
    "paint me a picture of our revenue by country", "revenue per customer", "top 10 products by revenue",
    "how many people bought Garden", "what does a new customer bring", "how good are your forecasts",
    "how many orders arrived in March 2011", "which customers come back", "average order value by country",
])
def test_what_is_near_is_answered(text: str) -> None:
    assert all(c.name != "decline" for c in plan(text))


def test_a_request_beside_it_is_kept() -> None:
    calls = plan("revenue last month and what do people say about our products")
    assert calls[0].name == "query_data"


def test_a_draft_may_speak_of_it() -> None:
    assert all("reviews" not in str(c.args.get("message")) for c in plan("write a friendly e-mail to loyal customers"))


def test_another_offer_does_not_inherit_the_percentage() -> None:
    [call] = plan("give them a free gift", DRAFT)
    assert call.args["offer"]["kind"] == "gift"
    assert not call.args["offer"].get("value")


def test_a_piece_of_copy_without_its_text_is_asked_for() -> None:
    [call] = plan("change the subject", DRAFT)
    assert "{shop_name}" in call.args["message"]


@pytest.mark.parametrize(("text", "tool"), [
    ("how many new customers will we get next month", "decline"),
    ("does revenue include shipping", "describe_data"),
    ("which period does the data cover", "describe_data"),
    ("what is being sent?", "show_sendings"),
    ("what time is it", "decline"),
])
def test_small_questions_are_not_read_as_others(text: str, tool: str) -> None:
    assert plan(text)[0].name == tool


def test_good_is_no_goods() -> None:
    for text in ("will we have a good christmas", "was december good"):
        for call in plan(text):
            assert "product" not in str({k: call.args.get(k) for k in ("dimensions", "split_by")})
    [call] = plan("how many goods did we sell")
    assert call.args["metrics"] == ["units"]
