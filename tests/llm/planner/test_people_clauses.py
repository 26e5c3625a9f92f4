"""Customers described in several clauses: each clause read, or named where it is not."""

from __future__ import annotations

import pytest

from assistant.llm.planner.planner import plan_turn
from tests.llm.planner.test_cases import SHOP, outcome
from tests.support.talks import talk

KITCHEN, GARDEN = "cust(orders ge 1 where category=Kitchen)", "cust(orders ge 1 where category=Garden)"


@pytest.mark.parametrize(("text", "rule"), [
    ("customers from Germany or France who bought Kitchen at least twice in 2025 but nothing from Garden, spent more"
     " than 200 in total, and have not ordered in the last 90 days",
     "and(country in (Germany,France), cust(orders ge 2 where category=Kitchen in 2025), "
     "cust(orders eq 0 where category=Garden in 2025), cust(revenue gt 200), cust(days_since_last_order ge 90))"),
    ("customers who live in Spain and in 2025 spent under 100", "and(country=Spain, cust(revenue lt 100 in 2025))"),
    ("customers who only ever bought Kitchen", f"and({KITCHEN}, cust(orders eq 0 where not category=Kitchen))"),
    ("customers who bought Kitchen and have at least twice bought Garden",
     f"and({KITCHEN}, cust(orders ge 2 where category=Garden))"),
    ("customers outside France whose average order is over 80",
     "and(not country=France, cust(average_order_value gt 80))"),
    ("customers who bought Kitchen or spent over 500, and live in Spain",
     f"and(country=Spain, or({KITCHEN}, cust(revenue gt 500)))"),
    ("customers who bought Kitchen and spent over 500, or who bought Garden and live in Spain",
     f"or(and({KITCHEN}, cust(revenue gt 500)), and({GARDEN}, country=Spain))"),
    ("customers who bought Kitchen, except those who live in Spain", f"and({KITCHEN}, not country=Spain)"),
    ("customers who ordered in the app but not in store",
     "and(cust(orders ge 1 where channel=app), cust(orders eq 0 where channel=store))"),
    ("customers who came to us via social and whose most recent order was in the app",
     "and(acquisition_channel=social, cust(orders ge 1 where and(days_before_last_order=0, channel=app)))"),
])
def test_every_clause_is_a_condition(text: str, rule: str) -> None:
    assert outcome([text]).removeprefix("list ").removeprefix("audience ") == rule
    assert outcome([f"how many {text}"]) == f"audience {rule}"


def test_the_rest_of_the_text_is_read_as_ever() -> None:
    rule = f"and({KITCHEN}, cust(orders eq 0 where not category=Kitchen), country=Spain)"
    described = "customers who only ever bought Kitchen and live in Spain"
    assert outcome([f"revenue of {described} by month"]) == f"query revenue by month where {rule}"
    saved, = plan_turn(f"save {described} as a segment called Cooks", None, SHOP).calls
    assert (saved.name, saved.args["name"], len(saved.args["filter"]["parts"])) == ("save_segment", "Cooks", 3)
    call, = plan_turn(f"Write to {described} with 10 % off Garden", None, SHOP).calls
    assert (call.name, call.args["offer"]["value"]) == ("draft_campaign", 10.0)


def test_lapsed_stays_where_it_was_said_and_no_other_silence_is_added() -> None:
    for text, said in (("Write to lapsed customers in Spain who spent over 150", "days_since_last_order ge 90"),
                       ("Win back customers in Spain who have not ordered for 60 days and only ever bought Kitchen",
                        "days_since_last_order ge 60")):
        call, = plan_turn(text, None, SHOP).calls
        assert call.name == "draft_campaign"
        silent = [p for p in call.args["audience"]["parts"] if p.get("metric") == "days_since_last_order"]
        assert [f"{p['metric']} {p['op']} {p['values'][0]:g}" for p in silent] == [said], text


def test_a_clause_that_is_not_understood_is_named() -> None:
    call, = plan_turn("How many customers who live in Spain and have wiggled the frobnicator twice?", None, SHOP).calls
    assert call.name == "decline"
    assert "frobnicator" in call.args["message"]


@pytest.mark.parametrize("text", [
    "How many customers bought Kitchen in 2024 and 2025?",
    "customers who bought Kitchen and then Garden",
    "compare customers in Spain who bought Kitchen with customers in France who bought Garden",
])
def test_what_is_no_description_in_clauses_is_left_alone(text: str) -> None:
    assert plan_turn(text, None, SHOP).frame != "people_clauses"


def test_a_description_after_those_at_risk_is_one_of_its_own() -> None:
    planned = talk("which customers are at risk", "which customers ordered in 2024 and again in 2025 but not in 2026")

    assert planned.calls[0].name == "query_data"
