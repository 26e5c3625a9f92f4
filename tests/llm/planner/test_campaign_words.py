"""A request for a campaign keeps or names every word that matters."""

from __future__ import annotations

from typing import Any

import pytest

from assistant.llm.planner.context import DialogueContext, Past
from assistant.llm.planner.planner import plan_turn
from tests.support.planner_shops import PlannerShop

SHOP = PlannerShop()


def plan(text: str, context: DialogueContext | None = None) -> tuple[str, dict[str, Any]]:
    found = plan_turn(text, context, SHOP).calls[0]
    return found.name, found.args


def drafted(text: str) -> dict[str, Any]:
    name, args = plan(text)
    assert name == "draft_campaign", args
    return args


def bought(category: str) -> dict[str, Any]:
    where = {"op_type": "compare", "field": "category", "op": "eq", "values": [category]}
    return {"op_type": "customer", "metric": "orders", "op": "ge", "values": [1.0], "where": where}


@pytest.mark.parametrize("text", [
    "Draft a win-back for lapsed customers who used to buy every month",
    "Draft a campaign for lapsed customers with red hair",
    "Write a newsletter for left-handed loyal customers",
    "Draft a loyalty campaign for loyal customers, app users only",
])
def test_words_of_the_audience_that_are_not_understood_stop_the_draft(text: str) -> None:
    assert plan(text)[0] == "decline"


@pytest.mark.parametrize(("text", "words"), [
    ("Draft a loyalty campaign for loyal customers with early access", "early access"),
    ("Draft a loyalty campaign for loyal customers, plus a private concert", "private concert"),
    ("Draft a win-back for lapsed customers with 10% off orders over 50 euros", "orders over 50"),
    ("Draft a win-back for lapsed customers with a minimum order of 50 euros", "minimum order of 50"),
    ("Draft a win-back with free delivery from 40 euros", "from 40"),
])
def test_what_a_draft_cannot_hold_is_named_on_it(text: str, words: str) -> None:
    (missing,) = drafted(text)["not_included"]
    assert words in missing
    assert "40" not in str(drafted(text).get("audience")) and "50" not in str(drafted(text).get("audience"))


def test_a_share_of_the_best_customers_is_no_discount() -> None:
    args = drafted("Draft a campaign for our top 10% customers")
    assert "offer" not in args and args["audience"]["rank"] == "top_percent"


@pytest.mark.parametrize(("text", "n"), [
    ("Loyalty campaign for our best 500 customers", 500), ("email our 5 best customers", 5),
    ("Draft a newsletter for the top 200 customers", 200),
])
def test_so_many_best_customers(text: str, n: int) -> None:
    args = drafted(text)
    assert (args["audience"]["rank"], args["audience"]["values"]) == ("top_n", [float(n)])
    assert "products_per_recipient" not in args


def test_who_is_left_out_of_a_win_back_stays_left_out_of_those_who_lapsed() -> None:
    parts = drafted("Draft a win-back, excluding Kitchen buyers, with 10% off")["audience"]["parts"]
    assert [p["op_type"] for p in parts] == ["customer", "not"]
    assert parts[0]["metric"] == "days_since_last_order" and parts[1]["part"] == bought("Kitchen")


def test_a_win_back_of_buyers_is_for_those_who_stayed_away() -> None:
    parts = drafted("Win back Kitchen buyers")["audience"]["parts"]
    assert [p["metric"] for p in parts] == ["days_since_last_order", "orders"]


@pytest.mark.parametrize(("text", "goal"), [
    ("I need a birthday campaign", "birthday"), ("Set up an abandoned basket mail", "abandoned_basket"),
    ("Draft a post-purchase e-mail", "post_purchase"), ("Remind people to reorder", "replenishment"),
    ("Launch our new Kitchen collection to loyal customers", "launch"),
    ("Mother's Day campaign, budget 500 euros, text messages only", "seasonal"),
])
def test_kinds(text: str, goal: str) -> None:
    assert drafted(text)["goal"] == goal


def test_what_a_campaign_may_cost_is_no_price_of_a_product() -> None:
    args = drafted("Cross-sell Kitchen to people who bought Garden, but keep costs under 100")
    assert args["budget"] == 100.0 and args["audience"] == bought("Garden")


def test_an_end_in_the_past_is_kept_so_that_it_is_refused() -> None:
    assert drafted("Draft a win-back campaign that ends yesterday")["ends_on"] < str(SHOP.status().as_of)


