"""Consent, suppression, address and zone of people as the data have them at the moment of asking."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from assistant.campaigns.sending.batches import Batched
from assistant.campaigns.sending.gate import Standing
from assistant.data.objectors import is_objection

if TYPE_CHECKING:
    from assistant.data.warehouse import Snapshot


class Contacts(Batched):
    """Contacts of a batch of people, read again when another snapshot became current."""

    def __init__(self, current: Callable[[], Snapshot]) -> None:
        super().__init__(current)
        self._known: dict[tuple[str, str], Standing] = {}

    def standing(self, customer_id: str, channel: str) -> Standing | None:
        """What is known now; None where the data hold no contact of the person on the channel."""
        self.need(customer_id)
        return self._known.get((customer_id, channel))

    def read(self, snapshot: Snapshot, customer_ids: list[str]) -> None:
        self._known = {}
        if not snapshot.has("contacts", "consent"):
            return
        contacts = snapshot.table("contacts")
        rows = snapshot.execute(contacts.filter(contacts.customer_id.isin(customer_ids)).select(
            "customer_id", "channel", "address", "consent", "suppressed", "suppressed_reason", "time_zone")).to_pylist()
        known: dict[tuple[str, str], Standing] = {}
        objecting: set[str] = set()
        for row in rows:
            if is_objection(row["suppressed"], row["suppressed_reason"]):
                objecting.add(row["customer_id"])
            place = (row["customer_id"], row["channel"])
            found = Standing(row["consent"], bool(row["suppressed"]), row["address"], row["time_zone"])
            # two entries for one box: the stricter one counts
            other = known.get(place)
            known[place] = found if other is None or (other.consent and not found.consent) else replace(
                other, objected=other.objected or found.objected)
        self._known = {p: replace(s, objected=True) if p[0] in objecting else s for p, s in known.items()}
