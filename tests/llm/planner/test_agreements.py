"""Wordings about meanings and saved segments → plans, and those that must not be taken for one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from assistant.llm.planner.candidate import ToolCall
from assistant.llm.planner.context import DialogueContext, Past
from assistant.llm.planner.planner import plan_turn
from assistant.results import DefinitionUsed
from tests.support.planner_shops import PlannerShop
from tests.support.shorthand import condition

CHANGES = {"define_term", "withdraw_term", "save_segment", "change_segment", "undo_change"}


class AgreedShop(PlannerShop):
    """The planner's shop after people agreed on "whales" and saved three segments."""

    def definitions(self) -> Sequence[DefinitionUsed]:
        whales = DefinitionUsed(term="whales", meaning="customers who spent over 5,000", author="Ada", assumed=False)
        hits = DefinitionUsed(term="bestseller", meaning="products ranked by units sold", rank_by="units")
        return [*super().definitions(), whales, hits]

    def definition_filter(self, term: str) -> dict[str, Any] | None:
        if term == "whales":
            return {"op_type": "customer", "metric": "revenue", "op": "gt", "values": [5000], "term": "whales"}
        return super().definition_filter(term)

    def segment_names(self) -> Sequence[str]:
        return ("Lapsed VIPs", "Mug fans", "regulars")


SHOP, PLAIN = AgreedShop(), PlannerShop()


def plan(text: str, context: DialogueContext | None = None, shop: PlannerShop = SHOP) -> ToolCall:
    return plan_turn(text, context, shop).calls[0]


def said(call: ToolCall) -> str:
    """A plan about agreements in one line."""
    args = dict(call.args)
    rule = f" {condition(call.plan().filter)}" if "filter" in args else ""
    args.pop("filter", None)
    since = args.pop("since", None)
    rest = " ".join(f"{k}={v}" for k, v in args.items())
    return f"{call.name} {rest}{rule}".strip() + (f" since {since['unit']}" if since else "")


DEFINED = [
    ("By loyal I mean customers with at least 4 orders", "loyal", "cust(orders ge 4)"),
    ("by loyal we mean at least 4 orders", "loyal", "cust(orders ge 4)"),
    ("Define VIP as customers who spent over 1,000", "VIP", "cust(revenue gt 1000)"),
    ("From now on, lapsed means no order for 180 days", "lapsed", "cust(days_since_last_order ge 180)"),
    ("lapsed means 120 days", "lapsed", "cust(days_since_last_order ge 120)"),
    ("Let's call customers with more than 10 orders champions", "champions", "cust(orders gt 10)"),
    ('We call customers who spent over 500 "big fish"', "big fish", "cust(revenue gt 500)"),
    ("When I say whales I mean customers who spent more than 8000", "whales", "cust(revenue gt 8000)"),
    ("A regular is someone who ordered at least 3 times", "regular", "cust(orders ge 3)"),
    ("Treat customers with more than 20 orders as super fans", "super fans", "cust(orders gt 20)"),
    ("change the definition of loyal to at least 6 orders", "loyal", "cust(orders ge 6)"),
    ("loyal = 4+ orders", "loyal", "cust(orders ge 4)"),
    ("loyal should mean 5 or more orders", "loyal", "cust(orders ge 5)"),
    ("please redefine lapsed as no order for 200 days", "lapsed", "cust(days_since_last_order ge 200)"),
    ("Use whale for customers who spent over 900", "whale", "cust(revenue gt 900)"),
]


@pytest.mark.parametrize(("text", "term", "rule"), DEFINED, ids=lambda v: str(v)[:50])
def test_a_meaning_is_read(text: str, term: str, rule: str) -> None:
    call = plan(text)
    assert (call.name, condition(call.plan().filter)) == ("define_term", rule)
    assert call.args["term"].casefold().rstrip("s") == term.casefold().rstrip("s")


@pytest.mark.parametrize(("text", "expected"), [
    ("What does lapsed mean?", "show_terms term=lapsed"),
    ("how do you define whales?", "show_terms term=whales"),
    ("What is the definition of loyal", "show_terms term=loyal"),
    ("Which definitions do we use?", "show_terms"),
    ("show our glossary", "show_terms"),
    ("what terms have we agreed on?", "show_terms agreed_only=True"),
    ("forget the definition of whales", "withdraw_term term=whales"),
    ("go back to the previous definition of whales", "withdraw_term term=whales to=previous"),
    ("go back to the old definition", "undo_change of=definition"),
    ("undo the definition of whales", "undo_change of=definition name=whales"),
    ("bestsellers should be ranked by revenue", "define_term term=bestseller rank_by=revenue"),
    ("what is my biggest audience?", "show_saved_segments order_by=size limit=1"),
    ("which saved segment is the smallest?", "show_saved_segments order_by=size descending=False limit=1"),
    ("list my segments", "show_saved_segments"),
    ("which segments have we saved?", "show_saved_segments"),
    ("current size of my audience Lapsed VIPs", "show_saved_segments name=Lapsed VIPs"),
    ("how big is the mug fans segment?", "show_saved_segments name=Mug fans"),
    ("current size of my audience Gold Members", "show_saved_segments name=Gold Members"),
    ("how has the Mug fans segment developed over time?", "show_saved_segments name=Mug fans show=history"),
    ("which audiences grew by more than 20% in the last month?",
     "show_saved_segments growth=up min_percent=20.0 order_by=change since month"),
    ("why did the Mug fans audience drop?", "show_saved_segments name=Mug fans growth=down show=change"),
    ("who left the Mug fans segment this month?", "show_saved_segments name=Mug fans show=change since month"),
    ("rename Mug fans to Mug lovers", "change_segment name=Mug fans action=rename new_name=Mug lovers"),
    ("delete the segment Mug fans", "change_segment name=Mug fans action=delete"),
    ("save lapsed customers as Sleepers", "save_segment name=Sleepers cust(days_since_last_order ge 90)"),
    ("Create a segment called Big for customers who spent over 900", "save_segment name=Big cust(revenue gt 900)"),
    ("create a segment of customers who spent over 900 and call it Big", "save_segment name=Big cust(revenue gt 900)"),
    ("update the segment Mug fans to customers who spent over 900",
     "save_segment name=Mug fans replace=True cust(revenue gt 900)"),
])
def test_a_request_about_agreements_is_read(text: str, expected: str) -> None:
    assert said(plan(text)) == expected


