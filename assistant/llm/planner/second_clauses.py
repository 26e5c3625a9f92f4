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
from assistant.plans.filters import Among, And, Compare, Filter
from assistant.plans.query import QueryPlan

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
_SURE = 0.9


@lru_cache(maxsize=4)
def _forms(language: str) -> dict[str, Any]:
    raw = read_yaml(language, "second_clauses") or {}
    macros = raw.get("macros", {})

    def made(pattern: str) -> re.Pattern[str]:
        for name, body in macros.items():
            pattern = pattern.replace(f"<{name}>", body)
        return re.compile(pattern, re.IGNORECASE)

    return {
        "halves": [(kind, made(p)) for kind, group in raw.get("halves", {}).items() for p in group],
        "bare": [(made(p), said) for p, said in raw.get("bare", ())],
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
    for pattern, put in forms["bare"]:
        said = pattern.sub(put, said)
    for kind, pattern in forms["halves"]:
        found = pattern.fullmatch(said)
        if found is None:
            continue
        first = plan(found["first"])
        if first.score < _SURE or len(first.calls) != 1 or first.done is not None:
            return None
        both = _together(kind, first, as_of)
        if both is not None:
            return both
        return _without(kind, first, found["second"], words)
    return _of_discounted(said, forms["discounted"], plan)


def _together(kind: str, first: Planned, as_of: date | None) -> Planned | None:
    """One plan of both halves; None where the measure of the second is not known."""
    if kind == "changed":
        return _a_year_before(first, as_of)
    query = first.calls[0].plan()
    if not isinstance(query, QueryPlan) or len(query.metrics) != 1 or query.having or query.transform is not None:
        return None
    counted = query.metrics[0]
    measure = (WORTH if kind == "worth" else SHARE if kind == "share" else {}).get(counted)
    if measure is None:
        return None
    own = _OWN_LINES.get(counted) if kind == "worth" else None
    return _answer({**query.model_dump(), "metrics": (counted, measure)}, _joined(query.filter, own))


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
