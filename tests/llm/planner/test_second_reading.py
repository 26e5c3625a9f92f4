"""A second try at what could not be read, and what it must not do."""

from __future__ import annotations

import pytest

from assistant.llm.planner.planner import plan_turn
from tests.support.planner_shops import PlannerShop

SHOP = PlannerShop()


def planned(text: str):
    found = plan_turn(text, None, SHOP)
    return found, found.calls[0]


@pytest.mark.parametrize(("text", "same"), [
    ("how many punters do we have", "how many customers do we have"),
    ("how did revenue fare in May 2011", "revenue in May 2011"),
    ("what did we rake in during May 2011", "how much did we sell in May 2011"),
    ("dosh by nation in 2011", "revenue by country in 2011"),
    ("boss is breathing down my neck: need revenue by month for 2011", "revenue by month for 2011"),
    ("how did revenue wibble in May 2011", "revenue in May 2011"),
    ("revenue frankly by month in 2011", "revenue by month in 2011"),
])
def test_other_words_give_the_same_plan(text: str, same: str) -> None:
    assert planned(text)[1] == planned(same)[1]


def test_what_was_read_or_left_out_is_said() -> None:
    assert "read_as|dosh|revenue" in planned("dosh by nation in 2011")[0].notes
    assert "not_used|wibble" in planned("how did revenue wibble in May 2011")[0].notes


@pytest.mark.parametrize("text", [
    "how many customers wibbled last month",  # says which customers
    "revenue from wibble customers",
    "which countries wibble",  # says which countries
    "revenue of wibbles",
    "revenue by wibble",
    "what is our wibble by country",
    "how many orders arrived wibbled",
    "how many orders did we cancel in May 2011",
    "how many customers do we have median",
    "revenue to wibbles in 2011",
])
def test_a_word_that_may_narrow_stops_the_question(text: str) -> None:
    assert planned(text)[1].name in {"decline", "ask_back"}


def test_nothing_is_made_of_words_that_were_not_read() -> None:
    assert planned("draft a campaign for loyal customers who wibble")[1].name in {"decline", "ask_back"}
    assert planned("draft a campaign for loyal punters frankly, wibble users only")[1].name in {"decline", "ask_back"}
