"""The thing in the place of "it": "who bought it?" after an answer about one category, product or brand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from assistant.llm.planner.candidate import Planned, call
from assistant.llm.planner.context import DialogueContext
from assistant.llm.planner.heard import expression
from assistant.llm.planner.units import GRAINS
from assistant.plans.filters import Compare, CustomerCondition
from assistant.plans.query import QueryPlan

#: what somebody can buy
_GOODS = frozenset({"product", "category", "subcategory", "brand"})


def with_goods_named(text: str, context: DialogueContext) -> str:
    """The text itself where it asks for no buyers of "it", or the answer before is not about one thing."""
    match = expression("bought_it.pronoun").fullmatch(text.strip()) or expression("bought_it.would").fullmatch(
        text.strip())
    name = _thing(context) if match is not None else None
    if match is None or name is None:
        return text
    return f"{match['before']} {name}{match['after']}"


def of_the_goods(planned: Planned) -> Planned:
    """Whom goods suit "who have not bought it yet": not those who never ordered at all, of whom nothing is known."""
    one = planned.calls[0] if len(planned.calls) == 1 else None
    if one is None or one.name != "likely_buyers":
        return planned
    plan: Any = one.plan()
    said, product = plan.filter, plan.product_id
    bare = isinstance(said, CustomerCondition) and said.metric == "orders" and said.op == "eq" and (
        said.values == (0,) and said.where is None and said.period is None)
    if not bare or product is None:
        return planned
    never = said.model_copy(update={"where": Compare(field="product", op="eq", values=(product,))})
    return replace(planned, calls=[call(plan.model_copy(update={"filter": never}))])


def unclear_goods(text: str, context: DialogueContext) -> str | None:
    """The "it" of a text that asks for its buyers where the answer before, a table, is not about one thing; or whom it
    would suit, where nothing says what it is."""
    wished = expression("bought_it.would").fullmatch(text.strip())
    if wished is not None and _thing(context) is None:
        return wished["it"]
    match = expression("bought_it.pronoun").fullmatch(text.strip())
    if match is not None and context.open_turn():
        return match["it"]  # what it was is not settled
    last = context.last("query_data")
    asked = match is not None and last is not None and last is context.last() and _thing(context) is None
    return match["it"] if match is not None and asked else None


def _thing(context: DialogueContext) -> str | None:
    """The one thing that the last answer is about: what came first, or what it was narrowed to."""
    last = context.last()
    plan = last.call.plan() if last is not None and last.call.name == "query_data" else None
    if last is None or not isinstance(plan, QueryPlan):
        return None
    if not set(plan.dimensions) - set(GRAINS):
        asked = plan.filter
        one = isinstance(asked, Compare) and asked.field in _GOODS and asked.op == "eq" and len(asked.values) == 1
        return str(asked.values[0]) if one else None  # type: ignore[union-attr]
    if len(plan.dimensions) != 1 or plan.dimensions[0] not in _GOODS or plan.limit != 1:
        return None
    thing = plan.dimensions[0]
    found = context.column(last, f"{thing}_label") or context.column(last, thing)
    return found[0] if len(found) == 1 else None
