"""A plan about customers is what the text asks of them, whichever reading made it."""

from __future__ import annotations

import pytest

from assistant.llm.planner.rephrase import rephrase
from tests.llm.planner.test_churn_forms import SHOP, plan
from tests.llm.planner.test_rephrase import WORDS

COUNTRY = SHOP.values("country")[0]


@pytest.mark.parametrize("text", [
    "loyal customers by country", "number of loyal customers by country", "customers who spent over 500 by country",
    "where do our loyal customers live", "how many loyal customers per country",
])
def test_a_group_by_country_is_counted(text: str) -> None:
    tool, args = plan(text)
    assert (tool, args["metrics"], args["dimensions"]) == ("query_data", ["customers"], ["country"])


@pytest.mark.parametrize("text", [
    "revenue of loyal customers by country", "how much money comes from loyal customers by country",
])
def test_what_it_spent_is_told_where_it_is_asked(text: str) -> None:
    tool, args = plan(text)
    assert (tool, args["metrics"]) == ("query_data", ["revenue"])


def test_how_many_people_is_a_number() -> None:
    tool, args = plan("how many people have 10 or more orders with us")
    assert tool == "count_audience" or args["metrics"] == ["customers"] and not args.get("dimensions")


@pytest.mark.parametrize("text", [
    "how many people should have ordered by now", "number of shoppers who are gone",
    "how many one and done shoppers do we have", "how many of our customers can we still count on as buyers",
    "newest customers", "list the people with one foot out of the door",
])
def test_what_people_did_or_will_do_is_not_passed_over(text: str) -> None:
    tool, args = plan(text)
    assert (tool, args["reason"]) == ("decline", "not_understood")


@pytest.mark.parametrize("text", [
    "which customers placed an order over 1000", "which customers spent more than 1000 in one order",
    "which customers have made a single order of more than 1000",
])
def test_a_bound_on_one_order_is_none_on_all_of_them(text: str) -> None:
    assert rephrase(text, WORDS) == "which customers whose biggest order was over 1000"


@pytest.mark.parametrize("text", [
    "how many customers stopped buying", "how many customers who no longer buy",
    "how many customers no longer shop with us",
])
def test_who_no_longer_buys_has_bought(text: str) -> None:
    assert rephrase(text, WORDS) == "how many customers who are lapsed"


@pytest.mark.parametrize(("text", "whose"), [
    ("how much did new customers spend in March", "new"),
    ("how much did returning customers spend in March", "returning"),
    ("how many orders did existing customers place in March", "returning"),
])
def test_sales_of_new_or_returning_customers_are_theirs(text: str, whose: str) -> None:
    assert plan(text)[1]["filter"] == {"op_type": "compare", "field": "new_vs_returning", "op": "eq", "values": [whose]}


@pytest.mark.parametrize("text", [
    "what do our fans usually put in their basket", "do we have a lot of businesses among the buyers",
])
def test_a_list_of_customers_answers_neither_what_they_buy_nor_yes_or_no(text: str) -> None:
    assert plan(text)[0] == "decline"


def test_who_is_lapsed_today_has_not_come_back() -> None:
    assert plan("how many lapsed customers came back")[0] == "decline"
