"""What a remark does by the words that are left of it: "so thats plus or minus how many percent" asks for a difference.

People put such remarks in too many ways for forms. Of each act the language's file (``discourse.yaml``, ``acts``) holds
the words that tell it and those that may stand beside them; a text of these words and small ones alone, in any order,
is that act. It names nothing of the shop, so that nothing can be lost.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Any

from assistant.llm.planner.candidate import Planned
from assistant.llm.planner.context import LOOK_ASIDE
from assistant.llm.planner.discourse_lists import how_much, net, share_of_revenue
from assistant.llm.planner.discourse_pairs import higher, together, two_before
from assistant.llm.planner.discourse_scene import Move, Scene, among, answer, dumped, made, parts_of
from assistant.llm.planner.heard import heard
from assistant.llm.planner.references import units_of
from assistant.llm.planner.second_clauses import SHARE
from assistant.llm.planner.units import GRAINS
from assistant.llm.planner.values import join
from assistant.plans.filters import Compare
from assistant.plans.query import Sort

_WORD = re.compile(r"[^\W_]+|%")
_MOST_WORDS = 14


@dataclass(frozen=True)
class Act:
    """One act: any of ``tells`` must be said, and any of ``needs`` where there are some; ``beside`` may be; ``say`` is
    how another reading knows it."""

    name: str
    tells: frozenset[str]
    beside: frozenset[str]
    say: str
    needs: frozenset[str] = frozenset()


class Acts:
    """The acts of a language."""

    def __init__(self, raw: dict[str, Any]) -> None:
        small = frozenset(map(str, raw.get("small", ())))
        self._acts = [Act(name, frozenset(map(str, a["tells"])), small | frozenset(map(str, a.get("beside", ()))),
                          str(a.get("say", "")), frozenset(map(str, a.get("needs", ()))))
                      for name, a in raw.get("kinds", {}).items()]

    def of(self, text: str, spoken_of: Collection[str] = ()) -> Iterator[Act]:
        """Every act that a text may be.

        Args:
            spoken_of: words for what was measured, which may be named again ("what share of all orders is that").
        """
        words = _WORD.findall(text.lower().replace("'", "").replace("’", ""))
        if not words or len(words) > _MOST_WORDS:
            return
        for act in self._acts:
            needed = not act.needs or bool(act.needs & set(words))
            if needed and act.tells & set(words) and set(words) <= {*act.tells, *act.needs, *act.beside, *spoken_of}:
                yield act


def difference(s: Scene) -> Planned | None:
    """The two figures before against each other; of a comparison the same again, which says it."""
    q = s.query
    if q is not None and (q.compare is not None or q.offset):
        return how_much(s)
    return higher(s) or side_by_side(s)


def in_percent(s: Scene) -> Planned | None:
    """As in "as a percentage": the rate of an amount, how far two figures are apart, or the shares of a list."""
    q = s.query
    if q is None:
        return None
    units = {m: s.words.metrics[m].unit for m in q.metrics if m in s.words.metrics}
    rates = tuple(m for m in q.metrics if units.get(m) == "percent")
    if rates and len(rates) < len(q.metrics):
        return s.edited(metrics=rates, sort=None if q.sort is None else Sort(by=rates[0]).model_dump())
    if rates:
        return how_much(s)
    if q.compare is not None:
        return how_much(s)
    if not q.dimensions and (two := higher(s)) is not None:
        return two
    rate = SHARE.get(q.metrics[0])
    of_all = q.dimensions and not heard("discourse.of_all").isdisjoint(_WORD.findall(s.text.lower()))
    if rate is not None and not of_all:
        return share_of_revenue(s)
    if not q.dimensions:
        counted = units.get(q.metrics[0]) in {"count", "currency"}
        return s.edited(compare={"kind": "total"}) if q.filter is not None and counted else None
    adds = all(s.words.metrics[m].adds_up for m in q.metrics if m in s.words.metrics)
    return s.edited(transform="share") if adds and not set(q.dimensions) & set(GRAINS) else None


def by_rate(s: Scene) -> Planned | None:
    """As in "sort by the rate instead" after amounts by category: the rate beside them, and the order by it."""
    q = s.query
    rate = SHARE.get(q.metrics[0]) if q is not None else None
    if q is None or rate is None or not q.dimensions:
        return None
    return s.edited(metrics=tuple(dict.fromkeys((*q.metrics, rate))), sort=Sort(by=rate).model_dump(), transform=None)


#: what an amount of money is, of what is counted
_MONEY = {"units": "revenue", "orders": "revenue", "customers": "revenue", "units_returned": "returned_value",
          "return_orders": "returned_value", "cancelled_orders": "returned_value", "net_units": "net_revenue",
          "discounted_orders": "discounted_revenue", "guest_orders": "guest_revenue", "stock": "stock_value",
          "return_rate": "returned_value", "discount_rate": "discount_amount", "margin_rate": "gross_margin"}


def in_money(s: Scene) -> Planned | None:
    """As in "in euros" after what was counted: the money of the same."""
    q = s.query
    if q is None:
        return None
    money = tuple(m for m in q.metrics if m in s.words.metrics and s.words.metrics[m].unit == "currency")
    other = _MONEY.get(q.metrics[0], "")
    if not money and (other not in s.words.metrics or not s.words.metrics[other].available):
        return None
    named = money[:1] or (other,)
    if named == q.metrics:
        return how_much(s) if q.dimensions or q.compare else answer(s.last.call) if s.last is not None else None
    sort = None if q.sort is None else {**q.sort.model_dump(), "by": named[0]} if q.sort.by in q.metrics else (
        q.sort.model_dump())
    return s.edited(metrics=named, sort=sort)


def side_by_side(s: Scene) -> Planned | None:
    """As in "put both in one chart": the two lists or series before as one, told apart by what they differ in."""
    two = two_before(s)
    if two is None or two.field is None or not two.first.dimensions or two.field in two.first.dimensions:
        return None
    kept = join([*two.kept, among(two.field, list(two.values))])
    grain = set(two.first.dimensions) & set(GRAINS)
    return made({**two.second.model_dump(), "dimensions": (*two.second.dimensions, two.field), "filter": dumped(kept),
                 "limit": None, "offset": 0, "chart": "line" if grain else "bar"})


def split(s: Scene) -> Planned | None:
    """As in "split them" after two countries in one figure: each of the values named on its own."""
    q = s.query
    several = [f for f in parts_of(q.filter) if isinstance(f, Compare) and f.op == "in"] if q is not None else []
    if q is None or len(several) != 1 or several[0].field in q.dimensions:
        return None
    return s.edited(dimensions=(*q.dimensions, several[0].field), limit=None, sort=None)


def smooth(s: Scene) -> Planned | None:
    """As in "smooth it" of a series: its moving average."""
    q = s.query
    return s.edited(transform="moving_average") if q is not None and set(q.dimensions) & set(GRAINS) else None


def total(s: Scene) -> Planned | None:
    """As in "their total": two answers together, or all rows of the list in one figure."""
    both = together(s)
    q = s.query
    if both is not None or q is None or not q.dimensions or q.limit is not None or q.having:
        return both
    return s.edited(dimensions=(), sort=None, transform=None)


def best_seller(s: Scene) -> Planned | None:
    """As in "and which one was the best seller?" after a figure of some goods: its products, by the same measure."""
    q = s.query
    if q is None or q.dimensions or q.compare is not None or "product" not in s.words.dimensions:
        return None
    known = s.words.metrics.get(q.metrics[0])
    by = q.metrics[0] if known is not None and known.adds_up and known.unit != "count" else s.words.role("money")
    if q.metrics[0] == "units":
        by = "units"
    if by is None:
        return None
    return s.edited(metrics=(by,), dimensions=("product",), sort=Sort(by=by).model_dump(), limit=10)


def measured_words(s: Scene) -> set[str]:
    """Words for the measures of the data question before."""
    found: set[str] = set()
    for name in s.query.metrics if s.query is not None else ():
        term = s.words.metrics.get(name)
        for phrase in (term.label, *term.words) if term is not None else ():
            found.update(_WORD.findall(phrase.lower()))
    return found


def is_normal(s: Scene) -> Planned | None:
    """As in "is that normal?" of the rate of a part over all the time: against everything else."""
    q = s.query
    if q is None or q.dimensions or q.compare is not None or q.period is not None or len(q.metrics) != 1:
        return None
    known = s.words.metrics.get(q.metrics[0])
    parts = parts_of(q.filter)
    if known is None or known.adds_up or not parts or not all(isinstance(f, Compare) for f in parts):
        return None
    return s.edited(compare={"kind": "rest"})


def than_usual(s: Scene) -> Planned | None:
    """As in "is that more than usual?" of one month: beside all the months there are."""
    q = s.query
    unit = next(iter(units_of(q.period) & {*GRAINS}), None) if q is not None and q.period is not None else None
    if q is None or unit is None or q.dimensions or q.compare is not None and q.compare.kind == "total":
        return None
    found = s.edited([f"usual|{unit}"], dimensions=(unit,), period=None, compare=None, chart="line")
    return None if found is None else replace(found, frame=LOOK_ASIDE)


def restated(s: Scene) -> Planned | None:
    """As in "how many was that?" of the row that was picked: its figure again."""
    q = s.query
    return answer(s.last.call) if q is not None and s.last is not None and q.dimensions and (
        q.limit == 1 or q.having) else None


MOVES: dict[str, Move] = {
    "restated": restated,
    "than_usual": than_usual,
    "difference": difference,
    "in_percent": in_percent,
    "is_normal": is_normal,
    "together": total,
    "split": split,
    "smooth": smooth,
    "by_rate": by_rate,
    "net": net,
    "best_seller": best_seller,
    "in_money": in_money,
    "side_by_side": side_by_side,
    "higher": higher,
}

__all__ = ["MOVES", "Act", "Acts", "measured_words"]
