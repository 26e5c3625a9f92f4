"""What is asked of a forecast, a recommendation, goods bought together, a briefing or the reasons of a change.

Each is a change of the typed plan before, or the full request that its thing completes.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from assistant.llm.planner.answers import run
from assistant.llm.planner.candidate import Planned, call
from assistant.llm.planner.context import Past
from assistant.llm.planner.dialogue_time import neighbour
from assistant.llm.planner.discourse_scene import FRAME, parts_of
from assistant.llm.planner.heard import expression
from assistant.llm.planner.in_talk import FIGURE, FIGURES, InTalk, planned
from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.spans import read
from assistant.llm.planner.things_in_talk import listed, looked_at, one_of, shown
from assistant.llm.planner.values import join
from assistant.plans import CheckRequest
from assistant.plans.answering import Answering
from assistant.plans.filters import And, Compare, CustomerCondition, Filter
from assistant.plans.periods import Period
from assistant.plans.promotions import BundleRequest, SubstituteRequest
from assistant.plans.query import ChangePlan, Comparison, QueryPlan
from assistant.plans.requests import (
    BuyersRequest,
    ExplainRequest,
    ForecastRequest,
    RecommendRequest,
    TogetherRequest,
)

_CENT = 0.01
_DAYS = {"day": 1, "week": 7}
_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_SALES = ("revenue", "orders", "customers", "average_order_value")
#: what a product is sold for: its list price, else what was paid for it
_PRICES = ("average_list_price", "average_price")


# -- forecasts ---------------------------------------------------------------------------------------------------------


def _ahead(t: InTalk) -> Planned | None:
    """As in "and the month after that?": the forecast of the stretch that follows the one before."""
    plan: Any = t.last.call.plan()
    ends = _window(t.last, plan)
    if not isinstance(plan, ForecastRequest) or ends is None:
        return None
    unit, count = t.heard.slots.get("unit", "").lower().rstrip("s"), t.number("count") or 1
    if not unit and "count" in t.heard.slots:
        unit = "month" if _own_length(*ends)[0] == "month" else plan.grain
    elif not unit:
        unit, count = _own_length(*ends)
    found = _beside(ends, unit, count, forward="after" in t.heard.tags)
    if found is None:
        return None
    first, last = found
    if last <= t.words.status.as_of:  # days that have been are no forecast
        period = Period(kind="absolute", start=first, end=last)
        return planned(call(QueryPlan(metrics=(plan.metric,), filter=plan.filter, period=period)))
    fields = {**plan.model_dump(), "first_day": first, "last_day": last, "occasion": None, "target": None}
    return planned(call(ForecastRequest.model_validate(fields)))


def _window(past: Past, plan: ForecastRequest) -> tuple[date, date] | None:
    """First and last day of what was forecast."""
    if plan.last_day is not None and plan.first_day is not None:
        return plan.first_day, plan.last_day
    cells = [shown(past, "summary", name) for name in ("first_period", "first_day", "last_day")]
    first = cells[0] or cells[1]
    return (date.fromisoformat(str(first[0])), date.fromisoformat(str(cells[2][0]))) if first and cells[2] else None


def _own_length(first: date, last: date) -> tuple[str, int]:
    """A stretch as whole months where it is some, else as days."""
    ends = last.day == monthrange(last.year, last.month)[1]
    if first.day == 1 and ends:
        return "month", (last.year - first.year) * 12 + last.month - first.month + 1
    return "day", (last - first).days + 1


def _beside(ends: tuple[date, date], unit: str, count: int, *, forward: bool) -> tuple[date, date] | None:
    """The stretch of so many units right after (or before) another one."""
    if unit in _DAYS:
        length = timedelta(days=_DAYS[unit] * count - 1)
        start = ends[1] + timedelta(days=1) if forward else ends[0] - timedelta(days=1) - length
        return start, start + length
    if unit not in _MONTHS:
        return None
    months = _MONTHS[unit] * count
    edge = ends[1] if forward else ends[0]
    start = edge.year * 12 + edge.month - 1 + (1 if forward else -months)
    if unit == "quarter" and forward and start % 3:
        return None
    end = start + months - 1
    return (date(start // 12, start % 12 + 1, 1),
            date(end // 12, end % 12 + 1, monthrange(end // 12, end % 12 + 1)[1]))


def _error(t: InTalk) -> Planned | None:
    """How far off such forecasts were: from the rehearsals of the forecast before."""
    total = next((c for c in shown(t.last, "summary", "total") if isinstance(c, int | float)), None)
    return planned(call(ExplainRequest(tool=t.last.call.name, arguments=t.last.call.args, before=total)))


def _forecast_against(t: InTalk) -> Planned | None:
    """Against the year before, which the answer itself says."""
    month = t.heard.slots.get("month", "").lower()
    plan: Any = t.last.call.plan()
    ends = _window(t.last, plan)
    same = not month or (ends is not None and t.raw["months"][ends[0].month - 1] == month
                         and ends[0].month == ends[1].month)
    told = any(c is not None for c in shown(t.last, "summary", "year_earlier"))
    return planned(t.last.call) if same and told else None


# -- recommendations ---------------------------------------------------------------------------------------------------


def _priced(t: InTalk) -> Planned | None:
    """As in "something cheaper": cheaper (or dearer) than everything that was shown."""
    plan: Any = t.last.call.plan()
    past = next((p for p in reversed(t.context.past) if p.call.name == t.last.call.name
                 and shown(p, "products", "price")), None)
    prices = [float(c) for c in shown(past, "products", "price") if isinstance(c, int | float)] if past else []
    if not isinstance(plan, RecommendRequest) or not prices:
        return None
    cheaper = t.heard.ask == "cheaper"
    bound = round(min(prices) - _CENT, 2) if cheaper else round(max(prices) + _CENT, 2)
    if bound <= 0:
        return None
    fields = {**plan.model_dump(), "why": None, "why_not": None, "min_price": None, "max_price": None,
              "max_price" if cheaper else "min_price": bound}
    edge = f"{min(prices) if cheaper else max(prices):.2f}"
    return planned(call(RecommendRequest.model_validate(fields)), f"{t.heard.ask}_than_shown|{edge}")


def _product(t: InTalk) -> str | None:
    """The product in talk: the one whose reason was asked for, else the first of the list."""
    plan: Any = t.last.call.plan()
    rows = listed(t.last, "product")
    return getattr(plan, "why", None) or (rows[0] if rows else None)


def _had_like(t: InTalk) -> Planned | None:
    """As in "has this customer bought anything like it before?": what they bought of the kind of that product."""
    customer, product = one_of(t.last, "customer"), _product(t)
    if customer is None or product is None:
        return None
    kind = _of_kind(product, t)
    if kind is None:
        return t.no("missing_data", "no_kinds_of_products", words=product)
    said = join([Compare(field="customer", op="eq", values=(customer,)), kind])
    plan = QueryPlan(metrics=("units",), dimensions=("product",), filter=said)
    return planned(call(plan), f"like_by_kind|{kind.values[0]}")


def _of_kind(product: str, t: InTalk) -> Compare | None:
    """The subcategory of a product, or its category."""
    for field in ("subcategory", "category"):
        term = t.words.dimensions.get(field)
        if term is None or not term.available or not isinstance(t.shop, Answering):
            continue
        asked = QueryPlan(metrics=("units",), dimensions=(field,), filter=Compare(field="product", values=(product,)))
        found = run(t.shop, call(asked))
        names = listed(Past(call(asked), found.model_dump(mode="json")), field) if found is not None else ()
        if len(names) == 1:
            return Compare(field=field, op="eq", values=names)
    return None


def _had_it(t: InTalk) -> Planned | None:
    """As in "did they buy it before?"."""
    plan: Any = t.last.call.plan()
    customer = one_of(t.last, "customer")
    rows = (plan.why,) if getattr(plan, "why", None) else listed(t.last, "product")
    if customer is None or not rows:
        return None
    said = join([Compare(field="customer", op="eq", values=(customer,)),
                 Compare(field="product", op="eq" if len(rows) == 1 else "in", values=rows)])
    return planned(call(QueryPlan(metrics=("units",), dimensions=("product",), filter=said)))


def _more(t: InTalk) -> Planned | None:
    """As in "five more": the list, longer by so many."""
    plan: Any = t.last.call.plan()
    many = t.number("more") or 5
    if not isinstance(plan, RecommendRequest):
        return None
    fields = {**plan.model_dump(), "why": None, "why_not": None, "k": min(plan.k + many, 100)}
    return planned(call(RecommendRequest.model_validate(fields)), f"longer_list|{plan.k + many}")


def _row_said(t: InTalk) -> tuple[RecommendRequest, str] | None:
    """The recommendation in talk and the product of the row that is meant: the first where none is said."""
    plan: Any = t.last.call.plan()
    rows, place = listed(t.last, "product"), t.number("nth") or 1
    index = place - 1 if place > 0 else len(rows) - 1
    if not isinstance(plan, RecommendRequest) or not 0 <= index < len(rows):
        return None
    return plan, rows[index]


def _why_row(t: InTalk) -> Planned | None:
    """As in "why that first one?"."""
    found = _row_said(t)
    if found is None:
        return None
    plan, row = found
    return planned(call(plan.model_copy(update={"why": row, "why_not": None})))


def _drop_row(t: InTalk) -> Planned | None:
    """As in "leave out the first one": the list again without that row."""
    found = _row_said(t)
    if found is None:
        return None
    plan, row = found
    out = tuple(dict.fromkeys((*plan.exclude_products, row)))
    return planned(call(plan.model_copy(update={"exclude_products": out, "why": None, "why_not": None})))


def _buyers(t: InTalk) -> Planned | None:
    """As in "who would buy it?" of the product in talk, or "who would like the second one?" of a list."""
    rows, place = listed(t.last, "product"), t.number("nth")
    if place is not None:
        index = place - 1 if place > 0 else len(rows) - 1
        return planned(call(BuyersRequest(product_id=rows[index]))) if 0 <= index < len(rows) else None
    product = getattr(t.last.call.plan(), "why", None) or one_of(t.last, "product")
    return None if product is None else planned(call(BuyersRequest(product_id=product)))


def _buyers_of_both(t: InTalk) -> Planned | None:
    """As in "who buys both?": customers with orders of the product and of the first that goes with it."""
    first = _anchor(t)
    second = next((r for r in shown(t.last, "pairs", "with_product_id") if r != first), None)
    if first is None or second is None:
        return None
    both = tuple(CustomerCondition(metric="orders", op="ge", values=(1,), where=Compare(
        field="product", op="eq", values=(one,))) for one in (first, str(second)))
    return planned(call(QueryPlan(metrics=("revenue",), dimensions=("customer",), filter=And(parts=both))))


def _price_bound(t: InTalk) -> Planned | None:
    """As in "something under 20 euros maybe?": the list again, within that price."""
    plan: Any = t.last.call.plan()
    slots, own = t.heard.slots, t.shop.status().currency
    money = read_yaml(t.words.lexicon.language, "currencies").get(own, {})
    said = (slots.get("money") or slots.get("currency") or "").lower()
    known = {*money.get("words", ()), *money.get("signs", ())}
    if not isinstance(plan, RecommendRequest) or (said and said not in known):
        return None
    bounds = {f: float(slots[f].replace(",", ".")) for f in ("max_price", "min_price") if f in slots}
    fields = {**plan.model_dump(), "why": None, "why_not": None, **bounds}
    return planned(call(RecommendRequest.model_validate(fields)))


def _unowned(t: InTalk) -> Planned | None:
    """As in "ones he never bought"."""
    plan: Any = t.last.call.plan()
    if not isinstance(plan, RecommendRequest):
        return None
    return planned(call(plan.model_copy(update={"unowned": True, "why": None, "why_not": None})))


def _checked(t: InTalk) -> Planned | None:
    """How good such lists are."""
    return planned(call(CheckRequest()))


# -- one product -------------------------------------------------------------------------------------------------------


def _anchor(t: InTalk) -> str | None:
    """The one product that was asked about, by its id or by words that only it is called by."""
    said = t.last.call.args.get("text")
    several = bool(said) and len(t.words.products_with(list(t.words.lexicon.lemmas(str(said))))) > 1
    asked = () if several else tuple(dict.fromkeys(shown(t.last, "pairs", "product_id")))
    return one_of(t.last, "product") or (str(asked[0]) if len(asked) == 1 else None)


def _substitute(t: InTalk) -> Planned | None:
    """As in "is there a cheaper alternative to it?"."""
    product = _anchor(t)
    if product is None:
        return None
    way = next((w for w in ("cheaper", "dearer") if w in t.heard.tags), None)
    return planned(call(SubstituteRequest(product_id=product, relative_price=way)))  # type: ignore[arg-type]


def _product_price(t: InTalk) -> Planned | None:
    """As in "what does it cost?": its list price, not what it cost the shop."""
    product = one_of(t.last, "product")
    metric = next((m for m in _PRICES if m in t.words.metrics and t.words.metrics[m].available), None)
    if product is None or metric is None:
        return None
    one = Compare(field="product", op="eq", values=(product,))
    return planned(call(QueryPlan(metrics=(metric,), dimensions=("product",), filter=one)))


# -- goods together ----------------------------------------------------------------------------------------------------


def _bundle_price(t: InTalk) -> Planned | None:
    """As in "what would that bundle cost?": the bundles of the product that was asked about, with their prices."""
    plan: Any = t.last.call.plan()
    if isinstance(plan, BundleRequest):
        return planned(t.last.call)
    product = _anchor(t)
    if not isinstance(plan, TogetherRequest):
        return None
    if product is None:
        return t.no("not_understood", "bundle_of_several", words=t.text.strip(" ?!."))
    size = 2 if "two" in t.heard.slots.get("pair", "").split() else None
    return planned(call(BundleRequest(product_id=product, size=size)))


def _bundle_buyers(t: InTalk) -> Planned | None:
    """As in "who would buy it?": whom the goods in talk suit."""
    plan: Any = t.last.call.plan()
    product = _anchor(t)
    if isinstance(plan, TogetherRequest) and product is not None:
        return planned(call(BuyersRequest(product_id=product)))
    place = (t.number("nth") or 1) - 1
    bundles = shown(t.last, "bundles", "product_ids")
    if isinstance(plan, BundleRequest) and 0 <= place < len(bundles):
        return planned(call(BuyersRequest(product_ids=tuple(str(bundles[place]).split(", ")))))
    return None


# -- briefings and changes ---------------------------------------------------------------------------------------------


def _brief_against(t: InTalk) -> Planned | None:
    """As in "vs the same time last year": the main measures of the same stretch against a year before."""
    period, plan = looked_at(t.last), t.last.call.plan()
    if period is None:
        return None
    return planned(call(QueryPlan(metrics=_SALES, period=period, filter=plan.filter,
                                   compare=Comparison(kind="year_earlier"))))


def _brief_drivers(t: InTalk) -> Planned | None:
    """As in "what's driving it?": what the change of revenue that was briefed on is made of."""
    period, plan = looked_at(t.last), t.last.call.plan()
    return None if period is None else planned(call(ChangePlan(period=period, filter=plan.filter)))


def _finding(t: InTalk) -> Planned | None:
    """As in "tell me more about the first point": the question that the finding leads to."""
    findings = ((t.last.result or {}).get("details") or {}).get("findings") or ()
    place = t.number("nth") or 1
    index = place - 1 if place > 0 else len(findings) - 1
    if not 0 <= index < len(findings) or not findings[index].get("next"):
        return None
    found = t.alone(str(findings[index]["next"]))
    return None if found.frame in {"decline", "ask"} else replace(found, frame=FRAME)


def _which_scope(t: InTalk) -> Planned | None:
    """As in "which of the two is better?" after two briefings, or of two customers: their figures beside each other."""
    figure = next((f for f in FIGURES if f in t.heard.tags), None)
    if figure is None or t.kind is None or len(t.both) != 2:
        return None
    growth = figure == "f_growth"
    metric = "revenue" if growth else figure.removeprefix(FIGURE)
    if metric not in t.words.metrics:
        return None
    others = _others(t.last, t.kind)
    said = join([*others, Compare(field=t.kind, op="in", values=t.both)])
    fields: dict[str, Any] = {
        "metrics": (metric,), "dimensions": (t.kind,), "filter": said.model_dump() if said else None,
        "sort": {"by": "change" if growth else metric, "descending": "less" not in t.heard.tags}}
    period = looked_at(t.last)
    if period is not None:
        fields["period"] = period.model_dump()
    if growth:
        fields["compare"] = {"kind": "previous" if period is not None else "year_earlier"}
        fields.setdefault("period", {"kind": "calendar", "unit": "year"})
    return planned(call(QueryPlan.model_validate(fields)), f"compared_by|{t.words.metrics[metric].label}")


def _others(past: Past, kind: str) -> list[Filter]:
    """What the answer was narrowed to beside the thing itself."""
    plan: Any = past.call.plan()
    held = getattr(plan, "filter", None) if kind != "customer" else None
    return [f for f in parts_of(held) if not (isinstance(f, Compare) and f.field == kind)]


def _change_step(t: InTalk) -> Planned | None:
    """As in "what about the month before?" after a change: why that month was as it was."""
    plan: Any = t.last.call.plan()
    if not isinstance(plan, ChangePlan):
        return None
    unit = t.heard.slots.get("unit", "").lower().rstrip("s") or str(plan.period.unit or "month")
    moved = neighbour(plan.period, unit, t.words.status.as_of, 1 if "after" in t.heard.tags else -1)
    return None if moved is None else planned(call(plan.model_copy(update={"period": moved, "claimed": None})))


def _drivers(t: InTalk) -> Planned | None:
    """As in "was it fewer customers or smaller baskets?": the parts of the change, which the answer itself says."""
    plan: Any = t.last.call.plan()
    found = read(t.text, t.words)
    named = [str(m) for item in found.items for m in item.alts.get("metric", ())]
    asked = expression("models_in_talk.measure").fullmatch(t.text.strip())
    if asked is not None and len(named) == 1 and named[0] != plan.metric:
        return planned(call(plan.model_copy(update={"metric": named[0], "claimed": None})))  # "and orders?"
    return planned(call(plan.model_copy(update={"claimed": None})), "parts_of_change")


def _same(t: InTalk) -> Planned | None:
    """What the answer before says itself."""
    return planned(t.last.call)


ASKS: Mapping[str, Callable[[InTalk], Planned | None]] = {
    "ahead": _ahead, "forecast_error": _error, "forecast_against": _forecast_against, "cheaper": _priced,
    "dearer": _priced, "had_like": _had_like, "had_it": _had_it, "bundle_price": _bundle_price,
    "bundle_buyers": _bundle_buyers, "brief_against": _brief_against, "brief_drivers": _brief_drivers,
    "finding": _finding, "which_scope": _which_scope, "change_step": _change_step, "drivers": _drivers,
    "unowned": _unowned, "checked": _checked, "more": _more, "why_row": _why_row, "drop_row": _drop_row,
    "buyers": _buyers, "buyers_of_both": _buyers_of_both, "price_bound": _price_bound,
    "substitute": _substitute, "product_price": _product_price, "same": _same,
}


__all__ = ["ASKS"]
