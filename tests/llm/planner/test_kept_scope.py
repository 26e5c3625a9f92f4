"""What a question keeps from the one before it, and remarks told by the words that are left of them."""

from __future__ import annotations

import pytest

from tests.support.talks import args_of, talk

IN_MARCH = {"kind": "named", "year": 2011, "month": 3}


@pytest.mark.parametrize("text", ["top 5 countries", "which products sold best",
                                  "ok then show me the orders by country"])
def test_a_question_without_a_time_keeps_the_one_spoken_of_and_says_so(text: str) -> None:
    planned = talk("revenue in March 2011", text)

    assert planned.calls[0].args["period"] == IN_MARCH
    assert planned.frame == "follow_up" or "kept_time||" in planned.notes


def test_a_ranking_without_a_measure_is_by_the_one_spoken_of() -> None:
    args = args_of("orders in March 2011", "top 5 countries")

    assert args["metrics"] == ["orders"] and args["sort"]["by"] == "orders"


def test_a_question_without_a_place_keeps_the_one_spoken_of() -> None:
    planned = talk("revenue in France", "top 5 products")

    assert planned.calls[0].args["filter"]["values"] == ["France"] and "kept_part||" in planned.notes


@pytest.mark.parametrize("text", ["how many orders did we have in total", "revenue by year", "top 5 products of 2010",
                                  "top 5 products over all time"])
def test_everything_another_time_and_series_too_long_keep_nothing(text: str) -> None:
    assert args_of("revenue in March 2011", text).get("period") != IN_MARCH


def test_a_question_about_what_was_narrowed_by_drops_it() -> None:
    assert "filter" not in args_of("revenue in France in 2011", "show me the revenue by country")


@pytest.mark.parametrize("text", ["so thats plus or minus how many percent", "what's the difference then",
                                  "how far apart are they", "and the change in % is?"])
def test_two_figures_are_set_against_each_other_the_later_one_first(text: str) -> None:
    args = args_of("orders in March 2011", "and April 2011?", text)

    assert args["period"]["month"] == 4 and args["compare"]["period"]["month"] == 3


def test_as_a_percentage_after_an_amount_and_its_rate_is_the_rate() -> None:
    args = args_of("gross margin and margin rate by country", "as a percentage then")

    assert args["metrics"] == ["margin_rate"] and "transform" not in args


def test_whether_the_rate_of_a_part_is_normal_is_told_by_the_rest() -> None:
    assert args_of("return rate in France", "is that a lot compared to the others?")["compare"] == {"kind": "rest"}


@pytest.mark.parametrize("text", ["what's driving it", "any idea what is behind that?", "and the main reason is?"])
def test_a_reason_is_asked_for_in_many_words(text: str) -> None:
    assert talk("revenue in March 2011 vs February 2011", text).calls[0].name == "explain_change"


def test_goods_pointed_at_keep_their_time() -> None:
    args = args_of("units of tea in 2010", "how many people bought them")

    assert args["period"] == {"kind": "named", "year": 2010} and "filter" in args


def test_all_customers_are_not_those_of_a_month() -> None:
    assert "period" not in args_of("revenue in March 2011", "how many customers do we have")


def test_the_share_of_one_row_is_one_of_the_list() -> None:
    args = args_of("revenue by country in 2010", "what's the share of France")

    assert args["compare"]["kind"] == "total" and "dimensions" not in args


def test_a_kind_of_customers_named_after_a_figure_is_asked_for_itself() -> None:
    assert args_of("revenue in March 2011", "our best customers")["dimensions"] == ["customer"]
    assert args_of("revenue in March 2011", "best customers only").get("dimensions") is None


def test_a_comparison_without_a_measure_is_by_the_one_spoken_of_and_says_so() -> None:
    planned = talk("average order value", "top 5 countries")

    assert planned.calls[0].args["metrics"] == ["average_order_value"]
    assert planned.notes == ["kept_measure|average order value"]


def test_there_joins_the_place_spoken_of() -> None:
    args = args_of("revenue in France in 2011", "customers who bought tea there")

    assert "France" in str(args)


def test_a_part_of_it_that_is_none_is_declined() -> None:
    assert talk("units in stock", "how much of it is unsubscribed").calls[0].name == "decline"


def test_the_year_so_far_is_set_against_the_same_days() -> None:
    assert args_of("revenue this year to date", "vs last year")["compare"] == {"kind": "year_earlier"}


@pytest.mark.parametrize("text", ["what do customers in France usually buy", "what do people from France order most"])
def test_what_people_buy_are_products(text: str) -> None:
    args = args_of(text)

    assert args["dimensions"] == ["product"] and "France" in str(args["filter"])


def test_a_bound_on_what_is_counted_is_no_bound_on_the_list() -> None:
    args = args_of("average order value by country", "only countries with at least 20 customers")

    assert args["having"][0]["metric"] == "customers"


def test_the_trend_of_a_month_reaches_beyond_it() -> None:
    assert "period" not in args_of("return rate in March 2011", "trend please")


def test_then_is_the_time_that_was_picked() -> None:
    args = args_of("which month had the highest revenue in 2011", "what do people buy then",
                   rows=[{"month": "2011-03-01", "revenue": 5.0}])

    assert args["dimensions"] == ["product"] and args["period"]["month"] == 3


def test_there_is_the_group_that_was_picked() -> None:
    rows = [{"category": "Garden", "orders": 5}]

    assert "Garden" in str(args_of("which category has the most orders", "did it help sales there", rows=rows))


def test_an_event_is_set_against_itself_a_year_before() -> None:
    assert args_of("revenue at easter 2011", "compared with last year")["compare"]["kind"] == "year_earlier"


def test_the_biggest_of_customers_counted_is_by_what_they_spent() -> None:
    assert args_of("how many customers have more than 10 orders", "who's the biggest")["metrics"] == ["revenue"]
