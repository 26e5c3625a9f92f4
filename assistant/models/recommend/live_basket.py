"""A live basket counted at once, without refitting: somebody's history and what is in the cart now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from assistant.features.interactions import Interactions
from assistant.models.recommend.base import Recommender
from assistant.models.recommend.reasons import ReasonRule

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from assistant.models.recommend.base import PurchaseRows


class LiveBasket(Recommender):
    """One customer at the till: the fitted model's scores of all purchases with the basket folded in as the latest
    order, plus its scores of the basket alone, each divided by its spread over the products that may be shown.

    Folding in alone drowns three products in a history of two hundred; the basket alone forgets who is buying. Halves
    of equal spread keep both. A product that is taken away for a reason leaves both parts.

    Args:
        model: fitted. position: row of the customer, -1 for somebody without purchases.
        basket: one row of counts.
    """

    def __init__(self, model: Recommender, position: int, basket: csr_array) -> None:
        self.model = model
        self.position = position
        self.basket = basket
        self.interactions_ = model._fitted()

    @property
    def zero_is_no_evidence(self) -> bool:  # type: ignore[override]
        return self.model.zero_is_no_evidence

    @property
    def row(self) -> PurchaseRows:
        """The customer's purchases with the basket as their latest order."""
        return self.model.rows_with(np.array([self.position]), self.basket)

    @property
    def parts(self) -> list[PurchaseRows]:
        """What is scored: everything, and the basket; one of them where they are the same."""
        return [self.row] if self.position < 0 or self.row.nnz == self.basket.nnz else [self.row, self.basket]

    def spreads(self, scores: Sequence[np.ndarray]) -> list[float]:
        """Standard deviation of each part's scores over all products."""
        return [max(float(np.std(s[np.isfinite(s)])), 1e-12) for s in scores]

    def _fit(self, interactions: Interactions) -> None:
        self.model.fit(interactions)

    def _each(self) -> list[np.ndarray]:
        return [np.array(self.model._score_rows(part)[0], dtype=np.float64) for part in self.parts]

    def _score_rows(self, rows: PurchaseRows) -> np.ndarray:
        """Scores of the one customer, whatever part of the row is handed in."""
        each = self._each()
        total = sum(s / spread for s, spread in zip(each, self.spreads(each), strict=True))
        return np.repeat(np.asarray(total, dtype=np.float32)[None, :], rows.shape[0], axis=0)

    def contributions_of(self, row: PurchaseRows, items: Sequence[int]) -> np.ndarray:
        full = self._score_rows(row)[0]
        return full[items] - self.scores_without_each(row, np.arange(row.nnz), full)[:, items]

    def scores_without_each(self, row: PurchaseRows, positions: np.ndarray, scores: np.ndarray) -> np.ndarray:
        each = self._each()
        total = np.zeros((len(positions), row.shape[1]))
        taken = np.asarray(row.indices)[positions]
        for part, full, spread in zip(self.parts, each, self.spreads(each), strict=True):
            block = np.repeat(full[None, :], len(positions), axis=0)
            held = np.flatnonzero(np.isin(taken, part.indices))
            where = np.array([int(np.flatnonzero(part.indices == i)[0]) for i in taken[held]], dtype=np.int64)
            if len(held):
                block[held] = self.model.scores_without_each(part, where, full.astype(np.float32))
            total += block / spread
        return total.astype(np.float32)

    def rule(self, rule: ReasonRule) -> ReasonRule:
        """The model's bars, with what a random purchase adds brought to this scale."""
        if rule.usual is None:
            return rule
        return replace(rule, usual=rule.usual * sum(1 / s for s in self.spreads(self._each())))
