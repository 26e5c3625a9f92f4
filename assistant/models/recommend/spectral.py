"""Spectral: the few directions in which purchases vary most, by a randomised singular value decomposition.

Nothing here grows with the square of the catalogue: fitting is a handful of products of the sparse purchases with a
thin matrix, and a list is two thin products. So it fits a shop in a fraction of a second, and a catalogue of hundreds
of thousands of products in the memory of ``2 · items · factors`` numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from assistant.features.interactions import Interactions
from assistant.models.recommend.base import Recommender
from assistant.models.recommend.weighting import damped, row_numbers, with_values

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from assistant.models.recommend.base import PurchaseRows

#: Directions looked for beyond those kept, so that the kept ones are found exactly enough.
_BEYOND = 8


class Spectral(Recommender):
    """Score = x · D^-p · V · Vᵀ · D^p, with V the leading right singular vectors of the scaled purchases.

    PureSVD (Cremonesi, Koren & Turrin, "Performance of recommender algorithms on top-n recommendation tasks", RecSys
    2010) on log(1 + orders), each customer's row divided by the square root of its sum and each product's column by its
    sum to the power ``popularity``. V is found by the randomised method of Halko, Martinsson & Tropp (SIAM Review 53,
    2011) with ``passes`` power iterations, seeded.

    A customer is folded in by their row alone, so live baskets and strangers count at once; scores are linear in it, so
    contributions are exact. Unlike EASE a product also speaks a little for itself.

    Args:
        factors: singular vectors kept. popularity: 0 lets frequent products decide the directions, 1/2 evens them out.
        passes: power iterations. seed: of the random start.
    """

    def __init__(self, factors: int = 128, popularity: float = 0.2, passes: int = 2, seed: int = 0) -> None:
        self.factors = factors
        self.popularity = popularity
        self.passes = passes
        self.seed = seed

    def _fit(self, interactions: Interactions) -> None:
        rows = damped(interactions.matrix)
        items = rows.shape[1]
        sold = np.bincount(rows.indices, weights=rows.data, minlength=items)
        scale = np.where(sold > 0, sold, 1.0) ** self.popularity
        vectors = self._directions(_scaled(rows, scale))
        self.left_ = (vectors / scale[:, None]).astype(np.float32)
        self.right_ = np.ascontiguousarray((vectors * scale[:, None]).astype(np.float32).T)

    def _directions(self, rows: csr_array) -> np.ndarray:
        """Leading right singular vectors (items × factors), float32, of scaled purchases."""
        items = rows.shape[1]
        wanted = min(self.factors, items)
        columns = rows.T.tocsr()
        start = np.random.default_rng(self.seed).standard_normal((items, min(wanted + _BEYOND, items)))
        basis = start.astype(np.float32)
        for _ in range(self.passes):
            basis, _ = np.linalg.qr(columns @ (rows @ basis))
        seen = rows @ basis
        values, turn = np.linalg.eigh(seen.T @ seen)
        return np.asarray(basis @ turn[:, np.argsort(-values, kind="stable")[:wanted]])

    def _score_rows(self, rows: csr_array) -> np.ndarray:
        return np.asarray((damped(rows) @ self.left_) @ self.right_)

    def contributions(self, row: PurchaseRows, item: int) -> np.ndarray:
        return self.contributions_of(row, [item])[:, 0]

    def contributions_of(self, row: PurchaseRows, items: Sequence[int]) -> np.ndarray:
        return np.asarray(damped(row).data[:, None] * (self.left_[row.indices] @ self.right_[:, items]))

    def scores_without(self, row: csr_array, position: int, scores: np.ndarray) -> np.ndarray:
        return self.scores_without_each(row, np.array([position]), scores)[0]

    def scores_without_each(self, row: PurchaseRows, positions: np.ndarray, scores: np.ndarray) -> np.ndarray:
        gone = damped(row).data[positions, None] * (self.left_[row.indices[positions]] @ self.right_)
        return np.asarray(scores[None, :] - gone)

    def usual_contributions(self, rows: PurchaseRows, seed: int = 0, draws: int = 300) -> np.ndarray:
        weights = damped(rows)
        mean = np.bincount(weights.indices, weights=weights.data, minlength=rows.shape[1]) / max(weights.nnz, 1)
        return np.asarray((mean.astype(np.float32) @ self.left_) @ self.right_)


def _scaled(rows: csr_array, scale: np.ndarray) -> csr_array:
    """Purchases over the square root of each customer's sum and over each product's ``scale``."""
    owner = row_numbers(rows)
    length = np.bincount(owner, weights=rows.data, minlength=rows.shape[0])
    values = rows.data / np.sqrt(np.where(length > 0, length, 1.0))[owner] / scale[rows.indices]
    return with_values(rows, values)
