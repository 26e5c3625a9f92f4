"""How a measure could be moved: what the data say of it, and no advice."""

from __future__ import annotations

import pytest

from assistant.llm.planner.planner import plan_turn
from tests.support.planner_shops import PlannerShop

SHOP = PlannerShop()


@pytest.mark.parametrize(("text", "metrics"), [
    ("How can I reduce returns?", {"return_rate"}),
    ("any tips for improving our repeat rate", {"repeat_rate"}),
    ("what can we do to get more new customers", {"new_customers"}),
    ("ways to increase our margins", {"margin_rate", "discount_rate"}),
])
def test_evidence_of_the_measure(text: str, metrics: set[str]) -> None:
    planned = plan_turn(text, None, SHOP)
    assert planned.frame == "measure_advice" and any(n.startswith("no_advice|") for n in planned.notes)
    assert {m for c in planned.calls for m in c.args.get("metrics", ())} <= metrics


def test_what_follows_the_measure_narrows_the_evidence() -> None:
    planned = plan_turn("how can we reduce returns in Germany", None, SHOP)
    assert all(c.args["filter"]["values"] == ["Germany"] for c in planned.calls)


def test_a_measure_without_evidence_gets_no_made_up_one() -> None:
    planned = plan_turn("how can we increase staff happiness", None, SHOP)
    assert planned.calls[0].name == "decline"
