"""Parts → query and change plans: implied measures, rankings, comparisons, transforms and charts."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from assistant.llm.planner.comparisons import comparison
from assistant.llm.planner.each import TOP_OF_EACH, ranked_inside, shared_inside
from assistant.llm.planner.every_unit import in_every_month
from assistant.llm.planner.heard import heard
from assistant.llm.planner.means import drawn_over_time, stepwise
from assistant.llm.planner.measures import coordinated, metrics_of, role
from assistant.llm.planner.moves import Moves, in_percent, movers_only, turned, unit_moves
from assistant.llm.planner.one_of_another import of_another
from assistant.llm.planner.parts import Parts
from assistant.llm.planner.units import GRAINS, NUMBERS_OF_PEOPLE
from assistant.plans.query import Comparison, Having, QueryPlan, Sort

TOP = 10
"""Rows of a ranking for which no number was said."""


def query_plan(p: Parts) -> QueryPlan | None:
    """The data question that the parts make, or None when they make none."""
    metrics = metrics_of(p)
    if not metrics:
        return None
    moves = unit_moves(p, metrics)
    if moves is not None:
        return _of_moves(p, metrics, moves)
    step = stepwise(p)
    compare, period = (None, p.period) if step else comparison(p)
    groups = [step] if step else _groups(p, compare)
    lasting = in_every_month(p, groups)
    period = p.period if lasting else period
    p.used.update(p.reading.having("sorted"))
    p.implied += 0.0 if coordinated(p) else 0.7
    p.used.update(p.reading.having("trend"))
    if p.metrics or metrics:
        p.used.update(p.reading.having("perform"))
    if compare is not None and compare.kind == "rest":
        groups = [g for g in groups if g not in p.chosen]  # "Germany against all other countries"
    if groups == ["customer"]:
        metrics = _of_each_customer(p, metrics)
    transform, window = ("growth", None) if step else _transform(p, groups, compare)
    if transform == "share":
        of_another(p)
    # "share of the UK by year"
    parted = all(g in GRAINS for g in groups) and p.filter() is not None and compare is None
    if transform == "share" and (not groups or parted):
        compare, transform = Comparison(kind="total", of=p.share_of), None
    limit, sort = _ranking(p, metrics, groups, compare)
    if p.conditions.measures and not groups:
        return None  # "orders over 500" without anything to measure one by one
    inside = ranked_inside(p, groups) if compare is None and transform is None else []
    if inside:
        groups = [*inside, *(g for g in groups if g not in inside)]
        limit = p.limit or (1 if p.singular else TOP_OF_EACH)
        by = sort.by if sort is not None and sort.by in metrics else metrics[0]
        sort = Sort(by=by, descending=p.descending is not False)
    elif transform == "share" and limit is None:
        inside = shared_inside(p, groups)
        sort = sort or (Sort(by=inside[0], descending=False) if inside else None)
        groups = [*inside, *(g for g in groups if g not in inside)]
    having = tuple(Having(metric=m.metric, op=m.op, values=m.values) for m in p.conditions.measures)  # type: ignore[arg-type]
    having += movers_only(p, metrics, groups, compare) + lasting
    p.used.update(p.reading.having("trend"))
    try:
        return QueryPlan(
            metrics=tuple(metrics),
            dimensions=tuple(groups),
            filter=p.filter(),
            period=period,
            compare=compare,
            having=having if groups else (),
            sort=sort,
            limit=limit,
            offset=p.offset if limit else 0,
            within=tuple(inside),
            transform=transform,
            chart=chart(p),
            **({"window": window} if window else {}),
        )
    except ValidationError:
        return None


def _of_each_customer(p: Parts, metrics: list[str]) -> list[str]:
    """Without numbers of people, which say nothing of one: "top returning customers" are those who spent most."""
    told = [m for m in metrics if m not in NUMBERS_OF_PEOPLE]
    if told == metrics or metrics != [role(p, "customers")] and p.filter() is None:
        return metrics
    money = [m for m in (role(p, "money"), role(p, "orders")) if m]
    told = [*money, *(m for m in told if m not in money)] if not told or p.sort_metric in NUMBERS_OF_PEOPLE else told
    p.sort_metric = told[0] if p.sort_metric in NUMBERS_OF_PEOPLE else p.sort_metric
    return told


def _of_moves(p: Parts, metrics: list[str], moves: Moves) -> QueryPlan | None:
    """Units of time by how far they moved from the one before."""
    try:
        return QueryPlan(
            metrics=tuple(metrics), dimensions=(moves.grain,), filter=p.filter(), period=p.period,
            having=moves.having, sort=moves.sort, limit=moves.limit, transform="growth", chart=chart(p),
        )
    except ValidationError:
        return None


def _groups(p: Parts, compare: Comparison | None) -> list[str]:
    groups = list(p.groups)
    people = heard("compose.people")
    asked = (
        any(  # "revenue from customers who …" asks for the revenue
            item.has("which") and (item.lemma not in people or i <= 1) for i, item in enumerate(p.reading.items)
        )
        or any(item.lemma in people for item in p.reading.items[:2])
    )
    if p.against_all:
        return []
    figure = p.referred and bool(p.metrics) and p.reading.items[0].lemma in heard("compose.what")
    if p.conditions.customers and not groups and _wants_list(p) and (asked or not p.metrics) and not figure:
        groups = ["customer"]
    if not groups and p.reading.has("trend") and compare is None:
        groups = [_trend_grain(p)]
    versus = p.reading.has("compare") or any(
        p.reading.items[i].lemma in heard("compose.set_against")
        for i in range(len(p.reading.items))
    )
    listing = groups == ["customer"] and not p.reading.has("compare")  # "customers in Germany or Austria with …"
    set_against = compare is not None and compare.kind in {"previous", "year_earlier", "period"}
    apart = set_against and p.reading.has("compare") and not groups  # "compare the growth of Garden and Kitchen"
    if versus and not listing and (compare is None or apart):
        for dimension, values in p.chosen.items():
            if len(values) > 1 and dimension not in groups:
                groups.append(dimension)
                p.used.update(p.reading.having("compare"))
    if not groups and compare is None and drawn_over_time(p):
        groups = [_trend_grain(p)]
    p.used.update(p.reading.having("compare") if groups or compare else ())
    known = p.reading.vocabulary.dimensions
    return [g for g in dict.fromkeys(groups) if g in known]


def _trend_grain(p: Parts) -> str:
    """Months for long stretches, days or weeks for short ones."""
    period = p.period
    if period is not None and period.kind in {"calendar", "rolling", "to_date"}:
        short = {"day": "day", "week": "day", "month": "day"}.get(str(period.unit))
        if short and period.count <= (31 if period.unit == "day" else 1):
            return short
        if period.unit == "week" or (period.unit == "month" and period.count <= 3):
            return "week"
    if period is not None and period.kind == "named" and period.month:
        return "day"
    return "month"


def _wants_list(p: Parts) -> bool:
    return not p.counted


def _transform(p: Parts, groups: list[str], compare: Comparison | None) -> tuple[Any, int | None]:
    r = p.reading
    if r.has("moving_average"):
        p.used.update(r.having("moving_average"))
        window = None
        for i, item in enumerate(r.items):
            length = item.get("duration") or (
                item.get("period")
                if item.has("period") and item.get("period").period and item.get("period").period.kind == "rolling"
                else None
            )
            if length is not None and item.has("duration"):
                p.used.add(i)
                window = int(length.count)
                if not groups:
                    groups.append(length.unit)
        if not groups:
            groups.append("month")
        return "moving_average", window if window and 2 <= window <= 366 else None
    if r.has("cumulative"):
        p.used.update(r.having("cumulative"))
        if not groups:
            groups.append("month")
        return "cumulative", None
    if r.has("share") and p.metrics and (all if not groups else any)(_is_rate(p, m) for m in p.metrics):
        p.used.update(r.having("share"))  # a rate is a share already
        return None, None
    if r.has("share") and compare is None and not p.shares_taken:
        p.used.update(r.having("share"))
        return "share", None
    return None, None


def _ranking(
    p: Parts, metrics: list[str], groups: list[str], compare: Comparison | None
) -> tuple[int | None, Sort | None]:
    moving = (
        p.reading.has("growth", "up", "down")
        and compare is not None
        and compare.kind in {"previous", "year_earlier", "period"}
    )
    if moving and groups and p.descending is None and not any(g in GRAINS for g in groups):
        falling = p.reading.has("down") and not p.reading.has("up")
        by_change = "change_pct" if in_percent(p) else "change"
        return (
            (p.limit or TOP, Sort(by=by_change, descending=not falling))
            if p.reading.has("which") or p.limit or p.lists_movers
            else (None, None)
        )
    if not groups or p.descending is None:
        if p.limit and groups:
            return p.limit, Sort(by=metrics[0])
        return None, None
    by = p.sort_metric if p.sort_metric in metrics else metrics[0]
    if (
        compare is not None
        and compare.kind in {"previous", "year_earlier", "period"}
        and p.reading.has("growth", "change")
    ):
        by = "change_pct" if in_percent(p) and not _is_rate(p, metrics[0]) else "change"
        if p.reading.has("down") and not p.reading.has("up"):  # "lost the most": the deepest fall first
            limit = p.limit or (1 if p.singular else TOP)
            return limit, Sort(by=by, descending=not p.descending)
    limit = p.limit or (None if p.sorted_only else 1 if p.singular else TOP)
    return limit, Sort(by=str(by), descending=p.descending != turned(p, str(by)))


def chart(p: Parts) -> Any:
    """The picture asked for."""
    kinds = [p.reading.items[i].get("chart") for i in p.reading.having("chart")]
    p.used.update(p.reading.having("chart"))
    named = [k for k in kinds if k != "auto"]
    if named and named[0] == "pie" and p.metrics and _is_rate(p, p.metrics[0]):
        p.notes.append("pie_of_rates")
        return "bar"
    return named[0] if named else "auto"


def _is_rate(p: Parts, metric: str) -> bool:
    term = p.reading.vocabulary.metrics.get(metric)
    return term is not None and (term.unit in {"percent", "ratio", "probability"} or metric.endswith("_rate"))
