"""Who of a list of customers may be written to, channel by channel, as far as the data know it.

For a look at a list only. Whoever is really written to is checked anew, per recipient, when a campaign is drafted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from assistant.data.objectors import objectors
from assistant.data.warehouse import Snapshot
from assistant.errors import NotPermitted
from assistant.results import Caveat, Column, Figure, Source, Table

#: Channels in the order shown.
CHANNELS = ("email", "sms", "push", "post")


def may_contact(snapshot: Snapshot, customer_ids: Sequence[str]) -> dict[str, list[str]]:
    """For each customer "yes" or "no" per channel: an address, consent and no objection. No entry is no consent.

    Empty where the data hold no consents.
    """
    if not snapshot.has("contacts", "consent"):
        return {}
    contacts = snapshot.table("contacts")
    allowed = contacts.filter(
        contacts.customer_id.isin(list(customer_ids)), contacts.address.notnull(), contacts.consent.fill_null(False),
        ~contacts.suppressed.fill_null(False),
    ).select("customer_id", "channel").distinct()
    known = {(r["customer_id"], r["channel"]) for r in snapshot.execute(allowed).to_pylist()}
    return {str(c): ["yes" if (c, channel) in known else "no" for channel in CHANNELS] for c in customer_ids}


def contact_columns(agreed: Mapping[str, Any]) -> list[Column]:
    """Columns for :func:`may_contact`; none where nothing is known."""
    return [Column(name=f"may_{c}", label=f"May be contacted by {c}") for c in CHANNELS] if agreed else []


def objected(snapshot: Snapshot, customer_ids: np.ndarray) -> tuple[np.ndarray, list[Caveat]]:
    """Bool per customer: objected to direct marketing, and so is neither scored nor listed; and how that is said."""
    mask = np.isin(customer_ids.astype(str), list(objectors(snapshot)))
    if not mask.any():
        return mask, []
    n = Figure(value=int(mask.sum()), unit="count", label="Customers who objected", source=Source(origin="evidence"))
    return mask, [Caveat(code="objectors_left_out", figures={"n": n})]


def refuse_objector(snapshot: Snapshot, customer: str) -> None:
    """Raise the "no" for a customer who objected to direct marketing.

    Raises:
        NotPermitted: they did.
    """
    if customer in objectors(snapshot):
        raise NotPermitted(
            f"Customer {customer} objected to direct marketing, so nothing is predicted of or recommended to them",
            received=customer, nearest=[f"Show customer {customer}", "Top 10 products by revenue"])


def reach_table(customers: Table) -> Table | None:
    """How many of the customers listed may be contacted by each channel that reaches anybody; None: not known."""
    if f"may_{CHANNELS[0]}" not in [c.name for c in customers.columns]:
        return None
    rows: list[list[Any]] = [
        [channel, sum(row[customers.column_index(f"may_{channel}")] == "yes" for row in customers.rows)]
        for channel in CHANNELS
    ]
    rows = [row for row in rows if row[1]]
    return Table(id="reach", title="Of the customers listed, may be contacted", rows=rows, total_rows=len(rows),
                 columns=[Column(name="channel", label="Channel"),
                          Column(name="customers", label="Customers", unit="count")])
