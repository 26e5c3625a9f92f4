"""How many rows are asked for, from which end: "top 10", "the 5 best", "second best", "the first 3"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.llm.planner.heard import heard
from assistant.llm.planner.ranked_units import ranked_units

if TYPE_CHECKING:
    from assistant.llm.planner.parts import Parts


def _ranked_term(p: Parts) -> None:
    """As in "our 10 best customers": with a number in front, an agreed term is a ranking."""
    items = p.reading.items
    for i in p.reading.having("definition"):
        number = items[i - 1].number if i else None
        best = items[i].tokens[0].lemma in heard("parts.best") and len(items[i].tokens) > 1
        if best and number is not None and items[i - 1].unit is None and 0 < number <= 1000:
            p.limit, p.descending, p.groups = int(number), True, ["customer"]
            p.used |= {i - 1, i}
            p.ranked_terms.add(i)
        elif best and p.reading.has_each(i):  # "best customer in every country"
            p.limit, p.descending, p.groups = (1 if items[i].singular else 3), True, ["customer"]
            p.used.add(i)
            p.ranked_terms.add(i)


def ranking(p: Parts) -> None:
    """As in "top 10", "the 5 best", "second best", "worst"."""
    items = p.reading.items
    _ranked_term(p)
    for i, item in enumerate(items):
        if i in p.used or not item.has("rank"):
            continue
        if p.descending is None or p.limit is None:
            p.descending = item.get("rank") == "desc" if p.descending is None else p.descending
        p.used.add(i)
        p.sorted_only = item.lemma in heard("parts.ordered")
        ranked_units(p, i + 1)
        for k in (i + 1, i - 1):
            if (
                0 <= k < len(items)
                and k not in p.used
                and items[k].number is not None
                and items[k].unit is None
                and not items[k].has("duration")
            ):
                p.limit = min(max(int(items[k].number or 1), 1), 10_000)
                p.used.add(k)
                break
            if k == i - 1 and k >= 0 and items[k].unit == "ordinal":
                p.limit, p.offset = 1, max(0, int(items[k].tokens[0].value or 1) - 1)
                p.used.add(k)
        named = item.alts.get("rank_metric")
        if named and p.sort_metric is None:
            p.sort_metric = p.reading.vocabulary.role(named[0])
    if p.limit is None:
        _first_n(p)


def _first_n(p: Parts) -> None:
    """As in "which five categories …", "the first 3"."""
    items = p.reading.items
    for i, item in enumerate(items):
        nxt = items[i + 1] if i + 1 < len(items) else None
        if i in p.used or item.number is None or item.unit is not None or item.has("duration", "period"):
            continue
        if (
            nxt is not None
            and nxt.has("dim")
            and not nxt.has("grain")
            and item.number <= 1000
            and item.number == int(item.number) > 0
        ):
            p.limit = int(item.number)
            p.used.add(i)
            return
