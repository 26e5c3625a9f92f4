"""Which numbers of a customer's ordering a model weighs, and who still counts as a customer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from assistant.features.order_behaviour import COLUMNS

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from assistant.data.sensitive import Proxy

#: A silence of up to so many usual gaps is still the customer's own rhythm.
GAPS_TO_LAPSE = 2.0
#: Orders from which a customer's own rhythm is trusted.
ORDERS_FOR_RHYTHM = 3
#: However slow the rhythm, a silence of a year means that the customer has left.
LONGEST_SILENCE = 365
#: Days that a silence is measured by where the gaps of a customer do not vary at all.
LEAST_SPREAD = 3.0

RECENCY_RULE = ("days_since_last_order",)
#: Measures of the silence against the customer's own rhythm; missing without one.
RHYTHM = ("gaps_silent", "late")
EVERYTHING = (*COLUMNS, *RHYTHM)


def kept(columns: tuple[str, ...], aside: Sequence[Proxy]) -> tuple[str, ...]:
    """The columns that stand for no sensitive attribute."""
    named = {p.column for p in aside}
    return tuple(c for c in columns if c not in named)


def has_lapsed(frame: pd.DataFrame, horizon_days: int) -> np.ndarray:
    """Who has already left: silent for more than ``horizon_days`` and, where the customer has a rhythm, for more than
    twice the usual gap (at most a year). The others are still customers, and only they can be *about* to leave."""
    import numpy as np

    rhythm = frame["usual_gap_days"].where(frame["order_count"] >= ORDERS_FOR_RHYTHM)
    own = (GAPS_TO_LAPSE * rhythm).clip(upper=LONGEST_SILENCE).fillna(0.0)
    return (frame["days_since_last_order"] > np.maximum(own, horizon_days)).to_numpy()


def predictors(frame: pd.DataFrame, columns: tuple[str, ...] = EVERYTHING) -> pd.DataFrame:
    """What a model weighs of rows of :func:`assistant.features.order_behaviour.customer_features`.

    Returns:
        float64 columns of that name; ``gaps_silent``: logarithm of the silence over the usual gap; ``late``: days
        beyond the usual gap, in standard deviations of the customer's gaps.
    """
    import numpy as np

    silence, gap = frame["days_since_last_order"], frame["usual_gap_days"]
    found = frame[[c for c in columns if c in frame.columns]].astype("float64")
    if "gaps_silent" in columns:
        found["gaps_silent"] = np.log((silence + 1.0) / (gap + 1.0))
    if "late" in columns:
        found["late"] = (silence - gap) / (frame["gap_spread_days"] + LEAST_SPREAD)
    return found[list(columns)]
