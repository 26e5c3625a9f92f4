"""Hundreds of questions and dialogues against their plans, and a figure for those that the planner was not built
with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from assistant.llm.planner.context import DialogueContext, Past
from assistant.llm.planner.planner import plan_turn
from tests.support.planner_shops import PlannerShop
from tests.support.shorthand import shorthand

GOLDEN = Path(__file__).parents[2] / "golden"
TERMS = {"cust(days_since_last_order ge 90)": "lapsed", "cust(orders ge 5)": "loyal"}
SHOP = PlannerShop()


def _rows(name: str) -> list[tuple[list[str], str]]:
    content = yaml.safe_load((GOLDEN / name).read_text(encoding="utf-8"))
    return [([text], expected) for text, expected in content["single"]] + [(t, e) for t, e in content["dialogue"]]


def _result(name: str, args: dict[str, Any]) -> dict[str, Any]:
    """What a tool would have returned, as far as a follow-up looks at it."""
    if name == "decline":
        return {"refusal": {"reason": args["reason"]}}
    column, values = "", []
    if name == "predict_churn" or "customer" in args.get("dimensions", ()):
        column, values = "customer_id", [["C1"], ["C2"], ["C3"]]
    elif "product" in args.get("dimensions", ()):
        column, values = "product", [["P1"], ["P2"], ["P3"]]
    return {"tables": [{"columns": [{"name": column}], "rows": values}] if column else []}


def outcome(turns: list[str]) -> str:
    """The last turn's plan in shorthand."""
    context = DialogueContext()
    planned = None
    for text in turns:
        planned = plan_turn(text, context, SHOP)
        context.questions.append(text)
        context.past += [Past(c, _result(c.name, c.args)) for c in planned.calls]
    assert planned is not None
    return "; ".join(shorthand(c, TERMS) for c in planned.calls).replace(" sort revenue desc", "")


def accepted(expected: str) -> set[str]:
    return {reading.strip() for reading in expected.split("||")}


@pytest.mark.parametrize(("turns", "expected"), _rows("planner_cases.yaml"), ids=lambda v: str(v)[:60])
def test_case(turns: list[str], expected: str) -> None:
    assert outcome(turns) in accepted(expected)


def test_wordings_kept_back_stay_understood() -> None:
    """The planner is not tuned to these; the bar only guards against getting worse."""
    rows = _rows("planner_heldout.yaml")

    right = sum(outcome(turns) in accepted(expected) for turns, expected in rows)

    assert right / len(rows) >= 0.85
