"""Customers who looked at goods, with or without buying them."""

from __future__ import annotations

import pytest

from assistant.llm.planner.context import DialogueContext
from assistant.llm.planner.planner import plan_turn
from assistant.plans.shop import ShopStatus
from tests.support.planner_shops import PlannerShop


class _WithVisits(PlannerShop):
    """The shop of the tests with a table of web events."""

    def status(self) -> ShopStatus:
        found = super().status()
        return found.__class__(**{**found.__dict__, "rows": {**found.rows, "events": 9}})


SHOP = _WithVisits()


@pytest.mark.parametrize(("text", "denied"), [
    ("how many customers looked at garden products but did not order?", "all"),
    ("Draft a campaign for customers who viewed garden in the last 60 days but didn't buy it", "goods"),
    ("how many people browsed garden in the last 30 days?", None),
])
def test_views_are_conditions(text: str, denied: str | None) -> None:
    args = str(plan_turn(text, DialogueContext(), SHOP).calls[0].args)
    assert "product_visits" in args
    assert ("'eq'" in args.replace("'op': 'eq', 'values': ['Garden']", "")) == (denied is not None)
    assert args.count("Garden") == (2 if denied == "goods" else 1)


def test_without_visits_nothing_is_taken_for_them() -> None:
    args = plan_turn("how many customers looked at garden products but did not order?", DialogueContext(),
                     PlannerShop()).calls[0].args
    assert "product_visits" not in str(args)
