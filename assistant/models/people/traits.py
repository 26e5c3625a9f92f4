"""The sensitive traits of each customer, as groups: used to test for differences, and for nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from assistant.data.sensitive import PARTS, sensitive_columns, trait_of
from assistant.errors import MissingData, UnknownName

if TYPE_CHECKING:
    import pandas as pd

    from assistant.data.warehouse import Snapshot

#: Ages from which a group begins.
AGES = (25, 35, 45, 55, 65)
#: Most groups of a column of the source; rarer values are one.
MOST_GROUPS = 8


def traits(snapshot: Snapshot, by: str | None = None) -> dict[str, dict[str, str]]:
    """Attribute → customer → group; only known values.

    Args:
        by: a trait or column; all of them without.

    Raises:
        MissingData: the data hold no such column of customers. UnknownName: not the one asked for.
    """
    columns = sensitive_columns(snapshot)
    if not columns:
        raise MissingData(
            "Whether groups of people are treated alike can only be tested where the data say who belongs to which: "
            "gender, year of birth, or columns that the settings declare sensitive. The models use none of them",
            received="customers.gender", nearest=["Which columns do the models not use?", "Who is about to leave?"],
        )
    if by is not None:
        wanted = by.strip().casefold()
        chosen = [c for c in columns if wanted in {c.casefold(), (trait_of(c) or c).casefold(),
                                                   c.removeprefix("x_").replace("_", " ").casefold()}]
        if not chosen:
            raise UnknownName(f"No sensitive column is called “{by}”", received=by, valid=[label(c) for c in columns])
        columns = tuple(chosen)
    people = snapshot.table("customers")
    found = snapshot.execute(people.select("customer_id", *columns)).to_pandas().drop_duplicates("customer_id")
    ids = found["customer_id"].astype(str)
    result: dict[str, dict[str, str]] = {}
    for column in columns:
        groups = _ages(found[column], snapshot.as_of.year) if column == "birth_year" else value_groups(found[column])
        known = groups.notna()
        result[label(column)] = dict(zip(ids[known], groups[known].astype(str), strict=True))
    return result


def label(column: str) -> str:
    """What a column is called: ``age`` for the year of birth."""
    return "age" if column == "birth_year" else column.removeprefix("x_").replace("_", " ")


def _ages(years: pd.Series, today: int) -> pd.Series:
    import pandas as pd

    return age_bands(today - pd.to_numeric(years, errors="coerce").astype("float64"))


def age_bands(age: pd.Series) -> pd.Series:
    """Ages in years as bands; missing stays missing."""
    import pandas as pd

    names = [f"under {AGES[0]}", *(f"{a}–{b - 1}" for a, b in zip(AGES, AGES[1:], strict=False)),
             f"{AGES[-1]} and over"]
    return pd.cut(age, [-1, *(a - 0.5 for a in AGES), 130], labels=names).astype(object)


def value_groups(column: pd.Series) -> pd.Series:
    """Values of a column as groups: numbers by quarters, rare texts as one; missing stays missing."""
    import pandas as pd

    if pd.api.types.is_numeric_dtype(column) and column.nunique() > PARTS:
        return pd.qcut(column.astype("float64"), 4, duplicates="drop").astype(object)
    counts = column.dropna().value_counts()
    kept = set(counts.index[:MOST_GROUPS])
    return column.where(column.isna() | column.isin(kept), "other").astype(object)


def groups_of(found: dict[str, dict[str, str]], customers: Sequence[str]) -> dict[str, list[str | None]]:
    """Attribute → group of each of the customers; None: not known."""
    return {name: [known.get(c) for c in customers] for name, known in found.items()}
