"""Who objected to direct marketing: such a person is neither scored nor shown in a preview, and reached on no channel.

The one rule for scoring, reach and sending: an objection on whatever channel counts on all of them, and covers
profiling for marketing too (GDPR Art. 21(2) and (3)). A complaint is taken for one. A bounced address is not: it says
nothing of what the person wants, and closes its own channel alone. Consent counts per channel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ibis

    from assistant.data.warehouse import Snapshot

#: Reasons of a suppression that are no objection: an address that does not work.
TECHNICAL = ("bounce", "hard bounce", "soft bounce", "invalid", "invalid address", "undeliverable")


def is_objection(suppressed: bool | None, reason: str | None) -> bool:
    """Whether an entry of ``contacts`` is an objection to direct marketing, and not just an address that fails."""
    return bool(suppressed) and (reason or "").lower() not in TECHNICAL


def objectors_expression(snapshot: Snapshot) -> ibis.Table:
    """One row ``customer_id`` per person suppressed on any channel for another reason than a bad address."""
    contacts = snapshot.table("contacts")
    technical = contacts.suppressed_reason.fill_null("").lower().isin(list(TECHNICAL))
    kept = contacts.filter(contacts.suppressed.fill_null(False) & ~technical)
    return kept.select("customer_id").distinct()


def objectors(snapshot: Snapshot) -> frozenset[str]:
    """Ids of those who objected; empty where the data hold no contacts."""
    if not snapshot.has("contacts", "suppressed"):
        return frozenset()
    return frozenset(snapshot.execute(objectors_expression(snapshot)).column("customer_id").to_pylist())
