"""Second halves of a question about what the first counted: "how many were cancelled, and what were they worth?".

Where the measure that belongs to the first is known, both are one plan with the conditions and the time of the first;
where it is not, the second half is declined by name: "they" is never read as the whole shop.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from pydantic import ValidationError

from assistant.llm.planner.candidate import Planned, call
from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.replies import decline, quoted
from assistant.llm.planner.vocabulary import Vocabulary
from assistant.plans.filters import Among, And, Compare, CustomerCondition, Filter
from assistant.plans.periods import Period
from assistant.plans.query import QueryPlan
from assistant.plans.requests import SegmentRule

Plan = Callable[[str], Planned]

#: what is counted, and the measure of its worth
WORTH = {
    "orders": "revenue", "known_orders": "known_revenue", "guest_orders": "guest_revenue", "units": "revenue",
    "discounted_orders": "revenue", "products_sold": "revenue",
    "return_orders": "returned_value", "units_returned": "returned_value", "cancelled_orders": "returned_value",
    "stock": "stock_value", "abandoned_carts": "abandoned_value", "responses": "campaign_revenue",
}
#: what is counted, and the measure of its share
SHARE = {
    "cancelled_orders": "cancellation_rate", "return_orders": "order_return_rate", "guest_orders": "guest_order_share",
    "guest_revenue": "guest_share", "discounted_orders": "discounted_order_share", "returned_value": "return_rate",
    "discounted_revenue": "discounted_revenue_share", "units_returned": "unit_return_rate",
    "gross_margin": "margin_rate",
    "discount_amount": "discount_rate", "new_customers": "new_customer_share", "repeat_customers": "repeat_rate",
    "unsubscribed": "unsubscribe_rate", "opened": "open_rate", "clicked": "click_rate",
}
#: what is worth something only by its own lines
_OWN_LINES: dict[str, Filter] = {
    "cancelled_orders": Compare(field="order_status", op="eq", values=("cancelled",)),
    "discounted_orders": Among(dimension="order", metric="discount_amount", limit=0),
}
#: measures of a discount or an order that may be taken over the orders that carry a discount
_OF_ORDERS = frozenset({
    "discount_rate", "discount_per_order", "average_order_value", "median_order_value", "items_per_order",
    "lines_per_order", "margin_rate", "margin_per_order",
})
#: counts of one kind of customers or orders, beside which the revenue would be that of the whole shop
_OF_ONE_KIND = frozenset({
    "new_customers", "returning_customers", "lost_customers", "repeat_customers", "one_time_customers",
    "undiscounted_orders", "out_of_stock",
})
#: of these a condition takes a part
_SUMS = frozenset({"orders", "revenue", "gross_revenue", "units", "customers"})
_SURE = 0.9


@lru_cache(maxsize=4)
def _forms(language: str) -> dict[str, Any]:
    raw = read_yaml(language, "second_clauses") or {}
    macros, two = raw.get("macros", {}), raw.get("two_times", {})

    def made(pattern: str) -> re.Pattern[str]:
        for name, body in macros.items():
            pattern = pattern.replace(f"<{name}>", body)
        return re.compile(pattern, re.IGNORECASE)

    return {
        "halves": [(kind, made(p)) for kind, group in raw.get("halves", {}).items() for p in group],
        "bare": [(made(p), said) for p, said in raw.get("bare", ())],
        "with_and_without": [(made(p), yes, no) for p, yes, no in raw.get("with_and_without", ())],
        "of_money": made(raw["of_money"]) if raw.get("of_money") else None,
        "closing": made(raw["closing"]) if raw.get("closing") else None,
        "two_times": made(two["form"].replace("<time>", two["time"])) if two.get("form") else None,
        "discounted": [made(p) for p in raw.get("discounted", {}).get("yes", ())],
    }


def second_clause(
    text: str, words: Vocabulary, tools: Collection[str], as_of: date | None, plan: Plan
) -> Planned | None:
    """The plan of a text whose second half speaks of what the first counts, or of the orders with a discount alone.

    Args:
        as_of: the last day of the data.
        plan: plans a text on its own.

    Returns:
        None where the text has no such half, or its first half cannot be planned for sure.
    """
    if "query_data" not in tools:
        return None
    forms = _forms(words.lexicon.language)
    said = text.strip().rstrip(" ?!.")
    said = forms["closing"].sub("", said).rstrip(" ?!.,") if forms["closing"] is not None else said
    for pattern, put in forms["bare"]:
        said = pattern.sub(put, said)
    both_ways = _both_ways(said, forms["with_and_without"], plan) or _two_times(said, forms["two_times"], plan)
    if both_ways is not None:
        return both_ways
    for kind, pattern in forms["halves"]:
        found = pattern.fullmatch(said)
        if found is None:
            continue
        if kind == "compared":
            whole = plan(f"{found['first']} compared to {found['than']}")
            if whole.score >= _SURE and len(whole.calls) == 1 and _compares(whole):
                return replace(whole, frame="second_clause")
            continue
        if kind == "of_them":
            counted = plan(found["first"])
            if counted.score < _SURE or len(counted.calls) != 1 or counted.calls[0].name != "query_data":
                return None
            narrowed = _narrowed(counted, plan(f"{found['first']} {found['more']}"))
            return narrowed or _unread(counted, found["second"], words)
        first = plan(found["first"])
        if first.score < _SURE or len(first.calls) != 1 or first.done is not None:
            return None
        if kind == "share" and forms["of_money"] is not None and forms["of_money"].search(found["second"]):
            part = _part_of_revenue(first)
            if part is not None:
                return part
        both = _with_its(first, found["measure"], plan) if kind == "also" else _together(kind, first, as_of)
        if both is not None:
            return both
        return _without(kind, first, found["second"], words)
    return _of_discounted(said, forms["discounted"], plan)


def _together(kind: str, first: Planned, as_of: date | None) -> Planned | None:
    """One plan of both halves; None where the measure of the second is not known."""
    if kind == "changed":
        return _a_year_before(first, as_of)
    if kind == "worth" and first.calls[0].name == "predict_churn":
        return replace(first, frame="second_clause")  # it says what those about to leave are worth
    query = first.calls[0].plan()
    if isinstance(query, SegmentRule):
        query = QueryPlan(metrics=("customers",), filter=query.filter)
    if isinstance(query, QueryPlan) and query.dimensions == ("customer",) and query.limit is None:
        query = query.model_copy(update={"metrics": ("customers",), "dimensions": (), "sort": None})
    if kind == "share" and isinstance(query, QueryPlan) and SHARE.get(query.metrics[0]) in query.metrics:
        return replace(first, frame="second_clause")  # "margin" is shown as both
    if not isinstance(query, QueryPlan) or len(query.metrics) != 1 or query.having or query.transform is not None:
        return None
    counted = query.metrics[0]
    if kind == "worth" and counted == "customers":
        return _worth_of_customers(query)
    if kind in {"theirs", "share_theirs"}:
        return _theirs(first, query, as_of) if counted in {"new_customers", "customers"} else None
    if kind == "share" and counted in _SUMS and query.filter is not None and query.compare is None:
        return Planned([replace(first.calls[0], args={**first.calls[0].args, "compare": {"kind": "total"}})], 1.0,
                       frame="second_clause")
    measure = (WORTH if kind == "worth" else SHARE if kind == "share" else {}).get(counted)
    if measure is None:
        return None
    own = _OWN_LINES.get(counted) if kind == "worth" else None
    return _answer({**query.model_dump(), "metrics": (counted, measure)}, _joined(query.filter, own))


def _part_of_revenue(first: Planned) -> Planned | None:
    """As in "how many orders were over 500 and what part of revenue was that": counted, and their part of the money."""
    query = first.calls[0].plan()
    if not isinstance(query, QueryPlan) or query.metrics not in {("orders",), ("customers",), ("units",)}:
        return None
    if query.filter is None or query.dimensions or query.compare is not None or query.having:
        return None
    period = query.period or (_time_of(query.filter) if query.metrics == ("customers",) else None)
    second = _answer({"metrics": ("revenue",), "period": period.model_dump() if period is not None else None,
                      "compare": {"kind": "total"}}, query.filter)
    return None if second is None else Planned([*first.calls, *second.calls], 1.0, frame="second_clause")


def _both_ways(said: str, forms: list[tuple[re.Pattern[str], str, str]], plan: Plan) -> Planned | None:
    """As in "with and without consent": the question asked both ways, one after the other."""
    for pattern, yes, no in forms:
        if pattern.search(said) is None:
            continue
        one, other = plan(pattern.sub(yes, said, count=1)), plan(pattern.sub(no, said, count=1))
        if min(one.score, other.score) >= _SURE and len(one.calls) == len(other.calls) == 1 and (
            one.calls[0].name == other.calls[0].name and one.calls != other.calls and not (one.notes or other.notes)
            and one.calls[0].name in {"query_data", "count_audience"}
        ):
            return Planned([*one.calls, *other.calls], 1.0, frame="second_clause")
    return None


def _two_times(said: str, form: re.Pattern[str] | None, plan: Plan) -> Planned | None:
    """A share in two times ("in 2025 vs 2026") is taken in each of them, the later one first as it was said."""
    found = form.fullmatch(said) if form is not None else None
    if found is None:
        return None
    both = [plan(f"{found['asked']} in {found[which]}") for which in ("one", "other")]
    shares = [p.calls[0].plan() for p in both if p.score >= _SURE and len(p.calls) == 1 and not p.notes]
    taken = [s for s in shares if isinstance(s, QueryPlan) and s.compare and s.compare.kind == "total" and s.period]
    if len(taken) != len(both):
        return None
    return Planned([c for p in both for c in p.calls], 1.0, frame="second_clause")


def _narrowed(first: Planned, whole: Planned) -> Planned | None:
    """What was counted, and the part of it that the second half names."""
    if min(first.score, whole.score) < _SURE or len(first.calls) != 1 or len(whole.calls) != 1:
        return None
    one, part = first.calls[0].plan(), whole.calls[0].plan()
    if not isinstance(one, QueryPlan) or not isinstance(part, QueryPlan) or one.dimensions or part.filter is None:
        return None
    same = one.model_copy(update={"filter": None}) == part.model_copy(update={"filter": None})
    if not same or part.filter == one.filter or whole.notes:
        return None
    return Planned([*first.calls, *whole.calls], 1.0, frame="second_clause")


def _compares(planned: Planned) -> bool:
    query = planned.calls[0].plan()
    if not isinstance(query, QueryPlan) or query.compare is None or query.compare.kind == "total":
        return False
    return query.compare.period is None or query.compare.period != query.period


def _with_its(first: Planned, measure: str, plan: Plan) -> Planned | None:
    """One table with another measure of the same rows: "top 5 brands and their return rate last year"."""
    query, more = first.calls[0].plan(), plan(measure)
    other = more.calls[0].plan() if more.score >= _SURE and len(more.calls) == 1 else None
    if not isinstance(query, QueryPlan) or not isinstance(other, QueryPlan) or query.compare or query.transform:
        return None
    bare = not (other.dimensions or other.filter or other.compare or other.having or other.limit or other.transform)
    if not query.dimensions or not bare or (query.period and other.period and query.period != other.period):
        return None
    period = query.period or other.period
    fields = {**query.model_dump(), "metrics": tuple(dict.fromkeys((*query.metrics, *other.metrics))),
              "period": period.model_dump() if period is not None else None}
    return _answer(fields, query.filter)


def _worth_of_customers(query: QueryPlan) -> Planned | None:
    """Customers by what they did in a time, and what they spent in that time; without one in all."""
    period = query.period or _time_of(query.filter)
    if query.filter is None and query.period is None:
        return None
    fields = {**query.model_dump(), "metrics": ("customers", "revenue")}
    return _answer({**fields, "period": period.model_dump() if period is not None else None}, query.filter)


def _time_of(condition: Filter | None) -> Period | None:
    """The one time in which customers did what a rule says of them; None where there are several, or none."""
    parts = condition.parts if isinstance(condition, And) else (condition,)
    times = {p.period for p in parts if isinstance(p, CustomerCondition)}
    found = times.pop() if len(times) == 1 else None
    ordered = all(not isinstance(p, CustomerCondition) or p.op in {"gt", "ge"} or p.values != (0.0,) for p in parts)
    return found if ordered else None


def _theirs(first: Planned, query: QueryPlan, as_of: date | None) -> Planned | None:
    """Customers counted, and what part of the revenue of the same time was theirs."""
    own: Filter | None = query.filter
    if query.metrics[0] == "new_customers":
        if query.period is None or query.filter is not None:
            return None
        own = CustomerCondition(metric="new_customers", op="ge", values=(1,), period=query.period)
    if own is None or query.dimensions or query.compare is not None:
        return None
    period = query.period or _time_of(own)
    second = _answer({"metrics": ("revenue",), "period": period.model_dump() if period is not None else None,
                      "compare": {"kind": "total"}}, own)
    return None if second is None else Planned([*first.calls, *second.calls], 1.0, frame="second_clause")


def _a_year_before(first: Planned, as_of: date | None) -> Planned | None:
    """The share of the largest customers in the last twelve months and in the twelve before: of one length."""
    one = first.calls[0]
    study = dict(one.args.get("study", {}))
    if one.name != "run_study" or study.get("study") != "concentration" or study.get("period") or as_of is None:
        return None
    end = as_of - timedelta(days=365)
    ends = ((end + timedelta(days=1), as_of), (end - timedelta(days=364), end))
    calls = [replace(one, args={**one.args, "study": {**study, "period": {
        "kind": "absolute", "start": a.isoformat(), "end": b.isoformat()}}}) for a, b in ends]
    return Planned(calls, 1.0, frame="second_clause")


def _without(kind: str, first: Planned, second: str, words: Vocabulary) -> Planned | None:
    """The first half answered and the second declined; None where another reading may know it."""
    name = first.calls[0].name
    if kind == "worth" and name == "query_data":
        query = first.calls[0].plan()
        alone = isinstance(query, QueryPlan) and len(query.metrics) == 1 and query.metrics[0] in _OF_ONE_KIND
        if not alone:
            return None
    elif not (kind == "margin" and name == "bought_together"):
        return None
    return _unread(first, second, words)


def _unread(first: Planned, second: str, words: Vocabulary) -> Planned:
    """The first half answered, and the second declined by name."""
    no = decline(words.lexicon, "not_understood", "second_half", words=quoted([second]), examples="second_half")
    return Planned([*first.calls, no], 1.0, frame="second_clause")


def _of_discounted(said: str, patterns: list[re.Pattern[str]], plan: Plan) -> Planned | None:
    """A measure over the orders that carry a discount: "average discount percentage on orders that used a discount"."""
    for pattern in patterns:
        found = pattern.fullmatch(said)
        if found is None:
            continue
        first = plan(f"{found['what']}{found['rest'] or ''}")
        query = first.calls[0].plan() if first.score >= _SURE and len(first.calls) == 1 else None
        if not isinstance(query, QueryPlan) or not set(query.metrics) <= _OF_ORDERS or query.compare is not None:
            return None
        carrying = Among(dimension="order", metric="discount_amount", limit=0)
        return _answer({**query.model_dump(), "metrics": (*query.metrics, "orders")}, _joined(query.filter, carrying))
    return None


def _joined(before: Filter | None, own: Filter | None) -> Filter | None:
    if before is None or own is None or before == own:
        return before if own is None else own
    return And(parts=(before, own))


def _answer(fields: dict[str, Any], kept: Filter | None) -> Planned | None:
    try:
        made = QueryPlan.model_validate({**fields, "filter": kept.model_dump() if kept is not None else None})
    except ValidationError:
        return None
    return Planned([call(made)], 1.0, frame="second_clause")


__all__ = ["SHARE", "WORTH", "second_clause"]
