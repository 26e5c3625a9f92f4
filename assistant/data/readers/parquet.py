"""Parquet files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.data.readers.base import Part, check_width
from assistant.data.workbench import ROW, unique_headers
from assistant.errors import UnreadableFile

if TYPE_CHECKING:
    import pyarrow as pa

    from assistant.data.workbench import Workbench


def read_parquet(path: Path) -> list[Part]:
    """The file as one part, with its own column types. Nested columns become text.

    Raises:
        UnreadableFile: damaged, or too wide.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            schema = file.schema_arrow
    except (pa.ArrowException, OSError, ValueError) as error:
        raise UnreadableFile(f"'{path.name}' is a damaged Parquet file", received=error) from error
    headers, _ = unique_headers(schema.names)
    check_width(headers, path.name)
    types = tuple(plain_type(t) for t in schema.types)

    def batches(_bench: Workbench) -> Iterator[pa.RecordBatch]:
        row = 1
        try:
            with pq.ParquetFile(path) as opened:
                for batch in opened.iter_batches(batch_size=200_000):
                    yield plain_batch(batch, types, row)
                    row += batch.num_rows
        except (pa.ArrowException, OSError) as error:
            raise UnreadableFile(f"'{path.name}' is a damaged Parquet file", received=error) from error

    same_names = tuple(schema.names) == headers
    return [Part(path.name, headers, types, batches, _engine_query(path, types) if same_names else None)]


def _engine_query(path: Path, types: tuple[pa.DataType, ...]) -> str | None:
    """The file as a query of the engine, None where it would read other values than :func:`plain_batch` makes."""
    import duckdb

    text = str(path.resolve())
    if set(text) & set("*?[") or not types:  # the engine takes these signs for patterns of names
        return None
    source = "read_parquet('{}', file_row_number = true)".format(text.replace("'", "''"))
    try:
        with duckdb.connect() as con:
            described = con.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
    except duckdb.Error:
        return None  # the other way of reading says what is wrong
    columns = [(row[0], row[1]) for row in described if row[0] != "file_row_number"]
    plain = [_engine_type(t) for t in types]
    if [kind.split("_")[0] for _, kind in columns] != plain:  # TIMESTAMP_NS and the like hold moments as well
        return None
    names = ['"{}"'.format(name.replace('"', '""')) for name, _ in columns]
    chosen = (f"CAST({name} AS {kind}) AS c{i}" for i, (name, kind) in enumerate(zip(names, plain, strict=True)))
    return f"SELECT {', '.join(chosen)}, file_row_number + 1 AS {ROW} FROM {source}"


def _engine_type(kind: pa.DataType) -> str | None:
    """The engine's name of a type, None for those that are left to the other way of reading."""
    import pyarrow as pa

    known = {
        pa.string(): "VARCHAR", pa.bool_(): "BOOLEAN", pa.date32(): "DATE", pa.timestamp("us"): "TIMESTAMP",
        pa.int8(): "TINYINT", pa.int16(): "SMALLINT", pa.int32(): "INTEGER", pa.int64(): "BIGINT",
        pa.float32(): "FLOAT", pa.float64(): "DOUBLE",
    }  # fmt: skip
    if pa.types.is_decimal128(kind):
        return f"DECIMAL({kind.precision},{kind.scale})"
    return known.get(kind)


def plain_type(kind: pa.DataType) -> pa.DataType:
    """The type a column is kept under: numbers, booleans, dates and moments as they are, all else text."""
    import pyarrow as pa

    if pa.types.is_dictionary(kind):
        return plain_type(kind.value_type)
    if pa.types.is_timestamp(kind):
        return pa.timestamp("us")
    if pa.types.is_float16(kind):
        return pa.float64()
    if pa.types.is_uint64(kind):
        return pa.decimal128(20, 0)
    if pa.types.is_date(kind):
        return pa.date32()
    if (
        pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_boolean(kind)
        or pa.types.is_decimal(kind)
    ):
        return kind
    return pa.string()


def plain_batch(batch: pa.RecordBatch, types: tuple[pa.DataType, ...], first_row: int) -> pa.RecordBatch:
    """The batch with columns ``c0 …`` of plain types and the row number as last column."""
    import numpy as np
    import pyarrow as pa

    columns = [_plain_column(batch.column(i), kind) for i, kind in enumerate(types)]
    columns.append(pa.array(np.arange(first_row, first_row + batch.num_rows, dtype="int64")))
    return pa.RecordBatch.from_arrays(columns, names=[*(f"c{i}" for i in range(len(types))), ROW])


def _plain_column(column: pa.Array, kind: pa.DataType) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    if column.type == kind:
        return column
    if pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
        return pa.array([None if v is None else v.decode("utf-8", "replace") for v in column.to_pylist()], pa.string())
    if pa.types.is_nested(column.type):
        return pa.array([None if v is None else str(v) for v in column.to_pylist()], pa.string())
    if pa.types.is_timestamp(column.type) and column.type.tz is not None:
        column = pc.local_timestamp(column)
    return pc.cast(column, kind, safe=False)
