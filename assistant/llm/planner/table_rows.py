"""Rows of the table before: how far two of them are apart ("difference between the best and the worst"), all of
them, the one that was picked through the time."""

from __future__ import annotations

from typing import Any

from assistant.llm.planner.candidate import Planned, ToolCall, call
from assistant.llm.planner.context import Past
from assistant.llm.planner.discourse_scene import Move, Scene, among, answer, dumped, made, parts_of
from assistant.llm.planner.references import period_of_row
from assistant.llm.planner.units import GRAINS
from assistant.llm.planner.values import join
from assistant.plans.query import Comparison, QueryPlan

_FEWEST = 2


def row_gap(s: Scene) -> Planned | None:
    """As in "how much more is the first than the second?": the two rows, and by how much they differ."""
    found = _table(s)
    if found is None:
        return None
    q, rows = found
    key, metric = q.dimensions[0], q.metrics[0]
    ranked = sorted((r for r in rows if isinstance(r.get(metric), int | float) and r.get(key) is not None),
                    key=lambda r: r[metric], reverse=True)
    ends = [_place(s, s.said.get("one", "first")), _place(s, s.said.get("other", "second"))]
    if len(ranked) < _FEWEST or None in ends or ends[0] == ends[1]:
        return None
    if -1 in ends and q.limit is not None:
        return None  # the last of a list that goes on is not the last of all
    if any(abs(at) >= len(ranked) + (at < 0) for at in ends if at is not None):
        return None
    one, other = (ranked[at] for at in ends if at is not None)
    if key in GRAINS:
        return _times(s, q, str(one[key]), str(other[key]))
    kept = join([*parts_of(q.filter), among(key, [str(r.get(f"{key}_id", r[key])) for r in (one, other)])])
    plan = call(QueryPlan(metrics=(metric,), dimensions=(key,), filter=kept, period=q.period)).args
    return answer(ToolCall("check_premise", {
        "relation": "larger", "plan": plan, "item": str(one[key]), "than": str(other[key]), "way": "up",
        "asked": "size"}))


def all_rows(s: Scene) -> Planned | None:
    """As in "show all of them": every row, and no figure over them."""
    q = s.query
    return s.edited(limit=None, offset=0) if q is not None and q.dimensions and not q.having else None


def _table(s: Scene) -> tuple[QueryPlan, list[dict[str, Any]]] | None:
    """The last table of one split; of a row picked from it, the table behind the pick."""
    for past in reversed(s.context.past):
        plan: Any = past.call.plan() if past.call.name == "query_data" and not past.refused else None
        if not isinstance(plan, QueryPlan) or len(plan.dimensions) != 1:
            return None
        if plan.compare is not None or plan.having:
            continue  # "which one grew most?" between the table and the text
        if s.query is None or plan.dimensions != s.query.dimensions or plan.metrics[0] != s.query.metrics[0]:
            return None
        rows = _rows(past)
        if len(rows) >= _FEWEST:
            return plan, rows
    return None


def _rows(past: Past) -> list[dict[str, Any]]:
    table = next(iter((past.result or {}).get("tables", ())), {})
    names = [c["name"] for c in table.get("columns", ())]
    return [dict(zip(names, row, strict=False)) for row in table.get("rows", ())]


def _place(s: Scene, said: str) -> int | None:
    known = s.raw["places_ranked"]
    return next((int(at) for at, words in known.items() if said.lower() in words), None)


def _times(s: Scene, q: QueryPlan, one: str, other: str) -> Planned | None:
    """Two rows of a series: the one time against the other."""
    first, second = (period_of_row(q.dimensions[0], value) for value in (one, other))
    if first is None or second is None:
        return None
    return made({"metrics": q.metrics[:1], "filter": dumped(q.filter), "period": first.model_dump(),
                 "compare": Comparison(kind="period", period=second).model_dump()})


def next_rows(s: Scene) -> Planned | None:
    """As in "the next five" of a list that holds all there is: nothing comes after it."""
    q = s.query
    whole = q is not None and q.dimensions and q.limit is None and not q.having and not set(q.dimensions) & set(GRAINS)
    return s.no("nothing_left", "no_rows") if whole else None


def share_of_customers(s: Scene) -> Planned | None:
    """As in "what share of our customers is that?" of customers: their number says it, of a count its share of all."""
    q = s.query
    listed = s.last is not None and s.last.call.name in {"count_audience", "predict_churn"}
    if listed or q is not None and q.dimensions == ("customer",):
        return s.again(str(s.raw["how_many_are_they"]))
    counted = q is not None and not q.dimensions and q.metrics == ("customers",) and q.filter is not None
    return s.edited(compare={"kind": "total"}) if counted else None


def picked_in_time(s: Scene) -> Planned | None:
    """As in "by month" after the category that sold most: that one through the time, and not the best month."""
    q, group = s.query, s.group()
    by = s.dimension(s.said["by"])
    if q is None or group is None or q.limit != 1 or by not in GRAINS or len(q.dimensions) > 1 or q.compare is not None:
        return None
    row = next(iter(s.rows()), {})
    value = row.get(f"{group}_id", row.get(group))
    if value is None:
        return None
    kept = join([*parts_of(q.filter), among(group, [str(value)])])
    return s.edited(dimensions=(by,), filter=dumped(kept), limit=None, offset=0, sort=None, transform=None)


MOVES: dict[str, Move] = {
    "row_gap": row_gap, "all_rows": all_rows, "share_of_customers": share_of_customers, "next_rows": next_rows,
    "picked_in_time": picked_in_time,
}

__all__ = ["MOVES"]
