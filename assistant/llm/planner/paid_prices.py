"""Prices in a shop whose products have none: what was paid for a piece on average, said beside the answer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from assistant.llm.planner.candidate import Planned, ToolCall
from assistant.llm.planner.heard import expression
from assistant.llm.planner.vocabulary import Vocabulary

_LISTED, _PAID = "average_list_price", "average_price"


def with_paid_prices(text: str, planned: Planned, words: Vocabulary) -> Planned:
    """The plan with average prices paid where it asks for prices that the shop does not hold."""
    listed, paid = words.metrics.get(_LISTED), words.metrics.get(_PAID)
    if listed is None or listed.available or paid is None or not paid.available:
        return planned
    if not any(c.name == "query_data" and _holds(c.args) for c in planned.calls):
        return planned
    if expression("paid_prices.of_a_list").search(text):
        return planned
    calls = [ToolCall(c.name, _put(c.args)) if c.name == "query_data" else c for c in planned.calls]
    return replace(planned, calls=calls, notes=[*planned.notes, f"read_as|price|{paid.label}"])


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
