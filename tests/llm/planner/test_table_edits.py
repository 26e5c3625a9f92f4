"""What a remark puts beside the table before, and its rows in one figure."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.talks import args_of, talk

COUNTRIES = [{"country": c, "revenue": v} for c, v in (("United Kingdom", 9.0), ("France", 5.0), ("Germany", 3.0))]
MONTHS = [{"month": "Nov 2011", "revenue": 9.0}]


@pytest.mark.parametrize("text", [
    "and units next to it", "add units", "units as another column", "put the units beside that please",
    "how many units of each?",
])
def test_a_measure_joins_the_same_rows(text: str) -> None:
    args = args_of("top 5 countries by revenue in 2011", text)

    assert args["metrics"] == ["revenue", "units"] and args["limit"] == 5 and args["sort"]["by"] == "revenue"


def test_gross_is_the_other_side_of_net() -> None:
    assert args_of("net revenue by country in 2011", "and gross next to it")["metrics"] == ["net_revenue", "revenue"]


@pytest.mark.parametrize("text", ["now 2010 as well", "2010 next to it", "put 2010 side by side with it", "add 2010"])
def test_a_time_beside_the_table_is_set_against_it(text: str) -> None:
    args = args_of("revenue by country in 2011", text)

    assert args["period"]["year"] == 2011 and args["compare"]["period"]["year"] == 2010


def test_the_later_time_is_what_moved() -> None:
    args = args_of("revenue by country in 2010", "now 2011 as well")

    assert args["period"]["year"] == 2011 and args["compare"]["period"]["year"] == 2010


def test_another_value_gets_its_own_figure() -> None:
    args = args_of("revenue in France by month in 2011", "Germany as well")

    assert args["dimensions"] == ["month", "country"] and args["filter"]["values"] == ["France", "Germany"]


@pytest.mark.parametrize(("text", "part"), [
    ("how much did they bring in altogether", None), ("what's their total?", None), ("sum of these", None),
    ("what share of revenue is that", "total"), ("how much of the revenue do they make", "total"),
])
def test_listed_rows_as_one(text: str, part: str | None) -> None:
    args = args_of("top 3 countries by revenue in 2011", text, rows=COUNTRIES)

    assert args["filter"]["values"] == ["United Kingdom", "France", "Germany"] and "dimensions" not in args
    assert args.get("compare", {}).get("kind") == part and args["period"]["year"] == 2011


@pytest.mark.parametrize(("text", "summary"), [("average of these", "mean"), ("and the median?", "median")])
def test_an_average_over_the_rows(text: str, summary: str) -> None:
    args = args_of("revenue by country in 2011", text, rows=COUNTRIES)

    assert args["summary"] == summary and args["dimensions"] == ["country"]


@pytest.mark.parametrize(("text", "op", "metric"), [
    ("only countries with 30+ orders", "ge", "orders"), ("only those with more than 30 orders", "gt", "orders"),
    ("just the ones with fewer than 30 customers", "lt", "customers"),
])
def test_a_bound_is_on_the_rows_not_on_their_customers(text: str, op: str, metric: str) -> None:
    args = args_of("average order value by country in 2011", text)

    bound = args["having"][0]
    assert (bound["metric"], bound.get("op", "gt"), bound["values"]) == (metric, op, [30.0]) and "filter" not in args


def test_the_order_of_the_column_that_came_last() -> None:
    args = args_of("revenue by country in 2011", "add the units", "sort by that")

    assert args["metrics"] == ["revenue", "units"] and args["sort"]["by"] == "units"


@pytest.mark.parametrize("text", ["and the month after", "one month later", "the following month"])
def test_the_next_stretch_of_time(text: str) -> None:
    assert args_of("revenue in March 2011", text)["period"]["month"] == 4


def test_whether_a_series_rises_is_its_second_half_against_its_first() -> None:
    planned = talk("revenue by month in 2010", "is it going up?")

    args = planned.calls[0].args
    assert args["period"]["start"] == "2010-07-01" and args["compare"]["period"]["end"] == "2010-06-30"
    assert planned.notes == ["growth_halves"]


@pytest.mark.parametrize(("text", "down"), [("which month grew the most", False), ("which month fell most", True)])
def test_months_are_ranked_by_how_far_they_moved(text: str, down: bool) -> None:
    args = args_of("revenue by month in 2011", text)

    assert args["transform"] == "growth" and args["sort"]["by"] == "change" and args["limit"] == 1
    assert args["sort"].get("descending", True) is not down


def test_the_worst_return_rate_is_the_highest() -> None:
    assert args_of("return rate by country in 2011", "worst first")["sort"].get("descending", True) is True
    assert args_of("revenue by country in 2011", "worst first")["sort"]["descending"] is False


def test_a_bound_on_one_side_cuts_the_time_before() -> None:
    period = args_of("revenue by month in 2011", "only until September")["period"]

    assert (period["start"], period["end"]) == ("2011-01-01", "2011-09-30")


@pytest.mark.parametrize("text", [
    "how many customers bought in it", "how many customers then", "number of customers there",
])
def test_the_talk_goes_on_about_the_row_that_was_picked(text: str) -> None:
    args: dict[str, Any] = args_of("revenue by month in 2011", "best month?", text, rows=MONTHS)

    assert args["period"] == {"kind": "named", "month": 11, "year": 2011} and args["metrics"] == ["customers"]


@pytest.mark.parametrize("text", ["who's highest", "and who has the lowest?", "who is at the bottom"])
def test_who_of_countries_is_a_country(text: str) -> None:
    args = args_of("revenue by country in 2011", text, rows=COUNTRIES)

    assert args["dimensions"] == ["country"] and args["limit"] == 1


def test_what_is_usual_is_every_month() -> None:
    planned = talk("orders in May 2011", "is that more than usual?")

    assert planned.calls[0].args["dimensions"] == ["month"] and planned.notes == ["usual|month"]


def test_a_rival_is_put_beside_it_and_the_two_are_set_against_each_other() -> None:
    args = args_of("revenue in France by month in 2011", "vs Germany", "which of the two did better")

    assert args["dimensions"] == ["country"] and args["filter"]["values"] == ["France", "Germany"]


def test_a_part_of_what_is_named() -> None:
    args = args_of("revenue from returning customers in 2011", "as % of France")

    assert args["compare"]["of"]["values"] == ["France"] and len(args["filter"]["parts"]) == 2


def test_how_many_rows_a_list_has() -> None:
    args = args_of("revenue by product in 2011", "how many products is that?")

    assert args["metrics"] == ["products_sold"] and "dimensions" not in args


def test_who_was_counted_both_times() -> None:
    both = args_of("number of customers in 2010", "and in 2011?", "how many in both")["filter"]

    assert [p["period"]["year"] for p in both["parts"]] == [2010, 2011]


def test_what_is_one_value_splits_nothing() -> None:
    args = args_of("revenue by country and month in 2011", "just France")

    assert args["dimensions"] == ["month"] and args["filter"]["values"] == ["France"]


@pytest.mark.parametrize(("texts", "kept"), [
    (("orders in May 2011", "is that more than usual?", "and in France?"), 5),
])
def test_a_look_aside_leaves_the_talk_where_it_was(texts: tuple[str, ...], kept: int) -> None:
    assert args_of(*texts)["period"]["month"] == kept


def test_a_pointer_that_no_plan_can_hold_is_not_dropped() -> None:
    planned = talk("how many customers bought tea in 2011", "and how much did that bring in")

    held = [c.args.get("filter") or c.args.get("reason") for c in planned.calls]
    assert all(held)


@pytest.mark.parametrize(("texts", "field", "value"), [
    (("which country has the highest revenue", "and second?"), "offset", 1),
    (("revenue by country in 2011", "which ones are over 5 percent"), "having",
     [{"metric": "revenue", "values": [5.0], "of": "share"}]),
    (("revenue in France in 2011", "how does that rank among the countries"), "dimensions", ["country"]),
    (("revenue in the first half of 2011", "the whole year"), "period", {"kind": "named", "year": 2011}),
    (("revenue by quarter in 2011", "drop q1"), "period",
     {"kind": "absolute", "start": "2011-04-01", "end": "2011-12-31"}),
    (("number of customers per month in 2011", "the average month"), "summary", "mean"),
    (("top 10 customers in 2011", "what share is theirs", "now the top 100"), "limit", 100),
    (("revenue by country in 2011 compared to 2010", "biggest loser?"), "limit", 1),
])
def test_other_edits_of_the_table(texts: tuple[str, ...], field: str, value: Any) -> None:
    assert args_of(*texts, rows=None)[field] == value


def test_who_bought_it_is_asked_of_the_time_and_place_before() -> None:
    rows = [{"category": "Garden", "revenue": 5.0}]
    kept = args_of("which category has the highest revenue in France in 2011", "how many customers bought it",
                   rows=rows)["filter"]

    assert kept["period"]["year"] == 2011 and len(kept["where"]["parts"]) == 2
