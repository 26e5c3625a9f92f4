"""From a table of customers to what a regression and a tree can weigh: numbers, categories, what is missing.

The regression sees each number as it is (cut at its first and last hundredth, so that no single customer bends the
line) and, where it is never negative, its logarithm, both standardised; a flag where a number is missing; and one
column per level of a category. The trees see numbers as they are and categories as codes. The design remembers which
column of the table each of its columns came from, so that contributions can be summed back.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

#: Levels of a category that get a weight of their own; rarer ones share one.
MOST_LEVELS = 20
#: Rows below which a level is rare.
FEWEST_OF_LEVEL = 5
#: Percentiles that the regression sees a number within.
ENDS = (1.0, 99.0)
OTHER = "other"


@dataclass
class TableDesign:
    """Encoders of one table, learnt from its rows.

    Attributes (after :meth:`fit`):
        numbers_, levels_: names of number columns; levels by category column.
        columns_: the column of the table that each column of :meth:`linear` came from.
        table_columns_: all columns used, in order: those of :meth:`trees`.
    """

    numbers_: list[str] = field(default_factory=list)
    levels_: dict[str, list[str]] = field(default_factory=dict)

    def fit(self, frame: pd.DataFrame) -> Self:
        """Learn levels, scales and medians from rows × columns; every column of ``frame`` is used."""
        import numpy as np
        import pandas as pd

        self.table_columns_ = list(frame.columns)
        self.numbers_ = [c for c in frame.columns if pd.api.types.is_numeric_dtype(frame[c])]
        self.levels_ = {c: _levels(frame[c]) for c in frame.columns if c not in self.numbers_}
        numbers = frame[self.numbers_].to_numpy(dtype="float64")
        known = [numbers[~np.isnan(numbers[:, i]), i] for i in range(numbers.shape[1])]
        self.logs_ = [i for i, v in enumerate(known) if len(np.unique(v)) > 2 and v.min() >= 0]
        self.gaps_ = [i for i in range(numbers.shape[1]) if np.isnan(numbers[:, i]).any()]
        self.medians_ = np.array([float(np.median(v)) if len(v) else 0.0 for v in known])
        ends = [np.percentile(v, ENDS) if len(v) else (0.0, 0.0) for v in known]
        self.lowest_, self.highest_ = (np.array([e[k] for e in ends]) for k in (0, 1))
        self.columns_ = [*self.numbers_, *(self.numbers_[i] for i in [*self.logs_, *self.gaps_]),
                         *(c for c, levels in self.levels_.items() for _ in levels)]
        raw = self._unscaled(frame)
        self.means_ = raw.mean(axis=0)
        spread = raw.std(axis=0)
        self.spreads_ = np.where(spread > 0, spread, 1.0)
        return self

    def linear(self, frame: pd.DataFrame) -> np.ndarray:
        """Rows × standardised columns; an unseen level counts as the shared rare one where there is one."""
        return (self._unscaled(frame) - self.means_) / self.spreads_

    def _unscaled(self, frame: pd.DataFrame) -> np.ndarray:
        import numpy as np

        numbers = frame[self.numbers_].to_numpy(dtype="float64")
        missing = np.isnan(numbers)
        numbers = np.where(missing, self.medians_, numbers)
        logs = np.log1p(np.maximum(numbers[:, self.logs_], 0.0))
        cut = np.clip(numbers, self.lowest_, self.highest_)
        parts = [cut, logs, missing[:, self.gaps_].astype("float64")]
        for column, levels in self.levels_.items():
            codes = _codes(frame[column], levels)
            parts.append((codes[:, None] == np.arange(len(levels))).astype("float64"))
        return np.hstack(parts)

    def trees(self, frame: pd.DataFrame) -> np.ndarray:
        """Rows × columns of the table: numbers with gaps, categories as codes (-1: not seen)."""
        import numpy as np

        parts = [frame[c].to_numpy(dtype="float64") if c in self.numbers_
                 else _codes(frame[c], self.levels_[c]).astype("float64") for c in self.table_columns_]
        return np.column_stack(parts)

    @property
    def category_places(self) -> list[int]:
        """Places of the categories among the columns of :meth:`trees`."""
        return [i for i, c in enumerate(self.table_columns_) if c in self.levels_]

    def by_column(self, contributions: np.ndarray) -> np.ndarray:
        """Sum rows × columns of :meth:`linear` to rows × columns of the table."""
        import numpy as np

        places = {c: i for i, c in enumerate(self.table_columns_)}
        summed = np.zeros((len(contributions), len(self.table_columns_)))
        for j, column in enumerate(self.columns_):
            summed[:, places[column]] += contributions[:, j]
        return summed


def _levels(values: pd.Series) -> list[str]:
    """Levels that are frequent enough, the most frequent first, then the shared rare one if there are rare ones."""
    counts = values.astype("string").fillna(OTHER).value_counts()
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    kept = [str(level) for level, n in ordered if n >= FEWEST_OF_LEVEL and level != OTHER][:MOST_LEVELS]
    return kept if sum(counts[level] for level in kept) == len(values) else [*kept, OTHER]


def _codes(values: pd.Series, levels: list[str]) -> np.ndarray:
    import numpy as np

    places = {level: i for i, level in enumerate(levels)}
    rare = places.get(OTHER, -1)
    return np.array([places.get(v, rare) for v in values.astype("string").fillna(OTHER)], dtype="int64")
