"""Orders by two things that they hold: "orders with both a vase and a candle", "orders with garden but no tea".

Said of orders, the two meet in one order, not in one customer. The text is taken apart by forms (data:
``prompts/lexicon/<language>/order_sets.yaml``); what is asked of the orders and what each thing is are read by the
ordinary grammar. A text of which one of them is not read is left to the other readings.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from assistant.llm.planner.candidate import Candidate, Planned, call
from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.late_patterns import LatePattern, LatePatterns
from assistant.llm.planner.values import join
from assistant.llm.planner.vocabulary import Vocabulary
from assistant.plans.filters import Among, And, Compare, CustomerCondition, Filter, Not
from assistant.plans.query import QueryPlan, Sort

PlanOne = Callable[[str], Sequence[Candidate]]
_MACRO = re.compile(r"(?<!\?P)<(\w+)>")
_WELL = 0.65
_LONGEST = 250
#: what an order can hold
_GOODS = frozenset({"product", "category", "subcategory", "brand", "price_band"})
_POSITIVE = frozenset({"eq", "in", "contains"})


def order_sets(text: str, words: Vocabulary, plan_one: PlanOne) -> Planned | None:
    """The question about the orders that hold both things, or one and not the other; None where it is none.

    Args:
        plan_one: readings of a text, best first.
    """
    raw = _raw(words.lexicon.language)
    units = words.role("units")
    if not raw.get("forms") or len(text) > _LONGEST or units is None:
        return None
    asked = " ".join(text.replace("’", "'").split()).strip(" ?!.")
    later = _bought_after(asked, words, raw, units, plan_one)
    if later is not None:
        return later
    for kind, match in _forms(words.lexicon.language).fitting(asked):
        if re.search(raw["denied"], match.group("before"), re.IGNORECASE):
            continue
        first, second = (_goods(match.group(side), raw, plan_one) for side in ("first", "second"))
        plan = _question(match, raw, plan_one)
        if first is None or second is None or first == second or plan is None:
            continue
        counted = plan.metrics == (words.role("customers") or "customers",)
        if kind == "people" and not counted and plan.dimensions != ("customer",):
            continue
        held, other = (Among(dimension="order", metric=units, limit=0, where=part) for part in (first, second))
        if kind == "people":
            own = [plan.filter] if plan.filter is not None else []
            at_once = CustomerCondition(metric=words.role("orders") or "orders", op="ge", values=(1,),
                                        where=And(parts=(held, other)), period=plan.period)
            edited = plan.model_copy(update={"filter": join([*own, at_once]), "period": None})
            return Planned([call(edited)], 0.95, frame="bought_after")
        own = [plan.filter] if plan.filter is not None else []
        rule = join([*own, held, Not(part=other) if kind == "without" else other])
        return Planned([call(plan.model_copy(update={"filter": rule}))], 0.95, frame="order_sets")
    return None


def _bought_after(
    asked: str, words: Vocabulary, raw: dict[str, Any], units: str, plan_one: PlanOne
) -> Planned | None:
    """What customers buy next: the goods of the order after the first one that holds the thing named."""
    customers = words.role("customers") or "customers"
    for pattern in _later_forms(words.lexicon.language):
        match = pattern.fullmatch(asked)
        if match is None:
            continue
        said = match.groupdict()
        what = _goods(match.group("first"), raw, plan_one)
        rest = f"{raw['of_rest']}{said['after']}" if said.get("after") else ""
        narrowed = _best(rest, plan_one) if rest else QueryPlan(metrics=(customers,))
        kind = raw["kinds"].get((said.get("kind") or "").lower().rstrip("s"), "product")
        if what is None or narrowed is None or narrowed.dimensions or narrowed.compare is not None:
            continue
        next_one = Among(dimension="order", metric=units, limit=0, where=what, following=True)
        rule = join([next_one, *([narrowed.filter] if narrowed.filter is not None else [])])
        plan = QueryPlan(metrics=(customers,), dimensions=(kind,), filter=rule, period=narrowed.period,
                         sort=Sort(by=customers), limit=10)
        return Planned([call(plan)], 0.95, frame="bought_after")
    return None


@lru_cache(maxsize=4)
def _later_forms(language: str) -> tuple[LatePattern, ...]:
    raw = _raw(language)
    forms = raw.get("bought_after", ())
    return tuple(LatePattern(_MACRO.sub(lambda m: str(raw["macros"][m.group(1)]), form)) for form in forms)


@lru_cache(maxsize=4)
def _raw(language: str) -> dict[str, Any]:
    return dict(read_yaml(language, "order_sets"))


@lru_cache(maxsize=4)
def _forms(language: str) -> LatePatterns[str]:
    raw = _raw(language)
    return LatePatterns((kind, LatePattern(_MACRO.sub(lambda m: str(raw["macros"][m.group(1)]), form)))
                        for kind, forms in raw["forms"].items() for form in forms)


def _best(text: str, plan_one: PlanOne) -> QueryPlan | None:
    found = plan_one(text)
    best = found[0] if found else None
    if best is None or best.cost > _WELL or best.unexplained or [c.name for c in best.calls] != ["query_data"]:
        return None
    plan = best.calls[0].plan()
    return plan if isinstance(plan, QueryPlan) else None


def _goods(said: str, raw: dict[str, Any], plan_one: PlanOne) -> Filter | None:
    """The lines that hold the thing named; None where it is not surely one thing of the shop's."""
    plain = re.sub(raw["unspoken"], "", said.strip(" ,\"'"), flags=re.IGNORECASE).strip()
    plan = _best(str(raw["of_goods"]).format(plain or said), plan_one)
    if plan is None or plan.dimensions or plan.period is not None or plan.compare is not None:
        return None
    found = plan.filter
    named = isinstance(found, Compare) and found.field in _GOODS and found.op in _POSITIVE
    return found if named else None


def _question(match: re.Match[str], raw: dict[str, Any], plan_one: PlanOne) -> QueryPlan | None:
    """What is asked of the orders."""
    before = match.group("before")
    for name in ("how_often", "called"):
        before = re.sub(raw[name], raw[f"{name}_said"], before, flags=re.IGNORECASE)
    said = match.groupdict()
    return _best(f"{before}{said.get('during') or ''}{said.get('after') or ''}", plan_one)
