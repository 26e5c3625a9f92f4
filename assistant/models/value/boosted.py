"""Gradient-boosted trees that correct what a purchase model expects of each customer, and leave its total alone.

Learnt from past cuts: what the purchase model, fitted on what was known then, expected of each customer, against what
they spent afterwards. The trees fit the ratio (Tweedie deviance, the model's expectation as offset); the level of the
sum stays that of the purchase model, because levels of past windows carry their season with them.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    Floats = np.ndarray[Any, np.dtype[np.float64]]

log = logging.getLogger(__name__)
#: Rows (customers times cuts) that the trees need.
FEWEST_ROWS = 500
#: Chosen on the demo shop and Online Retail II; see docs/customer_value.md.
_SETTINGS: dict[str, Any] = {
    "objective": "tweedie", "tweedie_variance_power": 1.6, "num_leaves": 6, "learning_rate": 0.05,
    "min_data_in_leaf": 100, "lambda_l2": 10.0, "verbose": -1, "seed": 0, "deterministic": True,
    "force_row_wise": True, "num_threads": 1,
}
_ROUNDS = 80
_SMALLEST = 1e-3


def can_boost() -> str | None:
    """Why LightGBM cannot be used here, with what to install; None where it can."""
    try:
        import lightgbm  # noqa: F401
    except (ImportError, OSError) as error:  # OSError: the system's libgomp is not there
        log.info("lightgbm cannot be loaded: %s", error)
        return "LightGBM cannot be loaded here (pip install lightgbm; on Linux also the system package libgomp1)"
    return None


class BoostedCorrection:
    """Ratio of a customer's value to what the purchase model expects.

    Args:
        aside: inputs (of :func:`inputs_of`) that are not weighed, because they stand for a sensitive attribute.

    Attributes:
        booster_: fitted trees.
    """

    def __init__(self, aside: Collection[str] = ()) -> None:
        self.aside = frozenset(aside)

    def fit(self, frame: pd.DataFrame, expected: Floats, days: Floats, alive: Floats, actual: Floats) -> Self:
        """Fit.

        Args:
            frame: rows of purchase histories at past cuts (:meth:`PurchaseDays.histories`).
            expected, actual: value within the ``days`` after the cut, by the purchase model and as it was.
            alive: the purchase model's probability.
        """
        import lightgbm
        import numpy as np

        scale = max(float(actual.mean()), _SMALLEST)
        offset = np.log(np.maximum(expected, _SMALLEST) / scale)
        data = lightgbm.Dataset(self._design(frame, expected, days, alive), np.maximum(actual, 0.0) / scale,
                                init_score=offset)
        self.booster_ = lightgbm.train(_SETTINGS, data, _ROUNDS)
        return self

    def factor(self, frame: pd.DataFrame, expected: Floats, days: Floats, alive: Floats) -> Floats:
        """What to multiply ``expected`` by, per customer."""
        import numpy as np
        from sklearn.exceptions import NotFittedError

        if not hasattr(self, "booster_"):
            raise NotFittedError("BoostedCorrection is not fitted yet; call fit first")
        return np.exp(self.booster_.predict(self._design(frame, expected, days, alive), raw_score=True))

    def _design(self, frame: pd.DataFrame, expected: Floats, days: Floats, alive: Floats) -> Floats:
        import numpy as np

        found = inputs_of(frame, expected, days, alive)
        return np.column_stack([values for name, values in found.items() if name not in self.aside])


def inputs_of(frame: pd.DataFrame, expected: Floats, days: Floats, alive: Floats) -> dict[str, Floats]:
    """What the trees weigh, by name: behaviour alone, nothing about the person. Arguments as of
    :meth:`BoostedCorrection.fit`."""
    import numpy as np

    repeats = frame["order_days"].to_numpy(dtype=float) - 1
    span, age = (frame[c].to_numpy(dtype=float) for c in ("span_days", "age_days"))
    mean = np.maximum(frame["mean_value"].to_numpy(dtype=float), 0.01)
    silence = age - span
    gap = np.where(repeats > 0, span / np.maximum(repeats, 1), np.nan)
    return {
        "repeat_purchases": np.log1p(repeats), "silence": np.log1p(silence), "age_as_customer": np.log1p(age),
        "silence_against_own_gap": np.log((silence + 1) / (gap + 1)), "mean_value": np.log(mean),
        "late_value": np.log1p(np.maximum(frame["late_value"].to_numpy(dtype=float), 0.0) / mean),
        "expected_value": np.log(np.maximum(expected, _SMALLEST) / days), "chance_to_still_buy": alive,
    }
