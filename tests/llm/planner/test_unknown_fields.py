"""Fields and goods that a shop lacks are named, with what a rule can use instead; nothing is read into them."""

from __future__ import annotations

from typing import Any

import pytest

from assistant.llm.planner.candidate import ToolCall
from assistant.llm.planner.context import DialogueContext, Past
from assistant.llm.planner.planner import plan_turn
from tests.support.planner_shops import PlannerShop

SHOP = PlannerShop()
RULE = {"op_type": "customer", "metric": "revenue", "op": "gt", "values": [300]}
SHOWN = Past(ToolCall("count_audience", {"filter": RULE}), {"kind": "audience", "details": {"rule": RULE}}, 1)


def plan(text: str, *past: Past) -> Any:
    return plan_turn(text, DialogueContext(list(past), ["…"] * len(past)), SHOP).calls[0]


@pytest.mark.parametrize(("text", "name"), [
    ("customers where favourite_colour is red", "favourite colour"),
    ("segment of customers where favourite colour equals red", "favourite colour"),
    ("customers whose shirt size is above 40", "shirt size"),
    ("customers in Germany with a star sign of Leo", "star sign"),
])
def test_an_unknown_field_is_named_with_those_there_are(text: str, name: str) -> None:
    call = plan(text)
    assert call.name == "decline"
    assert f"“{name}”" in call.args["message"]
    assert "country" in call.args["message"] and "orders" in call.args["message"]


@pytest.mark.parametrize("text", ["customers where country is Germany", "customers with orders above 5"])
def test_a_known_field_is_no_unknown_one(text: str) -> None:
    assert plan(text).name != "decline"


def test_the_kind_of_a_value_is_heard_across_is() -> None:
    assert "countries" in plan("customers where country is Narnia").args["message"]


@pytest.mark.parametrize(("text", "said"), [
    ("add a condition: favourite colour is red", "“favourite colour”"),
    ("add a condition: blah blah", "“blah blah”"),
    ("add a condition: are women", "sensitive"),
])
def test_what_is_no_condition_leaves_the_rule_as_it_was(text: str, said: str) -> None:
    call = plan(text, SHOWN)
    assert call.name == "decline" and said in call.args["message"]


def test_a_condition_is_added() -> None:
    added = plan("add a condition: live in Germany", SHOWN)
    assert added.name == "count_audience"
    assert [p["op_type"] for p in added.args["filter"]["parts"]] == ["customer", "compare"]


def test_what_is_numbered_is_what_the_card_shows() -> None:
    """A word of the rule that stands for two conditions is two on the card."""
    word = {"op_type": "customer", "metric": "orders", "op": "ge", "values": [1], "term": "regulars"}
    meant = {"op_type": "and", "parts": [
        {"op_type": "customer", "metric": "orders", "op": "ge", "values": [5]},
        {"op_type": "customer", "metric": "days_since_last_order", "op": "le", "values": [90]}, RULE]}
    asked = {"op_type": "and", "parts": [word, RULE]}
    past = Past(ToolCall("count_audience", {"filter": asked}), {"kind": "audience", "details": {"rule": meant}}, 1)
    left = plan("drop condition 2", past).args["filter"]["parts"]
    assert [p["metric"] for p in left] == ["orders", "revenue"]


@pytest.mark.parametrize("text", ["customers with an income over 50000", "high-income customers"])
def test_means_are_sensitive(text: str) -> None:
    assert plan(text).args["reason"] == "not_permitted"


class _WithSegment(PlannerShop):
    def segment_names(self) -> list[str]:
        return ["Crown"]


@pytest.mark.parametrize(("text", "tool", "args"), [
    ("who left it?", "show_saved_segments", {"name": "Crown", "show": "change"}),
    ("test it", "show_saved_segments", {"name": "Crown", "show": "tests"}),
    ("add only from France", "save_segment", {"name": "Crown", "replace": True}),
])
def test_it_is_the_saved_segment_just_shown(text: str, tool: str, args: dict[str, Any]) -> None:
    shown = Past(ToolCall("show_saved_segments", {"name": "Crown", "show": "drift"}),
                 {"kind": "segment_drift", "details": {"rule": RULE}}, 1)
    call = plan_turn(text, DialogueContext([shown], ["…"]), _WithSegment()).calls[0]
    assert call.name == tool and args.items() <= call.args.items()


def test_a_time_said_of_it_is_kept() -> None:
    result = {"kind": "saved_segment", "details": {"rule": RULE}}
    shown = Past(ToolCall("show_saved_segments", {"name": "Crown"}), result, 1)
    call = plan_turn("who joined it since March?", DialogueContext([shown], ["…"]), _WithSegment()).calls[0]
    assert call.args["since"]["start"].endswith("-03-01")
