"""Objections that came in after the data were loaded: kept, never deleted, and matched against later imports."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from assistant.campaigns.sending.audit import record
from assistant.campaigns.sending.ledger import Ledger, stamp
from assistant.campaigns.sending.secrets import ShopKey
from assistant.errors import InvalidPlan

KINDS = ("objection", "unsubscribe", "bounce", "complaint")
#: whoever objects to one channel objects to direct marketing; the others concern the channel
_EVERYWHERE = {"objection", "complaint"}


def object_to(ledger: Ledger, customer_id: str | None, channel: str, kind: str, source: str, now: datetime,
              address_digest: str | None = None) -> None:
    """Record that a person must not be written to: on the channel, or at all for an objection or complaint.

    What is recorded already is not recorded twice: a link may be followed again.

    Args:
        customer_id: None where only the address is known.
        address_digest: :meth:`ShopKey.address` of the address, so that it is recognised under another id.

    Raises:
        InvalidPlan: an unknown kind.
    """
    if kind not in KINDS:
        raise InvalidPlan("Unknown kind of objection", received=kind, valid=KINDS)
    where = "*" if kind in _EVERYWHERE else channel
    with ledger.write() as con:
        if con.execute("SELECT 1 FROM objections WHERE customer_id IS ? AND channel = ? AND kind = ? AND "
                       "address_digest IS ?", (customer_id, where, kind, address_digest)).fetchone():
            return
        con.execute("INSERT INTO objections (customer_id, channel, address_digest, kind, at, source) "
                    "VALUES (?, ?, ?, ?, ?, ?)", (customer_id, where, address_digest, kind, stamp(now), source))
        record(con, now, source, "objection", None, kind=kind, channel=where)


def unsubscribe(ledger: Ledger, key: ShopKey, token: str, now: datetime, *, everywhere: bool = False,
                source: str = "unsubscribe link") -> tuple[str, str]:
    """Carry out an unsubscribe link; returns customer and channel.

    Args:
        everywhere: the person wants no marketing on any channel.

    Raises:
        UnknownName: not a link of this shop.
    """
    customer, channel = key.read_token(token)
    object_to(ledger, customer, channel, "objection" if everywhere else "unsubscribe", source, now,
              _written_to(ledger, customer, channel))
    return customer, channel


def _written_to(ledger: Ledger, customer_id: str, channel: str) -> str | None:
    """Digest of the address that the customer was last written to on the channel, so that it is known again."""
    found = ledger.rows("SELECT json_extract(payload, '$.address') FROM outbox WHERE customer_id = ? AND channel = ? "
                        "ORDER BY id DESC LIMIT 1", (customer_id, channel))
    return found[0][0] if found else None


def objected(con: sqlite3.Connection, customer_id: str, channel: str, address_digest: str | None) -> bool:
    """Whether the person, or whoever has this address, objected."""
    found = con.execute(
        "SELECT 1 FROM objections WHERE (customer_id = ?1 OR (address_digest IS NOT NULL AND address_digest = ?3)) "
        "AND channel IN (?2, '*') LIMIT 1", (customer_id, channel, address_digest)).fetchone()
    return found is not None
