"""Boundary customers of conditions on consents and messages: one channel's entry, or all messages, changed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from assistant.plans.filters import CustomerCondition
from assistant.query.agreed.boundary_people import Person, at_noon
from assistant.query.compile import Scope, fact_of
from assistant.query.facts import LINES
from assistant.query.filters import comparisons
from assistant.query.metrics import base_metrics

#: the channel of an entry made up where a condition names none
EMAIL = "email"
Step = tuple[str, str, str, Person]


def of_lines(scope: Scope, leaf: CustomerCondition) -> bool:
    """Whether what a condition counts are lines of orders."""
    return all(fact_of(b) is LINES for b in base_metrics(leaf.metric, scope.options.sales_basis))


def contacted(leaf: CustomerCondition, person: Person, window: tuple[date, date]) -> Iterator[Step]:
    """A person with another consent, no address, an objection; with no message, an unread one, one on another day."""
    named = {str(v).casefold() for part in comparisons(leaf.where) if part.field == "message_channel"
             for v in part.values}
    for column, values in (("consent", (True, False, None)), ("suppressed", (True, False)), ("address", (None,))):
        for value in values:
            yield "edge", f"{column} {value}", column, _being(person, named, column, value)
    yield "near", "no contact at all", "", person.with_rows(contacts=[])
    touches = person.rows["touches"]
    if not touches:
        return
    yield "edge", "no message at all", "messages", person.with_rows(touches=[])
    yield "edge", "one message", "messages", person.with_rows(touches=touches[:1])
    for column in ("delivered", "opened", "clicked", "unsubscribed"):
        for value in (True, False):
            yield "edge", f"{column} {value}", column, person.being("touches", column, value)
    if leaf.period is not None and leaf.period.kind != "all":
        first, last = window
        for day in (first - timedelta(days=1), first, last, last + timedelta(days=1)):
            axis = "first" if day <= first else "last"
            yield "edge", f"written to on {day.isoformat()}", axis, person.being("touches", "sent_at", at_noon(day))


def _being(person: Person, channels: set[str], column: str, value: Any) -> Person:
    """With another value in the contacts of these channels (all where none is named), made up where there is none."""
    held = person.rows["contacts"]
    mine = [r for r in held if not channels or str(r.get("channel")).casefold() in channels]
    if not mine:
        customer = person.rows["customers"][0]["customer_id"]
        mine = [{"customer_id": customer, "channel": c, "address": "on file", "consent": True, "suppressed": False}
                for c in sorted(channels) or (EMAIL,)]
    return person.with_rows(contacts=[*(r for r in held if r not in mine), *(r | {column: value} for r in mine)])
