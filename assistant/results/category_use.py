"""Whether an answer is about categories of products: it uses them, or was refused because there are none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from assistant.results.result import Refusal, Result

#: names in plans and tables that mean categories of products
_NAMES = frozenset({"category", "subcategory", "category_count", "subcategory_count"})
#: what a refusal names when categories are lacking
_LACKING = frozenset({"products.category", "products.subcategory"})


def concerns_categories(result: Result) -> bool:
    """Whether an answer uses categories, or a refusal names them as lacking."""
    return lacks_categories(result.refusal) if result.refusal is not None else uses_categories(result)


def lacks_categories(refusal: Refusal) -> bool:
    """Whether a refusal names categories among what to add."""
    return bool(_LACKING & {part.strip() for entry in refusal.missing for part in entry.split(",")})


def uses_categories(result: Result) -> bool:
    """Whether a plan asks by category, a table shows one, or the answer says what the data hold."""
    if result.kind == "data_overview" or "products.category" in result.details.get("fields", ()):
        return True
    columns = ((t, i) for t in result.tables for i, c in enumerate(t.columns) if c.name in _NAMES)
    shown = any(row[i] is not None for t, i in columns for row in t.rows)
    return shown or any(word in _NAMES for word in _words(result.evidence.plan))


def _words(node: Any) -> Iterator[str]:
    """Strings of a plan, and keys that hold something."""
    if isinstance(node, dict):
        for key, value in node.items():
            if value not in (None, [], {}, ""):
                yield str(key)
                yield from _words(value)
    elif isinstance(node, list | tuple):
        for part in node:
            yield from _words(part)
    elif isinstance(node, str):
        yield node
