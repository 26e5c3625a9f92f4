"""Leaving owned products out one at a time, for models whose score is no plain sum."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

import numpy as np

from assistant.features.basket_history import BasketHistory
from assistant.features.interactions import Interactions
from assistant.models.recommend.base import Recommender, leave_one_out

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from assistant.features.product_side import ProductSide
    from assistant.models.recommend.base import PurchaseRows

#: Largest table of left-out scores made at once and kept for the customer in hand, in cells (64 MiB of float32).
_KEPT_CELLS = 16 * 1024 * 1024


class Ablated(Recommender):
    """A model explained by ablation in batches.

    All left-out rows of a customer are scored together and, where they are not too many, kept until another customer is
    asked about: the reasons of a whole list cost one batch. Subclasses override :meth:`_left_out` where they know a
    faster way than scoring the rows.
    """

    def fit(self, interactions: Interactions, side: ProductSide | None = None) -> Self:
        self.__dict__.pop("left_out_", None)
        return super().fit(interactions, side)

    def _left_out(self, row: csr_array, positions: np.ndarray) -> np.ndarray:
        """Scores without the owned product at each position (of ``row.indices``): positions × items."""
        return np.asarray(self._score_rows(leave_one_out(row)[positions]))

    def _table(self, row: csr_array, *, make: bool) -> np.ndarray | None:
        """Left-out scores for every owned product, if they are at hand or (``make``) can be kept."""
        key = (_identity(row), id(self._fitted()))
        kept = self.__dict__.get("left_out_")
        if kept is not None and kept[0] == key:
            return kept[1]
        if not make or row.nnz * row.shape[1] > _KEPT_CELLS:
            return None
        self.left_out_ = (key, self._left_out(row, np.arange(row.nnz)))
        return self.left_out_[1]

    def contributions(self, row: csr_array, item: int) -> np.ndarray:
        """What each owned product adds to the score of ``item``: the score less that without the product."""
        return self.contributions_of(row, [item])[:, 0]

    def contributions_of(self, row: csr_array, items: Sequence[int]) -> np.ndarray:
        if row.nnz == 0:
            return np.zeros((0, len(items)), dtype=np.float32)
        full = np.asarray(self._score_rows(row))[0, items]
        table = self._table(row, make=True)
        if table is not None:
            return full - table[:, items]
        step = max(1, _KEPT_CELLS // row.shape[1])
        each = [self._left_out(row, np.arange(s, min(s + step, row.nnz)))[:, items] for s in range(0, row.nnz, step)]
        return full - np.concatenate(each)

    def scores_without(self, row: csr_array, position: int, scores: np.ndarray) -> np.ndarray:
        return self.scores_without_each(row, np.array([position]), scores)[0]

    def scores_without_each(self, row: csr_array, positions: np.ndarray, scores: np.ndarray) -> np.ndarray:
        table = self._table(row, make=False)
        return self._left_out(row, positions) if table is None else table[positions]


def _identity(row: PurchaseRows) -> tuple[bytes, ...]:
    """What two rows have in common only if they are the same purchases."""
    if isinstance(row, BasketHistory):
        lines = row.lines
        return tuple(a.tobytes() for a in (lines.indices, lines.data, lines.indptr, row.days, row.customers))
    return row.indices.tobytes(), row.data.tobytes()
