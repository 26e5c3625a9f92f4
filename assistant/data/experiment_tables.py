"""Tables of experiments: one row per customer, a column that names the arm, columns that say what they did.

Such a table is no snapshot. It is read whole, typed and kept as Parquet with a small description; the last one added
stands where no name is said.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.data.outcome_tables import NO, YES, read_frame
from assistant.data.warehouse import storage_errors, write_atomically
from assistant.errors import InvalidPlan, MissingData, SnapshotError, UnknownName

if TYPE_CHECKING:
    import pandas as pd

#: Words in the name of a column that make it the arm, the strongest first.
ARM_WORDS = ("arm", "variant", "variation", "version", "treatment", "group", "experiment", "cell", "bucket", "segment")
#: Values of the arm that mean that nothing was done; case and punctuation do not matter.
CONTROL_WORDS = ("control", "controlgroup", "holdout", "heldout", "none", "noemail", "nomail", "nocontact",
                 "notreatment", "untreated", "placebo", "baseline", "nothing", "0", "false", "no")
#: Words in the name of a column that make it an outcome.
OUTCOME_WORDS = ("convert", "conversion", "visit", "spend", "spent", "order", "purchas", "bought", "revenue",
                 "retention", "retained", "click", "open", "response", "respond", "outcome", "rounds", "redeem",
                 "redemption", "sales", "margin", "profit", "churn")
MOST_ARMS = 12


@dataclass(frozen=True)
class ExperimentTable:
    """A table as it was added.

    Attributes:
        name: how it is called; source: the file's name; rows: its size.
        arm: column of the arm; control: the value that means no contact, or None where none does.
        outcomes: columns that are read out, the first with the verdict.
        groups: columns with a few values that customers can be split by.
        random: whether arms were drawn by lot, as the person said; without it no effect is claimed.
    """

    name: str
    source: str
    rows: int
    arm: str
    control: str | None
    outcomes: tuple[str, ...]
    groups: tuple[str, ...]
    random: bool = True


def add_experiment(
    path: Path, folder: Path, name: str | None = None, arm: str | None = None, control: str | None = None,
    outcomes: Sequence[str] = (), random: bool = True,
) -> ExperimentTable:
    """Read a CSV, Excel or Parquet file of an experiment and keep it.

    Args:
        folder: where tables are kept; made if needed.
        arm, outcomes: columns; default those that look like it. control: value of the arm.
        random: whether the arms were drawn by lot.

    Raises:
        UnreadableFile, EmptyData: the file. UnknownName: no such column or value. InvalidPlan: it is not clear which
            column is meant, an outcome is no number, or the arms are too many. StorageError: the folder.
    """
    frame = read_frame(path)
    column = _arm(frame, arm)
    values = frame[column].astype("string").str.strip()
    if values.isna().any():
        raise InvalidPlan(f"The column {column} does not say the arm of every row",
                          received=f"{int(values.isna().sum()):,} empty")
    frame[column] = values
    names = sorted(values.unique())
    held = _control(names, control)
    read = [_named(frame, o) for o in outcomes] or _outcomes(frame, column)
    for outcome in read:
        frame[outcome] = _number(frame[outcome], outcome)
    groups = tuple(c for c in frame.columns if c not in {column, *read} and 2 <= frame[c].nunique() <= MOST_ARMS)
    table = ExperimentTable(_slug(name or path.stem), path.name, len(frame), column, held, tuple(read), groups, random)
    with storage_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        building = folder / f".{table.name}.building"
        frame[[column, *read, *groups]].to_parquet(building, index=False)
        building.replace(folder / f"{table.name}.parquet")
        write_atomically(folder / f"{table.name}.json", json.dumps(asdict(table), indent=1))
    return table


def experiments(folder: Path) -> list[ExperimentTable]:
    """Every table added, the latest first."""
    found = sorted(folder.glob("*.json"), key=lambda p: (-p.stat().st_mtime_ns, p.name)) if folder.exists() else []
    try:
        read = [json.loads(p.read_text(encoding="utf-8")) for p in found]
        return [ExperimentTable(**{**r, "outcomes": tuple(r["outcomes"]), "groups": tuple(r["groups"])}) for r in read]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise SnapshotError("A table of an experiment is damaged", received=folder.name,
                            hint="Add its file again.") from error


def find_experiment(folder: Path, name: str | None) -> ExperimentTable:
    """The table of that name, else the latest.

    Raises:
        MissingData: none was added; says how. UnknownName: none of that name; ``valid`` holds those there are.
    """
    known = experiments(folder)
    if not known:
        raise MissingData(
            "No table of an experiment is loaded: a file with one row per customer, a column with the arm and one with "
            "what they did", hint="Add one with: python app.py experiment FILE.csv --arm COLUMN --outcome COLUMN",
            nearest=["Did our past campaigns work?"])
    if name is None:
        return known[0]
    wanted = _slug(name)
    exact = [t for t in known if t.name == wanted] or [t for t in known if wanted in t.name or t.name in wanted]
    if not exact:
        raise UnknownName("There is no such experiment", received=name, valid=[t.name for t in known])
    return exact[0]


def load_experiment(folder: Path, table: ExperimentTable) -> pd.DataFrame:
    """The rows of a table: its arm, outcomes and groups.

    Raises:
        SnapshotError: its file is damaged.
    """
    import pandas as pd

    try:
        return pd.read_parquet(folder / f"{table.name}.parquet")
    except (OSError, ValueError) as error:
        raise SnapshotError("A table of an experiment is damaged", received=table.name,
                            hint="Add its file again.") from error


def _arm(frame: pd.DataFrame, asked: str | None) -> str:
    if asked is not None:
        column = _named(frame, asked)
        if not 2 <= frame[column].nunique() <= MOST_ARMS:
            raise InvalidPlan(f"The column {column} cannot be the arm: it holds {frame[column].nunique():,} values",
                              received=column, valid=[f"2 to {MOST_ARMS} values"])
        return column
    few = [c for c in frame.columns if 2 <= frame[c].nunique() <= MOST_ARMS]
    for word in ARM_WORDS:
        hits = [c for c in few if c.casefold() == word] or [
            c for c in few if word in re.split(r"[^a-z]+", c.casefold())]
        if len(hits) == 1:
            return hits[0]
        if hits:
            few = hits
            break
    raise InvalidPlan("It is not clear which column names the arm of the experiment", received=f"{len(few)} columns",
                      valid=few[:12], hint="Name it with --arm.")


def _control(names: Sequence[str], asked: str | None) -> str | None:
    if asked is not None:
        hits = [n for n in names if n.casefold() == asked.strip().casefold()]
        if not hits:
            raise UnknownName("No arm has this name", received=asked, valid=list(names))
        return hits[0]
    hits = [n for n in names if re.sub(r"[^a-z0-9]", "", n.casefold().removesuffix(".0")) in CONTROL_WORDS]
    return hits[0] if len(hits) == 1 else None


def _outcomes(frame: pd.DataFrame, arm: str) -> list[str]:
    """Columns whose names say that they are outcomes; those of two values first."""
    hits = [c for c in frame.columns if c != arm and any(w in c.casefold() for w in OUTCOME_WORDS)]
    usable = [c for c in hits if _is_number(frame[c])]
    if not usable:
        others = [c for c in frame.columns if c != arm and _is_number(frame[c])]
        raise InvalidPlan("It is not clear which column says what the customers did", received=f"{len(others)} columns",
                          valid=others[:12], hint="Name it with --outcome.")
    return sorted(usable, key=lambda c: frame[c].nunique() != 2)


def _is_number(values: pd.Series) -> bool:
    import pandas as pd

    return bool(pd.api.types.is_numeric_dtype(values)) or set(values.dropna().astype(str).str.casefold()) <= {*YES, *NO}


def _number(values: pd.Series, name: str) -> pd.Series:
    import pandas as pd

    if pd.api.types.is_numeric_dtype(values):
        found = values.astype("float64")
    else:
        said = values.astype("string").str.strip().str.casefold()
        found = said.map({**dict.fromkeys(YES, 1.0), **dict.fromkeys(NO, 0.0)}).astype("float64")
    if found.isna().any():
        raise InvalidPlan(f"The column {name} does not hold a number, or yes and no, in every row",
                          received=f"{int(found.isna().sum()):,} rows without one")
    return found


def _named(frame: pd.DataFrame, asked: str) -> str:
    for column in frame.columns:
        if column.casefold() == asked.strip().casefold():
            return str(column)
    raise UnknownName("The file has no such column", received=asked, valid=list(frame.columns))


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.casefold()).strip("_")[:60] or "experiment"
