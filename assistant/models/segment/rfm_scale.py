"""Recency, frequency and money as numbers that distances make sense of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from assistant.models.segment.base import FEATURES
from assistant.models.segment.found import FoundSegments
from assistant.models.segment.naming import name_segments

if TYPE_CHECKING:
    import pandas as pd


#: Customers from which the thirds behind the names are read.
_NAMING_ROWS = 50_000


class OnRFM(FoundSegments):
    """log(1 + x), then scaled by median and interquartile range.

    Logs because spending and orders are heavy-tailed; robust scaling so that one wholesaler does not set the scale.
    Money below zero (net of returns) counts as zero. Names speak of all three, whichever the groups are found in.

    Attributes:
        columns: those of the three that the groups are found in.
    """

    columns: tuple[str, ...]

    def _prepare(self, frame: pd.DataFrame) -> None:
        values = self._logged(frame)
        self.center_ = np.median(values, axis=0)
        spread = np.subtract(*np.quantile(values, [0.75, 0.25], axis=0))
        deviation = values.std(axis=0)
        self.scale_ = np.where(spread > 0, spread, np.where(deviation > 0, deviation, 1.0))
        self.everyone_ = frame[list(FEATURES)]
        if len(frame) > _NAMING_ROWS:  # where the thirds of all customers lie, a sample tells as well
            self.everyone_ = self.everyone_.sample(_NAMING_ROWS, random_state=self.seed)

    def _values(self, frame: pd.DataFrame) -> np.ndarray:
        return (self._logged(frame) - self.center_) / self.scale_

    def _named(self, frame: pd.DataFrame, codes: np.ndarray, k: int) -> np.ndarray:
        medians = frame[list(FEATURES)].groupby(codes).median()
        names = np.full(k, "", dtype=object)
        names[medians.index.to_numpy()] = name_segments(medians.reset_index(drop=True), self.everyone_)
        return names

    def definition(self, name: str) -> str:
        """The segment's medians, which are what its name was made from."""
        self._fitted()
        row = self.profile_.loc[name]
        return (f"nearest to: {row['median_orders']:g} orders, {row['median_revenue']:,.2f} spent, last order "
                f"{row['median_days']:g} days ago (medians)")

    def _logged(self, frame: pd.DataFrame) -> np.ndarray:
        return np.log1p(np.maximum(frame[list(self.columns)].to_numpy(dtype=float), 0.0))
