"""The row that "it" stands for, and changes of the list before by its own rows and measures."""

from __future__ import annotations

import pytest

from tests.support.talks import args_of, talk

BRANDS = [{"category": c, "revenue": v} for c, v in (("Garden", 9.0), ("Kitchen", 7.0))]
MARCH = [{"month": "2011-03-01", "revenue": 5.0}]


@pytest.mark.parametrize("text", ["how much did it sell in 2010", "its revenue in 2010", "revenue of that one in 2010"])
def test_it_is_the_group_that_was_asked_for(text: str) -> None:
    args = args_of("which category sold best", text, rows=BRANDS[:1])

    assert args["filter"]["values"] == ["Garden"] and args["period"]["year"] == 2010


def test_they_are_not_the_first_of_many() -> None:
    assert "Garden" not in str(args_of("top 5 categories", "how much did they sell in 2010", rows=BRANDS))


def test_a_row_that_is_a_time_as_well_is_dropped_from_the_list() -> None:
    rows = [{"category": "Christmas", "revenue": 1.0}, *BRANDS]

    args = args_of("revenue by category in 2010", "drop christmas", rows=rows)

    assert args["filter"]["op_type"] == "not" and args["filter"]["part"]["values"] == ["Christmas"]


def test_the_two_lists_before_are_set_against_each_other() -> None:
    args = args_of("revenue by category in March 2011", "and in April 2011?", "which one fell the most?")

    assert args["period"]["month"] == 4 and args["compare"]["period"]["month"] == 3
    assert args["sort"] == {"by": "change", "descending": False}


def test_the_reason_of_the_row_that_fell_is_its_own() -> None:
    planned = talk("which category fell the most in April 2011 against March 2011", "why", rows=BRANDS[:1])

    assert planned.calls[0].name == "explain_change" and "Garden" in str(planned.calls[0].args["filter"])


def test_what_is_behind_the_best_month_is_of_that_month() -> None:
    args = args_of("best month of 2011", "which products made that month", rows=MARCH)

    assert args["dimensions"] == ["product"] and args["metrics"] == ["revenue"] and "2011" in str(args["period"])


def test_a_ranking_is_turned_by_what_is_counted() -> None:
    args = args_of("top 5 cities", "by orders")

    assert args["metrics"] == ["orders"] and args["dimensions"] == ["city"]


def test_the_rate_of_an_amount_orders_the_list() -> None:
    assert args_of("returned value by category", "sort by the rate instead")["sort"]["by"] == "return_rate"


def test_who_is_highest_of_groups_is_a_group() -> None:
    assert args_of("revenue by country", "who's highest")["dimensions"] == ["country"]


def test_one_more_measure_stands_beside() -> None:
    assert args_of("revenue by country", "and orders next to it")["metrics"] == ["revenue", "orders"]


def test_another_measure_of_the_month_picked_ranks_no_month() -> None:
    args = args_of("which month had the highest revenue in 2011", "how many orders was that", rows=MARCH)

    assert args["metrics"] == ["orders"] and "dimensions" not in args and args["period"]["month"] == 3


def test_two_lists_are_put_into_one_picture() -> None:
    args = args_of("revenue by month in France", "the same for Germany", "put both in one chart")

    assert args["dimensions"] == ["month", "country"] and args["filter"]["values"] == ["France", "Germany"]


@pytest.mark.parametrize(("asked", "money"), [("units in March 2011", "revenue"),
                                              ("return rate in 2011", "returned_value")])
def test_in_money_is_the_money_of_what_was_counted(asked: str, money: str) -> None:
    assert args_of(asked, "in pounds please")["metrics"] == [money]


def test_values_in_one_figure_are_split_and_summed_up() -> None:
    split = args_of("revenue in France and Germany", "split them")

    assert split["dimensions"] == ["country"] and split["filter"]["values"] == ["France", "Germany"]
    assert "dimensions" not in args_of("revenue in France and Germany", "split them", "their total")


def test_more_than_at_another_time_is_a_comparison() -> None:
    assert "compare" in args_of("revenue in March 2011", "is that more than in February 2011")


def test_who_placed_a_figure_is_not_everybody() -> None:
    assert talk("average order value", "who placed it").calls[0].name != "query_data"
