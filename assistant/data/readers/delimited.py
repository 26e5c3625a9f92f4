"""Delimited text: commas, semicolons, tabs, bars, or aligned by spaces; any common encoding."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.data.readers.base import Part, check_width
from assistant.data.readers.encoding import as_utf8, find_encoding
from assistant.data.warehouse import storage_errors
from assistant.data.workbench import ROW, RejectedRow, Workbench, unique_headers
from assistant.errors import EmptyData, UnreadableFile

if TYPE_CHECKING:
    import pyarrow as pa

_SAMPLE = 1 << 16
_DELIMITERS = (",", ";", "\t", "|")
_NUMBER = re.compile(r"[-+]?[\d.,]+%?|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}.*")
#: more ragged rows than this share mean that the file is not what it seems
_MAX_RAGGED = 0.5


@dataclass(frozen=True)
class Dialect:
    """How the columns of a text file are told apart. ``skip`` lines stand above the header."""

    delimiter: str
    headers: tuple[str, ...]
    skip: int
    has_header: bool
    aligned: bool = False


def read_delimited(path: Path, bench: Workbench) -> list[Part]:
    """The file as one part with text columns. Ragged rows are quarantined with their row number.

    Raises:
        EmptyData: nothing but a header or blank lines.
        UnreadableFile: no columns can be told apart, or it is too wide.
    """
    import pyarrow as pa

    encoding = find_encoding(path)
    if encoding.note:
        bench.warn(encoding.note)
    utf8 = as_utf8(path, encoding, bench.folder)
    dialect = find_dialect(utf8, path.name)
    if not dialect.has_header:
        bench.warn(f"'{path.name}' seems to have no header row; its columns are called column 1, column 2 …")
    if dialect.aligned:
        utf8 = _as_tabs(utf8, bench.folder)
    check_width(dialect.headers, path.name)

    def batches(inner: Workbench) -> Iterator[pa.RecordBatch]:
        yield from _batches(utf8, path.name, dialect, inner)

    return [Part(path.name, dialect.headers, (pa.string(),) * len(dialect.headers), batches)]


def find_dialect(path: Path, name: str) -> Dialect:
    """Delimiter and header from the first lines: what splits most of them into the same number of columns."""
    with path.open("r", encoding="utf-8-sig", errors="replace", newline="") as handle:
        sample = handle.read(_SAMPLE)
    complete = len(sample) < _SAMPLE
    if sample.lower().startswith("sep=") and len(sample) > 5:
        line, _, rest = sample.partition("\n")
        return _with_header(rest, line[4], 1, name, complete)
    scores = {d: _score(sample, d, complete) for d in _DELIMITERS}
    best = max(_DELIMITERS, key=lambda d: scores[d])
    if scores[best][0] > 0:
        return _with_header(sample, best, 0, name, complete)
    lines = [line.split() for line in sample.splitlines()[: None if complete else -1] if line.strip()]
    if len(lines) > 1 and len(lines[0]) > 1 and all(len(line) == len(lines[0]) for line in lines):
        headers, has_header = _headers(lines[0])
        return Dialect("\t", headers, 0, has_header, aligned=True)
    raise UnreadableFile(
        f"'{name}' has no columns that can be told apart",
        valid=("comma", "semicolon", "tab", "vertical bar"),
        hint="Export it as CSV with a header row.",
    )


def _score(sample: str, delimiter: str, complete: bool) -> tuple[float, int]:
    """Share of rows with the most common width (0 where that is one column), and that width."""
    try:
        rows = [r for r in csv.reader(io.StringIO(sample), delimiter=delimiter) if r]
    except csv.Error:
        return 0.0, 0
    if not complete and len(rows) > 1:
        rows = rows[:-1]
    widths = [len(r) for r in rows if len(r) > 1]
    if not widths:
        return 0.0, 0
    common = max(set(widths), key=widths.count)
    share = widths.count(common) / len(rows)
    # a delimiter inside texts splits few rows, or splits them unevenly
    return (share if share >= 0.3 else 0.0), common


def _with_header(sample: str, delimiter: str, skip: int, name: str, complete: bool) -> Dialect:
    rows = list(csv.reader(io.StringIO(sample), delimiter=delimiter))
    if not complete and len(rows) > 1:
        rows = rows[:-1]
    width = _score(sample, delimiter, complete)[1]
    # titles above the table are narrower than the table
    above = next((i for i, r in enumerate(rows) if len([c for c in r if c.strip()]) * 2 >= width), 0)
    header = rows[above]
    while len(header) > 1 and not header[-1].strip() and len(header) > width:
        header = header[:-1]
    headers, has_header = _headers(header)
    if has_header and complete and not any(any(c.strip() for c in r) for r in rows[above + 1 :]):
        raise EmptyData("The file has a header but no rows", received=name)
    lines_above = sum(1 + sum(cell.count("\n") for cell in r) for r in rows[:above])
    return Dialect(delimiter, headers, skip + lines_above, has_header)


def _headers(cells: list[str]) -> tuple[tuple[str, ...], bool]:
    """Names of the columns; a first row of numbers or dates is no header."""
    filled = [c.strip() for c in cells if c.strip()]
    numbers = sum(bool(_NUMBER.fullmatch(c)) for c in filled)
    if numbers and numbers * 3 >= len(filled):
        return tuple(f"column {i}" for i in range(1, len(cells) + 1)), False
    return unique_headers(cells)[0], True


def _batches(path: Path, name: str, dialect: Dialect, bench: Workbench) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa
    import pyarrow.csv as pc

    width = len(dialect.headers)
    names = [f"c{i}" for i in range(width)]
    skipped: list[int] = []
    blank = 0

    def refused(row: Any) -> str:
        nonlocal blank
        skipped.append(row.number)
        if row.text.strip(" \t\r\n,;|"):
            bench.rejected.append(
                RejectedRow(
                    name,
                    row.number + dialect.skip,
                    "ragged_row",
                    f"{row.actual_columns} columns instead of {row.expected_columns}: {row.text[:500]}",
                )
            )
        else:
            blank += 1
        return "skip"

    try:
        reader = pc.open_csv(
            path,
            read_options=pc.ReadOptions(
                use_threads=False, column_names=names, block_size=1 << 22, skip_rows=dialect.skip
            ),
            parse_options=pc.ParseOptions(
                delimiter=dialect.delimiter,
                newlines_in_values=True,
                invalid_row_handler=refused,
                ignore_empty_lines=False,
            ),
            convert_options=pc.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False, check_utf8=True
            ),
        )
        start = 1
        for batch in reader:
            numbers = _row_numbers(start, batch.num_rows, skipped)
            start += batch.num_rows
            drop = 1 if dialect.has_header and numbers.size and numbers[0] == 1 else 0
            rows = pa.array(numbers + dialect.skip)
            table = pa.RecordBatch.from_arrays([*batch.columns, rows], names=[*names, ROW]).slice(drop)
            yield table.filter(_filled(table))
    except (pa.ArrowException, ValueError) as error:
        raise UnreadableFile(f"'{name}' cannot be read as delimited text", received=error) from error
    ragged = len(skipped) - blank
    if ragged > _MAX_RAGGED * max(start - 1 + ragged, 1):
        worst = next(r for r in bench.rejected if r.source == name)
        raise UnreadableFile(
            f"'{name}' is ragged: {ragged:,} of {start - 1 + ragged:,} rows do not have the header's {width} columns",
            received=f"row {worst.row}: {worst.content[:120]}",
            hint="Export it again, with texts in quotation marks.",
        )


def _filled(batch: pa.RecordBatch) -> pa.Array:
    """Which rows hold anything: blank lines and rows of nothing but delimiters are no rows."""
    import pyarrow.compute as pc

    found = pc.not_equal(batch.column(0), "")
    for i in range(1, batch.num_columns - 1):
        if pc.all(found).as_py():
            break
        found = pc.or_(found, pc.not_equal(batch.column(i), ""))
    return found


def _row_numbers(start: int, count: int, skipped: list[int]) -> Any:
    """Row numbers in the file of the ``start``-th to (``start + count - 1``)-th rows that were kept."""
    import numpy as np

    kept = np.arange(start, start + count, dtype="int64")
    if not skipped:
        return kept
    gone = np.asarray(skipped, dtype="int64")
    before = gone - 1 - np.arange(gone.size)  # kept rows in front of each row left out
    return kept + np.searchsorted(before, kept - 1, side="right")


def _as_tabs(path: Path, folder: Path) -> Path:
    """A copy with runs of spaces turned into tabs."""
    target = folder / f"tabs-{path.name}"
    with (
        storage_errors(target),
        path.open("r", encoding="utf-8-sig") as source,
        target.open("w", encoding="utf-8") as out,
    ):
        for line in source:
            if line.strip():
                out.write("\t".join(line.split()) + "\n")
    return target
