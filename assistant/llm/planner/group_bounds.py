"""Groups set against all groups or against themselves before: "customers who spent more than the average", "brands
that grew by over 20 %"."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from assistant.llm.planner.candidate import Candidate, call
from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.spans import Item, Reading
from assistant.llm.planner.study_rest import reduced
from assistant.llm.planner.units import GRAINS
from assistant.plans.query import Having, QueryPlan, Sort

if TYPE_CHECKING:
    from assistant.llm.planner.intents import Frames

#: counts of things, and the things
_COUNTED = {"customers": "customer", "products_sold": "product", "product_count": "product"}
#: how many different things of a kind a group has
DIFFERENT = {
    "country": "country_count", "city": "city_count", "category": "category_count", "brand": "brand_count",
    "product": "products_sold", "customer": "customers",
}
#: units of measures that have shares
_SUMS = frozenset({"currency", "money", "count"})
_NO_BOUND = frozenset({"eq", "ne", "between"})
#: comparing words stand before these at most so many items away
_NEAR = 6


@lru_cache(maxsize=4)
def bound_words(language: str) -> dict[str, Any]:
    """The lexicon ``group_bounds``."""
    return dict(read_yaml(language, "group_bounds"))


@dataclass(frozen=True)
class Bound:
    """A condition on groups and the items that say it, one of which the question itself may need (``kept``);
    ``metric`` None: the one the question measures."""

    op: str
    value: float
    of: str
    items: range
    metric: str | None = None
    kept: int | None = None
    thing: str | None = None


def bounded(frames: Frames) -> Candidate | None:
    """The question without the condition, and the condition put on its groups."""
    from assistant.llm.planner.intents import Frames as AllFrames

    whole = frames.reading
    found = _against_average(whole) or _moved_by(whole) or _of_things(whole) or _share(whole)
    if found is None:
        return None
    kept = [i for i in range(len(whole.items)) if i not in found.items or i == found.kept]
    deeds = [i for i in kept if whole.items[i].has("act") and whole.items[i].has("metric")]
    bare = [i for i in kept if not _measure(whole.items[i])]
    for left in (kept, [i for i in kept if i not in deeds], bare):  # "how many customers spent more than the average"
        rest = AllFrames(reduced(whole, left), frames.context, frames.shop, frames.bound).query()
        if rest is None or rest.frame != "query" or len(rest.calls) != 1 or rest.cost > 0.4:
            continue
        plan = rest.calls[0].plan()
        edited = _with(plan, found, whole) if isinstance(plan, QueryPlan) else None
        if edited is not None:
            return Candidate([call(edited)], rest.cost, "query", rest.unexplained, rest.absent, rest.notes)
    return None


def _with(plan: QueryPlan, bound: Bound, whole: Reading) -> QueryPlan | None:
    metrics, dimensions = list(plan.metrics), plan.dimensions
    counted = _COUNTED.get(plan.metrics[0]) if len(plan.metrics) == 1 and not dimensions else None
    if counted is not None:  # "how many customers spent more than the average": those who match are counted
        dimensions, metrics = (counted,), []
    metric = bound.metric or next((m for m in metrics if m != "customers"), None)
    entities = [d for d in dimensions if d not in GRAINS]
    if len(dimensions) == 1 and bound.of == "average":
        entities = list(dimensions)  # "which months were above the average"
    if metric is None or len(entities) != 1 or plan.within or any(h.of == "value" for h in plan.having):
        return None
    if (bound.of == "average" and plan.compare is not None) or bound.thing == entities[0]:
        return None
    metrics = [metric, *(m for m in metrics if m != metric)]
    having = Having(metric=metric, op=bound.op, values=(bound.value,), of=bound.of)  # type: ignore[arg-type]
    by = bound.of if bound.of in {"change", "change_pct"} else metric
    mine = {k for i in bound.items for k in range(whole.items[i].start, whole.items[i].end)}
    said = {t.value for k, t in enumerate(whole.tokens) if t.value is not None and k not in mine}
    try:
        return QueryPlan.model_validate(
            {
                **plan.model_dump(), "metrics": tuple(metrics), "dimensions": dimensions,
                "having": (having.model_dump(),), "sort": Sort(by=by, descending=bound.op in {"gt", "ge"}).model_dump(),
                "limit": plan.limit if plan.limit in said else None,
            }
        )
    except ValidationError:
        return None


# -- the average -------------------------------------------------------------------------------------------------------


def _against_average(reading: Reading) -> Bound | None:
    words = bound_words(reading.vocabulary.lexicon.language)
    items = reading.items
    for i, item in enumerate(items):
        op = _comparing(item, words)
        if op is None or op in _NO_BOUND:
            continue
        k = i + 1
        while k < len(items) and items[k].lemma in words["articles"]:
            k += 1
        if k >= len(items) or items[k].tokens[0].lemma not in words["average"]:
            continue
        end, named = _tail(reading, k, words)
        before = _before(reading, i)
        if before is not None:
            return Bound(op, 1.0, "average", range(i, end), before)
        if named is not None:  # "above the average monthly revenue": the revenue is what is asked for
            return Bound(op, 1.0, "average", range(i, end), _measure(items[named]), named)
    return None


def _comparing(item: Item, words: dict[str, Any]) -> str | None:
    """The operator that a comparing word stands for: "above", "higher than"."""
    found = item.get("cmp") or words["than"].get(item.lemma)
    return None if found is None else str(found)


def _tail(reading: Reading, k: int, words: dict[str, Any]) -> tuple[int, int | None]:
    """Where the words for what is averaged end, and which of them is a measure."""
    items = reading.items
    named, end = k if _measure(items[k]) else None, k + 1
    while end < len(items) and end < k + _NEAR + 2:
        item = items[end]
        if item.has("period", "value", "cmp") or item.tokens[0].kind == "stop" or item.lemma in words["breaks"]:
            break
        if not (reading.is_skip(end) or item.has("metric", "dim", "act", "pronoun", "grain")):
            break
        named = end if named is None and _measure(item) else named
        end += 1
    return end, named


def _before(reading: Reading, i: int) -> str | None:
    """The measure, or the deed that stands for one, before the comparing word."""
    role = reading.vocabulary.role
    deeds = {"spend": role("money"), "buy": role("orders"), "return": role("returned")}
    for k in range(i - 1, max(-1, i - _NEAR), -1):
        item = reading.items[k]
        if item.tokens[0].kind == "stop":
            return None
        measure = _measure(item)
        if measure is not None:
            return measure
        if item.has("act") and deeds.get(str(item.get("act"))):
            return deeds[str(item.get("act"))]
    return None


def _measure(item: Item) -> str | None:
    return str(item.get("metric")) if item.has("metric") and not item.has("dim") else None


# -- a change ----------------------------------------------------------------------------------------------------------


def _moved_by(reading: Reading) -> Bound | None:
    """As in "grew by at least 20 %", "fell more than 10 percent", "have doubled"."""
    words = bound_words(reading.vocabulary.lexicon.language)
    items = reading.items
    for i, item in enumerate(items):
        said = words["multiplied"].get(item.tokens[0].word) if len(item.tokens) == 1 else None
        if said is not None:
            return Bound(str(said[0]), float(said[1]), "change_pct", range(i, i + 1))
        if item.number is None or item.unit != "percent":
            continue
        first, op = i, "ge"
        while first and (items[first - 1].has("cmp") or items[first - 1].lemma in words["exact"]):
            first -= 1
            op = str(items[first].get("cmp")) if items[first].has("cmp") else op
        moved = [k for k in range(max(0, first - 3), first) if items[k].has("up", "down", "growth")]
        if first == i or not moved or op not in {"gt", "ge"}:
            continue
        down = items[moved[-1]].has("down") and not items[moved[-1]].has("up")
        low = {"gt": "lt", "ge": "le"}[op]
        return Bound(low if down else op, -item.number if down else item.number, "change_pct", range(first, i + 1))
    return None


def _share(reading: Reading) -> Bound | None:
    """As in "categories that make up more than 10 % of revenue"."""
    words = bound_words(reading.vocabulary.lexicon.language)
    items, known = reading.items, reading.vocabulary.metrics
    for i, item in enumerate(items[:-2]):
        op, number = item.get("cmp"), items[i + 1]
        if op is None or op in _NO_BOUND or number.number is None or number.unit != "percent":
            continue
        end = i + 2
        while end < len(items) and items[end].lemma in words["of_total"]:
            end += 1
        metric = _measure(items[end]) if end < len(items) and end > i + 2 else None
        deed = i - 1 if i and items[i - 1].has("share") else None
        if metric is None or deed is None or metric not in known or known[metric].unit not in _SUMS:
            continue
        return Bound(str(op), float(number.number), "share", range(deed, end), metric)
    return None


# -- different things --------------------------------------------------------------------------------------------------


def _of_things(reading: Reading) -> Bound | None:
    """As in "sold in at least 5 countries", "bought by more than 100 customers", "from exactly 1 category"."""
    words = bound_words(reading.vocabulary.lexicon.language)
    items, known = reading.items, reading.vocabulary.metrics
    for i, item in enumerate(items[:-2]):
        k = i + 1
        op = item.get("cmp") or words["exactly"].get(item.lemma)
        if op is None or items[k].number is None or items[k].unit is not None or items[k].has("period"):
            continue
        number, k = items[k].number, k + 1
        while k < len(items) and items[k].lemma in words["different"]:
            k += 1
        dims = items[k].alts.get("dim", ()) if k < len(items) else ()
        thing = next((str(d) for d in dims if d in DIFFERENT), None)
        if thing is None or DIFFERENT[thing] not in known or items[k].has("duration"):
            continue
        before = {d for it in items[:i] for d in it.alts.get("dim", ())} & set(DIFFERENT)
        plain = thing == "product" and not any(it.lemma in words["different"] for it in items[i:k])
        if not before or thing in before or plain:  # "at least 3 products" are pieces
            continue
        first = i - 1 if i and items[i - 1].lemma in words["reached"] else i
        return Bound(str(op), float(number), "value", range(first, k + 1), DIFFERENT[thing], thing=thing)
    return None
