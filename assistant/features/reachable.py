"""Who may be contacted, from the contacts of the data alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assistant.data.warehouse import Snapshot


def reachable(snapshot: Snapshot, channels: Sequence[str]) -> set[str] | None:
    """Customers with an address and an explicit yes on one of the channels (any where none is named), who are not
    suppressed anywhere; None where the data hold no consents."""
    if not snapshot.has("contacts", "consent"):
        return None
    contacts = snapshot.table("contacts")
    agreed = contacts.filter(contacts.consent.fill_null(False), contacts.address.notnull())
    if channels:
        agreed = agreed.filter(agreed.channel.isin(list(channels)))
    suppressed = contacts.filter(contacts.suppressed.fill_null(False)).select("customer_id")
    found = agreed.anti_join(suppressed, "customer_id").select("customer_id").distinct()
    return set(snapshot.execute(found).column("customer_id").to_pylist())
