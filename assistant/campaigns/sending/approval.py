"""Approval: an action of a person, bound to the digest of exactly what will run. Any change voids it."""

from __future__ import annotations

import json
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

from assistant.campaigns.sending.audit import record
from assistant.campaigns.sending.config import SendingConfig
from assistant.campaigns.sending.ledger import Ledger, stamp
from assistant.campaigns.sending.runs import Row, RunDigest, Terms
from assistant.campaigns.sending.timing import Timing
from assistant.errors import InvalidPlan, NotPermitted, StorageError, UnknownName


@dataclass(frozen=True)
class Run:
    """A run as recorded. ``state``: prepared, approved, rejected, void or started."""

    digest: str
    campaign_id: str
    terms: str
    recipients: int
    channels: dict[str, int]
    state: str
    at: datetime
    approved_at: datetime | None
    approved_by: str | None


def prepare(ledger: Ledger, terms: Terms, rows: Iterable[Row], actor: str, now: datetime) -> Run:
    """Record what a run would be, so that a person can approve exactly this. Preparing the same again changes nothing.

    Raises:
        InvalidPlan: nothing would be sent.
    """
    digest = RunDigest(terms)
    for row in rows:
        digest.add(row)
    if not digest.rows:
        raise InvalidPlan("Nothing is left to be sent", received=terms.campaign_id,
                          hint="Everybody of this campaign was written to already, or has no address.")
    with ledger.write() as con:
        known = con.execute("SELECT state FROM send_runs WHERE digest = ?", (digest.hex(),)).fetchone()
        if known is not None and known["state"] in {"rejected", "void"}:  # looked at anew: it may be approved anew
            void_all(con, terms.campaign_id, actor, now, digest.hex())
            con.execute("UPDATE send_runs SET state = 'prepared', approved_by = NULL, approved_at = NULL, via = NULL, "
                        "why = NULL, at = ? WHERE digest = ?", (stamp(now), digest.hex()))
            record(con, now, actor, "prepared", terms.campaign_id, run=digest.hex(), messages=digest.rows)
        if known is None:
            void_all(con, terms.campaign_id, actor, now, digest.hex())
            con.execute("INSERT INTO send_runs (digest, campaign_id, terms, recipients, channels, state, at) "
                        "VALUES (?, ?, ?, ?, ?, 'prepared', ?)",
                        (digest.hex(), terms.campaign_id, terms.canonical(), digest.rows,
                         json.dumps(digest.channels, sort_keys=True), stamp(now)))
            record(con, now, actor, "prepared", terms.campaign_id, run=digest.hex(), messages=digest.rows)
    return run_of(ledger, digest.hex())


def void_all(con: sqlite3.Connection, campaign_id: str, actor: str, now: datetime, but: str = "") -> None:
    """Runs of a campaign that have not started no longer count, but for one."""
    found = con.execute("SELECT digest FROM send_runs WHERE campaign_id = ? AND digest <> ? "
                        "AND state IN ('prepared', 'approved')", (campaign_id, but)).fetchall()
    for (old,) in found:
        con.execute("UPDATE send_runs SET state = 'void', why = 'changed' WHERE digest = ?", (old,))
        record(con, now, actor, "voided", campaign_id, run=old, why="changed")


def run_of(ledger: Ledger, digest: str) -> Run:
    """A recorded run by its digest, or by the first eight or more letters of it.

    Raises:
        UnknownName: no such run, or several.
    """
    found = ledger.rows("SELECT * FROM send_runs WHERE digest = ?", (digest,))
    if not found and len(digest) >= 8 and digest.isalnum():
        found = ledger.rows("SELECT * FROM send_runs WHERE digest LIKE ?", (f"{digest}%",))
    if len(found) != 1:
        raise UnknownName("No dry run has this digest", received=digest,
                          hint="Make a dry run of the campaign and take the digest that it shows.")
    row = found[0]
    return Run(row["digest"], row["campaign_id"], row["terms"], row["recipients"], json.loads(row["channels"]),
               row["state"], datetime.fromisoformat(row["at"]),
               datetime.fromisoformat(row["approved_at"]) if row["approved_at"] else None, row["approved_by"])


