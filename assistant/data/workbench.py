"""A scratch database in which a load is prepared, apart from every snapshot."""

from __future__ import annotations

import json
import os
import re
import shutil
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.data.warehouse import storage_errors
from assistant.errors import StorageError

if TYPE_CHECKING:
    import ibis
    import pyarrow as pa

#: columns that every raw table carries: where a row came from
#: (``SEQ`` numbers the rows of a raw table through all its parts)
PART, ROW, SEQ = "__part", "__row", "__seq"
#: rows gathered before they are handed to the engine
_CHUNK = 200_000
_FOLDER = re.compile(r"\.load-(\d+)-[0-9a-f]{8}")


@dataclass(frozen=True)
class RawTable:
    """Rows of one shape as they came, in the workbench.

    Attributes:
        name: short name for people (file name, or table of a database).
        table: name in the workbench; its columns are ``c0, c1, …`` in the order of ``headers``.
        headers: unique column names as shown to people.
        rows: number of rows read.
        parts: files or sheets the rows came from.
    """

    name: str
    table: str
    headers: tuple[str, ...]
    rows: int
    parts: tuple[str, ...]

    def physical(self, header: str) -> str:
        """Name of a column in the workbench. Raises ``ValueError`` for an unknown header."""
        return f"c{self.headers.index(header)}"


@dataclass(frozen=True)
class RejectedRow:
    """A row that a reader could not read: quarantined before any rule ran."""

    source: str
    row: int | None
    rule: str
    content: str


