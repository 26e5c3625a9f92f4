"""Conditions of two kinds in the order of the text, so that "or" joins what stands beside it."""

from __future__ import annotations

from assistant.llm.planner.clauses import Conditions
from assistant.llm.planner.contact_conditions import ContactConditions


def in_order_of_text(contacts: ContactConditions, found: Conditions) -> None:
    """Put the conditions on contacts among the others, each with the word before it ("spent over 200 or agreed")."""
    known = len(contacts.places) == len(contacts.customers) and len(found.places) == len(found.customers)
    customers, joins = [*contacts.customers, *found.customers], [*contacts.joins, *found.joins]
    order = list(range(len(customers)))
    if known:
        places = [*contacts.places, *found.places]
        order.sort(key=places.__getitem__)
    found.customers = [customers[i] for i in order]
    found.joins = [joins[i] for i in order]
