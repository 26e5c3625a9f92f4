"""Content: products like those the customer owns, by what they are and not by who else bought them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from assistant.features.interactions import Interactions
from assistant.features.product_side import ProductSide
from assistant.models.recommend.base import LinearItemModel

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

    The defaults were chosen on earlier launches of two shops (benchmarks/recommend/new_products).

    Args:
        power: exponent of the similarity.
        appeal: exponent of the item's appeal: the mean of log(1 + buyers) of the products most like it, weighted by
            similarity^power; 0 leaves it out. It guesses from its like how well a product without sales will sell.
        neighbours: similarities kept per product (column).
    """

    needs: ClassVar[str | None] = "vectors"

    def __init__(self, power: float = 1.0, appeal: float = 1.0, neighbours: int = 1000) -> None:
        self.power = power
        self.appeal = appeal
        self.neighbours = neighbours

    def _fit(self, interactions: Interactions) -> None:
        self.item_vectors_ = centred(self.side_, interactions.item_ids)
        buyers = np.bincount(interactions.matrix.indices, minlength=interactions.n_items)
        self.item_weights_ = self.weights(self.item_vectors_, buyers, np.arange(interactions.n_items))

    def _user_weights(self, rows: csr_array) -> csr_array:
        return owned_weights(rows)

    def weights(self, vectors: np.ndarray, buyers: np.ndarray, columns: np.ndarray) -> csr_array:
        """Weights (owned × these columns), the strongest ``neighbours`` of each.

        Args:
            vectors: of all products, float32 [n, d]. buyers: of all products. columns: positions of the recommended.
        """
        from scipy.sparse import csr_array

        items, sold = len(vectors), np.log1p(buyers).astype(np.float32)
        step = max(1, _BLOCK_CELLS // max(items, 1))
        found: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        for start in range(0, len(columns), step):
            part = columns[start : start + step]
            block = vectors[part] @ vectors.T
            block[:, buyers == 0] = 0.0  # nobody owns it, so it speaks for nothing
            block[np.arange(len(part)), part] = 0.0
            strongest = _strongest(block, self.neighbours)
            weight = np.maximum(np.take_along_axis(block, strongest, axis=1), 0.0) ** self.power
            total = weight.sum(axis=1, keepdims=True)
            appeal = (weight * sold[strongest]).sum(axis=1, keepdims=True) / np.maximum(total, 1e-12)
            weight = weight * appeal**self.appeal
            kept = weight > 0
            found.append((np.nonzero(kept)[0] + start, strongest[kept], weight[kept].astype(np.float32)))
        column, row, value = (np.concatenate(parts) for parts in zip(*found, strict=True))
        return csr_array((value, (row, column)), shape=(items, len(columns)))


def owned_weights(rows: csr_array) -> csr_array:
    """log(1 + orders) of each owned product."""
    return type(rows)((np.log1p(rows.data), rows.indices, rows.indptr), shape=rows.shape)


def _strongest(block: np.ndarray, count: int) -> np.ndarray:
    """Positions of the ``count`` largest values of each row, in no order."""
    if count >= block.shape[1]:
        return np.broadcast_to(np.arange(block.shape[1]), block.shape)
    return np.argpartition(block, -count, axis=1)[:, -count:]


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
