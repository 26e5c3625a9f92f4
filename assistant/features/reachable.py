"""Who may be contacted, from the contacts of the data alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from assistant.data.objectors import objectors_expression

if TYPE_CHECKING:
    from assistant.data.warehouse import Snapshot


def reachable(snapshot: Snapshot, channels: Sequence[str]) -> set[str] | None:
    """Customers with an address and an explicit yes on one of the channels (any where none is named), that address not
    suppressed, who did not object on any channel; None where the data hold no consents."""
    if not snapshot.has("contacts", "consent"):
        return None
    contacts = snapshot.table("contacts")
    agreed = contacts.filter(contacts.consent.fill_null(False), contacts.address.notnull(),
                             ~contacts.suppressed.fill_null(False))
    if channels:
        agreed = agreed.filter(agreed.channel.isin(list(channels)))
    found = agreed.anti_join(objectors_expression(snapshot), "customer_id").select("customer_id").distinct()
    return set(snapshot.execute(found).column("customer_id").to_pylist())