def test_a_subject_said_is_the_subject() -> None:
    args = drafted('Draft a win-back email with the subject "We miss you"')
    assert args["edits"][0]["text"] == "We miss you" and "variants" not in args


def test_wordings_to_be_tested() -> None:
    assert drafted("Draft three versions of the subject line for a win-back and test them")["variants"] == 3


@pytest.mark.parametrize(("text", "waits"), [
    ("Plan a welcome series for new customers", [0, 7, 7]),
    ("Plan a welcome series of two e-mails for new customers", [0, 7]),
    ("Draft a win-back with two emails, the second after 5 days", [0, 5]),
    ("Draft a win-back for lapsed customers by email, and a reminder after a week to those who did not order", [0, 7]),
])
def test_several_messages(text: str, waits: list[int]) -> None:
    steps = drafted(text)["steps"]
    assert [s.get("after_days", 0) for s in steps] == waits


def test_the_messages_of_the_draft_on_the_table_are_changed() -> None:
    first = plan_turn("Plan a welcome series for new customers", DialogueContext(), SHOP).calls[0]
    context = DialogueContext([Past(first, {"words": {"campaign": "c-1"}})], ["q"])
    for text, waits in (("make the second mail go out after 5 days", [0, 5, 7]), ("drop the last message", [0, 7]),
                        ("add a reminder after 3 days", [0, 7, 7, 3]), ("wait two weeks before the third", [0, 7, 14])):
        name, args = plan(text, context)
        assert name == "draft_campaign" and [s.get("after_days", 0) for s in args["steps"]] == waits, text


@pytest.mark.parametrize(("text", "tool"), [
    ("What campaigns are planned for next week?", "show_calendar"), ("are there any clashes?", "show_calendar"),
    ("which mailings go out this month", "show_calendar"), ("Stop the win-back", "ask_back"),
    ("halt the newsletter now", "stop_sending"), ("Who is in the control group and why?", "explain_brief"),
    ("which day should we send?", "explain_brief"), ("when should we send the newsletter", "explain_brief"),
    ("How did our past campaigns do?", "read_out_campaigns"), ("was the last campaign a success", "read_out_campaigns"),
])
def test_questions_about_campaigns(text: str, tool: str) -> None:
    assert plan(text)[0] == tool


def test_the_latest_of_a_kind_is_shown_alone() -> None:
    assert plan("Did the last win-back campaign work?")[1] == {"campaign_kind": "win_back", "latest": True}


@pytest.mark.parametrize(("text", "tool"), [
    ("who gets it?", "show_campaign"), ("how many people will it reach?", "show_campaign"),
    ("What will the campaign cost and what do we get?", "show_campaign"), ("is it worth it?", "show_campaign"),
    ("how many more orders will it bring?", "show_campaign"), ("show me the copy", "explain_message"),
    ("what does it say?", "explain_message"), ("what is the best time to send it", "explain_brief"),
])
def test_it_is_the_draft_on_the_table(text: str, tool: str) -> None:
    first = plan_turn("Draft a win-back for lapsed customers", DialogueContext(), SHOP).calls[0]
    context = DialogueContext([Past(first, {"words": {"campaign": "c-4"}})], ["q"])
    name, args = plan(text, context)
    assert (name, args.get("campaign_id")) == (tool, "c-4")
    assert plan(text)[0] != tool or tool == "explain_brief"


def test_a_share_held_out_and_a_sum_kept_to_are_no_offer_and_no_condition() -> None:
    args = drafted("Write a win-back text message for lapsed customers, keep it under 300 euros, and hold out 20%")
    assert (args["budget"], args["holdout_share"], "offer" in args) == (300.0, 0.2, False)
    assert "300" not in str(args["audience"])


def test_a_text_that_shrinks_no_further_is_given_up() -> None:
    text = "I'd like a campaign for our 1,000 most valuable customers, excluding anyone contacted this month"
    assert plan(text)[0] in {"decline", "draft_campaign"}


def test_a_draft_is_called_by_a_group_only_where_that_is_all_of_it() -> None:
    def named(text: str) -> str | None:
        (found,) = plan_turn(text, DialogueContext(), PlannerShop()).calls
        return found.args.get("audience_words")

    assert named("Draft a win-back campaign for lapsed customers") == "lapsed"
    assert named("Draft a win-back campaign for lapsed customers in Germany") is None
    assert named("Draft a campaign for champions in France") is None
