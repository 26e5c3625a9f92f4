"""Questions about offers, in many wordings, as plans; and neighbours that mean something else."""

from __future__ import annotations

from typing import Any

import pytest

from assistant.llm.planner.context import DialogueContext, Past
from assistant.llm.planner.planner import plan_turn
from tests.support.planner_shops import PlannerShop

SHOP = PlannerShop()
PERCENT, DELIVERY = {"kind": "percent_off", "value": 15.0}, {"kind": "free_delivery"}


def planned(text: str, context: DialogueContext | None = None) -> dict[str, Any]:
    calls = plan_turn(text, context, SHOP).calls
    assert [c.name for c in calls] == ["choose_offers"], calls
    return calls[0].args


@pytest.mark.parametrize("text", [
    "Which offer should each customer get?", "which discount should we give to whom?", "who should get which offer",
    "What is the best offer for each customer?", "choose the best offer for every customer", "optimise our offers",
    "give each customer the best offer", "what should we offer each customer?", "which offer for which customer?",
    "assign offers to customers", "personalise the offers per customer",
])
def test_an_offer_for_each(text: str) -> None:
    assert planned(text) == {}


@pytest.mark.parametrize(("text", "limits"), [
    ("which offer should each customer get with a budget of 2,000?", {"budget": 2000.0}),
    ("who should get which discount if we have 500 euros to spend", {"budget": 500.0}),
    ("Which offer should each customer get, at most 300 customers?", {"max_contacts": 300}),
    ("with a budget of £1.5k, which offer should each customer get by e-mail?", {"budget": 1500.0, "channel": "email"}),
    ("which offer should each customer get, fairly across men and women", {"fair_by": "gender"}),
    ("allocate the discount budget of 1,000 across customers", {"budget": 1000.0}),
    ("give each customer the best offer, at most 3,000 euros in total, and no more than 20% of them may get a discount",
     {"budget": 3000.0, "max_share": 20.0}),
])
def test_limits_are_heard_wherever_they_stand(text: str, limits: dict[str, Any]) -> None:
    assert planned(text) == limits


@pytest.mark.parametrize("text", [
    "Which customers should get no offer at all?", "who should not get a discount?", "who doesn't need an offer?",
])
def test_those_left_alone(text: str) -> None:
    found = plan_turn(text, None, SHOP).calls[0]
    assert (found.name, found.args) in [("choose_offers", {"left_alone": True}),
                                        ("predict_uplift", {"about": "leave_alone"}),
                                        ("predict_uplift", {"about": "sure_buyers"})]


@pytest.mark.parametrize(("text", "about", "offers"), [
    ("is 15 % or free delivery better?", "compare", [PERCENT, DELIVERY]),
    ("compare 15% off with free shipping", "compare", [PERCENT, DELIVERY]),
    ("which is better, 15 percent off or free delivery?", "compare", [PERCENT, DELIVERY]),
    ("15 % off vs free delivery", "compare", [PERCENT, DELIVERY]),
    ("what lift does 15 % off need?", "break_even", [PERCENT]),
    ("How much uplift does free delivery need to break even?", "break_even", [DELIVERY]),
    ("what is the break-even of a 15 percent discount", "break_even", [PERCENT]),
    ("does free shipping pay off?", "break_even", [DELIVERY]),
    ("can we afford a £5 voucher?", "break_even", [{"kind": "amount_off", "value": 5.0}]),
    ("what lift does a free gift that costs 3 need?", "break_even", [{"kind": "gift", "cost": 3.0}]),
    ("how many more orders does 15 % off need to bring", "break_even", [PERCENT]),
    ("is early access worth it?", "break_even", [{"kind": "early_access"}]),
])
def test_offers_are_read(text: str, about: str, offers: list[dict[str, Any]]) -> None:
    args = planned(text)
    assert args["about"] == about and args["offers"] == offers


def test_a_margin_is_heard() -> None:
    assert planned("what lift does 15 % off need with a margin of 40 %?")["margin_percent"] == 40


@pytest.mark.parametrize("text", [
    "Would choosing offers this way have paid off in past campaigns?", "evaluate the offer policy on past campaigns",
    "how good is the offer choice?", "off-policy evaluation of our offers",
])
def test_choosing_is_tried_on_the_past(text: str) -> None:
    assert planned(text) == {"about": "evaluate"}


def test_customers_are_read_by_the_ordinary_grammar() -> None:
    args = planned("what is the best offer for customers in Germany?")
    assert args["filter"]["values"] == ["Germany"] and args.get("about", "choose") == "choose"


@pytest.mark.parametrize(("text", "changed"), [
    ("with a budget of 500", {"budget": 500.0}), ("only by e-mail", {"channel": "email"}),
    ("and at most 100 customers?", {"max_contacts": 100}),
])
def test_an_answer_is_changed(text: str, changed: dict[str, Any]) -> None:
    first = plan_turn("which offer should each customer get?", None, SHOP).calls[0]
    assert planned(text, DialogueContext(past=[Past(first, {}, 0)])) == changed


@pytest.mark.parametrize("text", [
    "what if we give 20 % off?", "revenue by campaign offer", "draft a campaign with 15 % off for lapsed customers",
    "how much did we sell last month?", "which customers should get a discount?", "orders with free delivery",
    "what is the best selling product?", "what should we offer customer 17850?", "margin by category",
    "what lift did our campaigns have?",
])
def test_neighbours_are_left_alone(text: str) -> None:
    assert all(c.name != "choose_offers" for c in plan_turn(text, None, SHOP).calls)


@pytest.mark.parametrize(("text", "args"), [
    ("let it find out whether 15 % or free delivery works better", {"offers": [PERCENT, DELIVERY]}),
    ("find out which works best: 15 % off or free shipping, 300 customers per round",
     {"offers": [PERCENT, DELIVERY], "per_round": 300}),
    ("start a bandit test of 15 % off and free shipping by e-mail",
     {"offers": [PERCENT, DELIVERY], "channel": "email"}),
    ("let it find out which variant works", {"wordings_of": "latest"}),
    ("draw the next round", {"about": "next"}), ("how does the test stand?", {"about": "show"}),
    ("which offer is winning?", {"about": "show"}),
])
def test_finding_out(text: str, args: dict[str, Any]) -> None:
    (found,) = plan_turn(text, None, SHOP).calls
    assert (found.name, found.args) == ("explore_offers", args)


def test_a_draft_with_the_best_offer_until_one_is_named() -> None:
    context = DialogueContext()
    (first,) = plan_turn("draft a win-back campaign for lapsed customers with the best offer", context, SHOP).calls
    assert first.name == "draft_campaign" and first.args["best_offer"] and "offer" not in first.args
    context.past.append(Past(first, {}))
    (second,) = plan_turn("15 % instead", context, SHOP).calls
    assert second.args["offer"]["value"] == 15 and "best_offer" not in second.args
