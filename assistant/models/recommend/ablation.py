"""Leaving owned products out one at a time, for models whose score is no plain sum."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from assistant.models.recommend.base import LinearItemModel, Recommender, leave_one_out

if TYPE_CHECKING:
    from scipy.sparse import csr_array

#: Largest table of left-out scores kept for the customer in hand, in cells (128 MiB of float32).
_KEPT_CELLS = 32 * 1024 * 1024


def left_out_scores(model: Recommender, row: csr_array, scores: np.ndarray) -> np.ndarray:
    """Scores of all products after leaving out each owned product in turn: float32, owned × items.

    Args:
        row: one purchase row. scores: its scores, from which a linear model subtracts.
    """
    if isinstance(model, LinearItemModel):
        return np.stack([model.scores_without(row, p, scores) for p in range(row.nnz)]).astype(np.float32)
    return np.asarray(model._score_rows(leave_one_out(row)), dtype=np.float32)


class Ablated(Recommender):
    """A model explained by ablation in one batch per customer.

    All left-out rows of a customer are scored together and kept until another customer is asked about, so that the
    reasons of a whole list cost one batch. Subclasses may override :meth:`_left_out`.
    """

    def _left_out(self, row: csr_array) -> np.ndarray:
        """Scores without each owned product: owned × items."""
        return np.asarray(self._score_rows(leave_one_out(row)), dtype=np.float32)

    def _table(self, row: csr_array) -> np.ndarray | None:
        """Left-out scores of this row, or None where they are too many to keep."""
        if row.nnz * row.shape[1] > _KEPT_CELLS:
            return None
        key = (row.indices.tobytes(), row.data.tobytes(), id(self.interactions_))
        kept = self.__dict__.get("left_out_")
        if kept is None or kept[0] != key:
            kept = (key, self._left_out(row), np.asarray(self._score_rows(row))[0])
            self.left_out_ = kept
        return kept[1]

    def contributions(self, row: csr_array, item: int) -> np.ndarray:
        """What each owned product adds to the score of ``item``: the score less that without the product."""
        if row.nnz == 0:
            return np.zeros(0, dtype=np.float32)
        table = self._table(row)
        if table is None:
            return super().contributions(row, item)
        return self.left_out_[2][item] - table[:, item]

    def scores_without(self, row: csr_array, position: int, scores: np.ndarray) -> np.ndarray:
        table = self._table(row)
        return super().scores_without(row, position, scores) if table is None else table[position]
