"""What a purchase weighs: how counts of orders enter a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from assistant.errors import InvalidPlan

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Weighting = Literal["binary", "log", "bm25"]
WEIGHTINGS: tuple[Weighting, ...] = ("binary", "log", "bm25")


def with_values(matrix: csr_array, values: np.ndarray) -> csr_array:
    """The same pairs with other values (float32)."""
    return type(matrix)((np.asarray(values, np.float32), matrix.indices, matrix.indptr), shape=matrix.shape)


def row_numbers(matrix: csr_array) -> np.ndarray:
    """Row of each stored value."""
    return np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))


def bought(matrix: csr_array) -> csr_array:
    """One for every pair, however often it was bought."""
    return with_values(matrix, np.ones(matrix.nnz))


def damped(matrix: csr_array) -> csr_array:
    """log(1 + orders): the tenth order says less than the first."""
    return with_values(matrix, np.log1p(matrix.data))


class BM25:
    """Damped counts, lowered for customers who buy much and raised for products with few buyers.

    Robertson & Zaragoza 2009, formula 3.15, as used for item neighbourhoods by Frederickson's *implicit*. Mean length
    and rarity are those of the matrix it is made from, so rows seen later are weighed alike.

    Args:
        k1: saturation. b: length normalisation, 0–1.
    """

    def __init__(self, matrix: csr_array, k1: float = 1.2, b: float = 0.75) -> None:
        self.k1, self.b = k1, b
        length = _row_sums(matrix, np.log1p(matrix.data))
        self.mean_length = max(float(length.sum() / max((length > 0).sum(), 1)), 1e-9)
        buyers = np.bincount(matrix.indices, minlength=matrix.shape[1])
        self.rarity = np.log1p(matrix.shape[0] / np.maximum(buyers, 1))

    def __call__(self, rows: csr_array) -> csr_array:
        values = np.log1p(rows.data)
        length = _row_sums(rows, values)[row_numbers(rows)]
        norm = self.k1 * (1 - self.b + self.b * length / self.mean_length)
        return with_values(rows, values * (self.k1 + 1) / (values + norm) * self.rarity[rows.indices])


def _row_sums(rows: csr_array, values: np.ndarray) -> np.ndarray:
    return np.bincount(row_numbers(rows), weights=values, minlength=rows.shape[0])


def weighted(matrix: csr_array, weighting: str) -> csr_array:
    """Purchases under a named weighting.

    Raises:
        InvalidPlan: no such weighting.
    """
    if weighting == "binary":
        return bought(matrix)
    if weighting == "log":
        return damped(matrix)
    if weighting == "bm25":
        return BM25(matrix)(matrix)
    raise InvalidPlan("There is no such weighting of purchases", received=weighting, valid=list(WEIGHTINGS))


def faded(days: np.ndarray, until: int, half_life_days: float | None) -> np.ndarray:
    """Weight of purchases last made on ``days`` (day numbers): half for every ``half_life_days`` of age; None: one."""
    if half_life_days is None:
        return np.ones(len(days), dtype=np.float32)
    return np.exp2((days - until) / half_life_days).astype(np.float32)
