"""SQLite files of the agent's memory: a damaged one is set aside, never deleted, and a new one is begun."""

from __future__ import annotations

import logging
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from assistant.errors import StorageError

log = logging.getLogger(__name__)


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
