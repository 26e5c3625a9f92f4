"""SQLite files of the app's state: opened the same way everywhere, and a damaged one is never deleted."""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from assistant.errors import StorageError

log = logging.getLogger(__name__)
#: seconds that a busy file is waited for
_PATIENCE = 10


@contextmanager
def transaction(path: Path, what: str, schema: str = "", *, durable: bool = False) -> Iterator[sqlite3.Connection]:
    """A connection for one transaction: committed at the end, rolled back on an error, closed in any case.

    Args:
        path: the file; created with its folder when missing.
        what: what is kept there, in the plural, for error messages.
        schema: statements that create what is missing.
        durable: wait for the disk at every commit (for what may never be lost).

    Raises:
        StorageError: disk full, read-only or locked, or the file is damaged (it is left as it is).
    """
    hint = "Check that the disk is neither full nor read-only, or set ASSISTANT_HOME to another folder."
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        con = sqlite3.connect(path, timeout=_PATIENCE)
    except (OSError, sqlite3.OperationalError) as error:
        raise StorageError(f"The {what} cannot be stored", received=path, hint=hint) from error
    try:
        _write_ahead(con)
        con.execute("PRAGMA foreign_keys=ON")
        con.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
        with con:
            if schema:
                con.executescript(schema)
            yield con
    except sqlite3.OperationalError as error:
        raise StorageError(f"The {what} cannot be stored ({error})", received=path, hint=hint) from error
    except sqlite3.DatabaseError as error:
        raise StorageError(f"The file of {what} is damaged; it was left as it is", received=path,
                           hint="Put back a copy of it, or move it away to begin anew.") from error
    finally:
        con.close()


def _write_ahead(con: sqlite3.Connection) -> None:
    """Turn on the write-ahead log. While others open a new file at the same moment SQLite refuses this at once, without
    the wait that it grants to statements, so it is tried again for as long."""
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            con.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.01)


def make_sound(path: Path) -> Path | None:
    """See that a file is a whole SQLite database, or absent.

    Args:
        path: the file; its folder is created when missing.

    Returns:
        where the damaged file was moved; None when there was nothing wrong.

    Raises:
        StorageError: the folder or file cannot be used.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or _is_whole(path):
            return None
        aside = path.with_name(f"{path.name}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%S%f}")
        for ending in ("-wal", "-shm", ""):
            part = path.with_name(path.name + ending)
            if part.exists():
                part.replace(aside.with_name(aside.name + ending))
    except (OSError, sqlite3.OperationalError) as error:
        raise StorageError("The memory of conversations cannot be used", received=path,
                           hint="Check the disk or set ASSISTANT_HOME to another folder.") from error
    log.warning("%s was damaged; set aside as %s", path.name, aside.name)
    return aside


def _is_whole(path: Path) -> bool:
    con = sqlite3.connect(path, timeout=10)
    try:
        return con.execute("PRAGMA quick_check(1)").fetchone() == ("ok",)
    except sqlite3.OperationalError:
        raise  # locked or unreadable: not damage
    except sqlite3.DatabaseError:
        return False
    finally:
        con.close()
