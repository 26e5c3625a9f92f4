"""The log of every step, only added to; each entry holds the SHA-256 of the one before, so that a change shows.

Entries hold counts and digests, never a name, an address or a text. What a chain cannot show is that its end was cut
off: the hash of the last entry, kept elsewhere, does (:func:`verify` takes it).
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from assistant.campaigns.sending.ledger import Ledger, stamp

FIRST = "0" * 64


@dataclass(frozen=True)
class Checked:
    """What :func:`verify` found. ``broken_at``: number of the first entry that does not fit, or None."""

    entries: int
    head: str
    broken_at: int | None
    why: str = ""

    @property
    def whole(self) -> bool:
        return self.broken_at is None and not self.why


def _hash(seq: int, at: str, actor: str, action: str, campaign_id: str | None, details: str, previous: str) -> str:
    text = json.dumps([seq, at, actor, action, campaign_id, details, previous], ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def record(
    con: sqlite3.Connection, now: datetime, actor: str, action: str, campaign_id: str | None, **details: Any
) -> None:
    """Add an entry within the transaction that makes the change it tells of."""
    last = con.execute("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
    seq, previous = (last[0] + 1, last[1]) if last else (1, FIRST)
    text, at = json.dumps(details, sort_keys=True, default=str), stamp(now)
    digest = _hash(seq, at, actor, action, campaign_id, text, previous)
    con.execute("INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (seq, at, actor, action, campaign_id, text, previous, digest))


def verify(ledger: Ledger, head: str | None = None) -> Checked:
    """Compute the whole chain again.

    Args:
        head: hash that some entry must have, noted earlier; shows that the end was not cut off.
    """
    previous, seq, seen = FIRST, 0, head is None
    for row in ledger.rows("SELECT * FROM audit ORDER BY seq"):
        seq += 1
        fields = (row["seq"], row["at"], row["actor"], row["action"], row["campaign_id"], row["details"], previous)
        if row["seq"] != seq:
            return Checked(seq, previous, seq, "an entry is missing")
        if row["previous"] != previous or row["hash"] != _hash(*fields):
            return Checked(seq, previous, seq, "an entry was changed")
        previous = row["hash"]
        seen = seen or previous == head
    if not seen:
        return Checked(seq, previous, None, "the entry with the hash given is not there: the end was cut off")
    return Checked(seq, previous, None)
