"""Buyers of "it": of the one thing that the answer before is about."""

from __future__ import annotations

from typing import Any

import pytest

from assistant.llm.planner.candidate import call
from assistant.llm.planner.context import DialogueContext, Past
from assistant.llm.planner.planner import plan_turn
from assistant.plans import Compare, Sort
from assistant.plans.query import QueryPlan
from tests.support.planner_shops import PlannerShop

SHOP = PlannerShop()
GARDEN = Compare(field="category", values=("Garden",))
FIRST = QueryPlan(metrics=("revenue",), dimensions=("category",), sort=Sort(by="revenue"), limit=1)


def after(plan: QueryPlan, *things: str) -> DialogueContext:
    columns = [{"name": d} for d in plan.dimensions]
    result: dict[str, Any] = {"tables": [{"columns": columns, "rows": [[t] for t in things]}] if columns else []}
    return DialogueContext([Past(call(plan), result)], ["before"])


@pytest.mark.parametrize("context", [
    after(FIRST, "Garden"), after(QueryPlan(metrics=("revenue",), filter=GARDEN)),
])
@pytest.mark.parametrize("text", ["who bought it?", "Which customers bought that?", "how many customers bought it"])
def test_it_is_the_one_thing_spoken_of(context: DialogueContext, text: str) -> None:
    assert plan_turn(text, context, SHOP).calls[0].plan().filter.where == GARDEN


@pytest.mark.parametrize("context", [
    after(FIRST.model_copy(update={"limit": 5}), "Garden", "Kitchen"),
    after(QueryPlan(metrics=("revenue",), dimensions=("country",), limit=1), "Germany"),
])
def test_of_several_things_or_none_it_is_asked_which(context: DialogueContext) -> None:
    planned = plan_turn("who bought it?", context, SHOP)
    assert planned.calls[0].name == "decline" and "it" in planned.calls[0].args["message"]


def test_other_texts_keep_their_words() -> None:
    planned = plan_turn("who bought Kitchen?", after(FIRST, "Garden"), SHOP)
    assert planned.calls[0].plan().filter.where == Compare(field="category", values=("Kitchen",))
