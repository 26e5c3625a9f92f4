"""Item-based neighbourhoods: products that share buyers with what the customer owns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from assistant.features.interactions import Interactions
from assistant.models.recommend.base import LinearItemModel, top_k
from assistant.models.recommend.weighting import BM25, damped

if TYPE_CHECKING:
    from scipy.sparse import csr_array

#: Rows of the item-item product made dense at once, in cells.
_BLOCK_CELLS = 8 * 1024 * 1024
#: A similarity below this is rounding (a correlation of zero is rarely computed as zero).
_ROUNDING = 1e-6


class ItemKNN(LinearItemModel):
    """Item-item similarity with shrinkage and a limited number of neighbours.

    Similarity of products i and j over customers: x_i·x_j / (|x_i|·|x_j| + shrink), where x is the customer's weight
    for the product: ``cosine`` log(1 + orders); ``bm25`` the same damped by how much the customer buys and raised for
    rare products (:class:`~assistant.models.recommend.weighting.BM25`); ``pearson`` the weights of ``cosine`` less
    their mean over all customers, those who did not buy counting as zero. The diagonal is zero: a product never speaks
    for itself. Only positive similarities are kept. Shrinkage after Bell & Koren 2007.

    Args:
        weighting: ``cosine``, ``bm25`` or ``pearson``.
        neighbours: similarities kept per product (column).
        shrink: added to the denominator; higher trusts rarely bought products less.
        k1, b: BM25 parameters (saturation, length normalisation).
    """

    def __init__(
        self, weighting: Literal["cosine", "bm25", "pearson"] = "cosine", neighbours: int = 200, shrink: float = 10.0,
        k1: float = 1.2, b: float = 0.75,
    ) -> None:
        self.weighting = weighting
        self.neighbours = neighbours
        self.shrink = shrink
        self.k1 = k1
        self.b = b

    def _fit(self, interactions: Interactions) -> None:
        weights = self._training_weights(interactions.matrix)
        self.item_weights_ = self._neighbour_matrix(weights)

    def _user_weights(self, rows: csr_array) -> csr_array:
        return damped(rows)

    def _training_weights(self, matrix: csr_array) -> csr_array:
        return BM25(matrix, self.k1, self.b)(matrix) if self.weighting == "bm25" else damped(matrix)

    def _neighbour_matrix(self, weights: csr_array) -> csr_array:
        """Similarities (items × items), the strongest ``neighbours`` of each column, in blocks of columns."""
        users, items = weights.shape
        by_item = weights.T.tocsr()
        squares = np.asarray(by_item.multiply(by_item).sum(axis=1)).ravel()
        means = np.zeros(items)
        if self.weighting == "pearson":
            means = np.asarray(by_item.sum(axis=1)).ravel() / users
        norms = np.sqrt(np.maximum(squares - users * means**2, 0.0))
        step = max(1, _BLOCK_CELLS // max(items, 1))
        columns, rows, values = [], [], []
        for start in range(0, items, step):
            stop = min(start + step, items)
            block = (by_item[start:stop] @ weights).toarray()
            if self.weighting == "pearson":
                block -= (users * means[start:stop, None] * means[None, :]).astype(block.dtype)
            block /= norms[start:stop, None] * norms[None, :] + max(self.shrink, 1e-9)
            block[np.arange(stop - start), np.arange(start, stop)] = -np.inf
            block[block <= _ROUNDING] = -np.inf
            places, best = top_k(block, min(self.neighbours, items))
            kept = places >= 0
            columns.append(np.nonzero(kept)[0] + start)
            rows.append(places[kept])
            values.append(best[kept])
        return type(weights)(
            (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))), shape=(items, items)
        ).tocsr()
