"""Bayesian personalised ranking: factors learnt from which of two products a customer bought. For comparison."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from assistant.features.interactions import Interactions
from assistant.models.recommend.ablation import Ablated
from assistant.models.recommend.als import RowSolver
from assistant.models.recommend.weighting import bought, row_numbers

if TYPE_CHECKING:
    from scipy.sparse import csr_array

#: Keeps the first steps of AdaGrad finite.
_TINY = 1e-8


class BPR(Ablated):
    """Factors that maximise Σ ln σ(score of a bought product − score of another) − penalty·(squared lengths).

    Rendle, Freudenthaler, Gantner & Schmidt-Thieme 2009, "BPR: Bayesian Personalized Ranking from Implicit Feedback",
    in batches with AdaGrad steps; the other product is drawn evenly, once more where the customer owns it. There are
    no product biases. A row, seen in fitting or not, is scored with the customer factors that least squares finds for
    it against the product factors (ones for what is owned, zeros of weight ``unobserved_weight`` for everything), so
    that live baskets count and reasons can be tested.

    Args:
        factors: length of the vectors. epochs: passes over all purchases. rate: step.
        penalty: on squares, per purchase. batch: purchases per step.
        unobserved_weight, fold_penalty: of the least squares for a row.
        seed: of the first factors, the order and the draws.
    """

    def __init__(
        self, factors: int = 32, epochs: int = 60, rate: float = 0.1, penalty: float = 0.01, batch: int = 8192,
        unobserved_weight: float = 0.1, fold_penalty: float = 0.01, seed: int = 0,
    ) -> None:
        self.factors = factors
        self.epochs = epochs
        self.rate = rate
        self.penalty = penalty
        self.batch = batch
        self.unobserved_weight = unobserved_weight
        self.fold_penalty = fold_penalty
        self.seed = seed

    def _fit(self, interactions: Interactions) -> None:
        matrix = interactions.matrix
        rng = np.random.default_rng(self.seed)
        owner, owned = row_numbers(matrix), matrix.indices
        users, items = (_Learnt(n, self.factors, self.rate, rng) for n in matrix.shape)
        known = owner.astype(np.int64) * matrix.shape[1] + owned  # sorted, as rows and their indices are
        for _ in range(self.epochs):
            order = rng.permutation(matrix.nnz)
            for start in range(0, matrix.nnz, self.batch):
                chosen = order[start : start + self.batch]
                other = _not_owned(rng, owner[chosen], known, matrix.shape[1])
                self._step(users, items, owner[chosen], owned[chosen], other)
        self.item_factors_ = items.values
        self.folding_ = RowSolver(items.values, self.unobserved_weight, self.fold_penalty, exponent=1.0)

    def _step(self, users: _Learnt, items: _Learnt, who: np.ndarray, what: np.ndarray, other: np.ndarray) -> None:
        x, bought_one, other_one = users.values[who], items.values[what], items.values[other]
        lead = np.einsum("nd,nd->n", x, bought_one - other_one)
        push = (1.0 / (1.0 + np.exp(np.clip(lead, -30.0, 30.0))))[:, None].astype(np.float32)
        shrink = np.float32(self.penalty)
        users.climb(who, push * (bought_one - other_one) - shrink * x)
        items.climb(np.concatenate([what, other]), np.concatenate(
            [push * x - shrink * bought_one, -push * x - shrink * other_one]))

    def _score_rows(self, rows: csr_array) -> np.ndarray:
        return self.folding_.solve(bought(rows)) @ self.item_factors_.T

    def _left_out(self, row: csr_array, positions: np.ndarray) -> np.ndarray:
        return self.folding_.solve_left_out(bought(row), positions) @ self.item_factors_.T


class _Learnt:
    """Factors (rows × d) with AdaGrad steps: each number's step shrinks with what it has moved already."""

    def __init__(self, rows: int, size: int, rate: float, rng: np.random.Generator) -> None:
        self.values = rng.normal(0.0, 0.1, (rows, size)).astype(np.float32)
        self.moved = np.full((rows, size), _TINY, dtype=np.float32)
        self.rate = np.float32(rate)

    def climb(self, where: np.ndarray, gradients: np.ndarray) -> None:
        """Go up by the gradients of a batch; those of the same row are added."""
        from scipy.sparse import csr_array

        touched, place = np.unique(where, return_inverse=True)
        adder = csr_array((np.ones(len(where), np.float32), (place, np.arange(len(where)))),
                          shape=(len(touched), len(where)))
        total = adder @ gradients
        self.moved[touched] += total**2
        self.values[touched] += self.rate * total / np.sqrt(self.moved[touched])


def _not_owned(rng: np.random.Generator, who: np.ndarray, known: np.ndarray, items: int) -> np.ndarray:
    """A product per customer, drawn evenly; drawn a second time where the first is owned."""
    drawn = rng.integers(items, size=len(who))
    keys = who.astype(np.int64) * items + drawn
    place = np.minimum(np.searchsorted(known, keys), len(known) - 1)
    return np.where(known[place] == keys, rng.integers(items, size=len(who)), drawn)
