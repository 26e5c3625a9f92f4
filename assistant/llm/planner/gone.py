"""Things of one time that another time lacks: "which products sold in 2024 but not in 2026"."""

from __future__ import annotations

from assistant.llm.planner.heard import heard
from assistant.llm.planner.parts import Parts
from assistant.llm.planner.units import GRAINS
from assistant.llm.planner.values import join
from assistant.plans.filters import Among, CustomerCondition, Not
from assistant.plans.periods import Period
from assistant.plans.query import QueryPlan, Sort

_DENIED = heard("gone.denied")


def gone(p: Parts) -> QueryPlan | None:
    """The plan, or None where the text is no such question; its words are then used.

    Customers are left to the conditions on customers, which say the same of them.
    """
    r = p.reading
    money, orders = r.vocabulary.role("money"), r.vocabulary.role("orders")
    thing = _thing(p)
    both = _by_conditions(p, orders) or _by_periods(p)
    if thing is None or both is None or money is None or orders is None or r.has("compare", "growth", "change"):
        return None
    if set(p.metrics) - {money, orders, "products_sold"} or p.conditions.measures:
        return None
    p.used.update(i for i in r.having("act") if r.items[i].get("act") in {"sell", "buy"})
    p.conditions.customers, p.conditions.joins = [], []
    own = p.filter()
    first, second = both
    later = Not(part=Among(dimension=thing, metric=orders, limit=0, period=second))
    return QueryPlan(
        metrics=(money,), dimensions=(thing,), filter=join([*([own] if own is not None else []), later]), period=first,
        sort=Sort(by=money), limit=p.limit,
    )


def _thing(p: Parts) -> str | None:
    """What is asked for: one dimension of goods or places."""
    if p.groups == [] and p.metrics == ["products_sold"]:
        return "product"
    one = len(p.groups) == 1 and p.groups[0] not in GRAINS and p.groups[0] not in {"customer", "order"}
    return p.groups[0] if one else None


def _by_periods(p: Parts) -> tuple[Period, Period] | None:
    """Two stretches of time with a denial between them and none before."""
    if len(p.periods) != 2:
        return None
    tokens, (first, second) = p.reading.tokens, p.periods
    between = {t.lemma for t in tokens[first.end : second.start + 1]}
    before = {t.lemma for t in tokens[: first.start]}
    if not _DENIED & between or _DENIED & before or first.period is None or second.period is None:
        return None
    p.used.update(i for i, item in enumerate(p.reading.items) if first.end <= item.start <= second.start)
    return first.period, second.period


def _by_conditions(p: Parts, orders: str | None) -> tuple[Period, Period] | None:
    """As in "which cities ordered in 2024 but not in 2026": read as what customers did, said of the cities."""
    found = p.conditions.customers
    if len(found) != 2 or any(not isinstance(c, CustomerCondition) or c.where is not None for c in found):
        return None
    did, did_not = found
    assert isinstance(did, CustomerCondition) and isinstance(did_not, CustomerCondition)
    ever = did.metric == orders and did.op == "ge" and tuple(did.values) == (1,)
    never = did_not.metric == orders and did_not.op == "eq" and tuple(did_not.values) == (0,)
    people = any("customers" in i.alts.get("metric", ()) or i.lemma in heard("who") for i in p.reading.items)
    if not (ever and never) or people or did.period is None or did_not.period is None:
        return None
    return did.period, did_not.period
