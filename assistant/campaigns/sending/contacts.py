"""Consent, suppression, address and zone of people as the data have them at the moment of asking."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from assistant.campaigns.sending.gate import Standing

if TYPE_CHECKING:
    from assistant.data.warehouse import Snapshot


class Contacts:
    """Contacts of the current snapshot, read again when another snapshot became current.

    Args:
        current: the snapshot that is current at the moment of the call; cheap.
    """

    def __init__(self, current: Callable[[], Snapshot]) -> None:
        self._current = current
        self._of: str | None = None
        self._known: dict[tuple[str, str], Standing] = {}

    def standing(self, customer_id: str, channel: str) -> Standing | None:
        """What is known now; None where the data hold no contact of the person on the channel."""
        snapshot = self._current()
        if snapshot.manifest.id != self._of:
            self._known, self._of = _read(snapshot), snapshot.manifest.id
        return self._known.get((customer_id, channel))


def _read(snapshot: Snapshot) -> dict[tuple[str, str], Standing]:
    if not snapshot.has("contacts", "consent"):
        return {}
    contacts = snapshot.table("contacts")
    rows = snapshot.execute(contacts.select(
        "customer_id", "channel", "address", "consent", "suppressed", "suppressed_reason", "time_zone")).to_pylist()
    known: dict[tuple[str, str], Standing] = {}
    objecting: set[str] = set()
    for row in rows:
        if row["suppressed"] and row["suppressed_reason"] != "bounce":  # a dead box is no objection to other channels
            objecting.add(row["customer_id"])
        place = (row["customer_id"], row["channel"])
        found = Standing(row["consent"], bool(row["suppressed"]), row["address"], row["time_zone"])
        # two entries for one box: the stricter one counts
        other = known.get(place)
        known[place] = found if other is None or (other.consent and not found.consent) else replace(
            other, objected=other.objected or found.objected)
    return {place: replace(s, objected=True) if place[0] in objecting else s for place, s in known.items()}
