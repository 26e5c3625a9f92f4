"""Rows of the table before, by where they stand."""

from __future__ import annotations

import pytest

from tests.support.talks import args_of, talk

CATEGORIES = [{"category": c, "revenue": v} for c, v in (("Kitchen", 9.0), ("Garden", 5.0), ("Home", 3.0))]
MONTHS = [{"month": m, "orders": v} for m, v in (("Oct 2011", 4), ("Nov 2011", 9), ("Dec 2011", 2))]
ASKED = "revenue by category in 2011"


@pytest.mark.parametrize(("text", "than"), [
    ("difference between the best and the worst", "Home"), ("how much more is the first than the second", "Garden"),
    ("what is the gap between the first two?", "Garden"), ("how far ahead of the second", "Garden"),
])
def test_two_rows_are_set_against_each_other(text: str, than: str) -> None:
    args = args_of(ASKED, text, rows=CATEGORIES)

    assert (args["item"], args["than"], args["asked"]) == ("Kitchen", than, "size")
    assert args["plan"]["period"]["year"] == 2011 and args["plan"]["filter"]["values"] == ["Kitchen", than]


def test_the_last_of_a_list_that_goes_on_is_not_the_last_of_all() -> None:
    planned = talk("top 3 categories by revenue in 2011", "difference between the best and the worst", rows=CATEGORIES)

    assert planned.calls[0].name != "check_premise"


def test_months_are_set_against_each_other_by_their_time() -> None:
    args = args_of("orders by month in 2011", "difference between the best and the worst", rows=MONTHS)

    assert args["period"]["month"] == 11 and args["compare"]["period"]["month"] == 12


def test_all_rows_are_the_rows_and_no_sum() -> None:
    assert args_of(ASKED, "show all", rows=CATEGORIES)["dimensions"] == ["category"]
    assert "limit" not in args_of("top 3 categories by revenue in 2011", "show all of them", rows=CATEGORIES)


def test_nothing_comes_after_a_whole_list() -> None:
    assert talk(ASKED, "the next 5", rows=CATEGORIES).calls[0].args["reason"] == "no_rows"


def test_a_picked_row_is_kept_through_the_time() -> None:
    args = args_of("which category made the most revenue in 2011", "by month", rows=CATEGORIES[:1])

    assert args["dimensions"] == ["month"] and args["filter"]["values"] == ["Kitchen"] and "limit" not in args


@pytest.mark.parametrize("text", ["how many are there", "how many rows are there"])
def test_rows_are_counted(text: str) -> None:
    assert "dimensions" not in args_of(ASKED, text, rows=CATEGORIES)


@pytest.mark.parametrize("text", ["who bought the most", "top 5 customers"])
def test_customers_of_the_time_spoken_of(text: str) -> None:
    args = args_of("revenue in May 2011", text)

    assert args["dimensions"] == ["customer"] and (args["period"]["year"], args["period"]["month"]) == (2011, 5)


def test_best_customers_are_those_of_now() -> None:
    assert "period" not in args_of("revenue in May 2011", "who are our best customers")


def test_a_claim_of_two_keeps_the_time() -> None:
    args = args_of(ASKED, "how much more did Kitchen make than Garden", rows=CATEGORIES)

    assert args["plan"]["period"]["year"] == 2011


def test_another_measure_of_a_change() -> None:
    assert args_of("why did revenue change in May 2011", "and orders")["metric"] == "orders"


def test_this_customer_is_the_one_recommended_to() -> None:
    planned = talk("recommend products for customer 12346", "tell me about this customer")

    assert planned.calls[0].args.get("customer_id") == "12346"


def test_a_share_of_customers_is_that_of_those_in_talk() -> None:
    listed = talk("list customers from Germany", "what share of our customers is that")
    counted = args_of("how many customers are from Germany", "what slice of our customer base is that")

    assert not listed.calls[0].args.get("dimensions") and counted["compare"]["kind"] == "total"


def test_goods_that_are_pointed_at_are_held_or_declined() -> None:
    planned = talk("which products lost most revenue in 2011", "who used to buy them")

    assert planned.calls[0].name == "decline"


def test_the_other_kind_of_customers() -> None:
    args = args_of("revenue from returning customers in 2011", "and from new ones")

    assert args["filter"]["values"] == ["new"] and args["period"]["year"] == 2011
