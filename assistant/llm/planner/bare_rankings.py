"""Rankings that do not say of what: "top 5 garden last month", "lighting Q2 2025 top 3 margin" are of products."""

from __future__ import annotations

from assistant.llm.planner.heard import heard
from assistant.llm.planner.spans import Item, read
from assistant.llm.planner.vocabulary import Vocabulary

_GOODS = frozenset({"category", "subcategory", "brand"})
#: a longer text says what it ranks
_MOST_ITEMS = 14


def with_ranked_goods(text: str, words: Vocabulary) -> str:
    """The text with "products" behind a rank and its number, where goods are named and nothing else could be ranked."""
    reading = read(text, words)
    items = reading.items
    if len(items) > _MOST_ITEMS or any(_ranked(i, items) for i in items):
        return text
    if not any(v.dimension in _GOODS for i in items for v in i.alts.get("value", ())):
        return text
    pairs = list(zip(items, items[1:], strict=False))
    for first, second in [*pairs, *((b, a) for a, b in pairs)]:  # "top 3", and where there is none "3 best"
        if not first.has("rank") or not _small(second):
            continue
        second = max(first, second, key=lambda i: i.start)
        after = [i for i in items if i.start >= second.end]
        measured = bool(after) and after[0].has("metric") and not after[0].has("value")
        end = second.tokens[-1].end
        noun = " ".join(["", *heard("bare_rankings.goods"), *(heard("bare_rankings.by") if measured else ())])
        return f"{text[:end]}{noun}{text[end:]}"
    return text


def _ranked(item: Item, items: list[Item]) -> bool:
    """Whether an item could be what is ranked, or asks for something else; "by number of orders" is the measure."""
    before = next((i for i in items if i.end == item.start), None)
    measure = item.has("metric") and (len(item.tokens) > 1 or (before is not None and before.has("group")))
    return item.has("dim", "object", "do") and not item.has("value") and not measure


def _small(item: Item) -> bool:
    return item.number is not None and item.unit is None and 1 <= item.number <= 100
