"""From order behaviour to numbers that a logistic curve can weigh, and who still counts as a customer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

#: A silence of up to so many usual gaps is still the customer's own rhythm.
GAPS_TO_LAPSE = 2.0
#: Orders from which a customer's own rhythm is trusted.
ORDERS_FOR_RHYTHM = 3
#: However slow the rhythm, a silence of a year means that the customer has left.
LONGEST_SILENCE = 365

RECENCY_RULE = ("recency",)
EVERYTHING = ("recency", "frequency", "tenure", "overdue", "single", "recent", "value")


def has_lapsed(frame: pd.DataFrame, horizon_days: int) -> np.ndarray:
    """Who has already left: silent for more than ``horizon_days`` and, where the customer has a rhythm, for more than
    twice the usual gap (at most a year). The others are still customers, and only they can be *about* to leave."""
    import numpy as np

    rhythm = frame["usual_gap_days"].where(frame["order_count"] >= ORDERS_FOR_RHYTHM)
    own = (GAPS_TO_LAPSE * rhythm).clip(upper=LONGEST_SILENCE).fillna(0.0)
    return (frame["days_since_last_order"] > np.maximum(own, horizon_days)).to_numpy()


@dataclass(frozen=True)
class Scales:
    """What missing and relative values are measured by: medians of the customers learnt from."""

    gap: float
    value: float

    @staticmethod
    def of(frame: pd.DataFrame) -> Scales:
        gap, value = frame["usual_gap_days"].median(), frame["yearly_value"].median()
        return Scales(gap=float(gap) if gap > 0 else 30.0, value=float(value) if value > 0 else 1.0)


def design(frame: pd.DataFrame, scales: Scales, columns: tuple[str, ...] = EVERYTHING) -> np.ndarray:
    """n × columns of logarithms of the behaviour; customers with one order get the shop's median gap and a flag."""
    import numpy as np

    silence = frame["days_since_last_order"].to_numpy(dtype="float64")
    gap = frame["usual_gap_days"].fillna(scales.gap).clip(lower=1.0).to_numpy(dtype="float64")
    parts = {
        "recency": np.log1p(silence),
        "frequency": np.log(frame["order_count"].to_numpy(dtype="float64")),
        "tenure": np.log1p(frame["tenure_days"].to_numpy(dtype="float64")),
        "overdue": np.log((silence + 1.0) / (gap + 1.0)),
        "single": frame["usual_gap_days"].isna().to_numpy(dtype="float64"),
        "recent": np.log1p(frame["recent_orders"].to_numpy(dtype="float64")),
        "value": np.log1p(frame["yearly_value"].to_numpy(dtype="float64") / scales.value),
    }
    return np.column_stack([parts[c] for c in columns])
