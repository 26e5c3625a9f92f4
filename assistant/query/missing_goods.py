"""Goods that a rule or question names and that the shop has never sold: said as such, with the nearest it has."""

from __future__ import annotations

from collections.abc import Iterator

from assistant.errors import UnknownName
from assistant.plans.alike import GOODS, alike
from assistant.plans.filters import Among, And, BoughtThen, Compare, CustomerCondition, Filter, Not, Or
from assistant.plans.reword import join_words, reword_filter
from assistant.query.compile import Scope
from assistant.query.entities import entity_index
from assistant.query.facts import LINES, widen
from assistant.query.filters import columns_of, comparisons, predicate
from assistant.query.rows import fetch

_SHOWN = 5


def missing_goods(scope: Scope, condition: Filter | None) -> UnknownName | None:
    """The error for the first goods of a filter of which no line was ever sold; None where all were.

    Asked only once nothing was found, since it looks through the sales again.
    """
    for goods in _named(condition):
        rows = widen(scope.snapshot, LINES, sorted(columns_of(goods, LINES)))
        sold = rows.filter(predicate(scope, goods, rows)).limit(1)
        if not fetch(scope, sold.aggregate(n=sold.count()))[0]["n"]:
            return _error(scope, goods)
    return None


def _named(condition: Filter | None) -> Iterator[Filter]:
    """Every part of a filter that says which goods and nothing else, on lines as well as of what was bought."""
    match condition:
        case CustomerCondition() | Among() if condition.where is not None:
            yield from _named(condition.where)
        case BoughtThen():
            for step in condition.steps:
                yield from _named(step)
        case Compare() | Or() if _only_goods(condition):
            yield condition
        case And():
            goods = [part for part in condition.parts if _only_goods(part)]
            if goods:
                yield goods[0] if len(goods) == 1 else And(parts=tuple(goods))
            for part in condition.parts:
                if part not in goods:
                    yield from _named(part)
        case Or():
            for part in condition.parts:
                yield from _named(part)
        case Not():
            yield from _named(condition.part)


def _only_goods(condition: Filter) -> bool:
    match condition:
        case Compare():
            return condition.field in GOODS and condition.op in {"eq", "in", "contains"}
        case And() | Or():
            return all(_only_goods(part) for part in condition.parts)
    return False


def _error(scope: Scope, goods: Filter) -> UnknownName:
    parts = list(comparisons(goods))
    said = [str(value) for part in parts for value in part.values]
    quoted = join_words([f"“{word}”" for word in said], "or" if isinstance(goods, Or) else "and")
    by_name = all(part.field == "product" and part.op == "contains" for part in parts)
    message = f"No product's name holds {quoted}" if by_name else f"Nothing was ever sold where {reword_filter(goods)}"
    index, words = entity_index(scope.snapshot), " ".join(said)
    near = [m.label for m in alike(words, index.find(words, tuple(GOODS), 4 * _SHOWN))]
    return UnknownName(message, received=words, valid=(near or index.values("category"))[:_SHOWN])
