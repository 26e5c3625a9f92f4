"""Prices in a shop whose products have none: what was paid for a piece on average, said beside the answer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from assistant.llm.planner.candidate import Planned, ToolCall
from assistant.llm.planner.heard import expression
from assistant.llm.planner.vocabulary import Vocabulary

#: what has a price
_GOODS = frozenset({"product", "subcategory", "category", "brand"})
_LISTED, _PAID, _COST = "average_list_price", "average_price", "cost_of_goods"


def with_paid_prices(text: str, planned: Planned, words: Vocabulary) -> Planned:
    """The plan with average prices paid where it asks for prices that the shop does not hold."""
    planned = _price_of_goods(text, planned)
    listed, paid = words.metrics.get(_LISTED), words.metrics.get(_PAID)
    if listed is None or listed.available or paid is None or not paid.available:
        return planned
    if not any(c.name == "query_data" and _holds(c.args) for c in planned.calls):
        return planned
    if expression("paid_prices.of_a_list").search(text):
        return planned
    calls = [ToolCall(c.name, _put(c.args)) if c.name == "query_data" else c for c in planned.calls]
    return replace(planned, calls=calls, notes=[*planned.notes, f"read_as|price|{paid.label}"])


def _price_of_goods(text: str, planned: Planned) -> Planned:
    """As in "what does the teapot cost?": its price, not what the shop has paid for all that was sold of it."""
    one = planned.calls[0] if len(planned.calls) == 1 else None
    if one is None or one.name != "query_data" or one.args.get("metrics") != [_COST]:
        return planned
    named = one.args.get("filter") or {}
    if named.get("field") not in _GOODS or not expression("paid_prices.asked").search(text):
        return planned
    args = {k: v for k, v in one.args.items() if k != "sort"} | {"metrics": [_LISTED]}
    return replace(planned, calls=[ToolCall(one.name, args)])


def _holds(node: Any) -> bool:
    if isinstance(node, dict):
        return any(_holds(v) for v in node.values())
    return any(_holds(v) for v in node) if isinstance(node, list | tuple) else node == _LISTED


def _put(node: Any) -> Any:
    if isinstance(node, dict):
        return {k: _put(v) for k, v in node.items()}
    if isinstance(node, list | tuple):
        return [_put(v) for v in node]
    return _PAID if node == _LISTED else node
