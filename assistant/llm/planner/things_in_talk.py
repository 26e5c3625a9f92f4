"""The things a conversation is about: campaigns, customers, products, segments, categories, countries.

One rule holds for every kind: an answer is about *one* thing (its plan names one), or it *lists* several. "It" is the
one spoken of last, "the second one" a row of the list before, "both" the two spoken of last, "the one before" the
neighbour in the order of its kind.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from assistant.llm.planner.answers import run
from assistant.llm.planner.candidate import call
from assistant.llm.planner.context import DialogueContext, Past
from assistant.llm.planner.discourse_scene import parts_of
from assistant.llm.planner.heard import expression
from assistant.plans.answering import Answering
from assistant.plans.filters import Compare, InGroup
from assistant.plans.periods import Period
from assistant.plans.query import QueryPlan
from assistant.plans.shop import Shop
from assistant.plans.uplift import ReadOutRequest

#: answers that far back are still spoken of
_BACK = 6
#: what an answer may be narrowed to, and so be about
KINDS = ("campaign", "customer", "product", "segment", "category", "subcategory", "brand", "country", "city")
#: fields of plans that name one thing
_FIELDS = {"customer": ("customer_id", "like_customer_id"), "product": ("product_id", "like_product_id"),
           "category": ("category",), "campaign": ("campaign",)}
#: tables in which campaigns stand in an order
_CAMPAIGN_TABLES = {"earned": "campaign", "groups": "group"}


@dataclass(frozen=True)
class Campaign:
    """A past campaign, as far as the data say of what kind it was."""

    name: str
    kind: str = ""
    channel: str = ""
    #: "May 2026"
    month: str = ""


def one_of(past: Past, kind: str) -> str | None:
    """The one thing of a kind that an answer is about; None where it is about none or several."""
    args = past.call.args
    for field in _FIELDS.get(kind, ()):
        if isinstance(args.get(field), str):
            return str(args[field])
    if kind == "campaign" and past.call.name == "read_out_campaigns":
        return str(((past.result or {}).get("words") or {}).get("campaign") or "") or None
    plan: Any = past.call.plan()
    first = getattr(plan, "first", None)
    if kind == "segment" and isinstance(first, InGroup) and first.group == "segment":
        return first.name
    for part in parts_of(getattr(plan, "filter", None)):
        if isinstance(part, Compare) and part.field == kind and part.op == "eq" and len(part.values) == 1:
            return str(part.values[0])
        if kind == "segment" and isinstance(part, InGroup) and part.group == "segment":
            return part.name
    rows = listed(past, kind)
    return rows[0] if len(rows) == 1 else None


def listed(past: Past, kind: str) -> tuple[str, ...]:
    """The things of a kind that an answer shows, in its order."""
    tables = (past.result or {}).get("tables", ())
    if kind == "campaign" and past.call.name == "read_out_campaigns":
        plan: Any = past.call.plan()
        by_campaign = isinstance(plan, ReadOutRequest) and plan.campaign is None and plan.by in {None, "campaign"}
        wanted = _CAMPAIGN_TABLES if by_campaign else {}
        return next((_column(t, wanted[t["id"]]) for t in tables if t.get("id") in wanted), ())
    if past.call.name == "query_data" and kind not in past.call.args.get("dimensions", ()):
        return ()
    for table in tables[:1]:
        names = [c["name"] for c in table.get("columns", ())]
        for column in ((f"{kind}_label",) if kind == "campaign" else ()) + (f"{kind}_id", kind):
            if column in names:
                return _column(table, column)
    return ()


def shown(past: Past, table: str, column: str) -> tuple[Any, ...]:
    """The cells of a column that an answer showed."""
    found = next((t for t in (past.result or {}).get("tables", ()) if t.get("id") == table), None)
    return () if found is None else _cells(found, column)


def _column(table: dict[str, Any], column: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(c) for c in _cells(table, column) if c is not None))


def _cells(table: dict[str, Any], column: str) -> tuple[Any, ...]:
    names = [c["name"] for c in table.get("columns", ())]
    return tuple(row[names.index(column)] for row in table.get("rows", ())) if column in names else ()


def looked_at(past: Past) -> Period | None:
    """The time that an answer is about, as its plan says, or of a briefing its evidence."""
    plan: Any = past.call.plan()
    if getattr(plan, "period", None) is not None:
        return plan.period  # type: ignore[no-any-return]
    evidence = (past.result or {}).get("evidence") or {}
    ends = [evidence.get(name) for name in ("window_start", "window_end")]
    if past.call.name != "brief_shop" or not all(ends):
        return None
    first, last = (date.fromisoformat(str(day)) for day in ends)
    days = ((last - first).days + 1) // 2  # the stretch and as many days before it
    return Period(kind="absolute", start=last - timedelta(days=days - 1), end=last)


def spoken_of(context: DialogueContext, kind: str) -> tuple[str, ...]:
    """Single things of a kind that answers were about, the latest first."""
    turns = context.turns()[-_BACK:]
    found = [one for turn in reversed(turns) for past in reversed(turn) if (one := one_of(past, kind)) is not None]
    return tuple(dict.fromkeys(found))


def pair(context: DialogueContext, kind: str) -> tuple[str, ...]:
    """The two things of a kind that are spoken of: both rows of the last answer, or the two last spoken of."""
    last = context.last()
    rows = listed(last, kind) if last is not None else ()
    if len(rows) == 2:
        return rows
    found = spoken_of(context, kind)[:2]
    return tuple(reversed(found)) if len(found) == 2 else ()


def kind_in_talk(context: DialogueContext) -> str | None:
    """The kind of the one thing that the last answer is about."""
    last = context.last()
    return None if last is None else next((k for k in KINDS if one_of(last, k) is not None), None)


def with_person_named(text: str, context: DialogueContext) -> str:
    """The text with the customer spoken of last for "she", "his": one person, whoever was listed since."""
    last = context.last()
    if last is None or not expression("things_in_talk.person").search(text):
        return text
    best = listed(last, "customer")[:1] if last.call.args.get("sort") else ()  # of a ranking the first
    found = spoken_of(context, "customer") or best
    if not found:
        return text
    named = expression("things_in_talk.named").pattern.format(found[0])

    def put(hit: re.Match[str]) -> str:
        return f"{named}'s" if hit["whose"] else named

    return expression("things_in_talk.person").sub(put, text)


def past_campaigns(shop: Shop) -> tuple[Campaign, ...]:
    """The past campaigns, the earliest first; only their names where nothing else can be looked up."""
    names = list(shop.labels("campaign"))
    plan = QueryPlan(metrics=("sent",), dimensions=("campaign", "campaign_kind", "message_channel", "month"))
    result = run(shop, call(plan)) if names and isinstance(shop, Answering) else None
    if result is None:
        return tuple(Campaign(n) for n in reversed(names))
    table = result.tables[0]
    at = {c.name: i for i, c in enumerate(table.columns)}
    found: dict[str, Campaign] = {}
    for row in table.rows:
        name = str(row[at.get("campaign_label", at["campaign"])])
        found.setdefault(name, Campaign(name, *(str(row[at[c]] or "") for c in plan.dimensions[1:])))
    order = {name: i for i, name in enumerate(reversed(names))}
    return tuple(sorted(found.values(), key=lambda c: order.get(c.name, -1)))


__all__ = ["KINDS", "Campaign", "kind_in_talk", "listed", "looked_at", "one_of", "pair", "past_campaigns",
           "shown", "spoken_of", "with_person_named"]