@dataclass
class Workbench:
    """Scratch DuckDB database with helpers; made by :func:`open_workbench`."""

    con: Any
    folder: Path
    rejected: list[RejectedRow] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    made: set[str] = field(default_factory=set)

    def warn(self, words: str) -> None:
        """Remember a warning once."""
        if words not in self.warnings:
            self.warnings.append(words)

    def fill(self, table: str, batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> int:
        """Append Arrow batches to a table, made on first use. Returns the number of rows added."""
        counted, waiting, held = 0, [], 0
        for batch in batches:  # pulled here, not by the engine: errors of readers stay what they are
            counted += batch.num_rows
            held += batch.num_rows
            waiting.append(batch)
            if held >= _CHUNK:
                self._append(table, waiting, schema)
                waiting, held = [], 0
        if waiting or table not in self.made:
            self._append(table, waiting, schema)
        return counted

    def fill_from(self, table: str, query: str, part: str, start: int) -> int | None:
        """Append the rows of a query to a table, made on first use.

        Args:
            query: columns ``c0 …`` and ``__row``, as a reader gives it.
            start: number of rows in the table.

        Returns:
            rows added; None where the engine cannot run the query, the table is then as before.
        """
        import duckdb

        raw, name = self.con.con, part.replace("'", "''")
        numbered = (
            f"SELECT * EXCLUDE ({ROW}), '{name}' AS {PART}, {ROW}, {ROW} + {start} AS {SEQ} FROM ({query})"
        )
        verb = f'INSERT INTO "{table}"' if table in self.made else f'CREATE TABLE "{table}" AS'
        try:
            added = raw.execute(f"{verb} {numbered}").fetchall()[0][0]
        except duckdb.Error:
            return None
        self.made.add(table)
        return int(added)

    def _append(self, table: str, batches: list[pa.RecordBatch], schema: pa.Schema) -> None:
        import pyarrow as pa

        raw = self.con.con
        raw.register("incoming", pa.Table.from_batches(batches, schema))
        try:
            with _duckdb_storage(self.folder):
                if table in self.made:
                    raw.execute(f'INSERT INTO "{table}" SELECT * FROM incoming').fetchall()
                else:
                    raw.execute(f'CREATE TABLE "{table}" AS SELECT * FROM incoming').fetchall()
                    self.made.add(table)
        finally:
            raw.unregister("incoming")

    def keep(self, name: str, expression: ibis.Table) -> ibis.Table:
        """Compute an expression now and keep it as a table of the workbench."""
        with _duckdb_storage(self.folder):
            return self.con.create_table(name, expression, overwrite=True)

    def drop(self, name: str) -> None:
        """Forget a kept table: its memory is free again."""
        self.con.drop_table(name, force=True)

    def fetch(self, expression: ibis.Expr) -> pa.Table:
        """Result of an expression as an Arrow table."""
        with _duckdb_storage(self.folder):
            return self.con.con.sql(self.con.compile(expression)).to_arrow_table()

    def one(self, expression: ibis.Table) -> dict[str, Any]:
        """The single row of an aggregate as a dictionary."""
        row = self.fetch(expression).to_pylist()[0]
        # engines count in wide decimals
        return {k: int(v) if isinstance(v, Decimal) and v.as_tuple().exponent == 0 else v for k, v in row.items()}

    def stream(self, expression: ibis.Table) -> pa.RecordBatchReader:
        """Result of an expression in batches, without holding it all."""
        return self.con.con.sql(self.con.compile(expression)).to_arrow_reader(200_000)


@contextmanager
def _duckdb_storage(folder: Path) -> Iterator[None]:
    import duckdb

    try:
        yield
    except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
        raise StorageError(
            "The disk or memory refused to hold the new data; nothing was changed",
            received=error,
            hint="Free space or set ASSISTANT_HOME to another folder.",
        ) from error


@contextmanager
def open_workbench(folder: Path) -> Iterator[Workbench]:
    """Make a scratch folder below ``folder``, remove it afterwards whatever happens.

    Raises:
        StorageError: the folder cannot be written.
    """
    import ibis

    with storage_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(folder)
        scratch = folder / f".load-{os.getpid()}-{uuid.uuid4().hex[:8]}"
        scratch.mkdir()
    try:
        with _duckdb_storage(folder):
            # in memory: what is read a few times and thrown away is not worth a write-ahead log; what does not fit
            # goes to the scratch folder
            con = ibis.duckdb.connect(temp_directory=str(scratch / "spill"), preserve_insertion_order=False)
        try:
            yield Workbench(con, scratch)
        finally:
            con.disconnect()
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _remove_abandoned(folder: Path) -> None:
    """Delete what killed loads left behind: their process no longer runs."""
    for path in folder.glob(".load-*"):
        match = _FOLDER.fullmatch(path.name)
        if match and not _running(int(match[1])):
            shutil.rmtree(path, ignore_errors=True)


def _running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def unique_headers(names: Sequence[object]) -> tuple[tuple[str, ...], list[str]]:
    """Make header names unique and non-empty, ignoring case.

    Returns:
        the names and a list of what was changed, in words.
    """
    seen: dict[str, int] = {}
    result, changes = [], []
    for position, value in enumerate(names, start=1):
        name = str(value).strip() if value is not None else ""
        if not name:
            name = f"column {position}"
        count = seen.get(name.casefold(), 0) + 1
        seen[name.casefold()] = count
        if count > 1:
            changes.append(name)
            name = f"{name} ({count})"
            seen[name.casefold()] = 1
        result.append(name)
    return tuple(result), changes


def as_json(row: dict[str, Any]) -> str:
    """A quarantined row as JSON text; dates and decimals become text."""
    return json.dumps(row, ensure_ascii=False, default=str)


def as_json_text(value: ibis.StructValue) -> ibis.StringValue:
    """A structure as JSON text, made by the workbench's engine."""
    import ibis

    @ibis.udf.scalar.builtin(name="to_json", signature=((value.type(),), "json"))
    def engine_json(row: Any) -> Any: ...

    return engine_json(value).cast("string")


def rejected_rows(bench: Workbench) -> ibis.Table:
    """The rows that readers refused, in the shape of the quarantine."""
    import ibis
    import pyarrow as pa

    rows = [{"source": r.source, "source_row": r.row, "rule": r.rule, "content": r.content} for r in bench.rejected]
    kinds = {"source": pa.string(), "source_row": pa.int64(), "rule": pa.string(), "content": pa.string()}
    return bench.keep("rejected", ibis.memtable(pa.Table.from_pylist(rows, schema=pa.schema(list(kinds.items())))))
