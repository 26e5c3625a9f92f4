"""Excel workbooks (.xlsx): every sheet that holds a table."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.data.readers.archive import check_expansion
from assistant.data.readers.base import Part, check_width
from assistant.data.workbench import ROW, unique_headers
from assistant.errors import EmptyData, UnreadableFile

if TYPE_CHECKING:
    import pyarrow as pa

    from assistant.data.workbench import Workbench

_HEADER_SEARCH = 20
_BATCH = 50_000
_ERRORS = frozenset({"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!"})


def read_excel(path: Path) -> list[Part]:
    """One part per sheet with a header and columns; empty sheets are passed over.

    The header is the first of the top rows that is at least half as wide as the widest of them, so titles above
    a table are skipped.

    Raises:
        UnreadableFile: not a workbook, damaged, or expanding beyond bounds.
        EmptyData: no sheet holds a table.
    """
    check_expansion(path)
    parts = []
    book = _open(path)
    try:
        for name in book.sheetnames:
            sheet = book[name]
            if not hasattr(sheet, "iter_rows"):
                continue  # a chart sheet
            top = [tuple(row) for row in islice(_rows(sheet, path), _HEADER_SEARCH)]
            widest = max((_filled(row) for row in top), default=0)
            if widest == 0:
                continue
            position = next(i for i, row in enumerate(top) if _filled(row) * 2 >= widest)
            header = top[position]
            while header and header[-1] is None:
                header = header[:-1]
            headers, _ = unique_headers(header)
            check_width(headers, f"{path.name} · {name}")
            parts.append(_part(path, name, headers, position))
    finally:
        book.close()
    if not parts:
        raise EmptyData("The workbook has no sheet with a table", received=path.name)
    return parts


def _part(path: Path, sheet: str, headers: tuple[str, ...], header_row: int) -> Part:
    import pyarrow as pa

    width = len(headers)
    names = [*(f"c{i}" for i in range(width)), ROW]
    schema = pa.schema([*((n, pa.string()) for n in names[:-1]), (ROW, pa.int64())])

    def batches(_bench: Workbench) -> Iterator[pa.RecordBatch]:
        book = _open(path)
        try:
            rows = enumerate(_rows(book[sheet], path), start=1)
            rows = islice(rows, header_row + 1, None)
            while chunk := list(islice(rows, _BATCH)):
                filled = [(n, row) for n, row in chunk if any(v is not None for v in row)]
                columns = [
                    pa.array([as_text(row[i]) if i < len(row) else None for _, row in filled], pa.string())
                    for i in range(width)
                ]
                yield pa.RecordBatch.from_arrays(
                    [*columns, pa.array([n for n, _ in filled], pa.int64())], schema=schema
                )
        finally:
            book.close()

    return Part(sheet, headers, (pa.string(),) * width, batches)


def _open(path: Path) -> Any:
    import zipfile

    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        return openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, OSError, EOFError, SyntaxError) as error:
        raise UnreadableFile(f"'{path.name}' is a damaged workbook", received=error) from error


def _rows(sheet: Any, path: Path) -> Iterator[tuple[Any, ...]]:
    """Values row by row; files by other programs state wrong dimensions, so these are read anew."""
    import zipfile

    sheet.reset_dimensions()
    try:
        yield from chain(sheet.iter_rows(values_only=True))
    except (SyntaxError, zipfile.BadZipFile, ValueError, KeyError, EOFError) as error:
        raise UnreadableFile(f"'{path.name}' has a damaged sheet '{sheet.title}'", received=error) from error


def _filled(row: tuple[Any, ...]) -> int:
    return sum(value is not None for value in row)


def as_text(value: Any) -> str | None:
    """A cell as text that the value parsers read back without loss."""
    if value is None or value in _ERRORS:
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat(" ")
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    return str(value)
