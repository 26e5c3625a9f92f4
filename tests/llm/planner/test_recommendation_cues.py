"""Questions about recommendations in any order of words, and what must not be taken for one."""

from __future__ import annotations

from typing import Any

import pytest

from assistant.llm.planner.context import DialogueContext
from assistant.llm.planner.planner import plan_turn
from tests.support.planner_shops import PlannerShop


def _call(text: str) -> tuple[str, dict[str, Any]]:
    (one,) = plan_turn(text, DialogueContext(), PlannerShop()).calls
    return one.name, {k: v for k, v in one.args.items() if v not in (None, (), [], {})}


def test_next_order_is_no_count_of_orders() -> None:
    assert _call("what would customer 17850 order next") == (
        "recommend_products", {"customer_id": "17850", "purpose": "next"})


@pytest.mark.parametrize(("text", "action"), [
    ("candidates for clearance", "clear"), ("what should we put on sale to get rid of stock", "clear"),
    ("things to take off the homepage", "stop"),
])
def test_promotion_in_other_words(text: str, action: str) -> None:
    name, args = _call(text)
    assert (name, args["action"]) == ("plan_promotion", action)


def test_a_customer_and_goods() -> None:
    assert _call("which product should I show customer 17850 first?")[1]["customer_id"] == "17850"


@pytest.mark.parametrize("text", ["what does customer 17850 like?", "show customer 17850", "should we give a discount"])
def test_other_questions_are_left_alone(text: str) -> None:
    assert _call(text)[0] not in {"recommend_products", "plan_promotion"}


def test_what_is_looked_for_is_not_joined_to_what_it_goes_with() -> None:
    assert not _call("which mug goes with the linen cushion")[1].get("also_product_ids")
