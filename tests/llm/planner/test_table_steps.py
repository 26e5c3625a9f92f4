"""One step further from the answer before: per customer, broken down, against the average, who came back."""

from __future__ import annotations

import pytest

from tests.support.talks import args_of

COUNTRIES = [{"country": c, "revenue": v} for c, v in (("United Kingdom", 9.0), ("France", 5.0), ("Germany", 3.0))]
NOVEMBER = [{"month": "2011-11-01", "revenue": 9.0}]
TOP = ("top 3 countries by revenue in 2011",)


@pytest.mark.parametrize(("before", "text", "measure"), [
    ("revenue by country in 2011", "and per customer?", "revenue_per_customer"),
    ("revenue in 2011", "how much is that per order", "average_order_value"),
    ("customers in 2011", "how much per customer then", "revenue_per_customer"),
    ("orders by country in 2011", "what about per head", "orders_per_customer"),
])
def test_a_total_is_taken_per_customer_or_order(before: str, text: str, measure: str) -> None:
    args = args_of(before, text)

    assert args["metrics"] == [measure] and args["period"]["year"] == 2011


@pytest.mark.parametrize("text", ["break that down by month", "split these up by month please", "a breakdown by month"])
def test_the_listed_rows_are_broken_down(text: str) -> None:
    args = args_of(*TOP, text, rows=COUNTRIES)

    assert args["dimensions"] == ["month", "country"] and "limit" not in args
    assert args["filter"]["values"] == ["United Kingdom", "France", "Germany"]


@pytest.mark.parametrize("text", ["how far above average is that", "how does that compare to the average month?"])
def test_the_month_picked_is_set_against_the_average_month(text: str) -> None:
    args = args_of("which month had the highest revenue in 2011", text, rows=NOVEMBER)

    assert args["plan"]["summary"] == "mean" and "limit" not in args["plan"] and "than" not in args


def test_rows_that_grew_are_those_of_the_list() -> None:
    args = args_of(*TOP, "which of them grew in 2011", rows=COUNTRIES)

    assert args["dimensions"] == ["country"] and args["compare"]["kind"] == "year_earlier"
    assert args["filter"]["values"] == ["United Kingdom", "France", "Germany"]


def test_who_came_back_is_asked_of_those_customers_and_of_the_time_after() -> None:
    args = args_of("how many customers bought in december 2010", "how many came back in january")

    assert [p["period"]["year"] for p in args["filter"]["parts"] if p.get("period")] == [2010, 2011]


def test_the_other_side_of_a_comparison_changes_and_both_are_narrowed() -> None:
    other = args_of("revenue in november 2011 compared to october 2011", "and to november 2010")
    both = args_of("revenue in 2010 vs 2011", "just november")

    assert other["period"]["month"] == 11 and other["compare"]["period"]["year"] == 2010
    assert both["period"]["month"] == 11 and both["compare"] == {"kind": "year_earlier"}


def test_a_part_of_everything_keeps_the_condition() -> None:
    args = args_of("how many orders over 500 pounds", "what share of revenue do they make")

    assert args["metrics"] == ["revenue"] and args["compare"] == {"kind": "total"} and args["filter"]["values"] == [500]


def test_who_was_new_is_asked_of_the_time_spoken_of_and_its_share_of_those_before() -> None:
    bought = "how many customers bought in november 2011"
    new = args_of(bought, "how many of them were new")
    share = args_of(bought, "how many of them were new", "what share is that")

    parts = [(p["metric"], p["period"]["month"]) for p in new["filter"]["parts"]]
    assert parts == [("orders", 11), ("new_customers", 11)]
    assert share["compare"]["of"] == new["filter"]["parts"][0]


def test_a_share_is_narrowed_on_both_sides() -> None:
    args = args_of("what share of orders is under 100 pounds", "and in france?")

    assert args["compare"]["of"]["values"] == ["France"]


@pytest.mark.parametrize(("text", "measure"), [
    ("average value of those baskets", "average_order_value"), ("what's their average value", "average_order_value"),
    ("how many of these orders came from Germany", "orders"),
])
def test_orders_that_were_counted_stay_the_ones_spoken_of(text: str, measure: str) -> None:
    args = args_of("how many orders over 100 pounds in 2011", text)

    assert args["metrics"] == [measure] and "order_value" in str(args["filter"]) and args["period"]["year"] == 2011


def test_rows_below_the_average_and_rows_that_fell_between_two_times() -> None:
    below = args_of("orders per month in 2011", "which months were below that")
    fell = args_of("revenue by country in 2011", "same for 2010", "which of them went down", rows=COUNTRIES)

    assert below["having"] == [{"metric": "orders", "op": "lt", "values": [1.0], "of": "average"}]
    assert fell["period"]["year"] == 2011 and fell["compare"]["period"]["year"] == 2010
