"""Moves on the list or the figure before: the rest of it, without its largest row, turned round, finer, by growth."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from assistant.llm.planner.candidate import Planned, ToolCall, call
from assistant.llm.planner.discourse_pairs import later_first, two_before
from assistant.llm.planner.discourse_scene import Move, Scene, among, answer, dumped, made, parts_of
from assistant.llm.planner.period_grammar import PeriodReader
from assistant.llm.planner.references import period_of_row
from assistant.llm.planner.second_clauses import SHARE
from assistant.llm.planner.units import GRAINS
from assistant.llm.planner.values import join
from assistant.plans.filters import Compare, Filter, Not
from assistant.plans.periods import Period
from assistant.plans.query import ChangePlan, Comparison, QueryPlan, Sort

#: the other side of a bound
_OTHER_SIDE = {"gt": "le", "ge": "lt", "lt": "ge", "le": "gt"}
#: what a group is split into, where nobody says by what
_FINER = {"category": "subcategory", "subcategory": "product", "brand": "product", "country": "city", "year": "quarter",
          "quarter": "month", "month": "week", "week": "day", "day": "hour"}
_FIRST_SPLITS = ("category", "country", "month")
#: heads that are new or old by the first order: at the beginning of the data everybody is new
_BY_FIRST_ORDER = frozenset({"new_customers", "new_customer_share", "returning_customers"})
_NET = {"revenue": "net_revenue", "gross_revenue": "net_revenue", "units": "net_units",
        "returned_value": "net_revenue", "units_returned": "net_units"}
_TIMED = ("previous", "year_earlier", "period")


def rest(s: Scene) -> Planned | None:
    """As in "what about the rest?": the rows after those shown, or everything outside what was picked."""
    q = s.query
    if q is None:
        return None
    if q.dimensions and q.limit:
        shown = max(q.limit, len(s.rows()))
        return s.edited(limit=None, offset=q.offset + shown)
    if len(q.having) == 1 and q.having[0].of == "value" and q.having[0].op in _OTHER_SIDE:
        turned = q.having[0].model_copy(update={"op": _OTHER_SIDE[q.having[0].op]})
        return s.edited(having=[turned.model_dump()])
    parts = parts_of(q.filter)
    picked = [f for f in parts if isinstance(f, Compare) and f.op in {"eq", "in"} and f.field not in q.dimensions]
    picked = picked or [f for f in parts if isinstance(f, Compare) and f.op in {"eq", "in"}]
    if len(picked) == 1:
        kept: list[Filter] = [Not(part=f) if f is picked[0] else f for f in parts]
        return s.edited(filter=dumped(join(kept)))
    return s.no("nothing_left", "no_rows") if q.dimensions else None


def without(s: Scene) -> Planned | None:
    """As in "without the biggest one", "ignore the top two": the same list without these rows."""
    q, group = s.query, s.group()
    if q is None or group is None or len(q.dimensions) > 1:
        return None
    key = f"{group}_id" if s.rows() and f"{group}_id" in s.rows()[0] else group
    rows = [row for row in s.rows() if row.get(key) is not None]
    end = s.named("ends", "end")
    count = s.raw["counts"].get(s.said.get("n", "").lower(), 1)
    metric = q.sort.by if q.sort is not None and q.sort.by in q.metrics else q.metrics[0]
    if end in {"large", "small"}:
        rows = sorted((r for r in rows if isinstance(r.get(metric), int | float)),
                      key=lambda r: r[metric], reverse=end == "large")
    elif end == "last":
        rows = rows[::-1]
    gone = [str(row[key]) for row in rows[:count]]
    if not gone or len(gone) >= len(s.rows()) > 1:
        return None
    left = None if q.limit is None else max(q.limit - len(gone), 1)
    return s.edited(filter=dumped(join([*parts_of(q.filter), Not(part=among(group, gone))])), limit=left)


def reverse(s: Scene) -> Planned | None:
    """As in "the other way round": a list from its other end, or two splits, times or conditions changed over."""
    q = s.query
    if q is None:
        return None
    if q.compare is not None and q.compare.kind == "period" and q.period is not None:
        other = Comparison(kind="period", period=q.period)
        return s.edited(period=q.compare.period.model_dump(), compare=other.model_dump())  # type: ignore[union-attr]
    turned = _bought_turned(q.filter)
    if turned is not None:
        return s.edited(filter=dumped(turned))
    if q.dimensions and not set(q.dimensions) & set(GRAINS) and (q.sort is not None or len(q.dimensions) == 1):
        before = q.sort or Sort(by=q.metrics[0])
        return s.edited(sort=Sort(by=before.by, descending=not before.descending).model_dump(), offset=0)
    return s.edited(dimensions=q.dimensions[::-1]) if len(q.dimensions) == 2 else None


def _bought_turned(condition: Filter | None) -> Filter | None:
    """As in "bought tea but not coffee": coffee but not tea."""
    parts = parts_of(condition)
    shut = [f for f in parts if isinstance(f, Not)]
    if len(parts) != 2 or len(shut) != 1:
        return None
    one = next(f for f in parts if f is not shut[0])
    return join([shut[0].part, Not(part=one)]) if type(one) is type(shut[0].part) else None


def same_for(s: Scene) -> Planned | None:
    """As in "same for customers" after a list of products: the same list of others."""
    q, group = s.query, s.group()
    other = s.dimension(s.said["what"])
    if q is None or group is None or other is None or other in {group, "order"} or other in GRAINS:
        return None
    if s.planned(s.said["what"]) is None and len(s.said["what"].split()) > 3:
        return None
    return s.edited(dimensions=tuple(other if d == group else d for d in q.dimensions))


def finer(s: Scene) -> Planned | None:
    """As in "break that down", "go deeper" where nobody says by what: the next finer split, and which one is said."""
    q = s.query
    if q is None:
        return None
    known = s.words.dimensions
    if not q.dimensions:
        narrowed = {f.field for f in parts_of(q.filter) if isinstance(f, Compare)}
        by = next((d for d in _FIRST_SPLITS if d in known and _held(s, d) and d not in narrowed), None)
        dims: tuple[str, ...] = (by,) if by else ()
    else:
        by = _FINER.get(q.dimensions[-1])
        if by is None or by not in known or not _held(s, by):
            return None
        dims = (by,) if q.dimensions[-1] in GRAINS else (*q.dimensions[:-1], by)
    if by is None:
        return None
    return s.edited([f"split_by|{known[by].label}"], dimensions=dims, limit=None, offset=0,
                    sort=None if by in GRAINS else Sort(by=q.metrics[0]).model_dump())


def _held(s: Scene, dimension: str) -> bool:
    return s.words.dimensions[dimension].available


def net(s: Scene) -> Planned | None:
    """As in "minus returns": the money that is left after them."""
    q = s.query
    if q is None or q.metrics[0] not in _NET:
        return None
    return s.edited(metrics=(_NET[q.metrics[0]],), **_sorted_by(q, _NET[q.metrics[0]]))


def before_returns(s: Scene) -> Planned | None:
    """As in "and before returns?"."""
    q = s.query
    if q is None or q.metrics[0] != "net_revenue":
        return None
    return s.edited(metrics=("revenue",), **_sorted_by(q, "revenue"))


def _sorted_by(q: QueryPlan, metric: str) -> dict[str, Any]:
    return {"sort": {"by": metric, "descending": q.sort.descending}} if q.sort is not None else {}


def share_of_revenue(s: Scene) -> Planned | None:
    """As in "as % of revenue" after discounts or returns: the rate, where there is one; of a part, its share."""
    q = s.query
    if q is None or q.compare is not None:
        return None
    rate = SHARE.get(q.metrics[0])
    if rate is not None:
        return s.edited(metrics=(rate,), **_sorted_by(q, rate))
    if q.metrics[0] not in {"revenue", "net_revenue", "gross_revenue"}:
        return None
    if q.dimensions:
        return s.edited(transform="share")
    return s.edited(compare={"kind": "total"}) if q.filter is not None else None


def year_before(s: Scene) -> Planned | None:
    """As in "and the year before?" of a comparison: the same comparison one year earlier."""
    q = s.query
    if q is None or q.compare is None or q.compare.kind not in {"previous", "year_earlier"} or q.period is None:
        return None
    earlier = a_year_earlier(q.period)
    return None if earlier is None else s.edited(period=earlier.model_dump())


def a_year_earlier(period: Period) -> Period | None:
    """The same stretch a year before; None of periods that do not move by years."""
    if period.kind == "named" and period.year:
        return period.model_copy(update={"year": period.year - 1})
    if period.kind == "calendar" and period.count == 1 and period.unit in {"month", "quarter", "year"}:
        steps = {"month": 12, "quarter": 4, "year": 1}[str(period.unit)]
        return period.model_copy(update={"offset": period.offset - steps})
    return None


# -- growth ------------------------------------------------------------------------------------------------------------


def growth(s: Scene) -> Planned | None:
    """As in "sort it by growth", "which one is growing?": the groups by how far they moved, over a time that is said.

    Without a time the year so far is set against the same days of the year before; a series is set half against half,
    and so is what nobody can be new before (at the beginning of the data everybody is).
    """
    q, group = s.query, s.group()
    two = two_before(s)
    if q is not None and len(q.dimensions) == 1 and q.dimensions[0] in GRAINS and "sorting" not in s.said:
        return _unit_moved(s, q)
    if group is None and q is not None and not q.dimensions and two is not None and "one" in s.said:
        group = s.dimension(s.said["one"])  # "which categories grew most between the two?"
    if q is None or group is None or group in GRAINS and two is None:
        return None
    metric = q.metrics[0]
    changes: dict[str, Any] = {"metrics": (metric,), "dimensions": (group,), "transform": None, "having": (),
                               "offset": 0, "summary": None, "within": (), "chart": "auto"}
    notes: list[str] = []
    if two is not None and two.field is None and two.first.period is not None and q.period is not None:
        now, before = later_first(s, two.first.period, q.period)
        changes |= {"period": now.model_dump(), "compare": {"kind": "period", "period": before.model_dump()}}
    elif q.compare is None or q.compare.kind not in _TIMED:
        found = _times(s, q, metric)
        if found is None:
            return None
        period, compare, note = found
        changes |= {"period": period.model_dump(), "compare": compare.model_dump()}
        notes = [note] if note else []
    down = "down" in s.said
    by = "change_pct" if "fast" in s.said else "change"
    one = "one" in s.said and "sorting" not in s.said
    if q.limit is not None and q.limit > 1 and q.dimensions == (group,) and group != "customer" and s.last is not None:
        rows = list(dict.fromkeys(s.context.column(s.last, group)))  # of those listed, not of all there are
        changes |= {"filter": dumped(join([*parts_of(q.filter), among(group, rows)]))} if rows else {}
    changes |= {"sort": {"by": by, "descending": not down}, "limit": 1 if one else None}
    if not ("sorting" in s.said or "most" in s.said):
        bound = {"metric": metric, "op": "lt" if down else "gt", "values": (0.0,), "of": "change"}
        changes |= {"having": (bound,), "limit": None}
    return s.edited(notes, **changes)


def _unit_moved(s: Scene, q: QueryPlan) -> Planned | None:
    """As in "which month grew the most?" of a series: against what it is compared with, else the unit before."""
    compared = q.compare is not None and q.compare.kind in _TIMED
    named = s.dimension(s.said.get("one", ""))
    if (q.compare is not None and not compared) or q.transform is not None or named not in {None, q.dimensions[0]}:
        return None
    by = "change_pct" if "fast" in s.said else "change"
    return s.edited(metrics=q.metrics[:1], transform=None if compared else "growth", limit=1, offset=0, chart="auto",
                    sort=Sort(by=by, descending="down" not in s.said).model_dump())


def _times(s: Scene, q: QueryPlan, metric: str) -> tuple[Period, Comparison, str] | None:
    """The time looked at, what it is set against, and the note that says which was taken."""
    halves = bool(set(q.dimensions) & set(GRAINS)) or metric in _BY_FIRST_ORDER
    if q.period is None and not halves:
        return Period(kind="calendar", unit="year"), Comparison(kind="year_earlier"), "growth_period"
    if not halves:
        return q.period, Comparison(kind="previous"), ""  # type: ignore[return-value]
    cut = halves_of(s, q)
    return None if cut is None else (cut[1], Comparison(kind="period", period=cut[0]), "growth_halves")


def halves_of(s: Scene, q: QueryPlan) -> tuple[Period, Period] | None:
    """The first and the second half of the time that a question covers."""
    status = s.shop.status()
    if status.as_of is None or status.first_day is None:
        return None
    span = (status.first_day, status.as_of) if q.period is None else PeriodReader(
        [], s.words.lexicon, status.as_of).bounds(q.period)
    if q.period is not None and q.period.kind == "absolute" and q.period.start and not q.period.end:
        span = (q.period.start, status.as_of)
    cut = None if span is None else _halves(max(span[0], status.first_day), min(span[1], status.as_of))
    if cut is None:
        return None
    first, second = (Period(kind="absolute", start=a, end=b) for a, b in cut)
    return first, second


def _halves(start: date, end: date) -> tuple[tuple[date, date], tuple[date, date]] | None:
    """The first and the second half of a stretch, of one length; whole months where there are two or more."""
    first = start.year * 12 + start.month - 1 + (start.day > 1)
    after = end.year * 12 + end.month - 1 + ((end + timedelta(days=1)).day == 1)
    half = (after - first) // 2
    if half >= 1:
        day = [date(m // 12, m % 12 + 1, 1) for m in (first, first + half, after - half, after)]
        return (day[0], day[1] - timedelta(days=1)), (day[2], day[3] - timedelta(days=1))
    days = (end - start).days + 1
    if days < 2:
        return None
    return (start, start + timedelta(days=days // 2 - 1)), (end - timedelta(days=days // 2 - 1), end)


# -- what is behind ----------------------------------------------------------------------------------------------------


def behind(s: Scene) -> Planned | None:
    """As in "which countries drove that?", "which products are behind it?": the change, or the row picked, by these."""
    by = s.dimension(s.said["what"])
    if s.last is None or by is None or by in GRAINS or by == "customer":
        return None
    q, args = s.query, s.last.call.args
    if q is not None and q.limit == 1 and q.compare is None and q.dimensions and q.dimensions[0] in GRAINS:
        then = period_of_row(q.dimensions[0], str(next(iter(s.rows()), {}).get(q.dimensions[0])))
        return None if then is None else s.edited(
            dimensions=(by,), period=then.model_dump(), limit=10, offset=0, sort=Sort(by=q.metrics[0]).model_dump())
    if q is not None and q.dimensions and q.compare is None:
        group = s.group()
        if group is None or by == group:
            return None
        row = next(iter(s.rows()), {}) if q.limit == 1 else {}
        value = row.get(f"{group}_id", row.get(group))
        picked = [among(group, [str(value)])] if value is not None else []
        return s.edited(dimensions=(by,), limit=10, offset=0, filter=dumped(join([*parts_of(q.filter), *picked])),
                        sort=(q.sort or Sort(by=q.metrics[0])).model_dump())
    if q is not None:
        period, compare, metric, kept = q.period, q.compare, q.metrics[0], q.filter
    elif s.last.call.name in {"explain_change", "brief_shop"} and args.get("period"):
        plan: Any = s.last.call.plan()
        period, compare, kept = plan.period, getattr(plan, "compare", None), plan.filter
        metric = getattr(plan, "metric", s.words.role("money") or "revenue")
    else:
        return None
    if period is None:
        return None
    against = compare if compare is not None and compare.kind in _TIMED else Comparison(kind="previous")
    return answer(call(ChangePlan(metric=metric, period=period, compare=against, filter=kept, dimension=by)))


def over_time(s: Scene) -> Planned | None:
    """As in "is that getting worse?", "how has it developed?": the figure month by month, of a ranking its first."""
    q = s.query
    if s.last is not None and s.last.call.name == "explain_change":
        change: Any = s.last.call.plan()
        return made({"metrics": (change.metric,), "dimensions": ("month",), "filter": dumped(change.filter)})
    share = q is not None and q.compare is not None and q.compare.kind == "total" and not q.dimensions
    if q is None or set(q.dimensions) & set(GRAINS) or q.compare is not None and not share:
        return None
    group = s.group()
    parts = parts_of(q.filter)
    if q.dimensions:
        row = next(iter(s.rows()), {})
        value = row.get(f"{group}_id", row.get(str(group)))
        if group is None or value is None:
            return None
        if q.limit != 1:
            return growth(replace(s, said={"sorting": ""}))
        parts = [*parts, among(group, [str(value)])]
    span = q.period
    if span is not None and span.kind != "all" and span.unit not in {"year", None}:
        span = None
    if span is not None and span.kind == "named" and (span.month or span.quarter or span.event or span.week):
        span = None
    return s.edited(metrics=(q.metrics[0],), dimensions=("month",), filter=dumped(join(parts)), limit=None, sort=None,
                    offset=0, period=None if span is None else span.model_dump(), transform=None, having=())


def compared_year(s: Scene) -> Planned | None:
    """As in "compare that with last year" after a report on how the shop is doing: its main figures, year on year."""
    if s.last is None or s.last.call.name != "brief_shop" or not s.last.call.args.get("period"):
        return None
    roles = [s.words.role(r) for r in ("money", "orders", "customers", "average_order_value")]
    fields = {"metrics": tuple(dict.fromkeys(r for r in roles if r)), "period": s.last.call.args["period"],
              "filter": s.last.call.args.get("filter"), "compare": {"kind": "year_earlier"}}
    return answer(call(QueryPlan.model_validate(fields)))


def how_much(s: Scene) -> Planned | None:
    """As in "by how much?": a comparison says it already; a figure alone is set against the time before."""
    q = s.query
    if q is None:
        return None
    if q.limit == 1 and q.offset and q.compare is None:  # the second best: beside those before it
        return s.edited(limit=q.offset + 1, offset=0)
    if q.compare is not None or q.dimensions:
        return answer(s.last.call) if s.last is not None else None
    return s.edited(compare={"kind": "previous"}) if q.period is not None else None


def exact(s: Scene) -> Planned | None:
    """As in "round that": figures are shown as they were computed."""
    return s.no("figures_exact") if s.last is not None else s.no("no_answer_yet", words=s.text)


def nothing_yet(s: Scene) -> Planned | None:
    """What speaks of an answer where none was given: "and orders instead of sales"."""
    return s.no("no_answer_yet", words=s.text) if s.last is None and not s.context.open_turn() else None


def opened(s: Scene) -> Planned | None:
    """As in "tell me more about the second" after the list of drafts: that draft."""
    if s.last is None or s.last.call.name != "list_campaigns":
        return None
    place = s.raw["places"].get(s.said["place"].lower())
    ids = [str(r["campaign"]) for r in s.rows() if r.get("campaign")]
    if place is None or not -len(ids) <= place < len(ids):
        return None
    return answer(ToolCall("show_campaign", {"campaign_id": ids[place]}))


__all__ = ["MOVES", "a_year_earlier", "growth", "halves_of", "how_much", "net", "share_of_revenue"]
MOVES: dict[str, Move] = {
    "rest": rest, "without": without, "reverse": reverse, "same_for": same_for, "finer": finer, "net": net,
    "before_returns": before_returns, "share_of_revenue": share_of_revenue, "year_before": year_before,
    "growth": growth, "behind": behind, "over_time": over_time, "compared_year": compared_year, "how_much": how_much,
    "exact": exact, "nothing_yet": nothing_yet, "opened": opened,
}
