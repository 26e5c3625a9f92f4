"""Follow-ups that ask for the reason of a figure: of its change, or what it is made of where nothing has changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.llm.planner.candidate import Candidate, call
from assistant.llm.planner.dialogue_cues import used_cues
from assistant.llm.planner.heard import heard
from assistant.llm.planner.parts import Parts
from assistant.llm.planner.spans import Reading
from assistant.llm.planner.units import GRAINS
from assistant.llm.planner.values import join
from assistant.plans.periods import Period
from assistant.plans.query import ChangePlan, Comparison, QueryPlan, Sort

if TYPE_CHECKING:
    from assistant.llm.planner.intents import Frames


def why(frames: Frames, plan: QueryPlan) -> Candidate | None:
    """As in "why?" after a figure: the change of that figure."""
    r = frames.reading
    normal = _asks_whether_normal(r)
    if not r.does("explain") and not normal:
        return None
    p = frames.parts()
    used_cues(p, "up", "down", "change", "growth")
    p.used.update(r.does("explain", "change_data") if normal else r.does("explain"))
    p.used |= normal
    behind = _behind(p, plan)
    if behind is not None:
        return frames.finish(p, [call(behind)], "follow_up", -0.02)
    period = _in_its_year(p.period, plan.period) or plan.period or Period(kind="calendar", unit="month", offset=-1)
    compare = (
        plan.compare
        if plan.compare and plan.compare.kind in {"previous", "year_earlier", "period"}
        else Comparison(kind="previous")
    )
    if r.has("year_earlier"):
        p.used.update(r.having("year_earlier"))
        compare = Comparison(kind="year_earlier")
    named = [d for d in p.groups if d != "customer" or r.has("which")]  # "which customers drove that?"
    others = [d for d in (*named, *plan.dimensions) if d not in GRAINS and (d in named or d != "customer")]
    others = [d for d in others if d != "order"]
    parts = _made_of(p, plan)
    if parts is not None:
        return frames.finish(p, [call(parts)], "follow_up", -0.02)
    metric = p.metrics[0] if p.metrics else plan.metrics[0]
    down, up = bool(r.having("down")), bool(r.having("up"))
    down = down or any(t.lemma in heard("dialogue_query.few") for t in r.tokens)
    p.used.update(i for i, item in enumerate(r.items) if item.lemma in heard("dialogue_query.so_few"))
    change = ChangePlan(
        metric=metric,
        period=period,
        compare=compare,
        filter=join([*([plan.filter] if plan.filter else []), *p.rows]),
        dimension=others[0] if others else None,
        claimed="down" if down and not up else "up" if up and not down else None,
    )
    return frames.finish(p, [call(change)], "follow_up", 0.0 if not p.metrics else 0.1)


#: what stands behind a measure where groups are set side by side and nothing has changed
BEHIND = {
    "revenue": ("orders", "customers", "average_order_value"),
    "net_revenue": ("orders", "customers", "average_order_value"),
    "orders": ("customers", "orders_per_customer"),
    "units": ("orders", "items_per_order"),
    "average_order_value": ("items_per_order", "average_price"),
    "revenue_per_customer": ("orders_per_customer", "average_order_value"),
    "return_rate": ("returned_value", "revenue"),
    "margin_rate": ("gross_margin", "costed_revenue"),
    "discount_rate": ("discount_amount", "list_revenue"),
    "repeat_rate": ("repeat_customers", "customers"),
}


def _behind(p: Parts, plan: QueryPlan) -> QueryPlan | None:
    """As in "why?" after a ranking over all time: the same groups with what their figure is made of."""
    timed = plan.period is not None or plan.compare is not None or plan.transform or set(plan.dimensions) & set(GRAINS)
    metric = plan.metrics[0]
    if timed or not plan.dimensions or len(plan.metrics) > 1 or metric not in BEHIND:
        return None
    r = p.reading
    if p.periods or p.metrics or p.groups or p.conditions.customers or r.has("growth", "change"):
        return None
    stands = any(getattr(f, "field", None) in plan.dimensions for f in p.rows) and not r.has("previous", "year_earlier")
    if r.has("down", "up") and not stands:
        return None  # "why did it fall", not "why is web higher"
    p.used.update(r.having("rank", "cmp", "value"))
    judging = {*r.vocabulary.lexicon.verdicts, *heard("dialogue_query.so_few")}
    p.used.update(i for i, item in enumerate(r.items) if item.lemma in judging)
    p.rows = []
    return plan.model_copy(update={"metrics": (metric, *BEHIND[metric]), "sort": plan.sort or Sort(by=metric)})


def _made_of(p: Parts, plan: QueryPlan) -> QueryPlan | None:
    """As in "why is it so high?" of a part of the shop over all the time: what its figure is made of."""
    r = p.reading
    timed = plan.period is not None or plan.compare is not None or plan.transform or plan.dimensions
    if timed or plan.filter is None or len(plan.metrics) > 1 or plan.metrics[0] not in BEHIND:
        return None
    if p.periods or p.metrics or p.groups or p.rows or r.has("growth", "change", "previous", "year_earlier"):
        return None
    moved = any(t.lemma in heard("dialogue_query.moved") for t in r.tokens)
    return None if moved else plan.model_copy(update={"metrics": (plan.metrics[0], *BEHIND[plan.metrics[0]])})


def _in_its_year(said: Period | None, before: Period | None) -> Period | None:
    """As in "why was March so weak?" after the months of 2025: March of that year."""
    if said is None or before is None or said.kind != "named" or said.year is not None or before.kind != "named":
        return said
    return said.model_copy(update={"year": before.year}) if before.year and not (before.month or before.day) else said


def _asks_whether_normal(r: Reading) -> set[int]:
    """As in "is that normal?": the items that ask whether a figure is usual."""
    words = r.vocabulary.lexicon.noise_words
    hits = {i for i, item in enumerate(r.items) if tuple(t.lemma for t in item.tokens) in words}
    return hits if hits and r.has("pronoun") and len(r.items) <= 7 else set()


__all__ = ["BEHIND", "why"]
