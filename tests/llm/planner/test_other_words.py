"""A word two letters off a word of a product is another word; what stands before buyers is what they bought."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from assistant.llm.planner.context import DialogueContext
from assistant.llm.planner.planner import plan_turn
from assistant.plans.shop import Match
from tests.support.planner_shops import PlannerShop


class JamShop(PlannerShop):
    """Sells one product."""

    def status(self):
        return replace(super().status(), fingerprint="jam")

    def values(self, dimension: str) -> Sequence[str]:
        return {"product": ["22961"], "category": [], "subcategory": []}.get(dimension, super().values(dimension))

    def labels(self, dimension: str) -> Sequence[str]:
        held = {"product": ["HOMEMADE JAM CANDLES"], "category": [], "subcategory": []}
        return held.get(dimension, super().labels(dimension))

    def find(self, text: str, kinds: Sequence[str] = (), k: int = 5) -> Sequence[Match]:
        return [Match("product", "22961", "HOMEMADE JAM CANDLES", 60.0)] if "product" in kinds or not kinds else []


@pytest.mark.parametrize("goods", ["homeware", "superstar"])
def test_goods_before_buyers_are_named_as_missing(goods: str) -> None:
    (call,) = plan_turn(f"How many {goods} buyers do we have?", DialogueContext(), JamShop()).calls
    assert call.name == "decline"
    assert f"“{goods}”" in call.args["message"]


def test_a_word_two_letters_off_is_not_taken_for_a_products_word() -> None:
    (call,) = plan_turn("Revenue of homeware products last month", DialogueContext(), JamShop()).calls
    assert "homemade" not in str(call.args)


def test_a_slip_in_a_products_word_is_read() -> None:
    (call,) = plan_turn("How many customers bought homemdae candles?", DialogueContext(), JamShop()).calls
    assert "22961" in str(call.args) or "homemade" in str(call.args).lower()
