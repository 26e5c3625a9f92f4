"""What a file is, by its content; the extension is only a hint for text."""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import Literal

from assistant.errors import EmptyData, UnreadableFile

Kind = Literal["text", "excel", "parquet", "zip", "gzip", "tar", "duckdb", "sqlite"]

_REFUSED: tuple[tuple[bytes, str, str], ...] = (
    (b"\xd0\xcf\x11\xe0", "an old Excel file (.xls) or another Office document", "Save it as .xlsx or CSV."),
    (b"%PDF", "a PDF document", "Export the table as CSV or Excel."),
    (b"\x89PNG", "a picture", "Export the table as CSV or Excel."),
    (b"\xff\xd8\xff", "a picture", "Export the table as CSV or Excel."),
    (b"GIF8", "a picture", "Export the table as CSV or Excel."),
    (b"7z\xbc\xaf", "a 7-Zip archive", "Unpack it first."),
    (b"Rar!", "a RAR archive", "Unpack it first."),
    (b"BZh", "a bzip2 archive", "Unpack it first."),
    (b"\xfd7zXZ", "an xz archive", "Unpack it first."),
    (b"\x7fELF", "a program", ""),
    (b"ARROW1", "an Arrow file", "Save it as Parquet or CSV."),
    (b"ORC", "an ORC file", "Save it as Parquet or CSV."),
)
_BOMS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def detect(path: Path) -> Kind:
    """Kind of a file from its first bytes.

    Raises:
        EmptyData: no bytes, or only white space.
        UnreadableFile: missing, a folder of the system, or a kind that holds no table.
    """
    try:
        with path.open("rb") as handle:
            head = handle.read(8192)
    except OSError as error:
        raise UnreadableFile("The file cannot be opened", received=path, hint=error.strerror) from error
    if not head.strip():
        raise EmptyData("The file is empty", received=path.name)
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith(b"PK\x03\x04") or head.startswith(b"PK\x05\x06"):
        return _zip_kind(path)
    if head.startswith(b"\x1f\x8b"):
        return "gzip"
    if len(head) > 262 and head[257:262] == b"ustar":
        return "tar"
    if head.startswith(b"SQLite format 3\0"):
        return "sqlite"
    if head[8:12] == b"DUCK":
        return "duckdb"
    for magic, words, hint in _REFUSED:
        if head.startswith(magic):
            raise UnreadableFile(f"'{path.name}' is {words}, not a table that can be read", hint=hint)
    return _text_kind(path, head)


def _zip_kind(path: Path) -> Kind:
    import zipfile

    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise UnreadableFile(f"'{path.name}' is a damaged zip archive or workbook", received=error) from error
    if "xl/workbook.xml" in names:
        return "excel"
    if any(n.startswith(("word/", "ppt/")) for n in names) or "xl/workbook.bin" in names or "mimetype" in names:
        raise UnreadableFile(
            f"'{path.name}' is an Office document, not an .xlsx workbook", hint="Save it as .xlsx or CSV."
        )
    return "zip"


def _text_kind(path: Path, head: bytes) -> Kind:
    if head.startswith(_BOMS) or b"\0" not in head:
        start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
        if start.startswith((b"<!doctype", b"<html", b"<?xml", b"<svg")):
            raise UnreadableFile(f"'{path.name}' is a web page or XML, not a table", hint="Export the table as CSV.")
        if start.startswith((b"{", b"[{")):
            raise UnreadableFile(f"'{path.name}' is JSON, not a table", hint="Export the table as CSV or Parquet.")
        return "text"
    # UTF-16 without a mark: every other byte of Western text is zero
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if max(even, odd) > 0.4 * len(head) / 2 and min(even, odd) < 0.05 * len(head) / 2:
        return "text"
    raise UnreadableFile(
        f"'{path.name}' is a binary file of an unknown kind, not a table",
        valid=("CSV", "TSV", "Excel (.xlsx)", "Parquet", "a folder of these", "a database URL"),
    )
