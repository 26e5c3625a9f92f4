"""Moves on two answers: which of the two is higher, both together, what both lists have in common."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from assistant.llm.planner.answers import run
from assistant.llm.planner.candidate import Planned, call
from assistant.llm.planner.context import counted_customers
from assistant.llm.planner.discourse_scene import Move, Scene, among, answer, dumped, made, parts_of
from assistant.llm.planner.group_bounds import bound_words
from assistant.llm.planner.heard import heard
from assistant.llm.planner.period_grammar import PeriodReader
from assistant.llm.planner.references import column
from assistant.llm.planner.replies import quoted
from assistant.llm.planner.units import GRAINS
from assistant.llm.planner.values import join
from assistant.plans.answering import Answering
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
    beside = _split_of_few(s)
    q = s.query
    if q is not None and s.group() is not None and q.compare is not None and q.compare.kind in _TIMED:
        return s.edited(sort={"by": "change", "descending": "down" not in s.said}, limit=1, offset=0)
    if two is None and beside is not None and s.query is not None:
        return s.edited(metrics=s.query.metrics[:1], dimensions=(beside,), limit=None, offset=0,
                        sort=Sort(by=s.query.metrics[0], descending="down" not in s.said).model_dump())
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
    money = s.words.role("money")
    spent = money is not None and not heard("discourse.spending").isdisjoint(s.text.lower().split())
    by = str(money) if spent and q.metrics[0] in {"customers", "orders", "units"} else q.metrics[0]
    judged = not heard("discourse.judging").isdisjoint(s.text.lower().strip(" ?!.").split())
    bad = judged and by in bound_words(s.words.lexicon.language)["high_is_bad"]  # the worse return rate is the higher
    return made({**q.model_dump(), "metrics": (by,), "dimensions": (two.field,), "filter": dumped(kept),
                 "compare": None, "sort": Sort(by=by, descending=("down" not in s.said) != bad).model_dump()})


def _split_of_few(s: Scene) -> str | None:
    """What the table before tells apart, where it is kept to a few values of it: tea and coffee by month."""
    q = s.query
    if q is None or q.compare is not None:
        return None
    few = (f.field for f in parts_of(q.filter) if isinstance(f, Compare) and f.op == "in")
    return next((field for field in few if field in q.dimensions), None)


def later_first(s: Scene, one: Period, other: Period) -> tuple[Period, Period]:
    """Two times, the later one first: it is what has moved."""
    reader = PeriodReader([], s.words.lexicon, s.shop.status().as_of)
    bounds = [reader.bounds(one), reader.bounds(other)]
    swapped = bounds[0] is not None and bounds[1] is not None and bounds[0][0] < bounds[1][0]
    return (other, one) if swapped else (one, other)


def together(s: Scene) -> Planned | None:
    """As in "and both together?" after Germany and then Austria, or after the two beside each other."""
    q = s.query
    apart = _split_of_few(s)
    if q is not None and apart is not None and q.limit is None:
        return s.edited(dimensions=() if len(q.dimensions) == 1 else tuple(d for d in q.dimensions if d != apart),
                        sort=None, transform=None)
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


def in_both(s: Scene) -> Planned | None:
    """As in "are they the same ones?", "how many in both?": the rows that stand in both lists, the people of both
    counts."""
    two = two_before(s)
    group = s.group()
    people = _counted_twice(s)
    if people is not None:
        return made({"metrics": tuple(_HEADS), "filter": dumped(join(people))})
    lists = _two_lists(s, two, group)
    if lists is not None and group is not None:
        one, other, plan, before = lists
        both = [v for v in one if v in other][:_MOST]
        if not both:
            return s.no("nothing_common", "no_rows")
        parts = parts_of(plan.filter) if two is None or two.field is None else [
            *two.kept, among(two.field, list(two.values))]
        kept = join([*parts, among(group, both)])
        against = Comparison(kind="period", period=before).model_dump() if before is not None else None
        return made({**plan.model_dump(), "filter": dumped(kept), "limit": None, "offset": 0, "compare": against},
                    [f"in_both|{len(both)}"])
    return None


def same_ones(s: Scene) -> Planned | None:
    """What is asked of two lists alone, and declined where there are none."""
    if s.query is None:
        return None
    return in_both(s) or s.no("not_understood", words=quoted([s.text]))


def in_common(s: Scene) -> Planned | None:
    """As in "what do both have in common?"; of one list of customers, what sets them apart from everybody else."""
    found = in_both(s)
    group = s.group()
    if found is not None:
        return found
    if group not in {None, "customer"} or s.last is None or set(s.last.call.args.get("dimensions", ())) & set(GRAINS):
        return None
    people = s.context.audience() if s.last.call.name in _OF_PEOPLE else None
    if people is None:
        return None
    return answer(call(GroupsRequest(first=people[0], first_name=s.raw["these_customers"])))


def _counted_twice(s: Scene) -> list[Filter] | None:
    """The customers of the last two head counts."""
    plans = [t[0].call.plan() for t in s.context.turns()[-2:] if len(t) == 1 and t[0].call.name == "query_data"]
    heads = [q for q in plans if isinstance(q, QueryPlan) and not q.dimensions and set(q.metrics) <= _HEADS]
    counted = [counted_customers(q) for q in heads if q.compare is None]
    found = [f for f in counted if f is not None]
    return found if len(found) == 2 and found[0] != found[1] else None


def _two_lists(
    s: Scene, two: _Two | None, group: str | None
) -> tuple[list[str], list[str], QueryPlan, Period | None] | None:
    """The rows of two lists, the question of the later one, and the time of the other where they differ in it."""
    if group is None or s.last is None:
        return None
    if two is not None:
        turns = s.context.turns()[-2:]
        one, other = (column(s.context, t[0], group) for t in turns)
        timed = two.field is None and two.first.period is not None and two.second.period is not None
        if not timed:
            return one, other, two.second, None
        now, before = later_first(s, two.first.period, two.second.period)  # type: ignore[arg-type]
        return one, other, two.second.model_copy(update={"period": now}), before
    q = s.query
    other_time = q.compare.period if q is not None and q.compare is not None else None
    if q is None or other_time is None or q.limit is None or not isinstance(s.shop, Answering):
        return None
    then = run(s.shop, call(q.model_copy(update={"period": other_time, "compare": None})))
    if then is None:
        return None
    table = then.tables[0]
    at = next((table.column_index(n) for n in (f"{group}_id", group) if n in {c.name for c in table.columns}), None)
    if at is None:
        return None
    return column(s.context, s.last, group), [str(row[at]) for row in table.rows], q, other_time


_TIMED = frozenset({"previous", "year_earlier", "period"})
#: counts of people
_HEADS = frozenset({"customers"})
_OF_PEOPLE = frozenset({"query_data", "count_audience", "predict_churn", "find_segments"})
__all__ = ["MOVES", "later_first", "two_before"]
MOVES: dict[str, Move] = {"higher": higher, "together": together, "same_ones": same_ones, "in_common": in_common}
