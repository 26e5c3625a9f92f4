"""The one contract of every segmenter.

``fit(frame)`` takes one row per customer with the columns of :func:`assistant.features.rfm.rfm`, returns ``self`` and
learns ``labels_`` (object array of segment names, one per row) and ``profile_`` (one row per segment). ``predict``
names the segment of other customers. ``tests/contracts/segmenter_contract.py`` is the exam.
"""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from assistant.errors import NoRows

if TYPE_CHECKING:
    import pandas as pd

#: Columns a segmenter may read.
FEATURES = ("days_since_last_order", "order_count", "monetary_value")


class Segmenter(ABC):
    """Splits customers into named groups that do not overlap and leave nobody out."""

    labels_: np.ndarray
    profile_: pd.DataFrame

    @abstractmethod
    def _fit(self, frame: pd.DataFrame) -> None:
        """Learn. There is at least one customer."""

    @abstractmethod
    def _names_of(self, frame: pd.DataFrame) -> np.ndarray:
        """Segment name of each row (object)."""

    @abstractmethod
    def definition(self, name: str) -> str:
        """What makes a customer belong to that segment, in words that can be checked."""

    def parameters(self) -> dict[str, Any]:
        """Hyper-parameters as given to ``__init__``."""
        return {name: getattr(self, name) for name in inspect.signature(type(self)).parameters}

    def fit(self, frame: pd.DataFrame) -> Self:
        """Learn the segments.

        Raises:
            NoRows: no customers. KeyError: a column of ``FEATURES`` is missing.
        """
        if len(frame) == 0:
            raise NoRows("There are no customers with purchases to split into segments")
        missing = [c for c in FEATURES if c not in frame]
        if missing:
            raise KeyError(f"segmenting needs the columns {missing}")
        self._fit(frame)
        self.labels_ = self._names_of(frame)
        self.profile_ = profile(frame, self.labels_)
        return self

    def predict(self, frame: pd.DataFrame) -> np.ndarray:
        """Segment name of each row (object)."""
        self._fitted()
        return self._names_of(frame)

    def _fitted(self) -> None:
        if not hasattr(self, "labels_"):
            from sklearn.exceptions import NotFittedError  # loads all of scikit-learn: only when needed

            raise NotFittedError(f"{type(self).__name__} is not fitted yet; call fit(frame) first.")


def profile(frame: pd.DataFrame, labels: np.ndarray) -> pd.DataFrame:
    """Size and averages per segment, largest value first.

    Returns:
        index ``segment``; ``customers``, ``share`` (percent), ``revenue``, ``revenue_share`` (percent),
        ``average_revenue``, ``median_revenue``, ``average_orders``, ``median_orders``, ``average_days``,
        ``median_days``.
    """
    groups = frame.groupby(labels)
    out = groups.agg(
        customers=("monetary_value", "size"), revenue=("monetary_value", "sum"),
        average_revenue=("monetary_value", "mean"), median_revenue=("monetary_value", "median"),
        average_orders=("order_count", "mean"), median_orders=("order_count", "median"),
        average_days=("days_since_last_order", "mean"),
        median_days=("days_since_last_order", "median"),
    )
    out.index.name = "segment"
    total = out["revenue"].sum()
    out["share"] = 100 * out["customers"] / len(frame)
    out["revenue_share"] = 100 * out["revenue"] / total if total else np.nan
    return out.sort_values(["revenue", "customers"], ascending=False, kind="stable")
