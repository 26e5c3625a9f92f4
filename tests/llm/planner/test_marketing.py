"""Questions about contacts, messages, campaigns, sources, empty groups and the data themselves, as plans."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from assistant.llm.planner.contact_conditions import contact_conditions
from assistant.llm.planner.nothing import nothing_counted
from assistant.llm.planner.planner import plan_turn
from assistant.llm.planner.spans import read
from assistant.llm.planner.vocabulary import vocabulary
from assistant.plans.shop import Term
from tests.support.planner_shops import PlannerShop

SHOP = PlannerShop()


class _Mailing(PlannerShop):
    """A shop with campaigns and goods sent back."""

    def dimensions(self) -> Sequence[Term]:
        return [*super().dimensions(), *(Term(n, n, (n,)) for n in ("campaign", "line_type"))]

    def metrics(self) -> Sequence[Term]:
        ours = {"open_rate": "open rate", "click_rate": "click rate", "campaign_revenue": "campaign revenue",
                "response_rate": "response rate", "units_returned": "units returned", "lift": "lift"}
        return [*super().metrics(), *(Term(n, label, (label,)) for n, label in ours.items())]

    def values(self, dimension: str) -> Sequence[str]:
        own = {"campaign": ["Spring Win-back", "Garden Opening", "Thank You Letter"], "line_type": ["sale", "return"]}
        return own.get(dimension) or super().values(dimension)


MAILING = _Mailing()


def _conditions(text: str) -> list[tuple]:
    found = contact_conditions(read(text, vocabulary(SHOP))).customers
    return [
        (c.field, c.op) if c.op_type == "compare"
        else (c.metric, c.op, *c.values, *(c.where.values if c.where is not None else ()))
        for c in found
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("customers who haven't received an email in the last 6 months", [("delivered", "eq", 0, "email")]),
        ("people who opened a newsletter in May", [("opened", "ge", 1, "email")]),
        ("who never clicked in any of our messages", [("clicked", "eq", 0)]),
        ("contacts who have not opened or clicked an email",
         [("opened", "eq", 0, "email"), ("clicked", "eq", 0, "email")]),
        ("customers who opened or clicked an email", [("opened", "ge", 1, "email"), ("clicked", "ge", 1, "email")]),
        ("shoppers without a phone number", [("contactable_customers", "eq", 0, "sms")]),
        ("how many clients have no e-mail address on file", [("contactable_customers", "eq", 0, "email")]),
        ("buyers whose date of birth is missing", [("age", "is_null")]),
        ("customers opted in to sms", [("consenting_customers", "ge", 1, "sms")]),
        ("customers who did not consent to email", [("consenting_customers", "eq", 0, "email")]),
        ("how many people may we e-mail", [("mailable_customers", "ge", 1, "email")]),
        ("suppressed customers", [("suppressed_customers", "ge", 1)]),
        ("emails opened last month", []),
        ("show the phone numbers of our best customers", []),
        ("customers with their email address", []),
        ("can we reach two million by December", []),
        ("orders without a discount by country", []),
        ("customers who got no message in the last year", [("delivered", "eq", 0)]),
        ("how many people gave consent for sms marketing", [("consenting_customers", "ge", 1, "sms")]),
        ("customers who did not tell us their gender", [("gender", "is_null")]),
    ],
)
def test_conditions_on_contacts_and_messages(text, expected):
    assert _conditions(text) == expected


@pytest.mark.parametrize(
    ("text", "group", "metric"),
    [
        ("countries without sales in May", "country", "revenue"),
        ("which products have never been sold", "product", "units"),
        ("in which months did we sell nothing", "month", "units"),
        ("unsold products", "product", "units"),
        ("categories with no orders last week", "category", "orders"),
        ("which weekday had no orders", "weekday", "orders"),
        ("were there days with zero orders?", "day", "orders"),
        ("list products without a single sale this year", "product", "revenue"),
        ("orders without a discount", "", ""),
        ("customers without any order", "", ""),
        ("revenue by country without Germany", "", ""),
    ],
)
def test_groups_for_which_nothing_was_counted(text, group, metric):
    found = nothing_counted(read(text, vocabulary(SHOP)))
    assert (found.group, found.metric) == (group, metric)


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("what field contains the date of first purchase?", {"about": "fields", "words": "date of first purchase"}),
        ("which fields hold email consent?", {"about": "fields", "words": "email consent"}),
        ("where is the delivery country stored?", {"about": "fields", "words": "delivery country"}),
        ("do you have product costs?", {"about": "have", "words": "product costs"}),
        ("how fresh is the data", {"about": "freshness"}),
        ("when was the data last updated?", {"about": "freshness"}),
        ("how many products are loaded", {"about": "rows", "table": "products"}),
        ("how many customers are in the database?", {"about": "rows", "table": "customers"}),
        ("how many rows were dropped in cleaning and why", {"about": "cleaning"}),
    ],
)
def test_questions_about_the_data_themselves(text, arguments):
    (call,) = plan_turn(text, None, SHOP).calls
    assert (call.name, call.args) == ("describe_data", arguments)


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("what campaigns have been created", {}), ("list my drafts", {}),
        ("how many live journeys do I have?", {"about": "automations"}),
        ("what automated flows are configured?", {"about": "automations"}),
        ("give me a list of all scheduled recurring journeys and their expected run times", {"about": "automations"}),
    ],
)
def test_all_campaigns_are_listed(text, about):
    (call,) = plan_turn(text, None, SHOP).calls
    assert (call.name, call.args) == ("list_campaigns", about)


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("abandoned carts this week", "shopping carts"),
        ("guests who checked in within the past 6 months and have more than two children", "hotel stays"),
        ("how much revenue did loyalty drive last month", "loyalty programme"),
        ("daily active users", "web analytics"),
        ("what is our nps", "surveys"),
        ("revenue by payment method", "payment methods"),
        ("what is our roas", "advertising"),
        ("coupons expiring this year", "coupons"),
    ],
)
def test_what_no_shop_holds_is_named(text, missing):
    calls = plan_turn(text, None, SHOP).calls
    assert {(c.name, c.args["reason"]) for c in calls} == {("decline", "missing_data")}
    assert any(missing in c.args["message"] for c in calls)


@pytest.mark.parametrize(
    "text",
    ["which session had the best zorgs", "what is the reach of our blorpy thing", "the issue with the frobnicator"],
)
def test_a_word_of_several_meanings_is_no_evidence_among_words_not_understood(text):
    (call,) = plan_turn(text, None, SHOP).calls
    assert (call.name, call.args["reason"]) == ("decline", "not_understood")


def test_other_programs_are_no_lack_of_data():
    (call,) = plan_turn("what kinds of forecasting models can I train in BQML?", None, SHOP).calls
    assert call.args["reason"] == "not_understood"
    assert "other programs" in call.args["message"]


@pytest.mark.parametrize("text", [
    "Pause campaign Spring Cleaning", "Activate campaign Spring Cleaning", "resume my welcome flow",
    "can you stop sending emails to lapsed customers", "turn off the win-back automation",
    "schedule the campaign for Friday",
])
def test_nothing_is_run_from_here(text: str) -> None:
    call = plan_turn(text, None, SHOP).calls[0]
    assert (call.name, call.args["reason"]) == ("decline", "not_permitted")


@pytest.mark.parametrize(("text", "missing"), [
    ("Which subject lines generated the most clicks?", "subject and text"),
    ("What are the common unsubscribe reasons?", "reason of each unsubscribe"),
    ("Which customers browse frequently but rarely purchase?", "web sessions"),
    ("What's the open rate on our onboarding sequence?", "log of journeys"),
    ("Which customers are likely to become brand advocates?", "referrals"),
])
def test_says_what_messages_and_journeys_lack(text: str, missing: str) -> None:
    call = plan_turn(text, None, SHOP).calls[0]
    assert (call.name, call.args["reason"]) == ("decline", "missing_data")
    assert any(missing in one for one in call.args["missing"])


@pytest.mark.parametrize(("text", "campaigns", "by"), [
    ("What's the open rate on our last campaign?", 1, ()),
    ("Compare the open rates on my last two campaigns.", 2, ("campaign",)),
    ("how did our latest campaign perform?", 1, ()),
])
def test_the_latest_campaigns_are_named(text: str, campaigns: int, by: tuple[str, ...]) -> None:
    call = plan_turn(text, None, MAILING).calls[0]
    assert list(call.args["filter"]["values"]) == list(MAILING.labels("campaign")[:campaigns])
    assert tuple(call.args.get("dimensions", ())) == by and "open_rate" in call.args["metrics"]


@pytest.mark.parametrize(("text", "goal"), [
    ("Send to all customers with more than 5 orders", None),
    ("Remind customers who haven't visited in 90 days", None),
    ("Re-engage customers who stopped using the platform", "win_back"),
    ("Reward our VIP customers in Berlin", "loyalty"),
])
def test_an_order_to_reach_somebody_is_a_draft(text: str, goal: str | None) -> None:
    call = plan_turn(text, None, SHOP).calls[0]
    assert call.name == "draft_campaign" and call.args["audience"] and call.args.get("goal") == goal


def test_what_was_done_with_the_same_message() -> None:
    for text, kept in (
        ("customers who opened an email but did not click", [("opened", "ge"), ("clicked", "eq")]),
        ("who opened the Garden Opening campaign but did not buy", [("opened", "ge"), ("answered", "eq")]),
        ("customers who received an email in May but didn't click", [("delivered", "ge"), ("clicked", "eq")]),
    ):
        found = plan_turn(text, None, MAILING).calls[0].plan().filter.parts
        assert [(c.metric, c.op) for c in found] == kept
        assert found[0].where == found[1].where and found[0].period == found[1].period


def test_columns_of_a_table_are_listed() -> None:
    for text in ("What columns are in the customers table?", "what fields do you have about customers"):
        assert plan_turn(text, None, SHOP).calls[0].args == {"about": "fields", "table": "customers"}


def test_what_was_sent_back_is_apart_from_what_was_cancelled() -> None:
    plan = plan_turn("how many customers returned an item in 2011", None, MAILING).calls[0].plan()
    returned = plan.filter
    assert returned.metric == "units_returned"
    assert (returned.where.field, returned.where.values) == ("line_type", ("return",))
    assert returned.period.year == 2011 and getattr(plan, "period", None) is None


@pytest.mark.parametrize(("text", "metrics"), [
    ("click rate of Spring Win-back", {"click_rate"}),
    ("how did Garden Opening do", {"open_rate", "campaign_revenue"}),
    ("open rate of Spring Win-back", {"open_rate"}),
])
def test_a_campaign_is_known_by_its_name_alone(text: str, metrics: set[str]) -> None:
    call = plan_turn(text, None, MAILING).calls[0]
    assert call.args["filter"]["field"] == "campaign" and "period" not in call.args
    assert metrics <= set(call.args["metrics"])


def test_a_campaign_that_never_was_is_named_whole() -> None:
    call = plan_turn("how did the Halloween Madness campaign perform?", None, MAILING).calls[0]
    assert call.name == "decline" and "Halloween Madness" in call.args["message"] and "campaign" in call.args["message"]


def test_what_customers_did_not_buy_is_no_premise() -> None:
    text = "customers that haven't purchased in the last 90 days, but whose total spend is above 500"
    assert plan_turn(text, None, SHOP).calls[0].name == "query_data"


def test_a_post_about_the_bestsellers() -> None:
    call = plan_turn("Generate an Instagram post for our bestsellers", None, SHOP).calls[0]
    assert call.name == "draft_post" and call.args == {"bestsellers": True}


def test_a_place_that_the_shop_does_not_have_is_no_product() -> None:
    for text in ("VIP customers from Teaport", "customers from Red"):
        assert plan_turn(text, None, SHOP).calls[0].name == "decline"


def test_an_order_is_no_term_to_be_agreed() -> None:
    call = plan_turn("Ping customers who spent over 500", None, SHOP).calls[0]
    assert call.name != "ask_back"


@pytest.mark.parametrize(("text", "message"), [
    ("people like my best customers", "resemble"),
    ("lookalike audience of our best customers", "resemble"),
    ("Unsubscribe customer 12311", "cannot change"),
    ("Which high-value customers are declining?", "goes up or down"),
    ("which segments have not been used in any campaign", "past campaign"),
])
def test_what_nothing_here_does_is_said_precisely(text: str, message: str) -> None:
    call = plan_turn(text, None, SHOP).calls[0]
    assert call.name == "decline" and message in call.args["message"]


def test_messages_are_counted_by_customer() -> None:
    for text, op, n in (
        ("which customers got more than 5 emails in 2011", "gt", 5), ("customers who opened 2 emails", "eq", 2),
        ("customers who received at least 3 emails", "ge", 3),
    ):
        found = plan_turn(text, None, SHOP).calls[0].plan().filter
        assert (found.op, found.values, found.where.values) == (op, (n,), ("email",))


@pytest.mark.parametrize("text", [
    "customers who only buy Garden", "customers who bought only Garden", "how many customers only bought Garden",
])
def test_only_means_nothing_else(text: str) -> None:
    parts = plan_turn(text, None, SHOP).calls[0].plan().filter.parts
    assert [(c.op, c.values) for c in parts] == [("ge", (1,)), ("eq", (0,))]
    assert parts[1].where.part == parts[0].where


@pytest.mark.parametrize("text", [
    "customers who only shop at Christmas", "customers who buy only on weekends", "who opened all our emails",
])
def test_only_then_and_every_time_are_not_dropped(text: str) -> None:
    assert plan_turn(text, None, SHOP).calls[0].name == "decline"


def test_a_state_of_contacts_that_the_shop_does_not_measure_stays_a_condition() -> None:
    plan = plan_turn("contactable customers by country", None, MAILING).calls[0].plan()
    assert plan.dimensions == ("country",) and plan.filter.metric == "mailable_customers"
