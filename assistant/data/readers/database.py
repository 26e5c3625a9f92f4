"""Databases by URL, or DuckDB and SQLite files: every table is a part, read through Ibis."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from assistant.data.connections import connect, redact, table_names
from assistant.data.readers.base import Part, check_width
from assistant.data.readers.parquet import plain_batch, plain_type
from assistant.data.workbench import unique_headers
from assistant.errors import EmptyData, UnreadableFile

if TYPE_CHECKING:
    import pyarrow as pa

    from assistant.data.workbench import Workbench


def read_database(url: str) -> list[Part]:
    """One part per table of the database that the URL names.

    Raises:
        MissingExtra: the driver is not installed.
        UnreadableFile: the database does not answer.
        EmptyData: it has no tables.
    """
    con = connect(url)
    try:
        names = table_names(con)
        parts = [_part(url, name, con.table(name).schema().to_pyarrow()) for name in names]
    finally:
        con.disconnect()
    if not parts:
        raise EmptyData("The database has no tables", received=redact(url))
    return parts


def _part(url: str, table: str, schema: pa.Schema) -> Part:
    headers, _ = unique_headers(schema.names)
    check_width(headers, table)
    types = tuple(plain_type(t) for t in schema.types)

    def batches(_bench: Workbench) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        con = connect(url)
        try:
            expression = con.table(table)
            row = 1
            for batch in _stream(con, expression):
                yield plain_batch(batch, types, row)
                row += batch.num_rows
        except pa.ArrowException as error:
            raise UnreadableFile(f"The table '{table}' cannot be read", received=error) from error
        finally:
            con.disconnect()

    return Part(table, headers, types, batches)


def _stream(con: object, expression: object) -> Iterator[pa.RecordBatch]:
    if con.name == "duckdb":  # its own reader: Ibis calls one that newer DuckDB versions dropped
        yield from con.con.sql(con.compile(expression)).to_arrow_reader(100_000)
    else:
        yield from con.to_pyarrow_batches(expression, chunk_size=100_000)
