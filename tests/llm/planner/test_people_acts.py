"""What is asked of any customers: every frame takes every act, and whoever can be counted can be meant."""

from __future__ import annotations

from typing import Any

import pytest

from tests.llm.planner.test_churn_forms import SHOP, plan
from tests.support.talks import talk

COUNTRY = SHOP.values("country")[0]
THERE = {"op_type": "compare", "field": "country", "op": "eq", "values": [COUNTRY]}


@pytest.mark.parametrize(("frame", "act", "tool"), [
    ("how likely are {} to {}", "order again", "predict_orders"),
    ("what is the probability that {} {}", "buy from us again", "predict_orders"),
    ("what share of {} will {}", "place another order", "predict_orders"),
    ("can we expect {} to {}", "return", "predict_orders"),
    ("which {} are likely to {}, and why", "stop buying", "predict_churn"),
    ("are any of {} going to {}?", "drift away", "predict_churn"),
    ("forecast what {} will {}", "spend", "customer_value"),
    ("how much are {} expected to {}", "bring us", "customer_value"),
])
def test_any_customers_in_any_frame(frame: str, act: str, tool: str) -> None:
    assert plan(frame.format(f"our customers from {COUNTRY}", act)) == (tool, {"filter": THERE})


@pytest.mark.parametrize(("text", "days"), [
    ("how likely are {} to order again in the next 60 days", 60), ("will {} come back within two months?", 61),
    ("what will {} spend in the next 6 months", 183),
])
def test_the_stretch_ahead(text: str, days: int) -> None:
    assert plan(text.format(f"customers in {COUNTRY}"))[1]["horizon_days"] == days


def test_words_that_are_no_part_of_it_are_not_dropped() -> None:
    assert plan(f"how likely are purple customers from {COUNTRY} to order again")[0] != "predict_orders"
    assert plan("what will a new customer bring")[1]["about"] == "new", "nobody yet whose orders say anything"


@pytest.mark.parametrize(("text", "expected"), [
    ("how long have our customers from {} been with us?", {"metrics": ["customer_tenure"]}),
    ("how many customers from {} can we email and how many can we text?", {
        "metrics": ["mailable_customers"], "dimensions": ["message_channel"]}),
])
def test_what_they_are(text: str, expected: dict[str, Any]) -> None:
    tool, args = plan(text.format(COUNTRY))
    assert tool == "query_data" and expected.items() <= args.items() and THERE in [args["filter"], *args["filter"].get(
        "parts", ())]


def test_the_sizes_of_each_condition_and_who_is_left_out() -> None:
    wanted = plan(f"how many customers in {COUNTRY} with at least 3 orders")[1]["filter"]
    for text in ("show the size after each condition for {}", "who is left out if I target {}?"):
        asked = plan(text.format(f"customers in {COUNTRY} with at least 3 orders"))
        assert asked == ("count_audience", {"filter": wanted})


def test_the_group_asked_about_stays_in_talk() -> None:
    said = [f"how likely are customers in {COUNTRY} to order again?", "what will they spend next quarter?",
            "how long have they been with us?"]
    calls = [talk(*said[: n + 1]).calls[0] for n in range(3)]
    assert [c.name for c in calls] == ["predict_orders", "customer_value", "query_data"]
    assert all(c.args["filter"] == THERE for c in calls)


@pytest.mark.parametrize(("asked", "tool", "there"), [
    ("and how much did each spend in 2011", "query_data", {"metrics": ["revenue"]}),
    ("what will each of them bring next year?", "customer_value", {}),
    ("which of the two is more at risk", "predict_churn", {}),
    ("who spends more per order", "query_data", {"metrics": ["average_order_value"]}),
])
def test_two_groups_beside_each_other_are_both_asked(asked: str, tool: str, there: dict[str, Any]) -> None:
    first, second = SHOP.values("country")[:2]
    calls = talk(f"compare customers from {first} with customers from {second}", asked).calls
    assert [c.name for c in calls] == [tool, tool] and all(there.items() <= c.args.items() for c in calls)
    assert [c.args["filter"]["values"] for c in calls] == [[first], [second]]


def test_what_leaving_would_cost_is_asked_of_those_in_talk() -> None:
    args = talk("customers who are about to leave and spent over 100", "what would we lose?").calls[0]
    assert args.name == "predict_churn" and args.args["filter"]["metric"] == "revenue"
