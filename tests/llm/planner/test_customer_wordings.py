"""Customers in the words of marketers: never this, gone quiet, within reach, bands, two groups beside each other."""

from __future__ import annotations

from typing import Any

import pytest

from assistant.llm.planner.candidate import ToolCall
from assistant.llm.planner.context import DialogueContext, Past
from assistant.llm.planner.planner import plan_turn
from tests.support.planner_shops import PlannerShop

SHOP = PlannerShop()


def calls(text: str, context: DialogueContext | None = None) -> list[ToolCall]:
    return plan_turn(text, context or DialogueContext(), SHOP).calls


def parts(call: ToolCall) -> list[dict[str, Any]]:
    found = call.args["filter"]
    return list(found["parts"]) if found["op_type"] == "and" else [found]


def saved(*later: ToolCall) -> DialogueContext:
    rule = {"op_type": "customer", "metric": "orders", "op": "ge", "values": [5.0]}
    first = Past(ToolCall("save_segment", {"name": "Regulars", "filter": rule}), turn=1)
    return DialogueContext([first, *(Past(call, turn=place + 2) for place, call in enumerate(later))], questions=["…"])


ORDERS = ToolCall("query_data", {"metrics": ["orders"]})


@pytest.mark.parametrize("text", ["undo", "undo that", "take that back"])
@pytest.mark.parametrize("later", [
    (), (ORDERS,), (ToolCall("show_saved_segments", {"name": "Regulars"}),), (ORDERS, ORDERS)])
def test_undo_takes_back_the_saved_segment_whatever_was_only_asked_since(
    text: str, later: tuple[ToolCall, ...]
) -> None:
    assert calls(text, saved(*later)) == [ToolCall("undo_change", {"of": "segment", "name": "Regulars"})]


def test_undo_goes_back_on_a_narrowed_answer_before_it_takes_back_what_is_older() -> None:
    context = saved(ORDERS)
    context.past.append(Past(ToolCall("query_data", {"metrics": ["revenue"]}), turn=3, frame="follow_up"))
    assert calls("undo", context) == [ORDERS]


@pytest.mark.parametrize("text", [
    "customers who bought garden but never anything from Toys",
    "who bought garden but nothing from Toys",
    "people who ordered garden and never bought a single thing from Toys",
])
def test_never_anything_of_a_kind_is_none_of_that_kind(text: str) -> None:
    found = {(str(p["where"]["values"]), p["op"]) for p in parts(calls(text)[0])}
    assert found == {("['Garden']", "ge"), ("['Toys']", "eq")}


@pytest.mark.parametrize("text", [
    "How many customers who bought Garden but never bought Toys can we email?",
    "Which customers who bought garden but not Toys can I e-mail?",
])
def test_what_was_not_bought_denies_no_consent_and_the_channel_is_not_bought(text: str) -> None:
    found = {p["metric"]: (p["op"], p["values"]) for p in parts(calls(text)[0]) if p["metric"] != "orders"}
    assert found == {"mailable_customers": ("ge", [1.0])}
    assert "acquisition" not in str(calls(text)[0].args)


@pytest.mark.parametrize("text", [
    "How many lapsed customers can we reach by email and sms", "Can we reach lapsed customers by sms?",
    "how many lapsed customers can be reached via text message",
])
def test_whom_we_can_reach_may_be_contacted_and_was_not_merely_contacted(text: str) -> None:
    assert [c.name for c in calls(text)] == ["count_audience"]
    assert {p["metric"] for p in parts(calls(text)[0])} == {"days_since_last_order", "mailable_customers"}


@pytest.mark.parametrize("text", [
    "Which of our best customers have gone quiet?", "our best customers who went silent recently",
    "which of our best customers haven't we heard from lately?",
])
def test_gone_quiet_is_lapsed(text: str) -> None:
    assert {p["metric"] for p in parts(calls(text)[0])} == {"revenue", "days_since_last_order"}


@pytest.mark.parametrize("text", [
    "Which customers who first came in December are still active?",
    "customers who first ordered in December and still buy from us",
])
def test_first_came_and_still_active(text: str) -> None:
    assert {p["metric"] for p in parts(calls(text)[0])} == {"new_customers", "orders"}


@pytest.mark.parametrize(("text", "begin", "end", "metric"), [
    ("customers in the middle 20 % by value", 40.0, 60.0, "revenue"),
    ("the middle 50 % of customers by number of orders", 25.0, 75.0, "orders"),
    ("customers between the top 10 % and the top 30 % by revenue", 10.0, 30.0, "revenue"),
    ("customers between the 40th and 70th percentile by spend", 30.0, 60.0, "revenue"),
    ("the second quintile of customers by revenue", 20.0, 40.0, "revenue"),
    ("the next 15 % after the top 5 % by value", 5.0, 20.0, "revenue"),
    ("how many customers are between the top 20 and top 40 % by revenue?", 20.0, 40.0, "revenue"),
])
def test_a_band_is_the_top_without_those_above(text: str, begin: float, end: float, metric: str) -> None:
    inside, above = parts(calls(text)[0])
    assert (inside["rank"], inside["values"], inside["metric"]) == ("top_percent", [end], metric)
    assert above["op_type"] == "not" and (above["part"]["values"], above["part"]["metric"]) == ([begin], metric)


