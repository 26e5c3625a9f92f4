"""How far something moved: the units of time that rose or fell most, and the groups that rose or fell at all."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.llm.planner.group_bounds import bound_words
from assistant.llm.planner.parts import Parts
from assistant.llm.planner.units import GRAINS
from assistant.plans.query import Comparison, Having, Sort


@dataclass(frozen=True)
class Moves:
    """Units of time picked by their change on the one before."""

    grain: str
    sort: Sort | None
    limit: int | None
    having: tuple[Having, ...]


def unit_moves(p: Parts, metrics: list[str]) -> Moves | None:
    """As in "the month with the biggest drop in revenue", "in which months did orders fall"; None for anything else.

    Its words are then used.
    """
    r = p.reading
    if len(p.groups) != 1 or p.groups[0] not in GRAINS or p.conditions.customers or not r.has("growth", "up", "down"):
        return None
    if r.has("year_earlier", "share", "average") or len(p.periods) > 1 or p.against_rest or p.against_all:
        return None
    asked = r.having("which", "rank")
    direction = _direction(p)
    beside = r.has("compare") and not r.has("previous")
    if not asked or not metrics or beside or (p.descending is None and direction is None):
        return None
    p.used.update(r.having("previous", "compare", "growth", "change", "up", "down", "drop"))
    if p.descending is None:
        op = "gt" if direction == "up" else "lt"
        return Moves(p.groups[0], None, None, (Having(metric=metrics[0], op=op, values=(0,), of="change"),))
    falling = direction == "down"
    descending = p.descending != falling
    by = "change_pct" if in_percent(p) else "change"
    return Moves(p.groups[0], Sort(by=by, descending=descending), p.limit or (1 if p.singular else 3), ())


def in_percent(p: Parts) -> bool:
    """Whether a change is asked for in percent: "the highest growth rate", "% decrease"."""
    words = bound_words(p.reading.vocabulary.lexicon.language)["percent"]
    return any(t.lemma in words or t.unit == "percent" or t.text == "%" for t in p.reading.tokens)


def movers_only(p: Parts, metrics: list[str], groups: list[str], compare: Comparison | None) -> tuple[Having, ...]:
    """As in "which brands lost revenue": those that did not fall are no answer."""
    over_time = compare is not None and compare.kind in {"previous", "year_earlier", "period"}
    entities = [g for g in groups if g not in GRAINS]
    direction = _direction(p)
    if not over_time or p.descending is not None or len(entities) != 1 or direction is None or not metrics:
        return ()
    if not (p.reading.items[0].has("which") or p.lists_movers) or p.singular:
        return ()
    return (Having(metric=metrics[0], op="gt" if direction == "up" else "lt", values=(0,), of="change"),)


def _direction(p: Parts) -> str | None:
    """Up or down, by the deed that is said; None where both or neither is."""
    words = bound_words(p.reading.vocabulary.lexicon.language)
    said = {" ".join(t.word for t in item.tokens) for item in p.reading.items if item.has("growth", "up", "down")}
    up, down = bool(said & set(words["rising"])), bool(said & set(words["falling"]))
    return None if up == down else "up" if up else "down"


def turned(p: Parts, metric: str) -> bool:
    """Whether "best" and "worst" run the other way: the worst return rate is the highest one."""
    words = bound_words(p.reading.vocabulary.lexicon.language)
    ranked = {item.tokens[0].lemma for item in p.reading.items if item.has("rank", "sorted")}
    judged = ranked & {*words["bad"], *words["good"]}
    return bool(judged) and ranked == judged and metric in words["high_is_bad"]
