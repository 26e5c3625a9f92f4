"""Rows of a table with an outcome as a selection of people: judged by the table's own sensitive columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from assistant.data.outcome_tables import Loaded
from assistant.data.sensitive import PARTS, trait_of
from assistant.errors import MissingData, UnknownName
from assistant.models.people.fairness_report import Judged, PastPredictions
from assistant.models.people.traits import age_bands, value_groups
from assistant.models.value.table_model import TableModel

if TYPE_CHECKING:
    import pandas as pd

#: Share of the rows that counts as the likeliest, and the highest number that can be an age in years.
LIKELIEST, OLDEST = 0.1, 120


def rows_of(loaded: Loaded, fitted: TableModel, by: str | None = None) -> Judged:
    """The likeliest tenth of the rows that are listed, examined on every row whose outcome is known.

    Args:
        by: one sensitive column or its trait only.

    Raises:
        MissingData: the table has no sensitive column. UnknownName: not the one asked for.
    """
    listed = fitted.listed(loaded)
    order = sorted(listed, key=lambda i: (-fitted.scores_[i], loaded.ids[i]))
    likely = set(order[: max(1, round(LIKELIEST * len(order)))])
    known = np.flatnonzero(~np.isnan(loaded.outcome))
    return Judged(
        f"are among the tenth most likely to have {loaded.table.outcome} = {loaded.table.happened}",
        [str(i) for i in listed], {"likely": np.array([i in likely for i in listed], dtype=bool)},
        {c: fitted.frame_[c].to_numpy()[listed] for c in fitted.columns_},
        PastPredictions(None, [str(i) for i in known], fitted.scores_[known], loaded.outcome[known]),
        groups=_groups(loaded.frame, fitted, by), source=loaded.table.source,
        table=loaded.table.name,
    )


def _groups(frame: pd.DataFrame, fitted: TableModel, by: str | None) -> dict[str, dict[str, str]]:
    """Attribute → row → group: the sensitive columns, and the close proxies that were set aside with them."""
    proxies = {p.column: p.of for p in fitted.proxies_}
    columns = [*fitted.sensitive_, *proxies]
    if not fitted.sensitive_:
        raise MissingData(
            "Whether groups of people are treated alike can only be tested where the table says who belongs to which; "
            "it has no column that is sensitive by its name or declared so",
            received=", ".join(map(str, frame.columns)), nearest=["How good is the prediction in the table?"])
    if by is not None:
        wanted = by.strip().casefold()
        kept = [c for c in columns if wanted in {c.casefold(), trait_of(c) or "", trait_of(proxies.get(c, "")) or ""}]
        if not kept:
            raise UnknownName(f"No sensitive column of the table is called “{by}”", received=by, valid=columns)
        columns = kept
    found = {}
    for column in columns:
        groups = _cut(column, frame[column].reset_index(drop=True))
        name = f"{column} (stands for {proxies[column]})" if column in proxies else column
        found[name] = {str(i): str(g) for i, g in groups[groups.notna()].items()}
    return found


def _cut(column: str, values: pd.Series) -> pd.Series:
    import pandas as pd

    if pd.api.types.is_datetime64_any_dtype(values):
        values = values.dt.year.astype("float64")
    years = trait_of(column) == "age" and pd.api.types.is_numeric_dtype(values) and values.nunique() > PARTS
    return age_bands(values) if years and values.min() >= 0 and values.max() <= OLDEST else value_groups(values)
