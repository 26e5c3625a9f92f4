"""Requests for campaigns of a birthday, a basket that was left, or reviews, in words of many kinds."""

from __future__ import annotations

import pytest

from assistant.llm.planner.context import DialogueContext
from assistant.llm.planner.planner import plan_turn
from tests.support.planner_shops import PlannerShop

SHOP = PlannerShop()


@pytest.mark.parametrize(("text", "goal", "values"), [
    ("Birthday campaign with 15% off", "birthday", {"offer": {"kind": "percent_off", "value": 15.0}}),
    ("wish customers a happy birthday", "birthday", {}),
    ("email everyone whose birthday is next week with 10% off", "birthday", {"within_days": 7, "channels": ["email"]}),
    ("congratulate customers on their birthday", "birthday", {}),
    ("send a birthday voucher of 10 euros to customers with a birthday in the next 14 days", "birthday",
     {"within_days": 14, "offer": {"kind": "amount_off", "value": 10.0}}),
    ("give customers 10% off on their birthday", "birthday", {"offer": {"kind": "percent_off", "value": 10.0}}),
    ("Draft an abandoned basket campaign", "abandoned_basket", {}),
    ("remind people who abandoned their cart to check out", "abandoned_basket", {}),
    ("email people who forgot something in their cart in the past 2 weeks, with free delivery", "abandoned_basket",
     {"within_days": 14, "offer": {"kind": "free_delivery"}}),
    ("abandoned basket email for baskets left more than 24 hours ago", "abandoned_basket", {"after_hours": 24}),
    ("ask customers for a review 14 days after purchase", "reviews", {"after_hours": 336}),
    ("send a review request email", "reviews", {}),
])
def test_the_draft_holds_what_was_said(text: str, goal: str, values: dict[str, object]) -> None:
    (call,) = plan_turn(text, DialogueContext(), SHOP).calls
    assert (call.name, call.args.get("goal")) == ("draft_campaign", goal)
    assert {k: call.args.get(k) for k in values} == values


@pytest.mark.parametrize("text", ["how many customers have a birthday next week", "cart abandonment rate by month",
                                  "average rating by product", "reviews of our products"])
def test_a_question_about_them_is_no_order_for_a_campaign(text: str) -> None:
    assert all(c.name != "draft_campaign" for c in plan_turn(text, DialogueContext(), SHOP).calls)