def latest_run(ledger: Ledger, campaign_id: str) -> Run | None:
    """The run of a campaign that was recorded or approved last."""
    found = ledger.rows("SELECT digest FROM send_runs WHERE campaign_id = ? AND state <> 'void' "
                        "ORDER BY coalesce(approved_at, at) DESC, rowid DESC LIMIT 1", (campaign_id,))
    return run_of(ledger, found[0]["digest"]) if found else None


def approve(
    ledger: Ledger, digest: str, terms: Terms, config: SendingConfig, *, actor: str, via: str, now: datetime,
    typed: str | None = None,
) -> Run:
    """Record a person's approval of one run.

    Args:
        terms: of the campaign as it is now; they must be those that the person saw.
        via: ``card`` or ``terminal``.
        typed: what the person typed; the number of messages where there are more than ``config.typed_above``.

    Raises:
        UnknownName: no such run.
        InvalidPlan: something changed since the dry run; the run is void, nothing is approved.
        NotPermitted: it was rejected, or the number was not typed.
    """
    run = run_of(ledger, digest)
    if run.state == "approved":
        return run
    if run.state != "prepared":
        raise NotPermitted(f"This run cannot be approved: it is {run.state}", received=digest[:12],
                           hint="Make a dry run of the campaign as it is now.")
    if run.terms != terms.canonical():
        void(ledger, run, "changed since the dry run", actor, now)
        raise InvalidPlan("The campaign, the data or the settings changed since this dry run; nothing is approved",
                          received=digest[:12], hint="Make a dry run again and look at it.")
    if run.recipients > config.typed_above and (typed or "").replace(",", "").strip() != str(run.recipients):
        raise NotPermitted(f"Type the number of messages ({run.recipients}) to approve so many", received=typed)
    with ledger.write() as con:
        changed = con.execute(
            "UPDATE send_runs SET state = 'approved', approved_by = ?, approved_at = ?, via = ? "
            "WHERE digest = ? AND state = 'prepared'", (actor, stamp(now), via, run.digest)).rowcount
        if changed:
            record(con, now, actor, "approved", run.campaign_id, run=run.digest, messages=run.recipients, via=via)
    return run_of(ledger, run.digest)


def reject(ledger: Ledger, digest: str, *, actor: str, via: str, now: datetime) -> Run:
    """Record that a person does not want the run; an approval that has not been used is taken back by it.

    Raises:
        UnknownName: no such run.
        NotPermitted: it has started; it can be stopped.
    """
    run = run_of(ledger, digest)
    if run.state == "started":
        raise NotPermitted("The sending has started", received=digest[:12], hint="Stop it instead.")
    with ledger.write() as con:
        if con.execute("UPDATE send_runs SET state = 'rejected' WHERE digest = ? AND state IN "
                       "('prepared', 'approved')", (run.digest,)).rowcount:
            record(con, now, actor, "rejected", run.campaign_id, run=run.digest, via=via)
    return run_of(ledger, run.digest)


def void(ledger: Ledger, run: Run, why: str, actor: str, now: datetime) -> None:
    """Note that a run no longer counts."""
    with ledger.write() as con:
        con.execute("UPDATE send_runs SET state = 'void', why = ? WHERE digest = ?", (why, run.digest))
        record(con, now, actor, "voided", run.campaign_id, run=run.digest, why=why)


