"""Words that every plan is said with: names, numbers, lists, comparisons."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from assistant.plans.labels import LABELS
from assistant.plans.reword_periods import CLOSE, OPEN, said

OPERATORS = {
    "eq": "is",
    "ne": "is not",
    "gt": "above",
    "ge": "at least",
    "lt": "below",
    "le": "at most",
    "in": "is one of",
    "not_in": "is none of",
    "contains": "contains",
    "not_contains": "does not contain",
}


def plain(text: str) -> str:
    return text.replace(OPEN, "").replace(CLOSE, "")


def label(name: str) -> str:
    """A metric's or dimension's name as words."""
    return LABELS.get(name, name.replace("_", " "))


def join_words(parts: Sequence[str], last: str = "and") -> str:
    """``a, b and c``."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {last} {parts[-1]}"


def number_words(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return plain(str(value))
    return said(f"{value:,.0f}" if float(value).is_integer() else f"{value:,}")


def counted(noun: str, values: Sequence[Any]) -> str:
    """The noun after a number: in the singular after a single one."""
    return noun.removesuffix("s") if list(values) == [1] and noun.endswith("s") else noun


def compared(op: str, values: Sequence[Any]) -> str:
    shown = [number_words(v) for v in values]
    if op == "between":
        return f"between {shown[0]} and {shown[1]}" if len(shown) == 2 else f"between {join_words(shown)}"
    if op in {"is_null", "not_null"}:
        return "unknown" if op == "is_null" else "known"
    if op in {"eq", "ne"}:
        return f"{'exactly' if op == 'eq' else 'other than'} {join_words(shown, 'or')}"
    return f"{OPERATORS[op]} {join_words(shown, 'or')}"
