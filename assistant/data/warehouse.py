"""Snapshots: one file each, opened read-only, named by a pointer that is switched atomically."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.data.manifest import Manifest, QualityReport, TableInfo
from assistant.data.schema import TABLES, TIME_COLUMN, column_names
from assistant.errors import EmptyData, MissingData, SnapshotError, StorageError

if TYPE_CHECKING:
    import ibis
    import pyarrow as pa

POINTER = "current.json"
#: name under which a snapshot's file is attached while it is written
_BUILT = "built"
#: queries whose text is kept: an answer shows the query that it ran, and compiling costs more than running
_COMPILED_KEPT = 64


@contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Turn the operating system's complaints about ``path`` into :class:`StorageError`."""
    try:
        yield
    except OSError as error:
        words = {
            errno.ENOSPC: "The disk is full", errno.EROFS: "The disk is read-only",
            errno.EACCES: "No permission to write", errno.EDQUOT: "The disk quota is used up",
        }.get(error.errno or 0, f"The disk refuses ({error.strerror or error})")
        raise StorageError(
            f"{words}; nothing was changed", received=path, hint="Free space or set ASSISTANT_HOME to another folder."
        ) from error


@contextmanager
def damage_errors(name: str) -> Iterator[None]:
    """Turn what the engine says about an unreadable data file into :class:`SnapshotError`."""
    import duckdb

    try:
        yield
    except duckdb.Error as error:
        damage = (duckdb.IOException, duckdb.FatalException, duckdb.InternalException, duckdb.SerializationException)
        if not isinstance(error, damage) and "orrupt" not in str(error):  # a wrong checksum has no class of its own
            raise
        raise SnapshotError(
            "The current data file cannot be read", received=name,
            hint="Load the data again; if the disk is full, free space first.",
        ) from error


def write_atomically(path: Path, text: str) -> None:
    """Write a small file so that a reader sees the old or the new content, never a part."""
    with storage_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.tmp")
        try:
            with temporary.open("w", encoding="utf-8") as handle:
                handle.write(text)
                handle.flush()
                os.fsync(handle.fileno())
            temporary.replace(path)
        finally:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)


