"""Birthdays for greetings: the day and the month out of the customers' dates of birth. The year is never kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from assistant.data.dates import date_facts, moment
from assistant.data.mapping import TableMapping
from assistant.data.values import boolean, identifier
from assistant.data.workbench import SEQ, Workbench

if TYPE_CHECKING:
    import ibis


def birthdays(bench: Workbench, mappings: Sequence[TableMapping]) -> ibis.Table | None:
    """One row per customer with a readable date of birth, with the consent to be greeted where the source says it."""
    import ibis

    own = []
    for mapping in mappings:
        born, key = mapping.columns.get("customers.birth_date"), mapping.columns.get("customers.customer_id")
        if mapping.role != "customers" or born is None or key is None:
            continue
        raw = bench.con.table(mapping.raw.table)
        physical = mapping.raw.physical(born)
        day = moment(raw[physical], date_facts(bench, raw, physical, SEQ)).cast("date")
        agreed = mapping.columns.get("customers.birthday_consent")
        consent = ibis.null("boolean") if agreed is None else boolean(raw[mapping.raw.physical(agreed)])
        own.append(raw.select(customer_id=identifier(raw[mapping.raw.physical(key)]), month=day.month().cast("int64"),
                              day=day.day().cast("int64"), consent=consent))
    if not own:
        return None
    every = own[0] if len(own) == 1 else ibis.union(*own)
    every = every.filter(every.customer_id.notnull() & every.month.notnull())
    # a customer listed twice counts once; a consent holds only where no row denies it
    once = every.group_by("customer_id").aggregate(
        month=every.month.max(), day=every.day.argmax(every.month), consent=every.consent.all())
    return once.order_by("customer_id")
