"""Connections by URL: the same expressions run on every engine that Ibis knows."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

from assistant.data.manifest import Manifest, TableInfo
from assistant.data.schema import TABLES, column_names
from assistant.data.warehouse import Snapshot
from assistant.errors import EmptyData, MappingError, MissingExtra, UnreadableFile

#: URL scheme → Ibis backend; the extra that installs it has the backend's name
BACKENDS = {
    "duckdb": "duckdb",
    "sqlite": "sqlite",
    "postgres": "postgres",
    "postgresql": "postgres",
    "pyspark": "pyspark",
    "spark": "pyspark",
    "trino": "trino",
    "snowflake": "snowflake",
    "bigquery": "bigquery",
}
_FILES = {"duckdb", "sqlite"}


def table_names(con: Any) -> list[str]:
    """Tables and views of the connection's current schema, sorted."""
    if con.name == "duckdb":  # Ibis asks through a method that newer DuckDB versions dropped
        rows = con.con.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()"
            " AND table_catalog = current_database()"
        ).fetchall()
        return sorted(row[0] for row in rows)
    return sorted(con.list_tables())


def redact(url: str) -> str:
    """The URL without user name, password and parameters: safe for messages and logs."""
    return re.sub(r"//[^/@]*@", "//…@", url).split("?")[0]


def connect(url: str) -> Any:
    """Open an Ibis backend; files are opened read-only and must exist.

    Args:
        url: ``duckdb:///path``, ``sqlite:///path``, ``postgres://user@host/db``, ``pyspark://``, ``trino://…``,
            ``snowflake://…``, ``bigquery://…``.

    Raises:
        UnreadableFile: unknown scheme, missing file, or a database that does not answer.
        MissingExtra: the driver is not installed.
    """
    import ibis

    scheme = url.partition(":")[0].lower()
    backend = BACKENDS.get(scheme)
    if backend is None:
        raise UnreadableFile("Unknown kind of database", received=redact(url), valid=sorted(BACKENDS))
    try:
        if backend in _FILES:
            return _connect_file(backend, url)
        if backend == "pyspark":
            return ibis.pyspark.connect(_spark_session())
        return ibis.connect(re.sub(r"^postgresql:", "postgres:", url))
    except ImportError as error:
        raise MissingExtra(backend, f"Reading from {backend}") from error
    except (OSError, RuntimeError, ValueError) as error:
        raise UnreadableFile(
            "The database does not answer",
            received=redact(url),
            hint=f"{type(error).__name__}: {_first_line(error, url)}",
        ) from error
    except _driver_errors(backend) as error:
        raise UnreadableFile(
            "The database does not answer",
            received=redact(url),
            hint=f"{type(error).__name__}: {_first_line(error, url)}",
        ) from error


def _connect_file(backend: str, url: str) -> Any:
    import duckdb
    import ibis

    path = Path(re.sub(r"^[a-z]+:/{0,2}", "", url.split("?")[0], flags=re.I))
    if not path.is_file():
        raise UnreadableFile("There is no such database file", received=path)
    try:
        if backend == "duckdb":
            return ibis.duckdb.connect(str(path), read_only=True)
        con = ibis.sqlite.connect(str(path))
        con.list_tables()  # SQLite opens anything; asking finds out
        return con
    except (duckdb.Error, __import__("sqlite3").Error) as error:
        raise UnreadableFile(f"'{path.name}' is not a readable {backend} database", received=error) from error


def _spark_session() -> Any:
    from pyspark.sql import SparkSession

    return (
        SparkSession.builder.appName("marketing-assistant")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.ansi.enabled", "false")
        .getOrCreate()
    )


def _driver_errors(backend: str) -> tuple[type[Exception], ...]:
    """Errors of the driver itself, where it is installed."""
    import importlib

    module = {
        "postgres": "psycopg",
        "trino": "trino.exceptions",
        "snowflake": "snowflake.connector.errors",
        "bigquery": "google.api_core.exceptions",
    }.get(backend)
    if module is None:
        return ()
    try:
        driver = importlib.import_module(module)
    except ImportError:
        return ()
    return tuple(e for e in (getattr(driver, n, None) for n in ("Error", "TrinoException", "GoogleAPIError")) if e)


def _first_line(error: Exception, url: str) -> str:
    text = str(error).strip().splitlines()
    line = text[0] if text else ""
    secret = re.search(r"//[^/@:]*:([^@/]*)@", url)
    return line.replace(secret[1], "…")[:200] if secret and secret[1] else line[:200]


def open_external(url: str, *, currency: str, name: str = "shop", as_of: date | None = None) -> Snapshot:
    """A snapshot over canonical tables that live on another engine.

    The tables have the canonical names and at least the required columns; the others may be missing.

    Args:
        url: see :func:`connect`.
        currency: ISO 4217 code of the amounts.

    Raises:
        MappingError: ``orders`` or ``order_lines`` lack required columns.
        EmptyData: no order lines.
    """
    return snapshot_over(connect(url), source=redact(url), currency=currency, name=name, as_of=as_of)


def snapshot_over(con: Any, *, source: str, currency: str, name: str = "shop", as_of: date | None = None) -> Snapshot:
    """A snapshot over the canonical tables of an open Ibis backend; counts what each column holds."""
    import hashlib
    from datetime import UTC, datetime

    present = set(table_names(con))
    infos: dict[str, TableInfo] = {}
    digest = hashlib.sha256()
    for table in TABLES:
        infos[table] = _describe(con, table) if table in present else TableInfo(rows=0, filled=[])
        digest.update(f"{source}:{table}:{infos[table].rows}:{','.join(infos[table].filled)};".encode())
    if infos["order_lines"].rows == 0 or infos["orders"].rows == 0:
        raise EmptyData(
            "The database holds no orders in canonical tables", received=source, valid=("orders", "order_lines")
        )
    lines = con.table("order_lines")
    row = con.to_pyarrow(
        lines.aggregate(
            first=lines.ordered_at.min(),
            last=lines.ordered_at.max(),
            total=lines.amount.cast("float64").sum(),
        )
    ).to_pylist()[0]
    digest.update(f"{row['first']}:{row['last']}:{row['total']!r}".encode())
    fingerprint = digest.hexdigest()[:16]
    manifest = Manifest(
        id=f"external-{fingerprint}",
        fingerprint=fingerprint,
        created_at=datetime.now(UTC),
        source=source,
        name=name,
        currency=currency,
        first_day=row["first"].date(),
        last_day=row["last"].date(),
        tables=infos,
        notes={"engine": con.name},
    )
    snapshot = Snapshot(con, manifest, manifest.last_day)
    return snapshot.at(as_of) if as_of else snapshot


def _describe(con: Any, table: str) -> TableInfo:
    expression = con.table(table)
    lacking = [s.name for s in TABLES[table] if s.required and s.name not in expression.columns]
    if lacking:
        raise MappingError(
            f"The table '{table}' lacks required columns", received=", ".join(lacking), valid=column_names(table)
        )
    counts = con.to_pyarrow(
        expression.aggregate(
            __rows=expression.count(),
            **{c: expression[c].count() for c in expression.columns},
        )
    ).to_pylist()[0]
    rows = counts.pop("__rows")
    extra = [c for c in expression.columns if c not in column_names(table)]
    return TableInfo(rows=rows, filled=[c for c, n in counts.items() if n], extra=extra)
