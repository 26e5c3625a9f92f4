"""Words that were looked for in the names of products: said beside the answer, since any word might be taken so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from assistant.llm.planner.candidate import Planned
from assistant.llm.planner.context import DialogueContext

_NAMES = ("product", "contains")


def with_goods_said(planned: Planned, context: DialogueContext) -> Planned:
    """The plan with a note of the words looked for in product names that the answer before did not look for."""
    last = context.last()
    known = set(_words(last.call.args)) if last is not None else set()
    new = [w for c in planned.calls for w in _words(c.args) if w not in known]
    notes = [f"goods_words|{w}" for w in dict.fromkeys(new)]
    return replace(planned, notes=[*planned.notes, *notes]) if notes else planned


def _words(node: Any) -> Iterator[str]:
    """Words that a condition of the arguments looks for in product names."""
    if isinstance(node, dict):
        if (node.get("field"), node.get("op")) == _NAMES:
            yield from (str(v) for v in node.get("values", ()))
        for part in node.values():
            yield from _words(part)
    elif isinstance(node, list | tuple):
        for part in node:
            yield from _words(part)


__all__ = ["with_goods_said"]
