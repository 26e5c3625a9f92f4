"""A question inside a question: "best month in the year with the fewest orders" ranks the months of a year that another
ranking finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assistant.llm.planner.candidate import Candidate, call
from assistant.llm.planner.heard import heard
from assistant.llm.planner.rank import NEGATIONS
from assistant.llm.planner.spans import Item, Reading
from assistant.llm.planner.study_rest import reduced
from assistant.llm.planner.values import join
from assistant.plans.filters import Among, Compare, CustomerCondition, Filter, Not
from assistant.plans.query import QueryPlan

if TYPE_CHECKING:
    from assistant.llm.planner.intents import Frames
    from assistant.llm.planner.parts import Parts

_BEFORE = heard("nested.before")
_WITH = heard("nested.with")
#: a reading of the whole as one ranking is preferred to this one at equal cost
SECOND = 0.06


@dataclass(frozen=True)
class Inner:
    """The ranking found and the items that say it."""

    among: Among
    items: range
    single: bool
    left_out: bool = False


def inner_ranking(reading: Reading) -> Inner | None:
    """The first stretch that chooses things by a ranking: "in the year with the lowest orders", "in our best
    category"."""
    for i, item in enumerate(reading.items):
        if i and (item.lemma in _BEFORE or _leaves_out(item)):
            found = _read(reading, i)
            said = {t.lemma for k in (found.items if found is not None else ()) for t in reading.items[k].tokens}
            if found is not None and not NEGATIONS & said:
                return found
    return None


def ranked_things(reading: Reading) -> Inner | None:
    """The first things named by a ranking, wherever they stand: "our best-selling product", "the top 10 products"."""
    found = (_read(reading, start) for start in range(-1, len(reading.items) - 1))
    return next((inner for inner in found if inner is not None and not inner.left_out), None)


def _read(reading: Reading, start: int) -> Inner | None:
    items = reading.items
    k, number, rank = start + 1, None, None
    metric: str | None = None
    while k < len(items) and k < start + 5:
        item = items[k]
        if item.number is not None and item.unit is None and not item.has("duration", "period"):
            number = int(item.number)
        elif item.has("rank") and not item.has("dim", "metric"):
            rank = str(item.get("rank"))
            named = item.alts.get("rank_metric")
            metric = reading.vocabulary.role(named[0]) if named else None
        elif item.has("rank") and item.has("metric") and not item.has("dim"):  # "best-selling"
            rank, metric = str(item.get("rank")), str(item.get("metric"))
        elif not reading.is_skip(k) or item.has("dim", "grain"):
            break
        k += 1
    thing = _thing(reading, items[k]) if k < len(items) else None
    if thing is None or (number is not None and not 0 < number <= 1000):
        return None
    singular, k = items[k].singular, k + 1
    if rank is None:
        if k >= len(items) or items[k].lemma not in _WITH:
            return None
        k, rank, metric = _most(reading, k + 1)
        if rank is None or metric is None:
            return None
    elif k + 1 < len(items) and items[k].has("group") and items[k + 1].has("metric"):
        metric, k = str(items[k + 1].get("metric")), k + 2
    limit = number or (1 if singular else None)
    money = reading.vocabulary.role("money")
    if limit is None or (metric or money) is None:
        return None
    skipped = [t.value for j in range(max(start, 0), k) for t in items[j].tokens if t.unit == "ordinal" and t.value]
    among = Among(
        dimension=thing, metric=str(metric or money), limit=limit, descending=rank != "asc",
        offset=int(skipped[0]) - 1 if skipped else 0,
    )
    return Inner(among, range(max(start, 0), k), limit == 1, start >= 0 and _leaves_out(items[start]))


def _leaves_out(item: Item) -> bool:
    """As in "excluding", "without", "except for": what follows is left out."""
    return item.has("not_in") and item.tokens[0].lemma not in heard("nested.but_not")


def _thing(reading: Reading, item: Item) -> str | None:
    known = reading.vocabulary.dimensions
    if item.has("grain"):
        return str(item.get("grain"))
    return next((str(d) for d in item.alts.get("dim", ()) if d in known), None)