def start(
    ledger: Ledger, digest: str, terms: Terms, rows: Iterable[Row], config: SendingConfig, *, actor: str,
    now: datetime, timing: Timing | None = None, holdout: Iterable[str] = (),
) -> int:
    """Put an approved run into the outbox, whole or not at all; returns the number of messages.

    The rows are computed anew and must have the digest that was approved.

    Args:
        timing: when which message may leave; None: at once.
        holdout: the control group; never written to by a repetition either.

    Raises:
        NotPermitted: not approved, or approved too long ago.
        InvalidPlan: what would run is not what was approved; the approval is void and nothing is queued.
        StorageError: the disk refuses; nothing is queued.
    """
    run = run_of(ledger, digest)
    if run.state == "started":
        raise NotPermitted("This run was started already; it is not queued twice", received=digest[:12])
    if run.state != "approved" or run.approved_at is None:
        raise NotPermitted(f"Nothing is sent without approval: this run is {run.state}", received=digest[:12],
                           hint="Approve it on the card of its dry run, or in the terminal.")
    if now - run.approved_at > timedelta(hours=config.approval_hours):
        void(ledger, run, "approval expired", actor, now)
        raise NotPermitted(f"The approval is older than {config.approval_hours:g} hours and no longer counts",
                           received=digest[:12])
    with _spool(ledger.path) as spool:
        check = RunDigest(terms)
        for row in rows:
            check.add(row)
            spool.write(row.canonical() + "\n")
        if check.hex() != run.digest:
            void(ledger, run, "not what was approved", actor, now)
            raise InvalidPlan("What would be sent now is not what was approved; nothing was sent",
                              received=check.hex()[:12], valid=[run.digest[:12]],
                              hint="Make a dry run again, look at it, and approve it.")
        spool.seek(0)
        with ledger.write() as con:
            if not con.execute("UPDATE send_runs SET state = 'started' WHERE digest = ? AND state = 'approved'",
                               (run.digest,)).rowcount:
                raise NotPermitted("The run was started or rejected meanwhile", received=digest[:12])
            enqueue(con, run.digest, run.campaign_id, (line.rstrip("\n") for line in spool),
                    timing or Timing(now, config.time_zone, config.expires_hours))
            con.execute("DELETE FROM send_stops WHERE campaign_id = ?", (run.campaign_id,))
            hold(con, run.campaign_id, holdout)
            record(con, now, actor, "started", run.campaign_id, run=run.digest, messages=check.rows)
    return check.rows


def hold(con: sqlite3.Connection, campaign_id: str, holdout: Iterable[str]) -> None:
    """Keep who is in the control group of a campaign."""
    con.executemany("INSERT OR IGNORE INTO send_holdouts VALUES (?, ?)", ((campaign_id, c) for c in holdout))


def enqueue(con: sqlite3.Connection, run: str, campaign_id: str, rows: Iterable[str], timing: Timing) -> int:
    """Put rows (:meth:`Row.canonical`) into the outbox; one that is there already is an error.

    Returns:
        how many.
    """
    n = 0
    for line in rows:
        row = json.loads(line)
        begins, expires = timing.of(row["customer_id"], row["channel"], row["after_days"])
        con.execute(
            "INSERT INTO outbox (campaign_id, customer_id, channel, variant, run, row_digest, payload, state, "
            "not_before, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, 'queued', ?, ?)",
            (campaign_id, row["customer_id"], row["channel"], row["variant"], run, Row(**row).digest(), line,
             stamp(begins), stamp(expires)))
        if row["code"]:
            con.execute("INSERT OR IGNORE INTO promo_codes VALUES (?, ?, ?, NULL, ?)",
                        (row["code"], campaign_id, row["customer_id"], stamp(begins)))
        n += 1
    return n


@contextmanager
def _spool(path: Path) -> Iterator[IO[str]]:
    """A temporary file beside the ledger, so that a run of any size is written in one short transaction."""
    try:
        with tempfile.TemporaryFile("w+", encoding="utf-8", dir=path.parent) as file:
            yield file
    except OSError as error:
        raise StorageError("The disk refuses; nothing was sent", received=path.parent) from error


def utc_now() -> datetime:
    """The real clock: sending, consent and quiet hours never use the day of the data."""
    return datetime.now(UTC)
