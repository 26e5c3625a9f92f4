"""Questions of why: "why was December so good", "why are fewer customers buying", "why did sales drop last Monday"."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from assistant.llm.planner.change_plans import change_plan
from assistant.llm.planner.heard import heard
from assistant.llm.planner.nested import ranked_things
from assistant.llm.planner.parts import Parts
from assistant.llm.planner.spans import Reading
from assistant.llm.planner.values import join
from assistant.plans.filters import CustomerCondition
from assistant.plans.periods import Period
from assistant.plans.query import ChangePlan, Comparison

#: words that say what a figure is set against; without one a single day is set against the same weekday before
_SAID = ("previous", "year_earlier", "compare")


def change(p: Parts) -> tuple[ChangePlan, float] | None:
    """The plan of a question of why and what reading it that way costs; None where it is none."""
    r = p.reading
    noise = _of_noise(p)
    if not r.does("explain") and not noise:
        return None
    p.used |= noise
    moved = r.has("growth", "change", "up", "down", "compare")
    judged, direction = _judged(p)
    if not (moved or judged or p.periods or p.metrics):
        return None
    buyers = _buyers(p)
    plan = change_plan(p)
    if plan is None:
        return None
    p.used |= judged
    updates: dict[str, object] = {}
    if plan.dimension in {d for i in judged for d in p.reading.items[i].alts.get("dim", ())}:
        updates["dimension"] = None  # "so good" speaks of no goods
    if plan.claimed is None and direction is not None:
        updates["claimed"] = direction
    if buyers is not None:
        updates["metric"] = "customers"
        if buyers.period is not None and not p.periods:
            updates["period"] = buyers.period
    named = ranked_things(r)
    if named is not None and named.single:  # "why is our most popular product selling less"
        p.used |= set(named.items)
        updates["filter"] = join([*([plan.filter] if plan.filter is not None else []), named.among])
        if plan.dimension == named.among.dimension:
            updates["dimension"] = None
    plan = plan.model_copy(update=updates)
    return _same_weekday(p, plan), 0.0 if moved or judged else 0.1


def with_nouns(reading: Reading) -> Reading:
    """As in "why did orders drop": what stands before a word of change is a measure, not something that is done."""
    items = list(reading.items)
    for i, (item, after) in enumerate(zip(items, items[1:], strict=False)):
        if item.has("metric") and item.has("act") and after.has("up", "down", "growth", "change"):
            items[i] = replace(item, alts={k: v for k, v in item.alts.items() if k != "act"})
    return replace(reading, items=items)


def _of_noise(p: Parts) -> set[int]:
    """As in "is the drop in revenue last month unusual": items that ask whether a change is noise."""
    r = p.reading
    words = r.vocabulary.lexicon.noise_words
    hits = {i for i, item in enumerate(r.items) if tuple(t.lemma for t in item.tokens) in words}
    first = r.tokens[0].lemma if r.tokens else ""
    asks = first in heard("changes.being") and r.has("growth", "change", "up", "down") and bool(p.metrics)
    return hits | set(r.does("change_data")) if asks and hits else set()


def _judged(p: Parts) -> tuple[set[int], str | None]:
    """As in "so good", "that bad": words that judge a period, and the direction they presuppose."""
    verdicts = p.reading.vocabulary.lexicon.verdicts
    hits = {i: verdicts[item.lemma] for i, item in enumerate(p.reading.items) if item.lemma in verdicts}
    ways = set(hits.values())
    return set(hits), ways.pop() if len(ways) == 1 else None


def _buyers(p: Parts) -> CustomerCondition | None:
    """As in "fewer customers buying in May": how many bought is the figure, not who is meant."""
    found = p.conditions.customers
    if p.metrics or len(found) != 1 or not isinstance(found[0], CustomerCondition):
        return None
    condition = found[0]
    bought = condition.metric == "orders" and condition.where is None and condition.op in {"ge", "gt"}
    if not bought or tuple(condition.values) not in {(1,), (1.0,), (0,), (0.0,)} or not p.reading.has("up", "down"):
        return None
    p.conditions.customers, p.conditions.joins = [], []
    return condition


def _same_weekday(p: Parts, plan: ChangePlan) -> ChangePlan:
    """A single day is set against the same weekday a week earlier, unless something else was said."""
    day = _single_day(plan.period, p.reading.vocabulary.status.as_of)
    if day is None or plan.compare.kind != "previous" or p.reading.has(*_SAID):
        return plan
    before = day - timedelta(days=7)
    p.notes.append("same_weekday")
    return plan.model_copy(
        update={"compare": Comparison(kind="period", period=Period(kind="absolute", start=before, end=before))}
    )


def _single_day(period: Period, as_of: date) -> date | None:
    if period.kind == "absolute" and period.start is not None and period.start == period.end:
        return period.start
    if period.kind == "calendar" and period.unit == "day" and period.count == 1:
        return as_of + timedelta(days=period.offset)
    if period.kind == "named" and period.day and period.month:
        try:
            found = date(period.year or as_of.year, period.month, period.day)
        except ValueError:
            return None
        return found if period.year or found <= as_of else found.replace(year=found.year - 1)
    return None
