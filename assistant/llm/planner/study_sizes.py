"""Frames of how things are spread: bands of a measure, concentration on the largest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.llm.planner.bands import ranges
from assistant.llm.planner.candidate import Candidate
from assistant.llm.planner.cues import Cues
from assistant.llm.planner.heard import heard
from assistant.llm.planner.spans import Reading
from assistant.llm.planner.study_rest import COUNTS, MEAN_OF, THINGS, Rest, counting, how_many, rest_of, tokens_of
from assistant.plans.studies import ConcentrationStudy, SpreadStudy

if TYPE_CHECKING:
    from assistant.llm.planner.intents import Frames


# -- bands -------------------------------------------------------------------------------------------------------------


def spread(frames: Frames, cues: Cues) -> Candidate | None:
    """As in "distribution of order values", "customers by their average order value in bands", "0-100, 100-500"."""
    reading = frames.reading
    limits = ranges(reading)
    banded = cues.said("spread") or limits is not None
    if not banded and not cues.said("banding"):
        return None
    tokens = cues.tokens("spread") | (limits.tokens if limits else set())
    tokens |= cues.tokens("banding") if not (limits and not cues.said("banding")) else set()
    rest = rest_of(frames, tokens)
    p = rest.parts
    measured, things, items = _measured(reading, rest)
    spent = any(reading.items[i].get("act") == "spend" for i in reading.having("act"))
    if not measured and spent and limits is not None:
        measured = ["revenue"]
    named = _named(measured, things, cues, limits is not None)
    if named is None:
        return None
    of, metric = named
    if not banded and not _by_the_measure(reading, metric, measured):
        return None
    others = [g for g in p.groups if g not in {*THINGS, "orders_band"}]
    if others or p.conditions.customers:
        return None
    count = frames.reading.vocabulary.metrics.get(metric)
    edges = limits.edges(count is not None and count.unit == "count") if limits else ()
    p.metrics, p.groups, p.limit, p.descending = [], [], None, None
    study = SpreadStudy(of=of, metric=metric, edges=edges, filter=rest.filter, period=p.period)
    means = set(
        reading.having("average", "pronoun", "customers_pronoun", "sorted", "trend", "share", "down", "content")
    )
    verbs = {i for i in reading.having("act") if reading.items[i].get("act") in {"buy", "spend"}}
    return rest.candidate(study, fits={"periods", "metrics", "groups"}, used=items | means | verbs | counting(reading))


def _measured(reading: Reading, rest: Rest) -> tuple[list[str], list[str], set[int]]:
    """Measures and things that the rest names, and their items."""
    measured: list[str] = []
    things: list[str] = []
    items: set[int] = set()
    for i in rest.kept:
        item = reading.items[i]
        metric = str(item.get("metric")) if item.has("metric") else None
        dim = next((d for d in THINGS if d in item.alts.get("dim", ())), None)
        if item.has("worth") and metric is None:
            measured.append("clv")
        elif metric in COUNTS or dim is not None:
            things.append(COUNTS.get(metric or "", dim or ""))
        elif metric is not None:
            measured.append(metric)
        else:
            continue
        items.add(i)
    for i in rest.taken:  # "split customers": one phrase that holds the thing too
        item = reading.items[i]
        things += [k for t in item.tokens if len(item.tokens) > 1 for k, said in _PLAIN.items() if t.lemma in said]
    return measured, list(dict.fromkeys(t for t in things if t)), items


_PLAIN = {thing: heard(f"study_sizes.{thing}") for thing in ("customer", "order", "product")}


def _named(measured: list[str], things: list[str], cues: Cues, limited: bool) -> tuple[str, str] | None:
    """What is counted and by which measure, or None when that stays open."""
    if len(set(measured)) > 1 or len(things) > 2:
        return None
    metric = measured[0] if measured else None
    if metric is None:
        if things == ["order"] and limited:
            return "order", "revenue"
        if set(things) == {"customer", "order"} or (things == ["order"] and cues.said("per_thing")):
            return "customer", "orders"
        return None
    if metric == "clv":
        return "customer", "revenue"
    if metric in MEAN_OF and not (things and things != [MEAN_OF[metric][0]]):
        return MEAN_OF[metric]
    if things:
        return things[0], metric
    return None


def _by_the_measure(reading: Reading, metric: str, measured: list[str]) -> bool:
    """Whether "by" stands before the measure: "break down customers by their average order value"."""
    for i, item in enumerate(reading.items):
        if item.has("metric") and str(item.get("metric")) in {metric, *measured}:
            k = i - 1
            while k >= 0 and (reading.items[k].has("pronoun", "customers_pronoun", "average") or reading.is_skip(k)):
                if reading.items[k].has("group"):
                    return True
                k -= 1
            return k >= 0 and reading.items[k].has("group")
    return False


# -- concentration -----------------------------------------------------------------------------------------------------


def concentration(frames: Frames, cues: Cues) -> Candidate | None:
    """As in "how many products make half of the revenue", "do 20 % of products make 80 % of sales"."""
    reading = frames.reading
    of = _things_said(reading)
    percents = [k for k, t in enumerate(reading.tokens) if t.unit == "percent"]
    goal = percents[-1] if percents else None
    half = next(iter(cues.places("half")), None)
    brings = cues.said("brings")
    whole = cues.said("concentration")
    reach = 50.0 if half is not None else float(reading.tokens[goal].value or 0) if goal is not None else None
    if not whole and not (of and brings and reach is not None):
        return None
    if not whole and len(percents) < 2 and not _how_many_things(reading, of):
        return None
    if reach is not None and not 0 < reach <= 100:
        return None
    tokens = cues.tokens("concentration", "half", "brings") | set(percents)
    share_words = tokens_of(reading, reading.having("share"))
    rest = rest_of(frames, tokens | share_words)
    p = rest.parts
    metric, items = _money(reading, rest)
    p.metrics, p.groups = [], [g for g in p.groups if g != (of or "customer")]
    p.limit = p.descending = None
    study = ConcentrationStudy(
        of=of or "customer",
        metric=metric,
        reach=reach if reach is not None else 80.0,
        share_of_things=float(reading.tokens[percents[0]].value or 0) if len(percents) == 2 else None,
        filter=rest.filter,
        period=p.period,
    )
    return rest.candidate(study, fits={"periods", "metrics"}, used=items | counting(reading))


def largest_part(frames: Frames, cues: Cues) -> Candidate | None:
    """As in "what share of revenue do the top 20 % of products bring"."""
    reading = frames.reading
    percents = [i for i, item in enumerate(reading.items) if item.unit == "percent" and item.number]
    of = _things_said(reading)
    if len(percents) != 1 or of is None or not reading.has("share"):
        return None
    at = percents[0]
    ranked = at > 0 and reading.items[at - 1].get("rank") == "desc"
    amount = float(reading.items[at].number or 0)
    if not ranked or not 0 < amount <= 100:
        return None
    taken = tokens_of(reading, [at - 1, at, *reading.having("share")]) | cues.tokens("brings")
    rest = rest_of(frames, taken)
    metric, items = _money(reading, rest)
    rest.parts.metrics, rest.parts.groups = [], [g for g in rest.parts.groups if g != of]
    rest.parts.limit = rest.parts.descending = None
    study = ConcentrationStudy(
        of=of, metric=metric, top_percent=amount, filter=rest.filter, period=rest.parts.period
    )
    return rest.candidate(study, fits={"periods", "metrics"}, used=items | counting(reading))


def _things_said(reading: Reading) -> str | None:
    for item in reading.items:
        metric = item.get("metric")
        if metric in COUNTS and metric != "orders":
            return COUNTS[str(metric)]
        counts = {
            "country_count": "country",
            "category_count": "category",
            "brand_count": "brand",
            "city_count": "city",
        }
        if metric in counts:
            return counts[str(metric)]
        found = next((d for d in item.alts.get("dim", ()) if d in {"product", "customer", *counts.values()}), None)
        if found is not None:
            return str(found)
    return None


def _how_many_things(reading: Reading, of: str | None) -> bool:
    """Whether the number of things is asked for, not what a given number of them bring."""
    asked = how_many(reading) or any(heard("study_sizes.number_of").begins(i.lemma) for i in reading.items)
    return asked and of is not None


def _money(reading: Reading, rest: Rest) -> tuple[str, set[int]]:
    metrics = [
        (str(reading.items[i].get("metric")), i)
        for i in rest.kept
        if reading.items[i].has("metric") and reading.items[i].get("metric") not in {*COUNTS, "country_count"}
    ]
    named = [m for m, _ in metrics if m in {"revenue", "units", "gross_margin", "net_revenue", "orders"}]
    items = {i for i in rest.kept if reading.items[i].has("metric", "dim")}
    return (named[0] if named else "revenue"), items
