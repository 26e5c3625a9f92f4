"""Conversations with the built-in planner over the shop of its tests."""

from __future__ import annotations

from typing import Any

from assistant.llm.planner.candidate import Candidate, Planned
from assistant.llm.planner.context import DialogueContext
from assistant.llm.planner.planner import plan_turn
from assistant.llm.planner.several import after
from tests.support.planner_shops import PlannerShop

SHOP = PlannerShop()


def talk(*texts: str, rows: list[dict[str, Any]] | None = None) -> Planned:
    """The plan of the last text; ``rows`` is what the answer before it showed."""
    context, planned = DialogueContext(), None
    for i, text in enumerate(texts):
        if rows and i == len(texts) - 1:
            table = {"columns": [{"name": n} for n in rows[0]], "rows": [list(r.values()) for r in rows]}
            last = context.past[-1]
            context.past[-1] = type(last)(last.call, {"tables": [table]}, last.turn, last.frame)
        planned = plan_turn(text, context, SHOP)
        context = after(context, Candidate(planned.calls, 0.0, planned.frame), text)
    assert planned is not None
    return planned


def args_of(*texts: str, rows: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """The arguments of the first call of that plan."""
    return talk(*texts, rows=rows).calls[0].args
