"""Moves on two answers: which of the two is higher, both together, what both lists have in common."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from assistant.llm.planner.candidate import Planned, call
from assistant.llm.planner.discourse_scene import Move, Scene, among, answer, dumped, made, parts_of
from assistant.llm.planner.period_grammar import PeriodReader
from assistant.llm.planner.references import column
from assistant.llm.planner.units import GRAINS
from assistant.llm.planner.values import join
from assistant.plans.filters import Compare, Filter
from assistant.plans.groups import GroupsRequest
from assistant.plans.periods import Period
from assistant.plans.query import Comparison, QueryPlan, Sort

_MOST = 1_000


@dataclass(frozen=True)
class _Two:
    """The last two data questions, of one measure and shape, that differ in one thing.

    ``field`` and ``values`` where they differ in the values of a dimension, ``kept`` being what both say; else they
    differ in their time.
    """

    first: QueryPlan
    second: QueryPlan
    field: str | None = None
    values: tuple[str, ...] = ()
    kept: tuple[Filter, ...] = ()


def two_before(s: Scene) -> _Two | None:
    """The last two answers, where they are data questions that differ in one thing."""
    turns = s.context.turns()[-2:]
    if len(turns) < 2 or any(len(t) != 1 or t[0].call.name != "query_data" for t in turns):
        return None
    first, second = (t[0].call.plan() for t in turns)
    assert isinstance(first, QueryPlan) and isinstance(second, QueryPlan)
    if first.metrics[:1] != second.metrics[:1] or first.dimensions != second.dimensions:
        return None
    if first.filter == second.filter:
        return _Two(first, second) if first.period != second.period else None
    if first.period != second.period:
        return None
    one, other = parts_of(first.filter), parts_of(second.filter)
    own, its = [f for f in one if f not in other], [f for f in other if f not in one]
    if len(own) != 1 or len(its) != 1 or not isinstance(own[0], Compare) or not isinstance(its[0], Compare):
        return None
    if own[0].field != its[0].field or {own[0].op, its[0].op} - {"eq", "in"}:
        return None
    values = tuple(dict.fromkeys(map(str, (*own[0].values, *its[0].values))))
    return _Two(first, second, own[0].field, values, tuple(f for f in one if f in other))


def higher(s: Scene) -> Planned | None:
    """As in "which one is higher?", "compare the two" after Germany and then Austria, or one year and then another."""
    two = two_before(s)
    if two is None or two.first.dimensions:
        return None
    q = two.second
    if two.field is None:
        if two.first.period is None or q.period is None or two.first.compare is not None:
            return None
        now, before = later_first(s, two.first.period, q.period)
        against = Comparison(kind="period", period=before)
        return made({**q.model_dump(), "metrics": q.metrics[:1], "period": now.model_dump(),
                     "compare": against.model_dump()})
    kept = join([*two.kept, among(two.field, list(two.values))])
    return made({**q.model_dump(), "metrics": q.metrics[:1], "dimensions": (two.field,), "filter": dumped(kept),
                 "compare": None, "sort": Sort(by=q.metrics[0], descending="down" not in s.said).model_dump()})


def later_first(s: Scene, one: Period, other: Period) -> tuple[Period, Period]:
    """Two times, the later one first: it is what has moved."""
    reader = PeriodReader([], s.words.lexicon, s.shop.status().as_of)
    bounds = [reader.bounds(one), reader.bounds(other)]
    swapped = bounds[0] is not None and bounds[1] is not None and bounds[0][0] < bounds[1][0]
    return (other, one) if swapped else (one, other)


def together(s: Scene) -> Planned | None:
    """As in "and both together?" after Germany and then Austria, or after the two beside each other."""
    q = s.query
    if q is not None and len(q.dimensions) == 1 and q.limit is None and any(
        isinstance(f, Compare) and f.field == q.dimensions[0] and f.op == "in" for f in parts_of(q.filter)
    ):
        return s.edited(dimensions=(), sort=None, transform=None)
    if q is not None and q.compare is not None and q.compare.period is not None and q.period is not None:
        return _one_stretch(s, q, q.period, q.compare.period)
    two = two_before(s)
    if two is not None and two.field is None and two.first.period is not None and two.second.period is not None:
        return _one_stretch(s, two.second, two.first.period, two.second.period)
    if two is None or two.field is None:
        return None
    kept = join([*two.kept, among(two.field, list(two.values))])
    return made({**two.second.model_dump(), "filter": dumped(kept)})


def _one_stretch(s: Scene, q: QueryPlan, one: Period, other: Period) -> Planned | None:
    """A question on two times that follow each other, as one on both."""
    reader = PeriodReader([], s.words.lexicon, s.shop.status().as_of)
    spans = sorted(b for b in (reader.bounds(one), reader.bounds(other)) if b is not None)
    if len(spans) != 2 or spans[0][1] + timedelta(days=1) != spans[1][0]:
        return None
    whole = Period(kind="absolute", start=spans[0][0], end=spans[1][1])
    return made({**q.model_dump(), "period": whole.model_dump(), "compare": None})


def in_common(s: Scene) -> Planned | None:
    """As in "what do both have in common?": the rows that stand in both lists; of one list of customers, what sets
    them apart from everybody else."""
    two = two_before(s)
    group = s.group()
    if two is not None and two.field is not None and group is not None:
        turns = s.context.turns()[-2:]
        one, other = (column(s.context, t[0], group) for t in turns)
        both = [v for v in one if v in other][:_MOST]
        if not both:
            return s.no("nothing_common", "no_rows")
        kept = join([*two.kept, among(two.field, list(two.values)), among(group, both)])
        return made({**two.second.model_dump(), "filter": dumped(kept), "limit": None, "offset": 0},
                    [f"in_both|{len(both)}"])
    if group not in {None, "customer"} or s.last is None or set(s.last.call.args.get("dimensions", ())) & set(GRAINS):
        return None
    people = s.context.audience() if s.last.call.name in _OF_PEOPLE else None
    if people is None:
        return None
    return answer(call(GroupsRequest(first=people[0], first_name=s.raw["these_customers"])))


_OF_PEOPLE = frozenset({"query_data", "count_audience", "predict_churn", "find_segments"})
__all__ = ["MOVES", "later_first", "two_before"]
MOVES: dict[str, Move] = {"higher": higher, "together": together, "in_common": in_common}