@pytest.mark.parametrize("text", ["customers in the middle 100 % by value", "the tenth quintile of customers"])
def test_no_band_is_made_up(text: str) -> None:
    assert "top_percent" not in str([c.args for c in calls(text)])


@pytest.mark.parametrize(("text", "op"), [
    ("customers who ordered more often than last year", "gt"),
    ("who ordered less often this year than last year", "lt"),
    ("customers with more orders this year than last year", "gt"),
])
def test_ordered_more_often_is_a_change_in_orders(text: str, op: str) -> None:
    plan = calls(text)[0].plan()
    assert plan.metrics == ("orders",) and plan.dimensions == ("customer",)
    assert [(h.metric, h.op, h.of) for h in plan.having] == [("orders", op, "change")]


def test_more_in_an_earlier_year_than_in_a_later_one_is_not_turned_round() -> None:
    for text in ("which customers spent more in 2010 than in 2011?", "customers with more orders in 2010 than in 2011"):
        plan = calls(text)[0].plan()
        assert (plan.period.year, plan.compare.period.year) == (2011, 2010) and plan.having[0].op == "lt"


@pytest.mark.parametrize(("text", "second"), [
    ("What is a loyal customer worth over the next year compared to a new one?", {"about": "new"}),
    ("expected value of loyal customers versus lapsed customers", "days_since_last_order"),
])
def test_two_groups_are_valued_beside_each_other_and_not_as_one(text: str, second: Any) -> None:
    first, other = calls(text)
    assert {first.name, other.name} == {"customer_value"} and first.args["filter"]["metric"] == "orders"
    assert other.args == second or other.args["filter"]["metric"] == second


@pytest.mark.parametrize("text", [
    "does it treat regions fairly?", "is it fair to all countries?", "are cities treated equally by the churn model?"])
def test_fairness_by_place_is_not_answered_with_other_groups(text: str) -> None:
    context = DialogueContext([Past(ToolCall("predict_churn", {}), turn=1)], questions=["who will leave?"])
    found = calls(text, context)
    assert [c.name for c in found] == ["decline"] and found[0].args["reason"] == "not_permitted"


@pytest.mark.parametrize("text", ["customers over 60", "people aged 40 to 50", "customers between 40 and 50 years old"])
def test_nobody_is_listed_by_age(text: str) -> None:
    assert [(c.name, c.args["reason"]) for c in calls(text)] == [("decline", "not_permitted")]


@pytest.mark.parametrize("text", ["what should I not send them?", "which products should we not offer customer 12346?"])
def test_what_not_to_send_is_no_order_to_send(text: str) -> None:
    profile = Past(ToolCall("describe_customer", {"customer_id": "12346"}), turn=1)
    found = calls(text, DialogueContext([profile], questions=["show customer 12346"]))
    assert [c.name for c in found] == ["decline"] and found[0].args["reason"] == "missing_data"
    assert all("12346" in question for question in found[0].args["nearest"])


def test_a_question_after_a_refused_save_is_no_name() -> None:
    rule = {"op_type": "customer", "metric": "orders", "op": "ge", "values": [5.0]}
    refused = Past(ToolCall("save_segment", {"name": "Best", "filter": rule}), {"refusal": {"reason": "invalid"}}, 1)
    context = DialogueContext([refused], questions=["Save loyal customers as Best"])
    assert [c.name for c in calls("How many orders did we have last month?", context)] == ["query_data"]


@pytest.mark.parametrize("text", [
    "People who returned something but came back", "who sent something back and still came back to us?",
    "which customers bought again after returning something?",
])
def test_an_order_after_a_return_is_a_sequence(text: str) -> None:
    rule = calls(text)[0].args["filter"]
    assert rule["op_type"] == "sequence" and rule["steps"][0]["values"] == ["return", "cancellation"]


def test_an_order_after_a_return_with_another_condition_is_declined_with_it() -> None:
    found = calls("customers who ordered again after a return in Germany")[0]
    assert found.name == "decline" and "in Germany" in found.args["message"]


@pytest.mark.parametrize("text", [
    "customers who came back after their first order",
    "how many customers returned something and placed at least 2 orders?",
])
def test_coming_back_without_a_return_is_not_declined_for_it(text: str) -> None:
    assert "after a return" not in str(calls(text)[0].args)


def test_by_sms_or_push_asks_for_one_of_the_two() -> None:
    rule = parts(calls("How many lapsed customers can we contact via sms or push?")[0])
    assert [p["op_type"] for p in rule] == ["customer", "or"] and len(rule[1]["parts"]) == 2


@pytest.mark.parametrize(("text", "word"), [
    ("Who bought something from every category?", "Who"),
])
def test_people_asked_for_are_not_answered_with_goods(text: str, word: str) -> None:
    (found,) = plan_turn(text, DialogueContext(), PlannerShop()).calls
    assert found.name == "decline" and word in found.args["message"]


@pytest.mark.parametrize("text", [
    "How did the at-risk group develop over the last year?", "How did our champions develop?",
])
def test_the_course_of_a_segment_is_how_the_segments_changed(text: str) -> None:
    (found,) = plan_turn(text, DialogueContext(), PlannerShop()).calls
    assert found.name == "find_segments" and found.args["view"] == "trend" and found.args["segment"]


def test_a_profile_of_customers_orders_no_campaign_for_them() -> None:
    found = calls("Give me a profile of the customers who only ever bought once")
    assert all(c.name != "draft_campaign" for c in found)
