"""Popularity: the same list for everybody. The naive baseline that every other recommender must beat."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from assistant.features.interactions import Interactions, day_number
from assistant.models.recommend.base import Recommender

if TYPE_CHECKING:
    from scipy.sparse import csr_array


class Popularity(Recommender):
    """Score = number of customers who bought the product; with ``half_life_days`` recent buyers count more.

    A customer whose last purchase of the product lies ``half_life_days`` back counts half.
    """

    personal: ClassVar[bool] = False

    def __init__(self, half_life_days: float | None = None) -> None:
        self.half_life_days = half_life_days

    def _fit(self, interactions: Interactions) -> None:
        matrix = interactions.matrix
        weights = np.ones(matrix.nnz)
        if self.half_life_days is not None:
            age = day_number(interactions.until) - interactions.last_days
            weights = np.exp2(-age / self.half_life_days)
        self.scores_ = np.bincount(matrix.indices, weights=weights, minlength=matrix.shape[1]).astype(np.float32)

    def _score_rows(self, rows: csr_array) -> np.ndarray:
        return np.broadcast_to(self.scores_, (rows.shape[0], len(self.scores_)))

    def contributions(self, row: csr_array, item: int) -> np.ndarray:
        """All zero: no purchase of the customer speaks for a product that everybody is shown."""
        return np.zeros(row.nnz, dtype=np.float32)
