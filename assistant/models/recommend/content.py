"""Content: products like those the customer owns, by what they are and not by who else bought them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from assistant.features.interactions import Interactions
from assistant.features.product_side import ProductSide
from assistant.models.recommend.base import LinearItemModel, top_k

if TYPE_CHECKING:
    from scipy.sparse import csr_array

#: Similarities made dense at once, in cells.
_BLOCK_CELLS = 8 * 1024 * 1024


class Content(LinearItemModel):
    """Score = sum over owned products of max(0, cosine of the two products)^power, times the item's appeal.

    The vectors (texts, see :class:`~assistant.features.product_side.ProductSide`) are first moved so that the
    catalogue's mean is zero: sentence embeddings of one shop share a large common part that says nothing. ``power`` is
    the dial between a mean profile (1: every owned product counts by its similarity) and the nearest owned product
    (high: only close ones count). Being a sum over owned products it explains itself exactly, and it scores products
    without a single sale: they are columns of the interactions made by
    :func:`~assistant.features.product_side.with_products`.

    Args:
        power: exponent of the similarity.
        appeal: exponent of the item's appeal: the mean of log(1 + buyers) of the products most like it, weighted by
            similarity^power; 0 leaves it out. It guesses from its like how well a product without sales will sell.
        neighbours: similarities kept per product (column).
    """

    needs: ClassVar[str | None] = "vectors"

    def __init__(self, power: float = 3.0, appeal: float = 1.0, neighbours: int = 300) -> None:
        self.power = power
        self.appeal = appeal
        self.neighbours = neighbours

    def _fit(self, interactions: Interactions) -> None:
        self.item_vectors_ = centred(self.side_, interactions.item_ids)
        buyers = np.bincount(interactions.matrix.indices, minlength=interactions.n_items)
        self.item_weights_ = self._similar(np.log1p(buyers).astype(np.float32))

    def _user_weights(self, rows: csr_array) -> csr_array:
        return type(rows)((np.log1p(rows.data), rows.indices, rows.indptr), shape=rows.shape)

    def _similar(self, sold: np.ndarray) -> csr_array:
        """Weights (owned × recommended), the strongest ``neighbours`` of each column, in blocks of columns."""
        from scipy.sparse import csr_array

        vectors, items = self.item_vectors_, len(self.item_vectors_)
        step = max(1, _BLOCK_CELLS // max(items, 1))
        columns, rows, values = [], [], []
        for start in range(0, items, step):
            stop = min(start + step, items)
            block = vectors[start:stop] @ vectors.T
            block[:, sold == 0] = -np.inf  # nobody owns it, so it speaks for nothing
            block[np.arange(stop - start), np.arange(start, stop)] = -np.inf
            block[block <= 0] = -np.inf
            places, best = top_k(block, min(self.neighbours, items))
            weight = np.where(places >= 0, np.maximum(best, 0.0) ** self.power, 0.0)
            total = weight.sum(axis=1, keepdims=True)
            appeal = (weight * sold[places]).sum(axis=1, keepdims=True) / np.maximum(total, 1e-12)
            weight = weight * appeal**self.appeal
            kept = weight > 0
            columns.append(np.nonzero(kept)[0] + start)
            rows.append(places[kept])
            values.append(weight[kept].astype(np.float32))
        where = (np.concatenate(rows), np.concatenate(columns))
        return csr_array((np.concatenate(values), where), shape=(items, items))


def centred(side: ProductSide, product_ids: Sequence[str]) -> np.ndarray:
    """Vectors of these products, float32 [n, d], moved by the catalogue's mean and scaled to length 1.

    A product without a vector, or one that is the mean itself (a catalogue of one), has a zero row.

    Raises:
        InvalidPlan: no vectors were handed in.
    """
    vectors = side.vectors_of(product_ids)
    known = np.linalg.norm(vectors, axis=1) > 0
    everything = side.vectors if side.vectors is not None else vectors
    moved = np.where(known[:, None], vectors - everything.mean(axis=0), 0.0).astype(np.float32)
    norms = np.linalg.norm(moved, axis=1, keepdims=True)
    return np.where(norms > 1e-6, moved / np.maximum(norms, 1e-6), 0.0).astype(np.float32)
