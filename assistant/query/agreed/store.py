"""Agreed meanings and saved segments in SQLite: versions are only ever added, a change is one transaction.

One change may touch several entries (renaming closes one name and opens another); taking it back adds the versions
that stood before it. So every state there ever was can be shown, and taking back can itself be seen.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Literal

from assistant.errors import NoRows, UnknownName
from assistant.query.agreed.names import name_key
from assistant.sqlite_files import transaction

#: ``category``: categories of products and people's edits of them; ``sorted``: where later products were put
Kind = Literal["definition", "segment", "category", "sorted"]
#: kinds that only the program writes: nothing of theirs is taken back by itself
_UNSIGNED: tuple[Kind, ...] = ("sorted",)

_SCHEMA = """
CREATE TABLE IF NOT EXISTS agreed_changes (
    number INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, author TEXT NOT NULL, what TEXT NOT NULL,
    undoes INTEGER REFERENCES agreed_changes (number)
);
CREATE TABLE IF NOT EXISTS agreed_versions (
    kind TEXT NOT NULL, key TEXT NOT NULL, version INTEGER NOT NULL, name TEXT NOT NULL, body TEXT,
    change INTEGER NOT NULL REFERENCES agreed_changes (number), PRIMARY KEY (kind, key, version)
);
CREATE TABLE IF NOT EXISTS agreed_tests (
    key TEXT NOT NULL, version INTEGER NOT NULL, at TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (key, version)
);
CREATE TABLE IF NOT EXISTS agreed_sizes (
    key TEXT NOT NULL, version INTEGER NOT NULL, fingerprint TEXT NOT NULL, as_of TEXT NOT NULL, at TEXT NOT NULL,
    customers INTEGER NOT NULL, PRIMARY KEY (key, version, fingerprint)
);
"""
_CURRENT = (
    "SELECT v.kind, v.key, v.version, v.name, v.body, c.at, c.author, c.number FROM agreed_versions v"
    " JOIN agreed_changes c ON c.number = v.change"
)


@dataclass(frozen=True)
class Entry:
    """One version of one meaning or segment. ``body`` is None where it was given up or deleted."""

    kind: Kind
    key: str
    version: int
    name: str
    body: dict[str, Any] | None = field(hash=False)
    at: datetime
    author: str
    change: int

    @property
    def day(self) -> date:
        return self.at.date()


@dataclass(frozen=True)
class Size:
    """How many customers met a segment's rule on one day of the data, as it was recorded."""

    key: str
    version: int
    as_of: date
    at: datetime
    customers: int


@dataclass(frozen=True)
class Change:
    """One change: what it did, and the entries before and after it, in step."""

    number: int
    at: datetime
    author: str
    what: str
    before: tuple[Entry | None, ...]
    after: tuple[Entry, ...]


def _entry(row: Sequence[Any]) -> Entry:
    return Entry(row[0], row[1], row[2], row[3], None if row[4] is None else json.loads(row[4]),
                 datetime.fromisoformat(row[5]), row[6], row[7])


