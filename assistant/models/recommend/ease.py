"""EASE: every product's purchase predicted from the others by one ridge regression in closed form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from assistant.errors import InvalidPlan
from assistant.features.interactions import Interactions, day_number
from assistant.models.recommend.base import LinearItemModel, top_k
from assistant.models.recommend.item_knn import ItemKNN
from assistant.models.recommend.weighting import Weighting, faded, row_numbers, weighted, with_values

if TYPE_CHECKING:
    from scipy.sparse import csr_array

#: Rows of the product made dense at once, in cells.
_BLOCK_CELLS = 8 * 1024 * 1024


class EASE(LinearItemModel):
    """Embarrassingly shallow autoencoder (Steck 2019, "Embarrassingly Shallow Autoencoders for Sparse Data", WWW).

    With P = (XᵀX + l2·I)⁻¹ the weight of owning i for product j is −P_ij / P_jj and zero on the diagonal: the least
    squares solution under that zero (equation 8). One Cholesky factorisation in single precision.

    Limit: memory grows with the square of the catalogue and time with its cube. ``max_items`` products cost about
    ``max_items² · 4`` bytes. Of a larger catalogue the ``max_items`` most bought products get EASE
    weights among each other; every pair with a product of the tail gets its item-kNN similarity (cosine), scaled by
    the least-squares factor between both kinds of weights on the head. ``head_`` tells which products are head.

    Args:
        l2: ridge added to the diagonal; higher trusts rarely bought products less.
        weighting: what a purchase weighs in fitting and in scoring.
        half_life_days: a pair last bought so long before the end of the data counts half in fitting; None: no fading.
        damping: a customer's purchases are divided in fitting by (products owned)^damping, so that a few customers
            who buy nearly everything do not decide all weights; 0: not at all.
        keep: weights kept per product (column), the largest in absolute value; None: all, dense. On MovieLens-100K
            fewer than 200 cost quality.
        max_items: see the limit.
    """

    def __init__(
        self, l2: float = 500.0, weighting: Weighting = "binary", half_life_days: float | None = None,
        damping: float = 0.0, keep: int | None = None, max_items: int = 12_000,
    ) -> None:
        self.l2 = l2
        self.weighting = weighting
        self.half_life_days = half_life_days
        self.damping = damping
        self.keep = keep
        self.max_items = max_items

    def _fit(self, interactions: Interactions) -> None:
        matrix = interactions.matrix
        training = self._training_rows(interactions)
        self.head_ = np.ones(matrix.shape[1], dtype=bool)
        if matrix.shape[1] <= self.max_items:
            weights = ridge_weights(gram(training), self.l2)
            self.item_weights_ = weights if self.keep is None else thinned(weights, self.keep)
            return
        buyers = np.bincount(matrix.indices, minlength=matrix.shape[1])
        head = np.sort(np.argsort(-buyers, kind="stable")[: self.max_items])
        self.head_[:] = False
        self.head_[head] = True
        strongest = 400 if self.keep is None else self.keep
        among = thinned(ridge_weights(gram(training[:, head].tocsr()), self.l2), strongest)
        self.item_weights_ = _with_tail(among, head, ItemKNN(neighbours=strongest).fit(interactions).item_weights_)

    def _user_weights(self, rows: csr_array) -> csr_array:
        # BM25 looks at the whole matrix; a row on its own is weighed by its damped counts, as in item-kNN.
        return weighted(rows, "log" if self.weighting == "bm25" else self.weighting)

    def _training_rows(self, interactions: Interactions) -> csr_array:
        rows = weighted(interactions.matrix, self.weighting)
        values = rows.data * faded(interactions.last_days, day_number(interactions.until), self.half_life_days)
        if self.damping:
            owned = np.diff(rows.indptr).astype(np.float64)
            scale = (owned / max(owned[owned > 0].mean(), 1.0)) ** self.damping  # the average customer stays as is
            values = values / scale[row_numbers(rows)]
        return with_values(rows, values)


def gram(rows: csr_array) -> np.ndarray:
    """XᵀX as a dense float32 matrix, made in blocks of products."""
    items = rows.shape[1]
    by_item = rows.T.tocsr()
    result = np.empty((items, items), dtype=np.float32, order="F")
    step = max(1, _BLOCK_CELLS // max(items, 1))
    for start in range(0, items, step):
        block = (by_item[start : start + step] @ rows).toarray()
        result[:, start : start + step] = block.T
    return result


def ridge_weights(squares: np.ndarray, l2: float) -> np.ndarray:
    """EASE weights (items × items, float32) of a Gram matrix, which is overwritten.

    Raises:
        InvalidPlan: the matrix is not positive definite: ``l2`` is too small.
    """
    from scipy.linalg import lapack

    squares[np.diag_indices_from(squares)] += l2
    factor, failed = lapack.spotrf(squares, lower=0, clean=1, overwrite_a=1)
    if failed:
        raise InvalidPlan("XᵀX + l2·I is not positive definite in single precision; raise l2", received=l2)
    inverse, failed = lapack.spotri(factor, lower=0, overwrite_c=1)
    if failed:
        raise InvalidPlan("XᵀX + l2·I cannot be inverted in single precision; raise l2", received=l2)
    _mirror(inverse)
    weights = inverse.T  # symmetric, and now with rows in one piece
    weights /= -np.diagonal(weights).copy()[None, :]
    np.fill_diagonal(weights, 0.0)
    return weights


def _mirror(upper: np.ndarray, step: int = 1024) -> None:
    """Copy the upper triangle below the diagonal, in place and in blocks."""
    items = len(upper)
    for start in range(0, items, step):
        stop = min(start + step, items)
        square = np.triu(upper[start:stop, start:stop])
        upper[start:stop, start:stop] = square + np.triu(square, 1).T
        upper[stop:, start:stop] = upper[start:stop, stop:].T


def thinned(weights: np.ndarray, keep: int) -> Any:
    """The ``keep`` largest weights in absolute value of every column, sparse (items × items)."""
    from scipy.sparse import csr_array

    items = len(weights)
    width, step = min(keep, items), max(1, _BLOCK_CELLS // max(items, 1))
    columns, rows, values = [], [], []
    for start in range(0, items, step):
        block = np.ascontiguousarray(weights[:, start : start + step].T)
        places, _ = top_k(np.abs(block), width)
        kept = np.take_along_axis(block, places, axis=1)
        owner = np.broadcast_to(np.arange(start, start + len(block))[:, None], places.shape)
        used = kept != 0
        columns.append(owner[used])
        rows.append(places[used])
        values.append(kept[used])
    return csr_array(
        (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))), shape=(items, items)
    ).tocsr()


def _with_tail(among: Any, head: np.ndarray, similar: Any) -> Any:
    """Head weights at their places, and scaled similarities for every pair with a product of the tail."""
    from scipy.sparse import csr_array

    shape = similar.shape
    coo = among.tocoo()
    placed = csr_array((coo.data, (head[coo.coords[0]], head[coo.coords[1]])), shape=shape)
    is_head = np.zeros(shape[0], dtype=bool)
    is_head[head] = True
    pairs = similar.tocoo()
    row, column = pairs.coords
    both = is_head[row] & is_head[column]
    on_head = csr_array((pairs.data[both], (row[both], column[both])), shape=shape)
    squared = float((on_head.data**2).sum())
    scale = max(float(on_head.multiply(placed).sum()) / squared, 0.0) if squared else 1.0
    tail = csr_array((scale * pairs.data[~both], (row[~both], column[~both])), shape=shape)
    return (placed + tail).tocsr().astype(np.float32)
