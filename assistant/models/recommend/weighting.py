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


def bm25(matrix: csr_array, k1: float = 1.2, b: float = 0.75) -> csr_array:
    """Damped counts, lowered for customers who buy much and raised for products with few buyers.

    Robertson & Zaragoza 2009, formula 3.15, as used for item neighbourhoods by Frederickson's *implicit*.

    Args:
        k1: saturation. b: length normalisation, 0–1.
    """
    values = np.log1p(matrix.data)
    users, owner = matrix.shape[0], row_numbers(matrix)
    length = np.bincount(owner, weights=values, minlength=users)
    mean = max(float(length.sum() / max((length > 0).sum(), 1)), 1e-9)
    norm = k1 * (1 - b + b * length[owner] / mean)
    buyers = np.bincount(matrix.indices, minlength=matrix.shape[1])
    rarity = np.log1p(users / np.maximum(buyers, 1))
    return with_values(matrix, values * (k1 + 1) / (values + norm) * rarity[matrix.indices])


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
        return bm25(matrix)
    raise InvalidPlan("There is no such weighting of purchases", received=weighting, valid=list(WEIGHTINGS))


def faded(days: np.ndarray, until: int, half_life_days: float | None) -> np.ndarray:
    """Weight of purchases last made on ``days`` (day numbers): half for every ``half_life_days`` of age; None: one."""
    if half_life_days is None:
        return np.ones(len(days), dtype=np.float32)
    return np.exp2((days - until) / half_life_days).astype(np.float32)