@pytest.mark.parametrize(("text", "tool", "rule"), [
    ("revenue of Lapsed VIPs by month", "query_data", "group(Lapsed VIPs)"),
    ("how many customers are in Mug fans and not in Lapsed VIPs?", "count_audience",
     "and(group(Mug fans), not group(Lapsed VIPs))"),
    ("how many regulars in France?", "count_audience", "and(country=France, group(regulars))"),
    ("top 5 whales by revenue", "query_data", "cust(revenue gt 5000)"),
    ("top 5 loyal customers by revenue", "query_data", "cust(orders ge 5)"),
])
def test_agreed_names_select_customers(text: str, tool: str, rule: str) -> None:
    call = plan(text)
    assert (call.name, condition(call.plan().filter)) == (tool, rule)


def test_a_campaign_goes_to_a_saved_segment() -> None:
    call = plan("draft a campaign for the segment Lapsed VIPs")
    assert call.name == "draft_campaign" and condition(call.plan().audience) == "group(Lapsed VIPs)"


def test_two_segments_are_set_against_each_other() -> None:
    call = plan("overlap of Lapsed VIPs and Mug fans")
    assert call.name == "compare_audiences" and (call.args["first_name"], call.args["second_name"]) == (
        "Lapsed VIPs", "Mug fans")


@pytest.mark.parametrize("text", [
    "customers who are in Lapsed VIPs and not in Mug fans", "our loyal customers are in Germany",
    "compare Germany and France",
    "loyal customers are 20% of revenue", "make an audience: spent more than 50", "which customers are loyal?",
    "what is our return rate?", "how many customers are there?", "show me the RFM segments", "delete customer 12345",
    "undo", "what were sales last month?", "is revenue growing?", "lapsed customers in Germany",
    "who are our best customers?",
    "change the price of mugs to 5", "save money", "call our customers", "define", "by country",
    "name the top 5 products",
])
def test_nothing_is_changed_by_other_texts(text: str) -> None:
    assert not {c.name for c in plan_turn(text, None, SHOP).calls} & CHANGES


def counted(text: str) -> DialogueContext:
    return DialogueContext([Past(plan(text), {}, turn=1)], [text])


def test_this_is_saved_and_taken_back() -> None:
    context = counted("how many customers spent over 900?")
    save = plan("save this as Spenders", context)
    assert said(save) == "save_segment name=Spenders cust(revenue gt 900)"
    assert said(plan("call them Spenders", context)) == said(save)
    context.past.append(Past(save, {}, turn=2))
    context.questions.append("save this as Spenders")
    for text in ("undo that", "undo", "take that back"):
        assert said(plan(text, context)) == "undo_change of=segment name=Spenders"


def test_a_change_is_never_made_again_by_going_back() -> None:
    context = counted("how many loyal customers do we have?")
    context.past.append(Past(plan("loyal = 6+ orders"), {}, turn=2))
    context.past.append(Past(plan("revenue by month"), {}, turn=3))
    context.questions += ["loyal = 6+ orders", "revenue by month"]
    for text in ("undo that", "back to the first question", "again"):
        assert not {c.name for c in plan_turn(text, context, SHOP).calls} & {"define_term"}


def test_a_question_goes_on_after_a_definition() -> None:
    context = counted("how many loyal customers do we have?")
    context.past.append(Past(plan("loyal = 6+ orders"), {}, turn=2))
    context.questions.append("loyal = 6+ orders")
    call = plan("and in Germany?", context)
    assert call.name == "count_audience" and "country=Germany" in condition(call.plan().filter)


def test_an_unknown_word_for_customers_is_asked_about_and_every_option_defines_it() -> None:
    call = plan("How many superstars do we have?")
    assert call.name == "ask_back" and "superstars" in call.args["text"]
    for option in call.args["options"]:
        first = plan(option)
        assert first.name == "define_term" and first.args["term"] == "superstars"


@pytest.mark.parametrize("text", ["define gold as the sky being blue", "by loyal I mean purple elephants"])
def test_a_meaning_that_cannot_be_read_is_told(text: str) -> None:
    call = plan(text)
    assert call.name == "decline" and call.args["reason"] in {"not_understood", "missing_data"}


def test_a_measure_keeps_its_formula() -> None:
    call = plan("by sales I mean net sales")
    assert (call.name, call.args["reason"]) == ("decline", "not_permitted")


@pytest.mark.parametrize("text", ["what segments do we have?", "which segment is the biggest?"])
def test_without_saved_segments_the_split_answers(text: str) -> None:
    assert plan(text, shop=PLAIN).name not in CHANGES | {"show_saved_segments"}


def test_hostile_texts_take_no_time() -> None:
    for text in ("save " + "a " * 140 + "as x", "call " * 60, "by " + "x " * 120 + "we mean " + "y " * 20):
        assert not {c.name for c in plan_turn(text, None, SHOP).calls} & CHANGES


def test_a_day_is_no_name_of_a_segment() -> None:
    assert plan("show the segments as of 1 January 2030").name != "show_saved_segments"