class AgreementStore:
    """All agreed meanings and saved segments of one shop.

    Args:
        path: the SQLite file of the app's state; created when missing.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def _connect(self) -> AbstractContextManager[sqlite3.Connection]:
        return transaction(self.path, "definitions and segments", _SCHEMA, durable=True)

    def stamp(self) -> tuple[int, ...]:
        """Changes with every write of any process; 0s where nothing was ever stored."""
        found: list[int] = []
        for ending in ("", "-wal"):
            part = self.path.with_name(self.path.name + ending)
            try:
                stat = part.stat()
            except FileNotFoundError:
                found += [0, 0]
            else:
                found += [stat.st_mtime_ns, stat.st_size]
        return tuple(found)

    # -- reading -------------------------------------------------------------------------------------------------

    def current(self) -> list[Entry]:
        """What is in force: the latest version of every entry that was not given up, by name."""
        if not self.path.exists():
            return []
        with self._connect() as con:
            rows = con.execute(
                f"{_CURRENT} WHERE v.body IS NOT NULL AND v.version = (SELECT max(w.version) FROM agreed_versions w"
                " WHERE w.kind = v.kind AND w.key = v.key) ORDER BY v.kind, v.key"
            ).fetchall()
        return [_entry(row) for row in rows]

    def versions(self, kind: Kind, name: str) -> list[Entry]:
        """Every version of one entry, oldest first."""
        if not self.path.exists():
            return []
        with self._connect() as con:
            rows = con.execute(f"{_CURRENT} WHERE v.kind = ? AND v.key = ? ORDER BY v.version",
                               (kind, name_key(name))).fetchall()
        return [_entry(row) for row in rows]

    def sizes(self, name: str) -> list[Size]:
        """Recorded sizes of a segment, oldest day first."""
        if not self.path.exists():
            return []
        with self._connect() as con:
            rows = con.execute(
                "SELECT key, version, as_of, at, customers FROM agreed_sizes WHERE key = ? ORDER BY as_of, at",
                (name_key(name),),
            ).fetchall()
        return [Size(r[0], r[1], date.fromisoformat(r[2]), datetime.fromisoformat(r[3]), r[4]) for r in rows]

    # -- changing ------------------------------------------------------------------------------------------------

    def write(
        self, what: str, author: str, entries: Iterable[tuple[Kind, str, dict[str, Any] | None]],
        *, absent: Sequence[tuple[Kind, str]] = (), present: Sequence[tuple[Kind, str]] = (),
    ) -> Change:
        """One change: a new version of each entry given.

        Args:
            what: the change in words, for the record.
            entries: kind, name as it is shown, and body (None gives the entry up).
            absent: names that must be free when the change is made.
            present: names that must be in force when the change is made.

        Raises:
            UnknownName: a name of ``present`` is not in force (any more).
            NameTaken: a name of ``absent`` is in force.
            StorageError: see :func:`assistant.sqlite_files.transaction`.
        """
        with self._connect() as con:
            number = self._begin(con, what, author)
            for kind, name in absent:
                if (found := _latest(con, kind, name)) is not None and found.body is not None:
                    raise NameTaken(kind, found.name)
            for kind, name in present:
                if (found := _latest(con, kind, name)) is None or found.body is None:
                    raise UnknownName(f"There is no {kind} of that name", received=name)
            before, after = self._add(con, number, entries)
            return _change(con, number, before, after)

    def undo(self, author: str, kind: Kind | None = None, name: str | None = None) -> tuple[Change, Change]:
        """Take back the latest change that has not been taken back.

        Args:
            kind, name: only changes of such entries, or of this one.

        Returns:
            the change that was taken back, and the change that did it.

        Raises:
            NoRows: there is nothing to take back.
        """
        with self._connect() as con:
            number = self._begin(con, "undo", author)
            where, values = ["c.undoes IS NULL", "c.number NOT IN (SELECT undoes FROM agreed_changes WHERE undoes IS"
                             " NOT NULL)", "c.number < ?"], [number]
            if kind is not None:
                where.append("v.kind = ?")
                values.append(kind)  # type: ignore[arg-type]
            where += [f"v.kind <> '{unsigned}'" for unsigned in _UNSIGNED]
            if name is not None:
                where.append("v.key = ?")
                values.append(name_key(name))  # type: ignore[arg-type]
            row = con.execute(
                "SELECT max(c.number) FROM agreed_changes c JOIN agreed_versions v ON v.change = c.number WHERE "
                + " AND ".join(where), values,
            ).fetchone()
            if row[0] is None:
                raise NoRows("There is no change of a definition, a saved segment or the categories to take back",
                             received=name)
            taken = _touched(con, row[0])
            back = [_before(con, e) for e in taken]
            con.execute("UPDATE agreed_changes SET undoes = ?, what = ? WHERE number = ?",
                        (row[0], f"undo change {row[0]}", number))
            before, after = self._add(
                con, number,
                [(e.kind, (b or e).name, None if b is None else b.body) for e, b in zip(taken, back, strict=True)],
            )
            return _change(con, row[0], back, taken), _change(con, number, before, after)

    def record_size(self, name: str, version: int, fingerprint: str, as_of: date, customers: int) -> None:
        """Keep a segment's size on one state of the data; the first record of a state stays."""
        self.record_sizes([(name, version, customers)], fingerprint, as_of)

    def record_sizes(self, sizes: Iterable[tuple[str, int, int]], fingerprint: str, as_of: date) -> None:
        """Keep the sizes (name, version, customers) of several segments on one state of the data: all or none."""
        at = datetime.now(UTC).isoformat()
        rows = [(name_key(name), version, fingerprint, as_of.isoformat(), at, n) for name, version, n in sizes]
        if rows:
            with self._connect() as con:
                con.executemany("INSERT INTO agreed_sizes VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", rows)

    def keep_tests(self, name: str, version: int, body: str) -> None:
        """Keep the boundary customers of one version of a segment; the first ones stay."""
        with self._connect() as con:
            con.execute("INSERT INTO agreed_tests VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                        (name_key(name), version, datetime.now(UTC).isoformat(), body))

    def tests(self, name: str, version: int) -> str | None:
        """The boundary customers kept with a version of a segment."""
        if not self.path.exists():
            return None
        with self._connect() as con:
            row = con.execute("SELECT body FROM agreed_tests WHERE key = ? AND version = ?",
                              (name_key(name), version)).fetchone()
        return None if row is None else str(row[0])

    # -- inside a transaction ------------------------------------------------------------------------------------

    def _begin(self, con: sqlite3.Connection, what: str, author: str) -> int:
        """The number of a new change. Written first: from here on this transaction holds the file."""
        return int(con.execute("INSERT INTO agreed_changes (at, author, what) VALUES (?, ?, ?) RETURNING number",
                               (datetime.now(UTC).isoformat(), author, what)).fetchone()[0])

    def _add(
        self, con: sqlite3.Connection, number: int, entries: Iterable[tuple[Kind, str, dict[str, Any] | None]]
    ) -> tuple[list[Entry | None], list[Entry]]:
        before: list[Entry | None] = []
        after: list[Entry] = []
        for kind, name, body in entries:
            found = _latest(con, kind, name)
            before.append(found)
            con.execute(
                "INSERT INTO agreed_versions VALUES (?, ?, ?, ?, ?, ?)",
                (kind, name_key(name), (found.version if found else 0) + 1, name,
                 None if body is None else json.dumps(body, ensure_ascii=False), number),
            )
            added = _latest(con, kind, name)
            assert added is not None
            after.append(added)
        return before, after


class NameTaken(UnknownName):
    """The name is in use for something else."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"There is a {kind} called “{name}” already", received=name,
                         hint="Choose another name, or say that it should be replaced.")


def _latest(con: sqlite3.Connection, kind: Kind, name: str) -> Entry | None:
    row = con.execute(f"{_CURRENT} WHERE v.kind = ? AND v.key = ? ORDER BY v.version DESC LIMIT 1",
                      (kind, name_key(name))).fetchone()
    return None if row is None else _entry(row)


def _before(con: sqlite3.Connection, entry: Entry) -> Entry | None:
    row = con.execute(f"{_CURRENT} WHERE v.kind = ? AND v.key = ? AND v.version = ?",
                      (entry.kind, entry.key, entry.version - 1)).fetchone()
    return None if row is None else _entry(row)


def _touched(con: sqlite3.Connection, number: int) -> list[Entry]:
    rows = con.execute(f"{_CURRENT} WHERE v.change = ? ORDER BY v.kind, v.key", (number,)).fetchall()
    return [_entry(row) for row in rows]


def _change(
    con: sqlite3.Connection, number: int, before: Sequence[Entry | None], after: Sequence[Entry]
) -> Change:
    at, author, what = con.execute("SELECT at, author, what FROM agreed_changes WHERE number = ?",
                                   (number,)).fetchone()
    return Change(number, datetime.fromisoformat(at), author, what, tuple(before), tuple(after))
