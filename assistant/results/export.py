"""Tables as CSV for people: text that a spreadsheet would run as a formula is defused."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from assistant.errors import StorageError

_ACTIVE = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "|", "%")
_PHONE = re.compile(r"\+?[\d\s().-]{6,20}")


def safe_cell(value: object) -> object:
    """A value as a spreadsheet may open it. Numbers stay numbers; a text that would be run gets an apostrophe.

    Negative numbers and phone numbers given as text stay as they are.
    """
    if value is None or isinstance(value, int | float):
        return value
    text = str(value)
    # a mark or sign that nobody sees protects nothing: programs drop it when they open the file
    stripped = "".join(c for c in text if unicodedata.category(c) != "Cf").lstrip()
    if not stripped or not (text.startswith(_ACTIVE) or stripped.startswith(_ACTIVE)):
        return text
    folded = unicodedata.normalize("NFKC", stripped)
    if re.fullmatch(r"[-+]?\d+([.,]\d+)*", folded) or (_PHONE.fullmatch(folded) and folded[0] == "+"):
        return text
    return f"'{text}"


def file_stem(title: str) -> str:
    """A file name made of a title: letters, digits and dashes."""
    folded = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", folded).strip("-")[:60] or "table"


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A file beside ``path`` to write into; it takes its place once written whole, and else is removed.

    Raises:
        StorageError: the disk refuses; no partial file is left.
    """
    part = path.with_suffix(".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield part
        part.replace(path)
    except OSError as error:
        raise StorageError("The file could not be written; nothing was left behind", received=path) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def write_table(folder: Path, title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Path:
    """Write ``<folder>/<title>-<time>.csv`` (UTF-8 with BOM, which Excel needs) and return its path.

    Raises:
        StorageError: the disk refuses; no partial file is left.
    """
    path = folder / f"{file_stem(title)}-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}.csv"
    with whole_file(path) as temporary, temporary.open("w", encoding="utf-8-sig", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow([safe_cell(c) for c in columns])
        writer.writerows([safe_cell(v) for v in row] for row in rows)
    return path
