"""Things named one by one, and short years."""

from __future__ import annotations

import pytest

from assistant.llm.planner.planner import plan_turn
from tests.support.planner_shops import PlannerShop

SHOP = PlannerShop()


def _args(text: str) -> dict:
    return plan_turn(text, None, SHOP).calls[0].args


@pytest.mark.parametrize("text", ["revenue of Germany or France by month in 2011",
                                  "revenue of Germany by month in 2011",
                                  "total revenue of Germany and France by month in 2011"])
def test_a_sum_that_is_asked_for_stays_one(text: str) -> None:
    assert _args(text)["dimensions"] == ["month"]


@pytest.mark.parametrize("text", ["sales on oct 11", "sales oct 11th", "sales 11 oct 11"])
def test_a_day_stays_a_day(text: str) -> None:
    assert _args(text).get("period", {}).get("year") != 2011 or "day" in str(_args(text)["period"])


def test_a_short_year_is_said() -> None:
    planned = plan_turn("sales in oct 11", None, SHOP)
    assert planned.calls[0].args["period"] == {"kind": "named", "year": 2011, "month": 10}
    assert "read_as|oct 11|oct 2011" in planned.notes
