"""Finished turns and people's verdicts, in SQLite: what the screen shows again after a restart."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path

from assistant.agent.events import ThreadInfo
from assistant.results import Answer
from assistant.sqlite_files import make_sound, transaction

_SCHEMA = """
CREATE TABLE IF NOT EXISTS turns (
    run_id TEXT PRIMARY KEY, thread_id TEXT NOT NULL, position INTEGER NOT NULL, at TEXT NOT NULL,
    question TEXT NOT NULL, answer TEXT NOT NULL, UNIQUE (thread_id, position)
);
CREATE TABLE IF NOT EXISTS ratings (
    run_id TEXT PRIMARY KEY REFERENCES turns (run_id) ON DELETE CASCADE, good INTEGER NOT NULL,
    comment TEXT NOT NULL, at TEXT NOT NULL
);
"""


class TurnStore:
    """Durable list of answers per conversation.

    Args:
        path: SQLite file; created with its folder when missing.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        #: where a damaged file was moved when the store was opened
        self.set_aside = make_sound(path)
        with transaction(path, "conversations", _SCHEMA):
            pass

    def _connect(self) -> AbstractContextManager[sqlite3.Connection]:
        return transaction(self.path, "conversations")

    def add(self, thread_id: str, answer: Answer) -> None:
        """Append one finished turn."""
        with self._lock, self._connect() as con:
            (position,) = con.execute(
                "SELECT coalesce(max(position), 0) + 1 FROM turns WHERE thread_id = ?", (thread_id,)
            ).fetchone()
            con.execute(
                "INSERT INTO turns VALUES (?, ?, ?, ?, ?, ?)",
                (answer.run_id, thread_id, position, datetime.now(UTC).isoformat(), answer.question,
                 answer.model_dump_json()),
            )

    def history(self, thread_id: str) -> list[Answer]:
        """All turns of a conversation, oldest first."""
        with self._connect() as con:
            rows = con.execute(
                "SELECT answer FROM turns WHERE thread_id = ? ORDER BY position", (thread_id,)
            ).fetchall()
        return [Answer.model_validate_json(text) for (text,) in rows]

    def threads(self) -> list[ThreadInfo]:
        """All conversations, latest first, titled by their first question."""
        with self._connect() as con:
            rows = con.execute(
                "SELECT t.thread_id, f.question, max(t.at), count(*) FROM turns t"
                " JOIN turns f ON f.thread_id = t.thread_id AND f.position = 1"
                " GROUP BY t.thread_id ORDER BY max(t.at) DESC"
            ).fetchall()
        return [ThreadInfo(i, q[:80], datetime.fromisoformat(at), n) for i, q, at, n in rows]

    def delete(self, thread_id: str) -> None:
        """Forget a conversation."""
        with self._lock, self._connect() as con:
            con.execute("DELETE FROM turns WHERE thread_id = ?", (thread_id,))

    def rate(self, run_id: str, good: bool, comment: str = "") -> None:
        """Keep a verdict; a second one replaces the first."""
        with self._lock, self._connect() as con:
            con.execute(
                "INSERT OR REPLACE INTO ratings SELECT ?, ?, ?, ? WHERE EXISTS (SELECT 1 FROM turns WHERE run_id = ?)",
                (run_id, int(good), comment[:2000], datetime.now(UTC).isoformat(), run_id),
            )
