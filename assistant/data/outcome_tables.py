"""Tables of customers with an outcome that has two values (cancelled or not), kept beside the shop's orders.

Such a table has one row per customer or contract and no orders, so it is no snapshot. It is read whole, typed and kept
as Parquet with a small description; the last one added stands where no name is said.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.data.warehouse import storage_errors, write_atomically
from assistant.errors import EmptyData, InvalidPlan, MissingData, SnapshotError, UnknownName, UnreadableFile

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

#: Values that say that something happened, and that it did not; case does not matter.
YES = ("yes", "y", "true", "t", "1", "1.0", "churned", "churn", "left", "lost", "cancelled", "canceled", "closed")
NO = ("no", "n", "false", "f", "0", "0.0", "stayed", "stay", "active", "kept", "retained", "current", "open")
#: Words in the name of a column that make it the outcome before others with two values.
OUTCOME_WORDS = ("churn", "attrition", "left", "cancel", "exited", "lapsed", "outcome", "target", "label", "converted",
                 "bought", "response")
#: Share of numbers among the filled values from which a column of text is a column of numbers.
MOSTLY = 0.98


@dataclass(frozen=True)
class OutcomeTable:
    """A table as it was added.

    Attributes:
        name: how it is called; source: the file's name; rows, columns: its size.
        outcome: the column with the outcome; happened: the value that says so.
        row_id: the column that names a row; None: rows are numbered from 1.
    """

    name: str
    source: str
    rows: int
    columns: int
    outcome: str
    happened: str
    row_id: str | None


@dataclass(frozen=True)
class Loaded:
    """A table and its rows: ``frame`` without id and outcome; ``outcome`` (1, 0, missing as NaN); ``ids``."""

    table: OutcomeTable
    frame: pd.DataFrame
    outcome: np.ndarray
    ids: list[str]


def add_table(
    path: Path, folder: Path, name: str | None = None, outcome: str | None = None, row_id: str | None = None
) -> OutcomeTable:
    """Read a CSV, Excel or Parquet file with an outcome and keep it.

    Args:
        folder: where tables are kept; made if needed.
        name: how to call it; default the file's name.
        outcome, row_id: columns; default the one that looks like it.

    Raises:
        UnreadableFile, EmptyData: the file. UnknownName: no such column. InvalidPlan: no column, or more than one,
            has two values that could be the outcome; StorageError: the folder cannot be written.
    """
    frame = read_frame(path)
    called = _slug(name or path.stem)
    target, happened = _outcome(frame, outcome)
    ident = _ident(frame, row_id, target)
    table = OutcomeTable(called, path.name, len(frame), len(frame.columns), target, happened, ident)
    with storage_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        building = folder / f".{called}.building"
        frame.to_parquet(building, index=False)
        building.replace(folder / f"{called}.parquet")
        write_atomically(folder / f"{called}.json", json.dumps(asdict(table), indent=1))
    return table


def tables(folder: Path) -> list[OutcomeTable]:
    """Every table added, the latest first."""
    found = sorted(folder.glob("*.json"), key=lambda p: (-p.stat().st_mtime_ns, p.name)) if folder.exists() else []
    try:
        return [OutcomeTable(**json.loads(p.read_text(encoding="utf-8"))) for p in found]
    except (OSError, ValueError, TypeError) as error:
        raise SnapshotError("A table with an outcome is damaged", received=folder.name,
                            hint="Add its file again.") from error


def stamp(folder: Path, table: OutcomeTable) -> int:
    """Changes when the table was added again."""
    return (folder / f"{table.name}.parquet").stat().st_mtime_ns


def find_table(folder: Path, name: str | None) -> OutcomeTable:
    """The table of that name, else the latest.

    Raises:
        MissingData: none was added; says how. UnknownName: none of that name; ``valid`` holds those there are.
    """
    known = tables(folder)
    if not known:
        raise MissingData(
            "No table with an outcome is loaded: a file with one row per customer and a column that says yes or no",
            hint="Add one with: python app.py table FILE.csv --outcome COLUMN", nearest=["Who is about to leave?"])
    if name is None:
        return known[0]
    wanted = _slug(name)
    exact = [t for t in known if t.name == wanted] or [t for t in known if wanted in t.name or t.name in wanted]
    if not exact:
        raise UnknownName("There is no such table", received=name, valid=[t.name for t in known])
    return exact[0]


def load_table(folder: Path, table: OutcomeTable) -> Loaded:
    """The rows of a table.

    Raises:
        SnapshotError: its file is damaged.
    """
    import numpy as np
    import pandas as pd

    try:
        frame = pd.read_parquet(folder / f"{table.name}.parquet")
    except (OSError, ValueError) as error:
        raise SnapshotError("A table with an outcome is damaged", received=table.name,
                            hint="Add its file again.") from error
    said = _plain(frame.pop(table.outcome))
    outcome = np.where(said == "", np.nan, (said == table.happened.casefold()).astype("float64"))
    ids = [str(v) for v in frame.pop(table.row_id)] if table.row_id else [str(i + 1) for i in range(len(frame))]
    return Loaded(table, frame, outcome, ids)


def read_frame(path: Path) -> pd.DataFrame:
    """A CSV, Excel or Parquet file as a frame with typed columns.

    Raises:
        UnreadableFile: it is no table. EmptyData: it has no rows.
    """
    import pandas as pd

    try:
        if path.suffix.casefold() in {".parquet", ".pq"}:
            frame = pd.read_parquet(path)
        elif path.suffix.casefold() in {".xlsx", ".xls"}:
            frame = pd.read_excel(path)
        else:
            frame = pd.read_csv(path, sep=None, engine="python", encoding="utf-8-sig", skipinitialspace=True)
    except (OSError, ValueError, ImportError, UnicodeDecodeError) as error:
        raise UnreadableFile("The file cannot be read as a table", received=path.name,
                             hint="CSV (UTF-8), Excel and Parquet can be read.") from error
    if frame.empty:
        raise EmptyData("The file has no rows", received=path.name)
    frame.columns = [str(c).strip() for c in frame.columns]
    return frame.apply(_typed)


def _typed(values: pd.Series) -> pd.Series:
    """Texts that are numbers but for blanks become numbers; other texts are stripped, blanks become missing."""
    import pandas as pd

    if pd.api.types.is_numeric_dtype(values) or pd.api.types.is_datetime64_any_dtype(values):
        return values.astype("int64") if pd.api.types.is_bool_dtype(values) else values
    text = values.astype("string").str.strip().replace("", pd.NA)
    numbers = pd.to_numeric(text, errors="coerce")
    filled = int(text.notna().sum())
    return numbers.astype("float64") if filled and numbers.notna().sum() >= MOSTLY * filled else text


def _plain(values: pd.Series) -> pd.Series:
    return values.astype("string").str.strip().str.casefold().fillna("")


def _two_values(values: pd.Series) -> str | None:
    """The value that says that it happened, if the column holds just two and they read as yes and no."""
    said = sorted(set(_plain(values)) - {""})
    if len(said) != 2:
        return None
    happened = [v for v in said if v in YES]
    return happened[0] if len(happened) == 1 and any(v in NO for v in said) else None


def _outcome(frame: pd.DataFrame, asked: str | None) -> tuple[str, str]:
    if asked is not None:
        column = _column(frame, asked)
        happened = _two_values(frame[column])
        if happened is None:
            raise InvalidPlan(f"The column {column} does not hold two values that read as yes and no",
                              received=", ".join(sorted(set(_plain(frame[column])))[:5]), valid=["yes / no", "1 / 0"])
        return column, happened
    possible = {c: h for c in frame.columns if (h := _two_values(frame[c])) is not None}
    named = [c for c in possible if any(word in c.casefold() for word in OUTCOME_WORDS)]
    chosen = named or list(possible)
    if len(chosen) != 1:
        raise InvalidPlan("It is not clear which column is the outcome: it must hold two values such as yes and no",
                          received=f"{len(chosen)} columns", valid=chosen, hint="Name it with --outcome.")
    return chosen[0], possible[chosen[0]]


def _ident(frame: pd.DataFrame, asked: str | None, outcome: str) -> str | None:
    """The column asked for, else the first whose name ends in "id" and whose values are all different."""
    if asked is not None:
        return _column(frame, asked)
    for column in frame.columns:
        named = re.search(r"(?:id|number|no|key|code)$", column, re.IGNORECASE)
        if column != outcome and named and frame[column].is_unique and frame[column].notna().all():
            return column
    return None


def _column(frame: pd.DataFrame, asked: str) -> str:
    for column in frame.columns:
        if column.casefold() == asked.strip().casefold():
            return column
    raise UnknownName("The file has no such column", received=asked, valid=list(frame.columns))


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.casefold()).strip("_")[:60] or "table"