@dataclass
class _Shared:
    """What all views of one connection share. The lock guards the connection itself: it serves one query at a time,
    and asking it for a table is a query; expressions run beside each other, on cursors of their own."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    tables: dict[str, ibis.Table] = field(default_factory=dict)
    compiled: dict[Any, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Snapshot:
    """Read access to the canonical tables as of a date.

    Attributes:
        con: any Ibis backend that holds the canonical tables.
        manifest: identity and content.
        as_of: analysis date; later rows are invisible.
        groups: members of a group that a model makes, given the snapshot and the condition; handed in from above.
        predicted: what a model expects of each customer, given the snapshot and the condition; handed in from above.
        added: ``table.column`` → where a column comes from that the data do not hold (:mod:`assistant.data.added`).
        replaced: tables that are shown with such columns.
        declared: columns of customers that the settings declare sensitive (:mod:`assistant.data.sensitive`).
    """

    con: Any
    manifest: Manifest
    as_of: date
    groups: Callable[[Snapshot, Any], Sequence[str]] | None = field(default=None, repr=False, compare=False)
    predicted: Callable[[Snapshot, Any], Mapping[str, float | None]] | None = field(
        default=None, repr=False, compare=False)
    _shared: _Shared = field(default_factory=_Shared, repr=False, compare=False)
    added: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    replaced: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)
    declared: tuple[str, ...] = field(default=(), compare=False)

    @property
    def connection_lock(self) -> threading.Lock:
        """Held while the connection itself is used."""
        return self._shared.lock

    @property
    def fingerprint(self) -> str:
        """Changes when the data or the analysis date changes: the key of every cache."""
        return f"{self.manifest.fingerprint}@{self.as_of.isoformat()}"

    @property
    def currency(self) -> str:
        return self.manifest.currency

    def has(self, table: str, *columns: str) -> bool:
        """Whether the table has rows and each of the columns holds a value somewhere."""
        info = self.manifest.tables.get(table)
        return info is not None and info.rows > 0 and set(columns) <= set(info.filled)

    def require(self, table: str, *columns: str, needed_for: str = "this") -> None:
        """Raise :class:`MissingData` naming what to add unless :meth:`has`."""
        info = self.manifest.tables.get(table)
        if info is None or info.rows == 0:
            raise MissingData(f"{needed_for} needs the table '{table}', which is not loaded", received=table)
        absent = [c for c in columns if c not in info.filled]
        if absent:
            raise MissingData(
                f"{needed_for} needs {', '.join(f'{table}.{c}' for c in absent)}, which the loaded data do not have",
                received=", ".join(absent),
            )

    def table(self, name: str) -> ibis.Table:
        """Canonical table as an Ibis expression, without rows after ``as_of``."""
        import ibis

        table = self.replaced.get(name)
        with self._shared.lock:
            table = self._shared.tables.get(name) if table is None else table
            if table is None:
                table = self._shared.tables[name] = self.con.table(name)
        column = TIME_COLUMN.get(name)
        if column is None or self.as_of >= self.manifest.last_day:
            return table
        limit = datetime.combine(self.as_of + timedelta(days=1), datetime.min.time())
        return table.filter(table[column] < ibis.literal(limit, type="timestamp"))

    def sql(self, expression: ibis.Expr) -> str:
        """The query that :meth:`execute` runs, for showing."""
        key, compiled = expression.op(), self._shared.compiled
        with self._shared.lock:  # compiling is not thread-safe
            query = compiled.get(key)
            if query is None:
                query = compiled[key] = str(self.con.compile(expression, pretty=True))
                while len(compiled) > _COMPILED_KEPT:
                    compiled.pop(next(iter(compiled)))
        return query

    def execute(self, expression: ibis.Expr) -> pa.Table:
        """Run an expression and return an Arrow table. A fresh cursor per query keeps sessions apart."""
        if self.con.name == "duckdb":
            query = self.sql(expression)
            with self._shared.lock:
                cursor = self.con.con.cursor()
            try:
                with damage_errors(f"{self.manifest.id}.duckdb"):
                    return cursor.sql(query).to_arrow_table()
            finally:
                cursor.close()
        return self.con.to_pyarrow(expression)

    def at(self, as_of: date) -> Snapshot:
        """The same data seen from another day.

        Raises:
            MissingData: the day lies before the first order.
        """
        if as_of < self.manifest.first_day:
            raise MissingData(
                f"The data begin on {self.manifest.first_day.isoformat()}", received=as_of.isoformat()
            )
        return replace(self, as_of=min(as_of, self.manifest.last_day))


def write_snapshot(
    folder: Path,
    tables: Mapping[str, Any],
    *,
    engine: Any = None,
    source: str,
    name: str = "shop",
    currency: str = "GBP",
    synthetic: bool = False,
    quality: QualityReport | None = None,
    notes: Mapping[str, str] | None = None,
) -> Manifest:
    """Build a snapshot aside, verify it, and switch the pointer to it.

    Args:
        folder: the snapshots folder of a shop.
        tables: canonical name → pandas frame, Arrow table or stream of Arrow batches, or an Ibis expression over
            tables of ``engine``. Missing canonical columns are added as null, unknown ones must start with
            ``x_``; types are cast.
        engine: DuckDB backend of Ibis that writes the tables straight into the snapshot, so that rows do not pass
            through Python.

    Returns:
        the manifest of the new, now current snapshot.

    Raises:
        EmptyData: no orders or no order lines.
        StorageError: the disk refuses; the previous snapshot stays current.
    """
    import duckdb

    now = datetime.now(UTC)
    snapshot_id = f"{now:%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:6]}"
    final = folder / f"{snapshot_id}.duckdb"
    building = folder / f".{snapshot_id}-{os.getpid()}.building"
    with storage_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".{snapshot_id}.probe"
        probe.write_bytes(b"")
        probe.unlink()
        _remove_abandoned(folder)
    try:
        with _built(building, engine) as con:
            infos = {table: _write_table(con, table, tables.get(table), engine) for table in TABLES}
            for needed in ("orders", "order_lines"):
                if infos[needed].rows == 0:
                    raise EmptyData(f"The data hold no rows for '{needed}'; nothing was loaded", received=source)
            first, last = con.execute(
                f"SELECT min(ordered_at)::DATE, max(ordered_at)::DATE FROM {_BUILT}.order_lines"
            ).fetchall()[0]
            digest = _content_digest(con)
        manifest = Manifest(
            id=snapshot_id, fingerprint=digest, created_at=now, source=source, name=name, currency=currency,
            synthetic=synthetic, first_day=first, last_day=last, tables=infos, quality=quality or QualityReport(),
            notes=dict(notes or {}),
        )
        described = folder / f"{snapshot_id}.json"
        try:
            with storage_errors(final):
                building.replace(final)
            write_atomically(described, manifest.model_dump_json(indent=1))
            write_atomically(folder / POINTER, json.dumps({"snapshot": snapshot_id}))
        except BaseException:  # also an interrupt: what the pointer does not name must not stay behind
            if _pointed(folder) != snapshot_id:
                final.unlink(missing_ok=True)
                described.unlink(missing_ok=True)
            raise
        return manifest
    except (duckdb.IOException, duckdb.FatalException, duckdb.OutOfMemoryException) as error:
        raise StorageError("The disk or memory refused to hold the new data; nothing was changed", received=error,
                           hint="Free space or set ASSISTANT_HOME to another folder.") from error
    finally:
        building.unlink(missing_ok=True)
        Path(f"{building}.wal").unlink(missing_ok=True)


def _remove_abandoned(folder: Path) -> None:
    """Delete the half-written files of killed writers: their process no longer runs."""
    for path in folder.glob(".*.building*"):
        writer = re.search(r"-(\d+)\.building", path.name)
        try:
            os.kill(int(writer[1]) if writer else 0, 0)
        except ProcessLookupError:
            path.unlink(missing_ok=True)
        except PermissionError:
            continue


@contextmanager
def _built(path: Path, engine: Any) -> Iterator[Any]:
    """A connection with the new file attached as ``_BUILT``; whole on disk and let go of at the end."""
    import duckdb

    con = engine.con if engine is not None else duckdb.connect()
    name = str(path).replace("'", "''")
    con.execute(f"ATTACH '{name}' AS {_BUILT}").fetchall()
    try:
        yield con
        con.execute(f"CHECKPOINT {_BUILT}").fetchall()
    finally:
        with suppress(duckdb.Error):  # after a failed write: the first error is the one to tell
            con.execute(f"DETACH {_BUILT}").fetchall()
        if engine is None:
            con.close()


def _write_table(con: Any, table: str, frame: Any, engine: Any) -> TableInfo:
    """Create one canonical table from a frame or an expression (or empty) and say what it holds."""
    kinds = {"string": "VARCHAR", "int64": "BIGINT", "float64": "DOUBLE", "boolean": "BOOLEAN", "date": "DATE",
             "timestamp": "TIMESTAMP", "decimal(18, 4)": "DECIMAL(18,4)"}
    specs = TABLES[table]
    if frame is None:
        columns = ", ".join(f'"{s.name}" {kinds[s.type]}' for s in specs)
        con.execute(f"CREATE TABLE {_BUILT}.{table} ({columns})").fetchall()
        return TableInfo(rows=0, filled=[])
    given = _names_of(frame)
    extra = [c for c in given if c not in column_names(table)]
    bad = [c for c in extra if not re.fullmatch(r"x_[a-z0-9_]+", c)]
    if bad:
        raise SnapshotError(f"Table '{table}' has columns that are not canonical", received=bad,
                            valid=column_names(table))
    parts = [
        f'CAST("{s.name}" AS {kinds[s.type]}) AS "{s.name}"' if s.name in given
        else f'CAST(NULL AS {kinds[s.type]}) AS "{s.name}"'
        for s in specs
    ] + [f'"{c}"' for c in extra]
    made = f"CREATE TABLE {_BUILT}.{table} AS SELECT {', '.join(parts)} FROM"
    if hasattr(frame, "op"):
        ordered = type(frame.op()).__name__ == "Sort"  # an expression without an order has none to keep
        con.execute(f"SET preserve_insertion_order = {str(ordered).lower()}").fetchall()
        con.execute(f"{made} ({engine.compile(frame)})").fetchall()
    else:
        con.register("incoming", frame)
        con.execute(f"{made} incoming").fetchall()
        con.unregister("incoming")
    names = [s.name for s in specs] + extra
    counting = ", ".join(f'count("{c}")' for c in names)
    counts = con.execute(f'SELECT count(*), {counting} FROM {_BUILT}.{table}').fetchall()[0]
    return TableInfo(rows=counts[0], filled=[c for c, n in zip(names, counts[1:], strict=True) if n], extra=extra)


def _names_of(frame: Any) -> list[str]:
    """Column names of a pandas frame, an Arrow table, a stream of Arrow batches or an Ibis expression."""
    if hasattr(frame, "op"):
        return list(frame.columns)
    if hasattr(frame, "column_names"):
        return list(frame.column_names)
    return list(frame.schema.names) if hasattr(frame, "schema") else list(frame.columns)


def _content_digest(con: Any) -> str:
    """Order-independent digest of all canonical rows."""
    digest = hashlib.sha256()
    for table in sorted(TABLES):
        count, total = con.execute(f'SELECT count(*), sum(hash(t)::HUGEINT) FROM {_BUILT}.{table} t').fetchall()[0]
        digest.update(f"{table}:{count}:{total};".encode())
    return digest.hexdigest()[:16]


def _pointed(folder: Path) -> str | None:
    """Id that the pointer names, None where it is missing or damaged."""
    try:
        return str(json.loads((folder / POINTER).read_text(encoding="utf-8"))["snapshot"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def current_manifest(folder: Path) -> Manifest | None:
    """Manifest of the current snapshot, or None when nothing is loaded yet.

    Raises:
        SnapshotError: the pointer names a snapshot that is missing or damaged.
    """
    pointer = folder / POINTER
    if not pointer.exists():
        return None
    try:
        snapshot_id = json.loads(pointer.read_text(encoding="utf-8"))["snapshot"]
        manifest = Manifest.model_validate_json((folder / f"{snapshot_id}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SnapshotError(
            "The pointer to the current data is damaged", received=pointer,
            hint="Load the data again; older snapshots in the same folder are untouched.",
        ) from error
    if not (folder / f"{snapshot_id}.duckdb").exists():
        raise SnapshotError("The current data file is missing", received=f"{snapshot_id}.duckdb",
                            hint="Load the data again.")
    return manifest


def open_snapshot(
    folder: Path, as_of: date | None = None, groups: Callable[[Snapshot, Any], Sequence[str]] | None = None,
    declared: tuple[str, ...] = (),
    predicted: Callable[[Snapshot, Any], Mapping[str, float | None]] | None = None,
) -> Snapshot:
    """Open the current snapshot read-only.

    Raises:
        EmptyData: nothing is loaded yet.
        SnapshotError: pointer or file damaged.
    """
    import duckdb
    import ibis

    manifest = current_manifest(folder)
    if manifest is None:
        raise EmptyData("No data are loaded yet", hint="Run 'python app.py load FILE', or start the demo shop.")
    path = folder / f"{manifest.id}.duckdb"
    try:
        con = ibis.duckdb.connect(str(path), read_only=True)
    except duckdb.Error as error:
        raise SnapshotError("The current data file cannot be opened", received=path.name,
                            hint="Load the data again.") from error
    snapshot = Snapshot(con, manifest, manifest.last_day, groups, predicted, declared=declared)
    return snapshot.at(as_of) if as_of else snapshot
