"""What was prepared, approved, queued and sent, and every step of it: part of the file of the app's state.

One connection is held for as long as the ledger is open; every change is one transaction that waits for the disk.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from assistant.errors import StorageError

_SCHEMA = """
CREATE TABLE IF NOT EXISTS send_plans (
    campaign_id TEXT PRIMARY KEY, plan TEXT NOT NULL, at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS send_runs (
    digest TEXT PRIMARY KEY, campaign_id TEXT NOT NULL, terms TEXT NOT NULL, recipients INTEGER NOT NULL,
    channels TEXT NOT NULL, state TEXT NOT NULL CHECK (state IN
        ('prepared', 'approved', 'rejected', 'void', 'started')),
    at TEXT NOT NULL, approved_by TEXT, approved_at TEXT, via TEXT, why TEXT
);
CREATE TABLE IF NOT EXISTS outbox (
    id INTEGER PRIMARY KEY, campaign_id TEXT NOT NULL, customer_id TEXT NOT NULL, channel TEXT NOT NULL,
    variant INTEGER NOT NULL, run TEXT NOT NULL REFERENCES send_runs (digest), row_digest TEXT NOT NULL,
    payload TEXT NOT NULL, state TEXT NOT NULL CHECK (state IN
        ('queued', 'claimed', 'sent', 'failed', 'unknown', 'skipped', 'cancelled')),
    not_before TEXT NOT NULL, expires_at TEXT NOT NULL, claimed_at TEXT, finished_at TEXT, why TEXT,
    UNIQUE (campaign_id, customer_id, channel, variant)
);
CREATE INDEX IF NOT EXISTS outbox_waiting ON outbox (not_before, id) WHERE state = 'queued';
CREATE INDEX IF NOT EXISTS outbox_person ON outbox (customer_id, channel, claimed_at);
CREATE TABLE IF NOT EXISTS send_holdouts (
    campaign_id TEXT NOT NULL, customer_id TEXT NOT NULL, PRIMARY KEY (campaign_id, customer_id)
);
CREATE TABLE IF NOT EXISTS send_stops (
    campaign_id TEXT PRIMARY KEY, at TEXT NOT NULL, actor TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS objections (
    id INTEGER PRIMARY KEY, customer_id TEXT, channel TEXT NOT NULL, address_digest TEXT, kind TEXT NOT NULL,
    at TEXT NOT NULL, source TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS objections_customer ON objections (customer_id);
CREATE INDEX IF NOT EXISTS objections_address ON objections (address_digest);
CREATE TABLE IF NOT EXISTS promo_codes (
    code TEXT PRIMARY KEY, campaign_id TEXT NOT NULL, customer_id TEXT, expires_on TEXT, at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS audit (
    seq INTEGER PRIMARY KEY, at TEXT NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL, campaign_id TEXT,
    details TEXT NOT NULL, previous TEXT NOT NULL, hash TEXT NOT NULL
);
CREATE TRIGGER IF NOT EXISTS audit_is_not_changed BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END;
CREATE TRIGGER IF NOT EXISTS audit_is_not_deleted BEFORE DELETE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END;
"""


def stamp(moment: datetime) -> str:
    """A moment as stored: UTC, to the microsecond, so that text sorts as time does."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


@contextmanager
def storage(path: Path) -> Iterator[None]:
    """Turn what SQLite says about the file into :class:`StorageError`."""
    hint = "Check that the disk is neither full nor read-only."
    try:
        yield
    except sqlite3.OperationalError as error:
        raise StorageError(f"The record of sendings cannot be written ({error}); nothing was sent", received=path,
                           hint=hint) from error
    except sqlite3.IntegrityError:
        raise
    except sqlite3.DatabaseError as error:
        raise StorageError("The record of sendings is damaged; it was left as it is, and nothing was sent",
                           received=path, hint="Put back a copy of it.") from error


class Ledger:
    """The open record of sendings. Use :func:`open_ledger`."""

    def __init__(self, path: Path, con: sqlite3.Connection) -> None:
        self.path, self.con = path, con

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """One transaction that nobody else can write beside; rolled back on any error."""
        with storage(self.path):
            self.con.execute("BEGIN IMMEDIATE")
        try:
            with storage(self.path):
                yield self.con
                self.con.execute("COMMIT")
        except BaseException:
            if self.con.in_transaction:
                self.con.execute("ROLLBACK")
            raise

    def rows(self, statement: str, values: tuple[object, ...] = ()) -> list[sqlite3.Row]:
        """Read."""
        with storage(self.path):
            return self.con.execute(statement, values).fetchall()


@contextmanager
def open_ledger(path: Path) -> Iterator[Ledger]:
    """Open the record of sendings in ``path`` (the app's SQLite file), and close it in any case.

    Raises:
        StorageError: the disk refuses, or the file is damaged.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError("The record of sendings cannot be opened", received=path) from error
    with storage(path):
        con = sqlite3.connect(path, timeout=30, isolation_level=None)
    try:
        with storage(path):
            con.row_factory = sqlite3.Row
            con.execute("PRAGMA journal_mode=WAL")
            con.execute("PRAGMA foreign_keys=ON")
            con.execute("PRAGMA synchronous=FULL")
            con.executescript(_SCHEMA)
        yield Ledger(path, con)
    finally:
        con.close()


@contextmanager
def only_one(path: Path) -> Iterator[None]:
    """Hold the right to send; the system gives it back when the process ends, however it ends.

    Raises:
        StorageError: another process is sending.
    """
    con = sqlite3.connect(path.with_name(f"{path.stem}.sending-lock"), timeout=0, isolation_level=None)
    try:
        try:
            con.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            raise StorageError("Another process is sending just now; nothing was sent by this one", received=path,
                               hint="Wait for it to end, or stop it.") from error
        yield
    finally:
        con.close()