def _most(reading: Reading, k: int) -> tuple[int, str | None, str | None]:
    """As in "the lowest orders", "most customers": the item after it, the direction and the measure."""
    items = reading.items
    rank: str | None = None
    while k < len(items):
        item = items[k]
        first = item.tokens[0].lemma
        if item.has("metric"):
            if rank is None and first in heard("nested.ranking"):
                rank = "desc" if first in heard("nested.most") else "asc"
            return k + 1, rank, str(item.get("metric"))
        if item.has("rank"):
            rank = str(item.get("rank"))
        elif not reading.is_skip(k) and not item.has("grain") and item.unit != "ordinal":  # "the lowest annual orders"
            break
        k += 1
    return k, None, None


def nested(frames: Frames) -> Candidate | None:
    """The rest of the text as a question over what the inner ranking finds."""
    from assistant.llm.planner.intents import Frames as AllFrames

    whole = frames.reading
    found = inner_ranking(whole)
    if found is None:
        return None
    kept = [i for i in range(len(whole.items)) if i not in found.items]
    rest = AllFrames(reduced(whole, kept), frames.context, frames.shop, frames.bound).query()
    if rest is None or rest.frame != "query" or len(rest.calls) != 1 or rest.cost > 0.4:
        return None
    plan = rest.calls[0].plan()
    if not isinstance(plan, QueryPlan) or not (plan.dimensions or found.single or found.left_out):
        return None
    if found.among.dimension in plan.dimensions or plan.compare is not None:
        return None
    among = found.among.model_copy(update={"period": plan.period})
    chosen: Filter = Not(part=among) if found.left_out else among
    both = join([*([plan.filter] if plan.filter is not None else []), chosen])
    edited = QueryPlan.model_validate(
        {**plan.model_dump(), "filter": both.model_dump() if both else None, **_inside_each(whole, found, plan)}
    )
    extra = -0.12 if found.single else SECOND
    return Candidate([call(edited)], rest.cost + extra, "query", rest.unexplained, rest.absent, rest.notes)


def _inside_each(whole: Reading, found: Inner, plan: QueryPlan) -> dict[str, Any]:
    """As in "which brand is best in each of the top 3 categories": ranked inside each of what the ranking finds."""
    start = found.items.start
    words = whole.vocabulary.lexicon.terms["each"]
    said = any(t.lemma in words for item in whole.items[max(0, start - 1) : start + 1] for t in item.tokens)
    if not said or found.single or found.left_out or not plan.dimensions or plan.limit is None or plan.transform:
        return {}
    name = found.among.dimension
    return {"dimensions": (name, *plan.dimensions), "within": (name,)}


def itself_excluded(p: Parts) -> None:
    """As in "who bought a candle, excluding candles": nobody bought and never bought the same thing; the second
    leaves out its lines."""
    conditions = p.conditions.customers
    bought = [
        (c.metric, c.where, c.period)
        for c in conditions
        if isinstance(c, CustomerCondition) and c.op == "ge" and tuple(c.values) == (1,)
    ]
    kept: list[Filter] = []
    excluded: list[Filter] = []
    for c in conditions:
        never = isinstance(c, CustomerCondition) and c.op == "eq" and tuple(c.values) == (0,)
        if never and c.where is not None and (c.metric, c.where, c.period) in bought:
            excluded.append(c.where)
        else:
            kept.append(c)
    if not excluded:
        return
    p.conditions.customers, p.conditions.joins = kept, ["and"] * len(kept)
    p.rows += [_without(w) for w in excluded]
    if p.metrics == ["customers"] and p.groups and p.descending is not None:
        p.metrics = []  # "among customers who …" says whose purchases, not what is counted


def _without(where: Filter) -> Filter:
    if isinstance(where, Compare) and where.op in {"eq", "contains", "in"}:
        negative = {"eq": "ne", "contains": "not_contains", "in": "not_in"}[where.op]
        return where.model_copy(update={"op": negative})
    return Not(part=where)
