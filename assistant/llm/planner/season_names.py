"""Values that are also seasons: in "Garden and Christmas in 2025" Christmas is a category beside another one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from assistant.llm.planner.heard import heard

if TYPE_CHECKING:
    from assistant.llm.planner.spans import Item

#: where a value in an item read as a time begins and ends, and the value
Inside = tuple[int, int, Any]


def cut_out(
    items: Sequence[Item], inside: Callable[[Item], Inside | None], read_on: Callable[[int, int], list[Item]],
    sold_as: Callable[[str], bool],
) -> list[Item]:
    """The items, with a season that stands beside a value or the name of its dimension read as the value.

    Args:
        items: of a text, in order.
        inside: the value that an item begins with, small words apart, if it is the name of one.
        read_on: the items of the tokens between two places.
        sold_as: whether products of the shop have the word in their names.
    """
    from assistant.llm.planner.spans import Item

    found: list[Item] = []
    for i, item in enumerate(items):
        named = inside(item) if item.has("period") else None
        if named is None and (_theme(items, i, sold_as) or item.has("period") and _before_goods(items, i, sold_as)):
            found += [Item(k, k + 1, {"theme": [True]}, (t,)) for k, t in enumerate(item.tokens, item.start)]
            continue
        if named is None or not (
            _beside(items, i, str(named[2].dimension), inside) or _before_goods(items, i, sold_as)
        ):
            found.append(item)
            continue
        start, end, value = named
        tokens = item.tokens[start - item.start : end - item.start]
        found += [*read_on(item.start, start), Item(start, end, {"value": [value]}, tokens), *read_on(end, item.end)]
    return found


def _theme(items: Sequence[Item], i: int, sold_as: Callable[[str], bool]) -> bool:
    """As in "Christmas products" of a shop without such a category: goods that have it in their names."""
    after = items[i + 1].alts.get("dim", ()) if i + 1 < len(items) else ()
    word = items[i].tokens[-1].lemma
    return "product" in after and word in heard("season_names.themes") and sold_as(word)


def _before_goods(items: Sequence[Item], i: int, sold_as: Callable[[str], bool]) -> bool:
    """As in "Christmas decorations": a season before a word of product names, is none of time."""
    after = items[i + 1] if i + 1 < len(items) else None
    word = items[i].tokens[-1].lemma
    return (
        after is not None and not after.alts and after.number is None and after.tokens[0].kind == "word"
        and word in heard("season_names.themes") and sold_as(after.lemma)
    )


def _beside(items: Sequence[Item], i: int, dimension: str, inside: Callable[[Item], Inside | None]) -> bool:
    """Whether what stands next to the item says that it is one of the dimension's values."""
    after = items[i + 1].alts.get("dim", ()) if i + 1 < len(items) else ()
    if "product" in after and dimension in {"category", "subcategory", "brand"}:
        return True  # "of Christmas products"
    for step in (-1, 1):
        k = i + step
        if 0 <= k < len(items) and dimension in items[k].alts.get("dim", ()):
            return True
        while 0 <= k < len(items) and (items[k].lemma in heard("and_sign") or items[k].lemma in heard("season_names.or")
                                       or items[k].text == ","):
            k += step
        if k != i + step and 0 <= k < len(items) and _of(items[k], dimension) and not items[k].has("period"):
            return True
    denied = i > 0 and items[i - 1].has("not_in")
    return denied and any(dimension in item.alts.get("dim", ()) for item in items)


def _of(item: Item, dimension: str) -> bool:
    return any(v.dimension == dimension for v in item.alts.get("value", ()))
