"""Sources → raw tables in the workbench. One module per kind of source."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path

from assistant.data.readers.base import Part
from assistant.data.readers.database import read_database
from assistant.data.readers.delimited import read_delimited
from assistant.data.readers.detect import detect
from assistant.data.readers.excel import read_excel
from assistant.data.readers.folder import files_below, gather
from assistant.data.readers.parquet import read_parquet
from assistant.data.workbench import RawTable, Workbench
from assistant.errors import AssistantError, EmptyData, UnreadableFile

__all__ = ["Part", "as_source", "read_sources"]

_URL = re.compile(r"^[a-z][a-z0-9+]+:/{1,3}", re.I)
_MAX_DEPTH = 2


def as_source(given: Path | str) -> Path | str:
    """A path, or a database URL as text (a URL that went through ``Path`` lost slashes; they are given back)."""
    text = str(given)
    match = _URL.match(text)
    if match is None or (len(match[0].split(":")[0]) == 1):
        return Path(text)
    scheme, _, rest = text.partition(":")
    if isinstance(given, Path):
        rest = "//" + ("/" if scheme in {"duckdb", "sqlite"} else "") + rest.lstrip("/")
    return f"{scheme}:{rest}"


def read_sources(
    sources: Sequence[Path | str], bench: Workbench, progress: Callable[[str, float | None], None] | None = None
) -> list[RawTable]:
    """Read everything into the workbench: parts of the same shape become one raw table.

    Raises:
        UnreadableFile, EmptyData, MissingExtra: see the readers; the message names the file.
    """
    numbers = count(1)
    parts: list[tuple[str, Part]] = []
    empty: list[str] = []
    for given in sources:
        source = as_source(given)
        if isinstance(source, str):
            parts += [(part.name, part) for part in read_database(source)]
            continue
        if not source.exists():
            raise UnreadableFile("There is no such file or folder", received=source)
        for path in files_below(source):
            try:
                parts += _parts_of(path, bench, numbers, 0)
            except EmptyData as error:
                if source.is_file():
                    raise
                empty.append(f"{path.name}: {error.message}")
            except UnreadableFile as error:
                if source.is_file():
                    raise
                raise UnreadableFile(f"In the folder '{source.name}': {error.message}", hint=error.hint) from error
    for words in empty:
        bench.warn(f"Left out, {words}")
    if not parts:
        raise EmptyData("Nothing to load was found", received=", ".join(str(s) for s in sources))
    return gather(parts, bench, progress)


def _parts_of(path: Path, bench: Workbench, numbers: count, depth: int) -> list[tuple[str, Part]]:
    kind = detect(path)
    if kind == "parquet":
        return [(path.stem, part) for part in read_parquet(path)]
    if kind == "excel":
        return [(path.stem if i == 0 else part.name, part) for i, part in enumerate(read_excel(path))]
    if kind in {"duckdb", "sqlite"}:
        return [(part.name, part) for part in read_database(f"{kind}:///{path.resolve()}")]
    if kind == "text":
        return [(path.stem, part) for part in read_delimited(path, bench)]
    if depth >= _MAX_DEPTH:
        raise UnreadableFile(f"'{path.name}' is an archive within archives; it was not read", hint="Unpack it first.")
    from assistant.data.readers.archive import unpack

    found: list[tuple[str, Part]] = []
    problems: list[AssistantError] = []
    files = unpack(path, kind, bench.folder / f"unpacked-{next(numbers)}")
    for inner in files:
        try:
            found += _parts_of(inner, bench, numbers, depth + 1)
        except EmptyData as error:
            problems.append(error)
            bench.warn(f"Left out, {inner.name}: {error.message}")
    if not found:
        raise problems[0] if problems else EmptyData("The archive holds no files", received=path.name)
    return found
