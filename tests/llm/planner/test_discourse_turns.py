"""Moves between turns, from a figure to its reason or its future, and on customers and segments that were listed."""

from __future__ import annotations

import pytest

from assistant.llm.planner.planner import plan_turn
from tests.support.talks import SHOP, args_of, talk


@pytest.mark.parametrize("text", [
    "back to the first question, but for France", "the first question again, but only France",
    "coming back to my first question, what about France?",
])
def test_back_to_an_earlier_question_with_a_change(text: str) -> None:
    args = args_of("revenue by category in 2011", "how many customers have at least 3 orders?", text)

    assert args["dimensions"] == ["category"] and args["filter"]["values"] == ["France"]
    assert args["period"]["year"] == 2011


def test_back_to_what_was_asked_about() -> None:
    args = args_of("revenue by category in 2011", "how many customers have at least 3 orders?",
                 "back to the categories: and in 2010?")

    assert args["dimensions"] == ["category"] and args["period"]["year"] == 2010


@pytest.mark.parametrize("text", ["start over", "forget all that", "new topic", "clear everything"])
def test_a_new_beginning(text: str) -> None:
    assert talk("revenue by category in 2011", text).frame == "fresh_start"
    assert "filter" not in args_of("revenue in France in 2011", text, "orders by country")
    assert talk("revenue in France in 2011", text, "why?").calls[0].name == "decline"


def test_what_a_refusal_offers_is_picked_by_place() -> None:
    refused = talk("revenue by weather in 2011").calls[0]
    picked = talk("revenue by weather in 2011", "fine, use the first")

    assert refused.name == "decline" and picked.calls == plan_turn(refused.args["nearest"][0], None, SHOP).calls


@pytest.mark.parametrize(("text", "dimensions"), [
    ("then without that", None), ("ok without the weather", None), ("ok then just by month", ["month"]),
    ("then without the weather, by month", ["month"]),
])
def test_a_refused_question_without_what_is_not_held(text: str, dimensions: list[str] | None) -> None:
    args = args_of("revenue by weather in 2011", text)

    assert args["metrics"] == ["revenue"] and args.get("dimensions") == dimensions and args["period"]["year"] == 2011


@pytest.mark.parametrize("text", ["why?", "why was it so weak?", "what happened there?", "how come?"])
def test_the_month_that_was_picked_is_explained(text: str) -> None:
    planned = talk("which month was weakest in 2011?", text, rows=[{"month": "Feb 2011", "revenue": 3.0}])

    assert planned.calls[0].name == "explain_change"
    assert planned.calls[0].args["period"] == {"kind": "named", "year": 2011, "month": 2}


@pytest.mark.parametrize("text", ["forecast that", "what will it be next month?", "project that forward"])
def test_the_figure_before_is_forecast(text: str) -> None:
    planned = talk("how many orders did we get in France last month?", text)

    assert planned.calls[0].name == "forecast_metric" and planned.calls[0].args["metric"] == "orders"
    assert planned.calls[0].args["filter"]["values"] == ["France"]


@pytest.mark.parametrize("text", ["write to them", "make a campaign for those", "let's send them a mailing"])
def test_a_campaign_for_those_listed(text: str) -> None:
    planned = talk("customers who spent more than 500", text)

    assert planned.calls[0].name == "draft_campaign" and planned.calls[0].args["audience"]["metric"] == "revenue"


TEN = [{"customer": c, "revenue": 1.0} for c in ("C1", "C2")]


@pytest.mark.parametrize("text", [
    "and their average order value?", "which of them also bought Garden?", "split them by country",
    "how many of them are from Germany?",
])
def test_the_customers_of_a_ranking_stay_the_same(text: str) -> None:
    assert "'values': ['C1', 'C2']" in str(args_of("top 10 customers in 2011", text, rows=TEN))


SEGMENTS = [{"segment": s, "customers": 5} for s in ("Champions", "At risk", "Must not lose")]


@pytest.mark.parametrize(("text", "name"), [
    ("what do the at-risk ones buy?", "At risk"), ("top products of the third segment", "Must not lose"),
    ("campaign for the third segment please", "Must not lose"), ("write to the must not lose ones", "Must not lose"),
])
def test_a_segment_by_place_or_by_a_name_of_ordinary_words(text: str, name: str) -> None:
    assert f"'name': '{name}'" in str(args_of("segment our customers", text, rows=SEGMENTS))
