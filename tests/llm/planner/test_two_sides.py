"""Two things set against each other, shares of a whole, and claims that are asked about: read from both halves'
plans."""

from __future__ import annotations

from typing import Any

import pytest

from assistant.llm.planner.planner import plan_turn
from tests.support.planner_shops import PlannerShop

SHOP = PlannerShop()


def _first(text: str) -> tuple[str, dict[str, Any]]:
    call = plan_turn(text, None, SHOP).calls[0]
    return call.name, call.args


@pytest.mark.parametrize(
    ("text", "metrics", "item", "way", "asked"),
    [
        ("is Kitchen ahead of Garden this year in revenue", ["revenue"], "Kitchen", "up", "whether"),
        ("how far behind Kitchen is Garden in orders for 2011", ["orders"], "Garden", "down", "size"),
        (
            "do our French buyers place bigger orders than the German ones",
            ["average_order_value"],
            "France",
            "up",
            "whether",
        ),
        ("would you say the app is growing faster than the web", ["revenue"], "app", "up", "growth"),
        ("has the app overtaken the web in 2011", ["revenue"], "app", "up", "passed"),
        (
            "is it true that we have more customers in France than in Germany",
            ["customers", "revenue"],
            "France",
            "up",
            "whether",
        ),
        (
            "how much bigger is the average order from France than from Germany",
            ["average_order_value"],
            "France",
            "up",
            "size",
        ),
        ("do we sell more in Germany than in France, right?", ["revenue"], "Germany", "up", "whether"),
    ],
)
def test_one_thing_against_another(text: str, metrics: list[str], item: str, way: str, asked: str) -> None:
    name, args = _first(text)

    assert (name, args["relation"], args["item"], args.get("way"), args["asked"]) == (
        "check_premise", "larger", item, way, asked)
    assert args["plan"]["metrics"] == metrics


def test_a_factor_is_checked() -> None:
    _, args = _first("does Germany spend more than twice as much as France")

    assert (args["factor"], args["op"]) == (2.0, "gt")


@pytest.mark.parametrize("text", [
    "is friday really our best day or is that a myth", "I'd expect Friday to be the best day, is it?",
    "would you say Friday is our best day?",
])
def test_a_claim_that_is_asked_about(text: str) -> None:
    name, args = _first(text)

    assert (name, args["relation"], args["item"], args["asked"]) == ("check_premise", "first", "Friday", "whether")


def test_a_part_is_set_against_an_amount() -> None:
    _, args = _first("were more than half of the orders in May 2011 from returning customers")

    assert (args["relation"], args["op"], args["value"], args["share"]) == ("bound", "gt", 50.0, True)
    assert args["plan"]["metrics"] == ["orders"]


@pytest.mark.parametrize(("text", "field", "of"), [
    ("what share of our Kitchen revenue falls in november to february", "month_of_year", True),
    ("what part of sales did the app make up in 2011", "channel", False),
])
def test_a_share_of_a_whole(text: str, field: str, of: bool) -> None:
    name, args = _first(text)

    assert name == "query_data" and args["compare"]["kind"] == "total"
    assert field in str(args["filter"]) and ("of" in args["compare"]) == of


def test_a_share_of_a_longer_time() -> None:
    _, args = _first("how much of the 2011 revenue was made in the first two weeks of May")

    assert args["compare"]["period"]["year"] == 2011 and args["period"] != args["compare"]["period"]


def test_groups_that_fell_between_two_times() -> None:
    _, args = _first("which categories have fewer buyers in May 2011 than in May 2010")

    assert args["dimensions"] == ["category"] and args["metrics"] == ["customers"]
    assert args["having"][0]["of"] == "change" and args["having"][0]["op"] == "lt"


@pytest.mark.parametrize(("text", "by", "down"), [
    ("return rate by category, worst first", "return_rate", True),
    ("revenue by category from best to worst", "revenue", True),
    ("revenue by month in 2011 smallest at the top", "revenue", False),
    ("revenue per country alphabetically", "country", False),
])
def test_the_order_of_a_list(text: str, by: str, down: bool) -> None:
    _, args = _first(text)

    assert (args["sort"]["by"], args["sort"].get("descending", True)) == (by, down)


def test_a_region_is_its_countries() -> None:
    planned = plan_turn("revenue in DACH in 2011", None, SHOP)

    assert set(planned.calls[0].args["filter"]["values"]) >= {"Germany"}
    assert any(n.startswith("read_as|DACH|") for n in planned.notes)


def test_regions_side_by_side_are_a_figure_of_each() -> None:
    calls = plan_turn("revenue in DACH vs Benelux in 2011", None, SHOP).calls

    assert len(calls) == 2 or plan_turn("revenue in Benelux", None, SHOP).frame == "decline"


@pytest.mark.parametrize(
    "text", ["is it higher than before", "do they order more than that", "is that ahead of the other one"]
)
def test_words_that_point_back_are_no_side(text: str) -> None:
    assert _first(text)[0] != "check_premise"


def test_money_of_cancellations_is_no_count() -> None:
    _, args = _first("value of cancellations by month in 2011")

    assert args["metrics"] == ["returned_value"] and args["filter"]["field"] == "line_type"


@pytest.mark.parametrize(
    ("text", "way"), [("did sales go up in May 2011", "up"), ("has revenue fallen in Q1 2011", "down")]
)
def test_whether_a_figure_moved(text: str, way: str) -> None:
    _, args = _first(text)

    assert (args["relation"], args["way"], args["asked"]) == ("change", way, "whether")


@pytest.mark.parametrize(
    "text", ["how many customers bought more in 2011 than in 2010", "which customers order more often than others"]
)
def test_who_is_asked_for_is_no_side(text: str) -> None:
    assert _first(text)[0] != "check_premise"


def test_sales_that_drop_in_a_month_do_not_come_in() -> None:
    _, args = _first("did sales drop in May 2011")

    assert (args["relation"], args["way"]) == ("change", "down")
