"""What every reader returns: parts of a source, each with headers and Arrow batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.errors import UnreadableFile

if TYPE_CHECKING:
    import pyarrow as pa

    from assistant.data.workbench import Workbench

#: wider tables are refused: an export of orders has tens of columns, a wrong delimiter or a pivot has thousands
MAX_COLUMNS = 1000


@dataclass(frozen=True)
class Part:
    """One file, sheet or database table before it is read.

    Attributes:
        name: shown to people and kept with every row.
        headers: unique column names.
        types: Arrow types of the columns, text throughout for text files and workbooks.
        batches: yields Arrow record batches with columns in header order and a last column ``__row``.
        query: the same rows as a query of the workbench's engine, which reads the file without Python in between;
            columns ``c0, c1, …`` and ``__row``. None where only ``batches`` can read it.
    """

    name: str
    headers: tuple[str, ...]
    types: tuple[pa.DataType, ...]
    batches: Callable[[Workbench], Iterator[pa.RecordBatch]]
    query: str | None = None


def check_width(headers: tuple[str, ...], name: str) -> None:
    """Raise :class:`UnreadableFile` for tables too wide to be meant."""
    if len(headers) > MAX_COLUMNS:
        raise UnreadableFile(
            f"'{name}' has {len(headers):,} columns; at most {MAX_COLUMNS:,} can be read as a table of orders",
            hint="Export one row per order line with the columns that matter.",
        )
