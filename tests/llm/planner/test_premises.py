"""What a question takes for granted is read as a claim that can be checked, and checked before the question."""

from __future__ import annotations

import pytest

from assistant.llm.planner.planner import ALL_TOOLS, plan_turn
from tests.support.planner_shops import PlannerShop

SHOP = PlannerShop()


def _calls(text: str) -> list:
    return plan_turn(text, None, SHOP).calls


def _claim(text: str) -> dict:
    first = _calls(text)[0]
    assert first.name == "check_premise", [c.name for c in _calls(text)]
    return first.args


@pytest.mark.parametrize(("text", "item", "metric"), [
    ("why is the app our strongest channel?", "app", "revenue"),
    ("Kitchen is our best category - why is that?", "Kitchen", "revenue"),
    ("Kitchen is our best category. Why?", "Kitchen", "revenue"),
    ("Garden is our worst category, how much revenue is that?", "Garden", "revenue"),
    ("why does Garden sell best?", "Garden", "revenue"),
    ("why does Kitchen have the highest return rate?", "Kitchen", "return_rate"),
    ("Since Germany is our biggest market, how many customers do we have there?", "Germany", "revenue"),
    ("is it true that the web is our biggest channel?", "web", "revenue"),
    ("Acorn is our top brand, right?", "Acorn", "revenue"),
    ("Our best category is Kitchen, how many orders does it have?", "Kitchen", "revenue"),
])
def test_a_claim_of_the_first_place(text, item, metric):
    claim = _claim(text)
    assert (claim["relation"], claim["item"]) == ("first", item)
    assert claim["plan"]["metrics"] == [metric]
    assert "limit" not in claim["plan"]


def test_worst_is_the_other_end():
    assert _claim("Garden is our worst category - why?")["plan"]["sort"]["descending"] is False


@pytest.mark.parametrize("text", [
    "since we don't sell in France, which category brings the most revenue?",
    "As we do not deliver to France, how many orders did we get in May 2025?",
    "why have we never sold anything in France?",
    "why did nobody buy Garden products in April 2025?",
    "why have there been no orders since March 2025?",
    "Garden has never sold, how much revenue does Kitchen make?",
    "Given that we had no returns in May 2025, what was our net revenue?",
])
def test_a_claim_that_there_is_nothing(text):
    assert _claim(text)["relation"] == "nothing"


@pytest.mark.parametrize(("text", "metric", "op", "value", "share"), [
    ("now that we have 10,000 customers, how many of them bought in May 2025?", "customers", "eq", 10_000, False),
    ("we have more than 10,000 customers, how many of them bought in May 2025?", "customers", "gt", 10_000, False),
    ("why do so few of our customers buy again - less than 20%?", "repeat_rate", "lt", 20, False),
    ("since nearly all customers buy just once, what is our average order value?", "customers", "ge", 90, True),
    ("Why do most of our customers come from Germany?", "customers", "gt", 50, True),
    ("Since 80% of our revenue comes from Germany, what share does France have?", "revenue", "eq", 80, True),
    ("We only sell in Germany. What was revenue in May 2025?", "revenue", "ge", 100, True),
    ("May 2025 is a disaster, only 88k! What happened?", "revenue", "eq", 88_000, False),
    ("We made 500k in December 2025 - how come?", "revenue", "eq", 500_000, False),
    ("our average order value is 200 euros, what was it in May 2025?", "average_order_value", "eq", 200, False),
])
def test_a_claim_of_a_number(text, metric, op, value, share):
    claim = _claim(text)
    assert (claim["relation"], claim["plan"]["metrics"]) == ("bound", [metric])
    assert (claim.get("op", "eq"), claim["value"], claim.get("share", False)) == (op, value, share)


def test_the_larger_of_two():
    claim = _claim("why is Germany a bigger market for us than the UK?")
    assert (claim["relation"], claim["item"], claim["than"]) == ("larger", "Germany", "United Kingdom")
    assert _claim("Why do we sell more in France than in Germany?")["item"] == "France"


def test_when_it_began():
    claim = _claim("we opened in 2011, so how many customers did we win in 2012?")
    assert claim == {"relation": "opened", "year": 2011}


def test_a_direction_beside_another_question():
    claim = _claim("Because revenue fell in May 2025, which category lost the most?")
    assert (claim["relation"], claim["way"]) == ("change", "down")


@pytest.mark.parametrize(("text", "tool", "holds"), [
    ("Germany is our biggest market - how many customers do we have there?", "query_data", "Germany"),
    ("Acorn is our top brand, what is its share of revenue?", "query_data", "Acorn"),
    ("why is the app our strongest channel?", "query_data", "average_order_value"),
    ("May 2025 is a disaster, only 88k! What happened?", "explain_change", "down"),
    ("now that we have 10,000 customers, how many of them bought in May 2025?", "count_audience", "orders"),
])
def test_the_question_follows_with_its_words_put_in(text, tool, holds):
    _, answer = _calls(text)
    assert answer.name == tool
    assert holds in str(answer.args)


def test_a_claim_that_cannot_be_checked_is_named():
    planned = plan_turn("Given that our CEO left, how many orders did we have in May 2025?", None, SHOP)
    assert [c.name for c in planned.calls] == ["query_data"]
    assert any(n.startswith("unchecked|our CEO left") for n in planned.notes)


@pytest.mark.parametrize("text", [
    "Since March 2025, how many orders did we have?",
    "Since the start of the year, how many new customers?",
    "why was revenue down in May 2025?",
    "why did sales drop in May 2025?",
    "what were sales in May 2025, how many orders?",
    "which category is our best?",
    "customers from Germany who bought more than half of their orders in May",
    "top 5 products by revenue in May 2025",
    "May 2025: revenue by country",
    "why is December 2024 weaker than November 2024?",
    "revenue in May 2025, right?",
    "How many customers have never bought Garden?",
    "as a chart",
    "why?",
])
def test_what_takes_nothing_for_granted_is_left_alone(text):
    assert all(c.name != "check_premise" for c in _calls(text))


def test_without_the_tool_nothing_is_checked():
    tools = [t for t in ALL_TOOLS if t != "check_premise"]
    planned = plan_turn("why is the app our strongest channel?", None, SHOP, tools=tools)
    assert all(c.name != "check_premise" for c in planned.calls)
