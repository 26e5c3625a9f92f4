"""What is said beside a question, and what must stay."""

from __future__ import annotations

import pytest

from assistant.llm.planner.asides import without_asides
from assistant.llm.planner.planner import plan_turn
from tests.support.planner_shops import PlannerShop


def said(text: str) -> str:
    return without_asides(text, "en")


@pytest.mark.parametrize(("text", "left"), [
    ("Hi team, my boss wants to know how many orders we got last month, if that's ok",
     "how many orders we got last month"),
    ("quick question: revenue in May, thanks a million", "revenue in May"),
    ("Sorry to bother you again, which brands sold best?", "which brands sold best?"),
    ("ok cool, and for the monthly report: returns by brand", "and for the monthly report: returns by brand"),
    ("for tomorrow's meeting: returns by brand so I can plan ahead", "returns by brand"),
    ("to be clear, who are our lovely customers from Austria", "who are our customers from Austria"),
    ("how many orders did we frankly get, lol", "how many orders did we get"),
    ("what the hell happened to revenue?", "what happened to revenue?"),
    ("weird question but how much tea did we sell", "how much tea did we sell"),
    ("how much did we sell thus far?", "how much did we sell so far?"),
    ("how much tea did we sell, mate?", "how much tea did we sell?"),
])
def test_asides_are_taken_off(text: str, left: str) -> None:
    assert said(text) == left


@pytest.mark.parametrize("text", [
    "thank you so much!", "ok cool, thanks", "any idea?", "never mind", "yes please", "one more time",
    "Acorn is our top brand, right?",  # asks whether the claim is true
    "By loyal I mean customers with four orders", "which kind of campaign works best?", "who would buy anyway?",
    "how many small customers do we have", "revenue from unhappy customers", "how many men bought tea",
    "how many orders so far this year", 'write "to be honest, thanks a million" below it', "and then?",
])
def test_what_may_change_the_question_stays(text: str) -> None:
    assert said(text) == text


@pytest.mark.parametrize(("text", "same"), [
    ("wow, how much did we sell in May 2011?", "how much did we sell in May 2011?"),
    ("to be clear, how many customers do we have", "how many customers do we have"),
    ("orders in May 2011, man", "orders in May 2011"),
    ("urgent question, revenue by country in 2011", "revenue by country in 2011"),
])
def test_no_word_of_an_aside_becomes_part_of_the_plan(text: str, same: str) -> None:
    assert plan_turn(text, None, PlannerShop()).calls == plan_turn(same, None, PlannerShop()).calls
