"""Item-based neighbourhoods: products that share buyers with what the customer owns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from assistant.features.interactions import Interactions
from assistant.models.recommend.base import LinearItemModel, top_k
from assistant.models.recommend.weighting import BM25, damped, row_numbers

if TYPE_CHECKING:
    from scipy.sparse import csr_array

#: Rows of the item-item product made dense at once, in cells.
_BLOCK_CELLS = 8 * 1024 * 1024
#: A similarity below this is rounding (a correlation of zero is rarely computed as zero).
_ROUNDING = 1e-6
#: Share of products with common buyers below which the product is not made dense.
_FEW = 0.1


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
            product = by_item[start:stop] @ weights
            strongest = self._of_few if product.nnz < _FEW * (stop - start) * items else self._of_many
            owner, places, best = strongest(product, start, norms, users * means[start:stop, None], means)
            columns.append(owner + start)
            rows.append(places)
            values.append(best)
        return type(weights)(
            (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))), shape=(items, items)
        ).tocsr()

    def _of_many(
        self, product: csr_array, start: int, norms: np.ndarray, raised: np.ndarray, means: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The strongest neighbours of some products that share buyers with most others: row, item, similarity."""
        block = product.toarray()
        if self.weighting == "pearson":
            block -= (raised * means[None, :]).astype(block.dtype)
        block /= norms[start : start + len(block), None] * norms[None, :] + max(self.shrink, 1e-9)
        block[np.arange(len(block)), np.arange(start, start + len(block))] = -np.inf
        block[block <= _ROUNDING] = -np.inf
        places, best = top_k(block, min(self.neighbours, block.shape[1]))
        kept = places >= 0
        return np.nonzero(kept)[0], places[kept], best[kept]

    def _of_few(
        self, product: csr_array, start: int, norms: np.ndarray, raised: np.ndarray, means: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """As :meth:`_of_many`, for products that share buyers with few others: nothing is made dense."""
        product.sort_indices()
        owner, items = row_numbers(product), product.indices
        values = product.data.astype(np.float64)
        if self.weighting == "pearson":
            values -= raised[owner, 0] * means[items]
        values /= norms[owner + start] * norms[items] + max(self.shrink, 1e-9)
        wanted = (values > _ROUNDING) & (items != owner + start)
        owner, items, values = owner[wanted], items[wanted], values[wanted].astype(np.float32)
        order = np.lexsort((-values, owner))
        first = np.searchsorted(owner, owner)  # where the rows begin; rows stand in order before and after sorting
        kept = order[np.arange(len(order)) - first < self.neighbours]
        return owner[kept], items[kept], values[kept]
