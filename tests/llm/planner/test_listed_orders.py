"""Orders that are asked to be seen are listed, the latest first, and not counted."""

from __future__ import annotations

from typing import Any

import pytest

from assistant.llm.planner.planner import plan_turn
from tests.support.planner_shops import PlannerShop

SHOP = PlannerShop()
GERMANY = {"op_type": "compare", "field": "country", "op": "eq", "values": ["Germany"]}


@pytest.mark.parametrize(("text", "limit", "narrowed"), [
    ("Recent orders", 10, None),
    ("show me the last 20 orders", 20, None),
    ("the 5 latest orders from Germany", 5, GERMANY),
    ("list all orders from Germany", None, GERMANY),
])
def test_one_by_one(text: str, limit: int | None, narrowed: dict[str, Any] | None) -> None:
    (call,) = plan_turn(text, None, SHOP).calls
    assert call.args["dimensions"] == ["order"]
    assert call.args["sort"] == {"by": "last_order_date"}
    assert (call.args.get("limit"), call.args.get("filter")) == (limit, narrowed)


@pytest.mark.parametrize("text", ["how many orders", "latest orders by country", "orders by month"])
def test_their_number_stays_a_number(text: str) -> None:
    assert plan_turn(text, None, SHOP).frame != "listed_orders"
