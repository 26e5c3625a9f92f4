"""Follow-ups on a question about the data: another measure, split, period, order, filter or picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from assistant.llm.planner.candidate import Candidate, ToolCall, call
from assistant.llm.planner.compose import chart
from assistant.llm.planner.context import Past
from assistant.llm.planner.dialogue_cues import used_cues
from assistant.llm.planner.dialogue_filters import (
    condition_period,
    edit_filter,
    edit_number,
    excluded,
    plain_count,
    with_condition_period,
)
from assistant.llm.planner.dialogue_people import by_message_channel, each_of_them, on_working_days, only_some, who_also
from assistant.llm.planner.dialogue_time import edit_periods
from assistant.llm.planner.dialogue_why import why
from assistant.llm.planner.heard import heard
from assistant.llm.planner.moves import in_percent, turned
from assistant.llm.planner.parts import Parts
from assistant.llm.planner.plan_edits import split_still
from assistant.llm.planner.spans import Item
from assistant.llm.planner.steps import covers_steps
from assistant.llm.planner.units import GRAINS
from assistant.plans.query import Comparison, Having, QueryPlan, Sort

if TYPE_CHECKING:
    from assistant.llm.planner.intents import Frames

_GOODS = frozenset({"product", "category", "subcategory", "brand"})
_CLOCK = frozenset({"weekday", "hour"})
#: measure per customer or order of a total
_PER = {
    ("customer", "revenue"): "revenue_per_customer",
    ("customer", "orders"): "orders_per_customer",
    ("order", "revenue"): "average_order_value",
    ("order", "units"): "basket_size",
}


def edits(frames: Frames, last: Past, plan: QueryPlan) -> Iterator[Candidate | None]:
    """Every way a text may change or question a query."""
    yield edit_query(frames, plan)
    yield why(frames, plan)
    yield pick(frames, last, plan)


def edit_query(frames: Frames, before: QueryPlan) -> Candidate | None:
    """The query with what the text changes; None where it changes nothing."""
    p = frames.parts()
    used_cues(p)
    plan = plain_count(before)
    changes: dict[str, Any] = {}
    only_some(p, plan)
    by_message_channel(p, plan)
    each_of_them(p, plan)
    on_working_days(p, plan)
    who_also(p, plan)
    _counted_instead(p, plan)
    _edit_chart(p, plan, changes)
    _edit_measures(p, plan, changes)
    if p.reading.has("guests"):
        p.groups = [g for g in p.groups if g not in {"customer_type", "customer"}]
    _which_ones(p, plan)
    if p.reading.has("trend") and not p.groups and not any(d in GRAINS for d in plan.dimensions):
        p.used.update(p.reading.having("trend"))
        p.groups = ["month"]
    if p.groups:
        changes["dimensions"] = _regroup(frames, plan, p.groups)
    filters = plan.filter
    if _most_moved(p, plan, changes):
        pass
    elif not (excluded(p) and not p.periods):
        filters = _edit_time(p, plan, changes)
    number = edit_number(p, plan)
    if _bounded(p, plan, changes, frames.context.last()):
        pass
    elif number is not None:
        filters = number
    else:
        _edit_rank(p, plan, changes)
    _drop(p, plan, changes)
    _widen(p, plan, changes)
    merged = edit_filter(frames, p, plan.model_copy(update={"filter": filters}))
    if merged is not None:
        changes["filter"] = merged
    elif "filter" not in changes and filters != plan.filter:
        changes["filter"] = filters
    _picked(p, plan, changes)
    _pinned(plan, changes)
    _edit_transform(p, plan, changes)
    one = any(item.lemma in heard("one") for item in p.reading.items) and p.reading.has("which")
    _long_enough(p, plan, changes)
    _of_people(p, plan, changes)
    if not changes or (one and not p.placed and not changes.get("dimensions", plan.dimensions)):
        return None  # "which one …" of a single figure
    try:
        edited = QueryPlan.model_validate(plan.model_copy(update=changes).model_dump())
    except ValidationError:
        return None
    if edited == before and p.reading.has("compare", "instead", "growth"):
        return None  # "and compared to the first one?": something else was asked for
    return frames.finish(p, [call(edited)], "follow_up", 0.0)


#: measures of customers, not of what they bought
_OF_EACH = frozenset({"orders_per_customer", "revenue_per_customer", "days_between_orders", "units_per_customer"})


def _of_people(p: Parts, plan: QueryPlan, changes: dict[str, Any]) -> None:
    """As in "how often do they order" after what they buy: of the people, not of each product; a list of customers is
    by what they spent where only their number was asked for."""
    metrics = set(changes.get("metrics", ()))
    if p.reading.has("customers_pronoun") and metrics & _OF_EACH and set(plan.dimensions) <= _GOODS and not p.groups:
        changes |= {"dimensions": (), "sort": None, "limit": None, "offset": 0}
    money = p.reading.vocabulary.role("money")
    counted = not metrics and len(plan.metrics) == 1 and plan.metrics[0].endswith("customers")
    if counted and money is not None and changes.get("dimensions") == ("customer",):
        changes["metrics"] = (money,)
        if "sort" in changes and changes["sort"] is not None and changes["sort"].by in plan.metrics:
            changes["sort"] = changes["sort"].model_copy(update={"by": money})


def _long_enough(p: Parts, plan: QueryPlan, changes: dict[str, Any]) -> None:
    """As in "the trend please" of one month: a series reaches beyond it."""
    grains = [d for d in changes.get("dimensions", ()) if d in GRAINS]
    if not grains or plan.period is None or p.periods or not p.reading.has("trend") or "period" in changes:
        return
    if not covers_steps(plan.period, grains, p.reading.vocabulary):
        changes |= {"period": None, "compare": None}


def _which_ones(p: Parts, plan: QueryPlan) -> None:
    """As in "and which ones spent most?" after a head count: those counted, one by one."""
    counting = not plan.dimensions and plan.metrics[0] in {"customers", "new_customers", "returning_customers"}
    first = p.reading.items[0].lemma if p.reading.items else ""
    asked = any(item.lemma in heard("dialogue_query.which_who") for item in p.reading.items[:2]) and first not in heard(
        "how"
    )
    if counting and asked and p.descending is not None and not p.groups:
        p.groups = ["customer"]


def _pinned(plan: QueryPlan, changes: dict[str, Any]) -> None:
    """As in "just returning" of new and returning customers by month: what is one value now splits nothing."""
    dims = changes.get("dimensions", plan.dimensions)
    left = split_still(dims, changes.get("filter"))
    if len(dims) > 1 and left != dims and not {*dims} & set(plan.within):
        changes["dimensions"] = left


def _edit_chart(p: Parts, plan: QueryPlan, changes: dict[str, Any]) -> None:
    picture = chart(p)
    if picture == "auto" and p.reading.has("chart"):
        picture = "line" if any(d in GRAINS for d in plan.dimensions) else "bar"
    if picture != "auto":
        changes["chart"] = picture


def _share_of_one(p: Parts, plan: QueryPlan, changes: dict[str, Any]) -> bool:
    """As in "what's the share of the app?" after a list by channel: that one row of the whole list."""
    fields = {getattr(f, "field", None) for f in p.rows}
    if not p.reading.has("share") or len(plan.dimensions) != 1 or fields != set(plan.dimensions) or plan.compare:
        return False
    p.used.update(p.reading.having("share"))
    changes |= {"dimensions": (), "compare": Comparison(kind="total", of=plan.filter), "sort": None, "limit": None,
                "offset": 0, "transform": None}
    return True


def _edit_transform(p: Parts, plan: QueryPlan, changes: dict[str, Any]) -> None:
    if _share_of_one(p, plan, changes):
        return
    for kind in ("share", "cumulative"):
        if p.reading.has(kind) and (kind != "share" or changes.get("dimensions") or plan.dimensions):
            p.used.update(p.reading.having(kind))
            changes["transform"] = kind
    if p.reading.has("moving_average"):
        p.used.update(p.reading.having("moving_average"))
        changes["transform"] = "moving_average"
        spans = [item.get("duration") for item in p.reading.items if item.has("duration")]
        if spans and 2 <= int(spans[0].count) <= 366:
            changes["window"] = int(spans[0].count)
            p.used.update(p.reading.having("duration"))


# -- measures and groups -----------------------------------------------------------------------------------------------


def _edit_measures(p: Parts, plan: QueryPlan, changes: dict[str, Any]) -> None:
    """Another measure, one more column ("add …"), or an order by one ("sort by …")."""
    _measure_not_band(p, plan)
    known = p.reading.vocabulary.metrics
    metrics = _not_replaced(p, [m for m in p.metrics if m in known], plan)
    if p.sort_metric in known and not metrics:
        metrics = [str(p.sort_metric)]
    per = _per(p, plan, metrics)
    if per is not None:
        metrics, p.groups = [per], []
    first = p.reading.items[0].lemma if p.reading.items else ""
    ordering = p.reading.has("sort_cue")
    p.used.update(p.reading.having("sort_cue"))
    if not metrics:
        return
    if plan.dimensions and (ordering or (first in heard("dialogue_query.adding") and not p.rows)):
        changes["metrics"] = tuple(dict.fromkeys((*plan.metrics, *metrics)))
        if ordering:
            down = p.descending if p.descending is not None else True
            changes["sort"] = Sort(by=metrics[0], descending=down)
            p.descending = None
        return
    changes["metrics"] = tuple(metrics)
    if plan.sort and plan.sort.by in plan.metrics:
        changes["sort"] = Sort(by=metrics[0], descending=plan.sort.descending)


def _not_replaced(p: Parts, metrics: list[str], plan: QueryPlan) -> list[str]:
    """As in "show profit instead of revenue": what stands after "instead of" goes."""
    at = next((i for i in p.reading.having("instead") if i), None)
    if at is None:
        return metrics
    gone = {str(m) for item in p.reading.items[at + 1 :] for m in item.alts.get("metric", ())} & set(plan.metrics)
    named = [str(item.get("metric")) for item in p.reading.items[:at] if item.has("metric")] if gone else []
    return named or [m for m in metrics if m not in gone] or metrics


def _counted_instead(p: Parts, plan: QueryPlan) -> None:
    """As in "show me the count instead" of money: the orders are counted."""
    said = p.reading.has("count") and p.reading.has("instead") and not p.metrics and not p.groups
    orders = p.reading.vocabulary.role("orders")
    if said and orders is not None and plan.metrics[0] != orders:
        p.used.update(p.reading.having("count"))
        p.metrics = [orders]


def _measure_not_band(p: Parts, plan: QueryPlan) -> None:
    """As in "by number of orders" of a ranking: the measure, not bands of it."""
    if not plan.dimensions or not plan.limit:
        return
    for item in p.reading.items:
        band = next((d for d in item.alts.get("dim", ()) if d in p.groups and _counts(str(d), plan)), None)
        if band is not None and item.has("metric"):
            p.groups.remove(str(band))
            p.metrics.append(str(item.get("metric")))


def _counts(dimension: str, plan: QueryPlan) -> bool:
    """Whether a noun beside a ranking is what it is ranked by: "by orders" of cities."""
    return dimension.endswith("_band") or dimension in {"order", "customer"} - set(plan.dimensions)


def _per(p: Parts, plan: QueryPlan, metrics: list[str]) -> str | None:
    """As in "per customer" after revenue: the measure that is revenue per customer, where there is one."""
    said = any(t.lemma in heard("per") for t in p.reading.tokens)
    if not said or metrics or p.groups not in (["customer"], ["order"]):
        return None
    name = _PER.get((p.groups[0], plan.metrics[0]))
    return p.reading.vocabulary.role(name) if name else None


def _regroup(frames: Frames, plan: QueryPlan, groups: list[str]) -> tuple[str, ...]:
    """A time grain replaces a time grain; another group joins when "and" or "also" is said, else replaces its like."""
    r = frames.reading
    splitting = any(item.lemma in heard("dialogue_query.splitting") for item in r.items)
    added = (
        r.has("also") and not r.has("instead") and not any(t.lemma in heard("same") for t in r.tokens)
    ) or splitting
    grain = [g for g in groups if g in GRAINS]
    others = [g for g in groups if g not in GRAINS]
    if grain and not others:
        kept = [d for d in plan.dimensions if d not in GRAINS]
        replaces = any(d in GRAINS for d in plan.dimensions)
        return (*grain, *(kept if replaces or added else ()))
    alone = r.has("instead") and bool(plan.dimensions) and all(d in GRAINS for d in plan.dimensions)
    clock = any(g in _CLOCK for g in groups) and not added  # "by weekday" of days: no day is a weekday of its own
    kept = [] if alone or clock else [d for d in plan.dimensions if d in GRAINS or added]
    if clock:
        kept = [] if r.has("instead") else [d for d in plan.dimensions if d not in {*GRAINS, *_CLOCK}]
    return tuple(dict.fromkeys([*kept, *groups]))


# -- time --------------------------------------------------------------------------------------------------------------


def _edit_time(p: Parts, plan: QueryPlan, changes: dict[str, Any]) -> Any:
    """Another period, of the plan or of its one condition that has one; the filter as it is afterwards."""
    inner = condition_period(plan)
    if inner is None:
        edit_periods(p, plan, changes)
        return plan.filter
    edit_periods(p, plan.model_copy(update={"period": inner}), changes)
    if "period" not in changes:
        return plan.filter
    return with_condition_period(plan.filter, inner, changes.pop("period"))


# -- order and number of rows ------------------------------------------------------------------------------------------


def _edit_rank(p: Parts, plan: QueryPlan, changes: dict[str, Any]) -> None:
    limit = p.limit
    dims = changes.get("dimensions", plan.dimensions)
    if limit is None and dims:
        limit = _bare_number(p)
    if dims and p.reading.has("sorted"):
        p.used.update(p.reading.having("sorted"))
        words = {t.lemma for i in p.reading.having("sorted") for t in p.reading.items[i].tokens}
        metric = changes["sort"].by if "sort" in changes else plan.sort.by if plan.sort else plan.metrics[0]
        low = bool(words & heard("dialogue_query.lowest"))
        changes["sort"] = Sort(by=metric, descending=low == turned(p, metric))
        return
    if not dims or (limit is None and p.descending is None):
        return
    metric = (changes.get("metrics") or plan.metrics)[0]
    before = plan.sort
    descending = p.descending if p.descending is not None else (before.descending if before else True)
    compare = changes.get("compare", plan.compare)
    moved = compare is not None and compare.kind in {"previous", "year_earlier", "period"}
    by = before.by if before and "metrics" not in changes else metric
    if moved and p.reading.has("growth", "up", "down", "change"):
        by = "change"
        descending = descending != (p.reading.has("down") and not p.reading.has("up"))
    elif p.descending is not None:
        descending = descending != turned(p, by)
    changes["sort"] = Sort(by=by, descending=descending)
    changes["limit"] = min(limit or _rows_meant(p, plan), 10_000)
    if changes["limit"] == 1 and plan.transform == "share":
        changes["transform"] = None
    on = plan.limit is not None and p.descending is None and any(
        item.lemma in heard("dialogue_query.next") for item in p.reading.items
    )
    changes["offset"] = plan.offset + plan.limit if on and plan.limit is not None else p.offset


def _bounded(p: Parts, plan: QueryPlan, changes: dict[str, Any], last: Past | None) -> bool:
    """As in "only those above 90" of a list: a bound on the measure that the list is about."""
    if not plan.dimensions or p.metrics or p.conditions.customers or plan.compare is not None:
        return False
    for i in p.reading.having("cmp"):
        bound = p.reading.items[i + 1] if i + 1 < len(p.reading.items) else None
        value = bound.tokens[0].value if bound is not None and len(bound.tokens) == 1 else None
        op = p.reading.items[i].get("cmp")
        timed = bound is not None and bound.has("period", "duration", "dim")
        if value is None or timed or bound is None or bound.unit == "ordinal" or op not in {"gt", "ge", "lt", "le"}:
            continue
        p.used.update({i, i + 1}, p.reading.having("customers_pronoun"))
        p.conditions.measures, p.limit = [], None
        metric = _counted_by(p, i + 2) or _bounded_measure(last, plan, float(value))
        term = p.reading.vocabulary.metrics.get(metric)
        share = in_percent(p) and term is not None and term.adds_up  # "over 5 percent" of revenue: of all revenue
        changes["having"] = (Having(metric=metric, op=op, values=(float(value),), of="share" if share else "value"),)
        changes["limit"] = None
        return True
    return False


def _counted_by(p: Parts, i: int) -> str | None:
    """As in "at least 20 **customers**": what the number counts."""
    item = p.reading.items[i] if i < len(p.reading.items) else None
    if item is None:
        return None
    for name in ("customer", "order", "product"):
        if name in item.alts.get("dim", ()):
            p.used.add(i)
            p.groups = [g for g in p.groups if g != name]
            return p.reading.vocabulary.role({"customer": "customers", "order": "orders"}.get(name, "products_sold"))
    return None


def _bounded_measure(last: Past | None, plan: QueryPlan, value: float) -> str:
    """The measure of the list that has values on both sides of the bound; the one it is ordered by, if all have."""
    by = plan.sort.by if plan.sort is not None and plan.sort.by in plan.metrics else plan.metrics[0]
    for table in ((last.result or {}).get("tables", ()) if last is not None else ())[:1]:
        names = [c["name"] for c in table.get("columns", ())]
        for metric in dict.fromkeys((by, *plan.metrics)):
            at = names.index(metric) if metric in names else None
            cells = [row[at] for row in table["rows"] if row[at] is not None] if at is not None else []
            if cells and min(cells) <= value <= max(cells):
                return metric
    return by


def _most_moved(p: Parts, plan: QueryPlan, changes: dict[str, Any]) -> bool:
    """As in "which one grew the most?" of groups that are compared already: ranked by that change."""
    r = p.reading
    own = r.has("previous", "year_earlier", "compare") or p.periods
    ones = {i for i, item in enumerate(r.items) if item.text.lower() in heard("dialogue_query.those")}
    moved = bool(ones) and r.has("only") and r.has("up") != r.has("down")
    if not plan.dimensions or not r.has("growth", "up", "down") or own or (plan.compare is None and not moved):
        return False
    if plan.compare is None:
        if plan.period is None or any(d in GRAINS for d in plan.dimensions):
            return False
        changes["compare"] = Comparison(kind="previous")
    if p.descending is None and not r.has("which", "only"):
        return False
    p.used.update(r.having("growth", "up", "down", "change"))
    down = r.has("down") and not r.has("up")
    if moved:
        bound = Having(metric=plan.metrics[0], op="lt" if down else "gt", values=(0.0,), of="change")
        changes |= {"having": (bound,), "limit": None, "offset": 0, "sort": Sort(by="change", descending=not down)}
        p.used.update(ones)
        return True
    changes["sort"] = Sort(by="change_pct" if in_percent(p) else "change", descending=not down)
    changes["limit"] = p.limit or (1 if any(item.lemma in heard("one") for item in r.items) else 10)
    p.descending = p.limit = None
    return True


def _bare_number(p: Parts) -> int | None:
    """As in "show 10", "make that 5"."""
    ones = {i for i, item in enumerate(p.reading.items) if item.text.lower() in heard("one")}
    for i, item in enumerate(p.reading.items):
        whole = item.number is not None and item.number == int(item.number) > 0
        if i and p.reading.items[i - 1].lemma in heard("the") and not _followed(p, i):
            continue  # "and the two together?"
        if whole and item.unit is None and not item.has("period", "duration") and i not in p.used | ones:
            p.used.add(i)
            p.used.update(k for k, other in enumerate(p.reading.items) if other.lemma in heard("first"))
            return int(item.number or 0)
    return None


def _followed(p: Parts, i: int) -> bool:
    """As in "the 5 best", "the three countries": the number counts what follows."""
    after = p.reading.items[i + 1] if i + 1 < len(p.reading.items) else None
    return after is not None and after.has("rank", "dim")


def _rows_meant(p: Parts, plan: QueryPlan) -> int:
    """One row for "which one is the best?", else as many as before."""
    said = any(item.lemma in heard("one") for item in p.reading.items)
    return 1 if _the_one(p) and (said or not plan.limit) else plan.limit or 10


def _the_one(p: Parts) -> bool:
    """As in "which was the best?", "and the worst one": one row is wanted."""
    items = p.reading.items
    for i in p.reading.having("rank"):
        after = items[i + 1] if i + 1 < len(items) else None
        ends = after is None or after.tokens[0].kind == "stop" or after.lemma in heard("one") or _one_unit(items, i + 1)
        if ends and not any(it.tokens[-1].lemma in heard("dialogue_query.were") for it in items[:i]):
            return True
    return False


def _one_unit(items: Sequence[Item], i: int) -> bool:
    """As in "the best week?": a noun in the singular, at the end."""
    noun = items[i].tokens[-1]
    last = all(item.tokens[0].kind == "stop" for item in items[i + 1 :])
    return last and items[i].has("dim", "grain") and noun.word == noun.lemma


def _drop(p: Parts, plan: QueryPlan, changes: dict[str, Any]) -> None:
    """As in "without the comparison", "remove the filter", "drop Germany"."""
    if not p.reading.has("drop"):
        return
    hits = p.reading.having("drop")
    words = {t.lemma for t in p.reading.tokens}
    timed = words & heard("dialogue_query.time") and not p.periods
    if words & heard("dialogue_query.filter") and not timed:
        named = {i for i, t in enumerate(p.reading.items) if t.lemma in heard("dialogue_query.filter")}
        p.used.update(hits, named, p.reading.having("only"))
        changes["filter"] = None
    elif timed:
        p.used.update(hits, {i for i, t in enumerate(p.reading.items) if t.lemma in _TIMED})
        p.groups = [g for g in p.groups if g not in GRAINS]
        changes |= {"period": None, "dimensions": plan.dimensions}
    elif words & heard("dialogue_query.comparison"):
        p.used.update(hits)
        changes["compare"] = None
    elif words & heard("dialogue_query.chart"):
        p.used.update(hits, p.reading.having("chart"))
        changes["chart"] = "table"


_TIMED = heard("dialogue_query.timed")


def _widen(p: Parts, plan: QueryPlan, changes: dict[str, Any]) -> None:
    """As in "show all" (every row) and "and overall?" (every group)."""
    if p.reading.has("everything") and (plan.limit or plan.offset) and not p.limit:
        p.used.update(p.reading.having("everything"))
        changes["limit"], changes["offset"] = None, 0
    elif p.reading.has("everything") and not p.metrics and len(p.reading.items) <= 4:
        p.used.update(p.reading.having("everything"))
        changes["limit"] = None
    if p.reading.has("overall") and not p.metrics and len(p.reading.items) <= 4:
        p.used.update(p.reading.having("overall"))
        if plan.filter is not None:
            changes["filter"] = None
        else:
            changes["dimensions"], changes["limit"], changes["sort"] = (), None, None


def _picked(p: Parts, plan: QueryPlan, changes: dict[str, Any]) -> None:
    """One row picked from a ranking: the rank has done its work."""
    dims = set(plan.dimensions)
    one = any(getattr(f, "field", None) in dims and getattr(f, "op", "") == "eq" for f in p.rows)
    if p.referred and one and p.limit is None and p.descending is None:
        changes |= {"limit": None, "sort": None, "offset": 0}


# -- which row --------------------------------------------------------------------------------------------------------


def pick(frames: Frames, last: Past, plan: QueryPlan) -> Candidate | None:
    """As in "the second one" · "tell me about the first": one customer of the last list in full."""
    p = frames.parts()
    if not p.referred or len(p.customer_ids) != 1 or "customer" not in plan.dimensions:
        return None
    if p.metrics or p.groups or p.periods or p.conditions.customers or frames.reading.does("recommend", "explain"):
        return None
    used_cues(p)
    p.used.update(frames.reading.does("profile"))
    return frames.finish(p, [ToolCall("describe_customer", {"customer_id": p.customer_ids[0]})], "follow_up", -0.02)


__all__ = ["edit_query", "edits"]
