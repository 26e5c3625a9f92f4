"""User-based neighbourhoods: what customers with similar purchases bought."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from assistant.features.interactions import Interactions
from assistant.models.recommend.ablation import Ablated
from assistant.models.recommend.base import leave_one_out, top_k
from assistant.models.recommend.weighting import BM25, bought, damped

if TYPE_CHECKING:
    from scipy.sparse import csr_array

#: Similarities to all customers held at once, in cells (32 MiB of float32).
_BLOCK_CELLS = 8 * 1024 * 1024
#: A similarity below this is rounding.
_ROUNDING = 1e-6


class UserKNN(Ablated):
    """Score = sum over the most similar customers of similarity · log(1 + their orders of the product).

    Similarity of a row x and a customer y: x·y / (|x|^(2a)·|y|^(2(1−a)) + shrink) over weights log(1 + orders)
    (``cosine``; ``bm25``: weighed as in item-kNN; ``pearson``: weights less their mean over all products). With
    asymmetry a = ½ it is the plain cosine; a > ½ favours customers who buy much (Aiolli 2013, asymmetric cosine).

    A customer who bought nothing beyond what the row holds is never a neighbour: it could only speak for what is
    owned already. So no customer is their own neighbour, with or without a live basket; when products are left out for
    reasons, the customers left aside stay those of the whole row.

    Args:
        neighbours: customers added up.
        shrink: added to the denominator; higher trusts small overlaps less.
        asymmetry: a. power: similarities are raised to it, higher listens more to the nearest.
        k1, b: BM25 parameters.
    """

    def __init__(
        self, weighting: Literal["cosine", "bm25", "pearson"] = "cosine", neighbours: int = 200, shrink: float = 0.0,
        asymmetry: float = 0.5, power: float = 1.0, k1: float = 1.2, b: float = 0.75,
    ) -> None:
        self.weighting = weighting
        self.neighbours = neighbours
        self.shrink = shrink
        self.asymmetry = asymmetry
        self.power = power
        self.k1 = k1
        self.b = b

    def _fit(self, interactions: Interactions) -> None:
        matrix = interactions.matrix
        self.scale_ = BM25(matrix, self.k1, self.b) if self.weighting == "bm25" else damped
        weights = self.scale_(matrix)
        self.by_item_ = weights.T.tocsr()  # items × users
        self.owned_by_ = bought(matrix).T.tocsr()
        self.sizes_ = np.diff(matrix.indptr)
        self.means_, self.norms_ = self._moments(weights)
        self.bought_ = damped(matrix)

    def _moments(self, rows: csr_array) -> tuple[np.ndarray, np.ndarray]:
        """Mean (zero unless Pearson) and squared norm about it of each row."""
        items = rows.shape[1]
        squares = np.asarray(rows.multiply(rows).sum(axis=1)).ravel().astype(np.float64)
        means = np.zeros(rows.shape[0])
        if self.weighting == "pearson":
            means = np.asarray(rows.sum(axis=1)).ravel() / items
        return means, np.maximum(squares - items * means**2, 0.0)

    def _score_rows(self, rows: csr_array) -> np.ndarray:
        return self._scores(rows, rows)

    def _left_out(self, row: csr_array, positions: np.ndarray) -> np.ndarray:
        return self._scores(leave_one_out(row)[positions], row)

    def _scores(self, rows: csr_array, whole: csr_array) -> np.ndarray:
        """Scores of rows; ``whole``: the rows (or the one row) by which customers are left aside."""
        result = np.zeros(rows.shape, dtype=np.float32)
        step = max(1, _BLOCK_CELLS // max(len(self.sizes_), 1))
        for start in range(0, rows.shape[0], step):
            part = slice(start, min(start + step, rows.shape[0]))
            compared = whole if whole.shape[0] != rows.shape[0] else whole[part]
            similar = self._similarities(rows[part])
            nothing_new = (bought(compared) @ self.owned_by_).toarray() >= self.sizes_[None, :]
            similar[np.broadcast_to(nothing_new, similar.shape)] = -np.inf
            result[part] = (self._strongest(similar) @ self.bought_).toarray()
        return result

    def _similarities(self, rows: csr_array) -> np.ndarray:
        """Rows × customers, float32, -inf where nothing is shared."""
        weights = self.scale_(rows)
        means, norms = self._moments(weights)
        block = (weights @ self.by_item_).toarray()
        nothing = block <= 0
        if self.weighting == "pearson":
            block -= (rows.shape[1] * means[:, None] * self.means_[None, :]).astype(np.float32)
        own, theirs = norms**self.asymmetry, self.norms_ ** (1 - self.asymmetry)
        block /= (own[:, None] * theirs[None, :] + max(self.shrink, 1e-9)).astype(np.float32)
        block[nothing | (block <= _ROUNDING)] = -np.inf
        return block

    def _strongest(self, similar: np.ndarray) -> csr_array:
        """The neighbours of each row with their similarity (rows × customers, sparse)."""
        places, best = top_k(similar, min(self.neighbours, similar.shape[1]))
        kept = places >= 0
        pointers = np.concatenate([[0], np.cumsum(kept.sum(axis=1))])
        values = best[kept] ** np.float32(self.power)
        return type(self.bought_)((values, places[kept], pointers), shape=similar.shape)
