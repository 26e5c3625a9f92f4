"""Questions about customers that a text describes itself are asked of them, not of everybody."""

from __future__ import annotations

from typing import Any

import pytest

from assistant.llm.planner.planner import plan_turn
from tests.support.planner_shops import PlannerShop

SHOP = PlannerShop()
OFTEN = {"op_type": "customer", "metric": "orders", "op": "ge", "values": [7.0]}


def first(metric: str, many: float) -> dict[str, Any]:
    return {"op_type": "customer", "metric": metric, "op": "gt", "values": [many], "rank": "top_n"}


@pytest.mark.parametrize(("text", "whom", "dimensions"), [
    ("which products do our top 10 customers buy most", first("revenue", 10), ["product"]),
    ("average order value of our best 20 customers by orders", first("orders", 20), []),
    ("revenue of our top 50 customers by country", first("revenue", 50), ["country"]),
    ("which products are bought most by customers with at least 7 orders", OFTEN, ["product"]),
    ("what did customers with at least 7 orders buy in 2011", OFTEN, ["product"]),
])
def test_they_are_a_condition(text: str, whom: dict[str, Any], dimensions: list[str]) -> None:
    (call,) = plan_turn(text, None, SHOP).calls
    assert call.args["filter"] == whom
    assert call.args.get("dimensions", []) == dimensions


@pytest.mark.parametrize("text", ["who are our top 10 customers", "top 10 customers by revenue"])
def test_they_are_listed_where_they_are_asked_for(text: str) -> None:
    (call,) = plan_turn(text, None, SHOP).calls
    assert call.args["dimensions"] == ["customer"]
    assert "filter" not in call.args


def test_a_plan_that_holds_them_stays() -> None:
    planned = plan_turn("revenue of customers who ordered at least 7 times by country", None, SHOP)
    assert planned.frame != "asked_of_people"
    assert planned.calls[0].args["filter"] == OFTEN
