"""Plans in one short line, so that hundreds of expectations can be read at a glance.

``query revenue by country where country=Germany in month-1 top 10 revenue`` · ``list cust(revenue gt 500)`` ·
``decline missing_data``
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from assistant.llm.planner.candidate import ToolCall
from assistant.plans.filters import (
    Among,
    And,
    BoughtThen,
    Compare,
    CustomerCondition,
    Filter,
    InGroup,
    Not,
    Or,
    Predicted,
)
from assistant.plans.periods import Period

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def period(p: Period) -> str:
    if p.kind == "calendar":
        offset = f"{p.offset}" if p.offset else "0"
        return f"{p.unit}{offset}" + (f" x{p.count}" if p.count > 1 else "")
    if p.kind == "rolling":
        return f"rolling {p.count} {p.unit}"
    if p.kind == "to_date":
        return f"{p.unit} to date"
    if p.kind == "absolute":
        if p.end is None and p.start and p.start.day == 1:
            return f"since {_MONTHS[p.start.month - 1]}" if p.start.year == 2011 else f"since {p.start}"
        if p.start == p.end:
            return str(p.start)
        return f"{p.start or ''}..{p.end or ''}"
    parts = [
        p.event,
        f"q{p.quarter}" if p.quarter else None,
        _MONTHS[p.month - 1] if p.month else None,
        f"w{p.week}" if p.week else None,
        str(p.year) if p.year else None,
    ]
    return " ".join(x for x in parts if x)


def _number(value: Any) -> str:
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def condition(f: Filter) -> str:
    match f:
        case Compare():
            if f.field == "customer" and len(f.values) > 1:
                return "churn"
            if f.op == "eq":
                return f"{f.field}={_number(f.values[0])}"
            if f.op == "contains":
                return f"{f.field}~{f.values[0]}"
            return f"{f.field} {f.op} ({','.join(_number(v) for v in f.values)})"
        case CustomerCondition():
            inner = f"{f.metric} {f.rank or f.op} {','.join(_number(v) for v in f.values)}"
            inner += f" where {condition(f.where)}" if f.where else ""
            inner += f" in {period(f.period)}" if f.period else ""
            inner += f" within {f.within_days} days" if f.within_days is not None else ""
            return f"cust({inner})"
        case And():
            return f"and({', '.join(condition(p) for p in f.parts)})"
        case Or():
            return f"or({', '.join(condition(p) for p in f.parts)})"
        case Not():
            return f"not {condition(f.part)}"
        case InGroup():
            return f"group({f.name or f.group})"
        case BoughtThen():
            steps = " then ".join("any" if s is None else condition(s) for s in f.steps)
            apart = f" within {f.within_days} days" if f.within_days is not None else ""
            return f"bought({steps}{apart}" + (f" in {period(f.period)})" if f.period else ")")
        case Predicted():
            return f"{f.attribute}({f.rank or f.op} {','.join(_number(v) for v in f.values)} in {f.horizon_days} days)"
        case Among():
            which = f"{'top' if f.descending else 'bottom'} {f.limit}" if f.limit else "all"
            text = f"among({f.dimension} {which} {f.metric}"
            text += f" where {condition(f.where)}" if f.where else ""
            return text + (f" in {period(f.period)})" if f.period else ")")
    raise TypeError(f)


def _query(p: Any) -> str:
    by_customer = (
        p.dimensions == ("customer",) and p.filter is not None and p.limit is None and p.period is None and not p.having
    )
    if by_customer:
        return f"list {condition(p.filter)}"
    text = f"query {'+'.join(p.metrics)}"
    text += f" by {','.join(p.dimensions)}" if p.dimensions else ""
    text += f" where {condition(p.filter)}" if p.filter else ""
    text += f" in {period(p.period)}" if p.period else ""
    if p.compare:
        text += f" vs {p.compare.kind}" + (f" {period(p.compare.period)}" if p.compare.period else "")
    for h in p.having:
        of = "" if h.of == "value" else f"{h.of} of "
        text += f" having {of}{h.metric} {h.op} {','.join(_number(v) for v in h.values)}"
    if p.limit:
        by = p.sort.by if p.sort else ""
        text += f" {'top' if not p.sort or p.sort.descending else 'bottom'} {p.limit} {by}".rstrip()
    elif p.sort:
        text += f" sort {p.sort.by} {'desc' if p.sort.descending else 'asc'}"
    text += f" offset {p.offset}" if p.offset else ""
    text += f" within {','.join(p.within)}" if p.within else ""
    text += f" {p.summary}" if p.summary else ""
    if p.transform:
        text += f" {p.transform}" + (f" {p.window}" if p.transform == "moving_average" else "")
    text += f" chart {p.chart}" if p.chart != "auto" else ""
    return text


def _campaign(p: Any, terms: dict[str, str]) -> str:
    text = f"campaign {p.goal}"
    if p.audience is not None:
        said = condition(p.audience)
        text += f" to {terms.get(said, said)}"
    if p.offer.kind != "none":
        value = (
            f"{_number(p.offer.value)}{'%' if p.offer.kind == 'percent_off' else ''}" if p.offer.value else p.offer.kind
        )
        text += f" offer {value}"
    text += f" {p.offer.category}" if p.offer.category else ""
    text += f" via {'+'.join(p.channels)}" if p.channels != ("email", "sms") else ""
    text += f" tone {p.tone}" if p.tone not in {None, "friendly"} else ""
    text += f" in {period(p.period)}" if p.period else ""
    text += f" holdout {_number(p.holdout_share)}" if p.holdout_share is not None else ""
    return text


def rules(p: Any, *, said: bool = False) -> str:
    """Rules of a list of products; ``said``: its price limit and category are in the line already."""
    text = f" max={_number(p.max_price)}" if p.max_price and not said else ""
    text += f" {p.category}" if p.category and not said else ""
    text += f" min={_number(p.min_price)}" if p.min_price else ""
    text += f" margin={_number(p.min_margin)}" if p.min_margin else ""
    text += f" brand={p.brand}" if p.brand else ""
    without = (*p.exclude_categories, *p.exclude_words)
    text += f" not={','.join(without)}" if without else ""
    text += f" per_category={p.max_per_category}" if p.max_per_category else ""
    text += " one_per_variant" if p.one_per_variant else ""
    text += f" varied={_number(p.diversity)}" if p.diversity else ""
    return text + ("" if p.in_stock_only else " out_of_stock_too")


def _if(label: str, value: Any) -> str:
    """The label and a value, where there is one."""
    return f" {label}{_number(value)}" if value else ""


def _where(p: Any) -> str:
    return f" where {condition(p.filter)}" if p.filter else ""


def _but(label: str, value: Any, default: Any) -> str:
    """The label and a value, where it is not the usual one."""
    return f" {label}{value}" if value != default else ""


def _change(p: Any) -> str:
    text = f"change {p.metric} in {period(p.period)}"
    if p.compare.kind != "previous":
        text += f" vs {p.compare.kind}" + (f" {period(p.compare.period)}" if p.compare.period else "")
    return text + _where(p) + _if("", p.claimed) + _if("by ", p.dimension)


def _segments(p: Any) -> str:
    text = "segments" + _but("", p.method, "auto") + _if("k=", p.k)
    return text + (f" on {period(p.on)}" if p.on else "") + _but("", p.view, "profile")


def _value(p: Any) -> str:
    text = "value" + _but("", p.about, "value") + _if("customer=", p.customer_id) + _if("by ", p.by)
    text += _but("days=", p.horizon_days, 365) + _if("cost=", p.acquisition_cost)
    text += _if("margin=", p.margin_percent) + _if("discount=", p.discount_percent)
    return text + (" as margin" if p.measure == "margin" else "")


def _new(p: Any) -> str:
    return "new" + _if("customer=", p.customer_id) + _if("", p.category) + _where(p) + _but("k=", p.k, 5) + (
        f" in {period(p.period)}" if p.period else "") + (" newest" if p.newest_first else "")


def _recommend(p: Any) -> str:
    text = "recommend" + _if("customer=", p.customer_id) + _where(p) + _but("k=", p.k, 5) + _if("max=", p.max_price)
    return text + (" adults" if p.adults_only else "") + _if("", p.category) + rules(p, said=True)


def _search(p: Any) -> str:
    text = "search" + _if("", p.text) + _if("like ", _LIKE.get(p.like_product_id, p.like_product_id))
    text += _if("", p.relative_price) + _if("max=", p.max_price) + _if("min=", p.min_price)
    return text + _if("in ", p.category)


def _bundles(p: Any) -> str:
    return "bundles" + _if("of ", p.size) + _if("with ", p.product_id) + _if("total=", p.max_total) + rules(p)


def _together(p: Any) -> str:
    text = f"together {p.product_id or p.category or ''}".strip()
    text += f"+{'+'.join(p.also_product_ids)}" if p.also_product_ids else ""
    return text + (" complements" if p.complements else "")


def _forecast(p: Any) -> str:
    span = f"{p.first_day}..{p.last_day}" if p.last_day else p.occasion or f"{p.horizon} {p.grain}"
    return f"forecast {p.metric} {span}" + _if("by ", p.split_by) + _if("target=", p.target) + _where(p)


def _churn(p: Any) -> str:
    text = "churn" + _if("customer=", p.customer_id) + _if("by ", p.by)
    text += f" each of {condition(p.filter)}" if p.everyone else ""
    text += f" of {condition(p.filter)}" if p.filter and not p.everyone else ""
    text += f" against {condition(p.against)}" if p.against else ""
    return text + _but("k=", p.k, 20) + _but("days=", p.horizon_days, 90)


_BY_TOOL: dict[str, Callable[[Any], str]] = {
    "query_data": _query,
    "explain_change": _change,
    "count_audience": lambda p: f"audience {condition(p.filter)}",
    "find_segments": _segments,
    "customer_value": _value,
    "likely_buyers": lambda p: f"buyers {p.product_id or p.category or p.text or p.like_customer_id}",
    "new_products": _new,
    "check_recommender": lambda p: f"check {p.about}",
    "describe_customer": lambda p: f"customer {p.customer_id}",
    "recommend_products": _recommend,
    "search_products": _search,
    "run_study": lambda p: _study(p.study),
    "find_substitutes": lambda p: f"substitutes {p.product_id}" + _if("", p.relative_price) + rules(p),
    "propose_bundles": _bundles,
    "plan_promotion": lambda p: p.action + _but("k=", p.k, 5) + rules(p),
    "bought_together": _together,
    "forecast_metric": _forecast,
    "predict_churn": _churn,
    "check_premise": lambda p: _query(p.plan) if p.asked and p.plan else "check_premise",
    "describe_data": lambda p: "describe",
    "ask_back": lambda p: "ask",
    "decline": lambda p: f"decline {p['reason']}",
}


def shorthand(call: ToolCall, terms: dict[str, str] | None = None) -> str:
    """One call in one line. ``terms`` names filters in short ("lapsed")."""
    if call.name == "draft_campaign":
        return _campaign(call.plan(), terms or {})
    return _BY_TOOL[call.name](call.plan()) if call.name in _BY_TOOL else call.name


def _study(s: Any) -> str:
    """A study by its own fields, those left at their defaults not said."""
    text = f"study {s.study}"
    for name, value in s:
        if name == "study" or value == type(s).model_fields[name].default or value is None:
            continue
        if name in {"period", "base", "later"}:
            text += f" {name}={period(value)}"
        elif name == "filter":
            text += f" where {condition(value)}"
        elif name in {"first", "second"}:
            text += f" {name}={condition(value)}"
        else:
            text += f" {name}={','.join(_number(v) for v in value) if isinstance(value, tuple) else value}"
    return text


_LIKE = {"P1": "red mug", "P2": "blue mug", "P3": "linen cushion", "P4": "garden lantern", "P5": "tea towel"}
