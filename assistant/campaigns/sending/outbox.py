"""Transactional outbox: one row per recipient, channel and step, each leaves at most once.

queued → claimed → sent | failed | unknown, or queued → skipped | cancelled. A row is claimed, with its checks, in one
transaction before anything leaves; a row still claimed when a sender starts was being sent when the process ended: it
is ``unknown``, listed for a person, and never sent again.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from assistant.campaigns.sending.audit import record
from assistant.campaigns.sending.batches import BATCH
from assistant.campaigns.sending.conditions import held_back
from assistant.campaigns.sending.contacts import Contacts
from assistant.campaigns.sending.gate import Rules, Standing, Verdict, verdict
from assistant.campaigns.sending.ledger import Ledger, stamp
from assistant.campaigns.sending.objections import objected
from assistant.campaigns.sending.orders import Orders
from assistant.campaigns.sending.runs import Done, Row
from assistant.campaigns.sending.secrets import ShopKey
from assistant.campaigns.sending.touched import Touches

State = Literal["queued", "claimed", "sent", "failed", "unknown", "skipped", "cancelled"]
STATES: tuple[State, ...] = ("queued", "claimed", "sent", "failed", "unknown", "skipped", "cancelled")


@dataclass(frozen=True)
class Claimed:
    """A message that is about to leave, with the address as it is now."""

    id: int
    campaign_id: str
    customer_id: str
    channel: str
    address: str
    payload: dict[str, Any]
    row_digest: str


@dataclass(frozen=True)
class Checks:
    """What is asked of every recipient at the last instant.

    Attributes:
        contacts: consent, suppression, address, zone as the data have them now.
        key: recognises addresses.
        rules: caps and quiet hours.
        channels: that can be sent at all; rows of others stay queued.
        touches: last contacts that the data know of; None for none.
        orders: for exits and steps that hang on orders; None where nothing does.
    """

    contacts: Contacts
    key: ShopKey
    rules: Rules
    channels: tuple[str, ...]
    touches: Touches | None = None
    orders: Orders | None = None

    def load(self, customer_ids: Sequence[str]) -> None:
        """Read what the data know of these people, in one go."""
        for facts in (self.contacts, self.touches, self.orders):
            if facts is not None:
                facts.load(customer_ids)


def recover(ledger: Ledger, now: datetime) -> int:
    """Rows that a sender left behind when it ended: nobody knows whether they left. The right to send must be held."""
    with ledger.write() as con:
        n = con.execute("UPDATE outbox SET state = 'unknown', finished_at = ?, why = 'the program ended while sending' "
                        "WHERE state = 'claimed'", (stamp(now),)).rowcount
        if n:
            record(con, now, "outbox", "unknown", None, messages=n)
    return n


def claim(ledger: Ledger, checks: Checks, now: datetime) -> Claimed | None:
    """Take the next message that may leave; those that may not are put off or skipped on the way.

    Returns:
        None when nothing may leave now.
    """
    marks = ", ".join("?" * len(checks.channels))
    while True:
        with ledger.write() as con:
            row = con.execute(
                "SELECT * FROM outbox o WHERE state = 'queued' AND not_before <= ? "
                f"AND channel IN ({marks}) AND NOT EXISTS (SELECT 1 FROM send_stops s "
                "WHERE s.campaign_id IN (o.campaign_id, '*')) ORDER BY not_before, id LIMIT 1",
                (stamp(now), *checks.channels)).fetchone()
            if row is None:
                return None
            if not checks.contacts.knows(row["customer_id"]):
                checks.load(_next_people(con, now))
            address, found = _checked(con, row, checks, now)
            if found.do == "send" and address is not None:
                con.execute("UPDATE outbox SET state = 'claimed', claimed_at = ? WHERE id = ?", (stamp(now), row["id"]))
                return Claimed(row["id"], row["campaign_id"], row["customer_id"], row["channel"], address,
                               json.loads(row["payload"]), row["row_digest"])
            if found.do == "wait" and found.until is not None:
                con.execute("UPDATE outbox SET not_before = ?, why = ? WHERE id = ?",
                            (stamp(found.until), found.why, row["id"]))
            else:
                con.execute("UPDATE outbox SET state = 'skipped', finished_at = ?, why = ? WHERE id = ?",
                            (stamp(now), found.why, row["id"]))


def _next_people(con: sqlite3.Connection, now: datetime) -> list[str]:
    """Whose messages come next."""
    found = con.execute("SELECT DISTINCT customer_id FROM (SELECT customer_id FROM outbox WHERE state = 'queued' "
                        "AND not_before <= ? ORDER BY not_before, id LIMIT ?)", (stamp(now), BATCH)).fetchall()
    return [customer for (customer,) in found]


def _checked(con: sqlite3.Connection, row: sqlite3.Row, checks: Checks, now: datetime) -> tuple[str | None, Verdict]:
    """Address and verdict of one row of the outbox at this instant."""
    if stamp(now) > row["expires_at"]:
        return None, Verdict("skip", "too late")
    payload = json.loads(row["payload"])
    address, found = _asked(con, row["customer_id"], row["channel"], payload["address"], checks, now)
    if found.do != "send" or checks.orders is None:
        return address, found
    return address, held_back(con, row["campaign_id"], payload, checks.orders, checks.rules.zone, now)


def look(con: sqlite3.Connection, row: Row, checks: Checks, now: datetime) -> Verdict:
    """What the checks would say of a first message now; nothing changes. A later one waits for its day."""
    if row.after_days:
        return Verdict("wait", "its day")
    return _asked(con, row.customer_id, row.channel, row.address, checks, now)[1]


def _asked(con: sqlite3.Connection, customer: str, channel: str, approved: str, checks: Checks,
           now: datetime) -> tuple[str | None, Verdict]:
    standing = checks.contacts.standing(customer, channel)
    digest = checks.key.address(channel, standing.address) if standing and standing.address else None
    if standing is not None and objected(con, customer, channel, digest):
        standing = Standing(standing.consent, True, standing.address, standing.zone)
    found = verdict(channel, standing, _last_contact(con, customer, channel, checks), now, checks.rules)
    if found.do == "send" and digest != approved:
        return None, Verdict("skip", "the address changed after approval")
    return standing.address if standing else None, found


def _last_contact(con: sqlite3.Connection, customer: str, channel: str, checks: Checks) -> datetime | None:
    """When the person was last written to; a message of which nobody knows whether it left counts."""
    (ours,) = con.execute("SELECT max(claimed_at) FROM outbox WHERE customer_id = ? AND channel = ? "
                          "AND state IN ('claimed', 'sent', 'unknown')", (customer, channel)).fetchone()
    known = [datetime.fromisoformat(ours)] if ours else []
    theirs = checks.touches.last(customer, channel) if checks.touches else None
    return max([*known, *([theirs] if theirs else [])], default=None)


def finish(ledger: Ledger, claimed: Claimed, state: State, why: str, now: datetime) -> None:
    """Record what became of a claimed message."""
    with ledger.write() as con:
        con.execute("UPDATE outbox SET state = ?, finished_at = ?, why = ? WHERE id = ? AND state = 'claimed'",
                    (state, stamp(now), why[:200], claimed.id))


def put_back(ledger: Ledger, claimed: Claimed, why: str, not_before: datetime) -> None:
    """It certainly did not leave: it waits again, at least until the moment given."""
    with ledger.write() as con:
        con.execute("UPDATE outbox SET state = 'queued', claimed_at = NULL, why = ?, not_before = ? WHERE id = ? "
                    "AND state = 'claimed'", (why[:200], stamp(not_before), claimed.id))


def stop(ledger: Ledger, campaign_id: str, actor: str, now: datetime) -> None:
    """Nothing more of the campaign leaves (``*``: of any), from the next message on."""
    with ledger.write() as con:
        con.execute("INSERT OR REPLACE INTO send_stops VALUES (?, ?, ?)", (campaign_id, stamp(now), actor))
        record(con, now, actor, "stopped", campaign_id)


def resume(ledger: Ledger, campaign_id: str, actor: str, now: datetime) -> None:
    """Take a stop back."""
    with ledger.write() as con:
        if con.execute("DELETE FROM send_stops WHERE campaign_id = ?", (campaign_id,)).rowcount:
            record(con, now, actor, "resumed", campaign_id)


def undo(ledger: Ledger, campaign_id: str, actor: str, now: datetime) -> int:
    """Take back every message that has not left; returns how many."""
    with ledger.write() as con:
        n = con.execute("UPDATE outbox SET state = 'cancelled', finished_at = ?, why = 'taken back' "
                        "WHERE campaign_id = ? AND state = 'queued'", (stamp(now), campaign_id)).rowcount
        record(con, now, actor, "undone", campaign_id, messages=n)
    return n


def settle(ledger: Ledger, row_id: int, state: Literal["sent", "failed"], actor: str, now: datetime) -> bool:
    """A person found out what became of an ``unknown`` message; it is never sent again either way."""
    with ledger.write() as con:
        n = con.execute("UPDATE outbox SET state = ?, why = 'settled by a person' WHERE id = ? AND state = 'unknown'",
                        (state, row_id)).rowcount
        if n:
            record(con, now, actor, "settled", None, row=row_id, state=state)
    return bool(n)


def counts(ledger: Ledger, campaign_id: str | None = None) -> dict[str, int]:
    """Messages by state, of one campaign or of all."""
    where, values = ("WHERE campaign_id = ?", (campaign_id,)) if campaign_id else ("", ())
    found = ledger.rows(f"SELECT state, count(*) n FROM outbox {where} GROUP BY state", values)
    return {row["state"]: row["n"] for row in found}


def done_of(ledger: Ledger, campaign_id: str) -> frozenset[Done]:
    """(customer, channel, step) that have a row in the outbox: no second one is ever made."""
    found = ledger.rows("SELECT customer_id, channel, variant FROM outbox WHERE campaign_id = ?", (campaign_id,))
    return frozenset((row["customer_id"], row["channel"], row["variant"]) for row in found)


def next_moment(ledger: Ledger) -> datetime | None:
    """When the next waiting message may be looked at again."""
    found = ledger.rows("SELECT min(not_before) FROM outbox WHERE state = 'queued'")
    return datetime.fromisoformat(found[0][0]) if found and found[0][0] else None


