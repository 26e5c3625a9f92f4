"""Customers near a customer: the one place where next-basket models compare everybody with somebody.

A block of rows is compared with all references at once (one sparse product), so memory is bounded by the block.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from scipy.sparse import csr_array

#: Largest block of likenesses held at once, in cells (16 MiB of float32).
BLOCK_CELLS = 4 * 1024 * 1024


@dataclass(frozen=True, eq=False)
class Neighbourhood:
    """Reference customers: how to find those near a row, and what they say.

    Attributes:
        rows: references × items, the profiles that are compared.
        values: references × items, what a neighbour speaks for.
        customers: position of each reference in the fitted data, ascending.
        k: neighbours taken.
    """

    rows: csr_array
    values: csr_array
    customers: np.ndarray
    k: int

    @abstractmethod
    def choose(self, dots: np.ndarray, lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Places and weights (both n × k) of the neighbours.

        Args:
            dots: n × references, inner products; -inf where a reference may not be taken.
            lengths: squared length of each row.
        """

    @cached_property
    def by_item(self) -> csr_array:
        return self.rows.T.tocsr()

    @cached_property
    def values_by_item(self) -> csr_array:
        return self.values.T.tocsr()

    @cached_property
    def squares(self) -> np.ndarray:
        return squared_lengths(self.rows)

    def scores(self, rows: csr_array, customers: np.ndarray) -> np.ndarray:
        """Weighted sums of what the neighbours of each row speak for: n × items, float32."""
        result = np.zeros(rows.shape, dtype=np.float32)
        lengths = squared_lengths(rows)
        for part in blocks(rows.shape[0], self.rows.shape[0]):
            places, weights = self.choose(self.dots(rows[part], customers[part]), lengths[part])
            result[part] = _gathered(places, weights, self.values)
        return result

    def leaving_out(
        self, row: csr_array, customer: np.ndarray, products: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Neighbours (places, weights: products × k) of one row after leaving out each of ``products``.

        Leaving out changes the inner products with buyers of that product alone, so nothing is multiplied again.
        """
        dots = self.dots(row, customer)
        amounts = np.zeros(row.shape[1], dtype=np.float32)
        amounts[row.indices] = row.data
        found = []
        for part in blocks(len(products), self.rows.shape[0]):
            some = products[part]
            fewer = dots - self.by_item[some].toarray() * amounts[some, None]
            found.append(self.choose(fewer, squared_lengths(row) - amounts[some] ** 2))
        if not found:
            return np.zeros((0, 0), dtype=np.int64), np.zeros((0, 0), dtype=np.float32)
        places, weights = zip(*found, strict=True)
        return np.concatenate(places), np.concatenate(weights)

    def scores_leaving_out(self, row: csr_array, customer: np.ndarray, products: np.ndarray) -> np.ndarray:
        """:meth:`scores` of one row after leaving out each of ``products``: products × items."""
        return _gathered(*self.leaving_out(row, customer, products), self.values)

    def said_of(self, item: int, places: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """What chosen neighbours say of one item: n."""
        column = self.values_by_item[[item]].toarray().ravel()
        return (weights * column[places]).sum(axis=1)

    def dots(self, rows: csr_array, customers: np.ndarray) -> np.ndarray:
        """Inner products of rows (n × items) with all references; nobody is their own neighbour."""
        dots = (rows @ self.by_item).toarray()
        if len(self.customers):
            place = np.minimum(np.searchsorted(self.customers, customers), len(self.customers) - 1)
            own = np.flatnonzero((customers >= 0) & (self.customers[place] == customers))
            dots[own, place[own]] = -np.inf
        return dots


@dataclass(frozen=True, eq=False)
class NearestMean(Neighbourhood):
    """The plain mean of the ``k`` references at the smallest Euclidean distance."""

    def choose(self, dots: np.ndarray, lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        distance = self.squares[None, :] - 2 * dots  # the row's own length is the same for all references
        places = smallest(distance, self.k)
        taken = np.isfinite(np.take_along_axis(distance, places, axis=1))
        return places, (taken / np.maximum(taken.sum(axis=1, keepdims=True), 1)).astype(np.float32)


@dataclass(frozen=True, eq=False)
class MostAlike(Neighbourhood):
    """A sum over the ``k`` references most alike by asymmetric cosine, weighted by likeness to the power ``locality``.

    Likeness of row u and reference v: u·v / (|u|²ᵅ · |v|²⁽¹⁻ᵅ⁾ + shrink) (Aiolli, "Efficient top-n recommendation for
    very large scale binary rated datasets", RecSys 2013).

    Attributes:
        mean: divide by the sum of the weights.
    """

    alpha: float = 0.75
    shrink: float = 0.0
    locality: float = 1.0
    mean: bool = False

    def choose(self, dots: np.ndarray, lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        scale = np.maximum(lengths, 0).astype(np.float64) ** self.alpha
        other = self.squares.astype(np.float64) ** (1 - self.alpha)
        alike = dots / (scale.astype(np.float32)[:, None] * other.astype(np.float32) + np.float32(self.shrink + 1e-6))
        places = smallest(-alike, self.k)
        weights = np.maximum(np.take_along_axis(alike, places, axis=1), 0) ** self.locality
        if self.mean:
            weights = weights / np.maximum(weights.sum(axis=1, keepdims=True), 1e-12)
        return places, weights.astype(np.float32)


def squared_lengths(rows: csr_array) -> np.ndarray:
    """Squared Euclidean length of each row, float32."""
    owner = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
    return np.bincount(owner, weights=rows.data.astype(np.float64) ** 2, minlength=rows.shape[0]).astype(np.float32)


def blocks(n: int, references: int) -> Iterator[slice]:
    """Parts of ``n`` rows whose likenesses to all references fit into a block."""
    step = max(1, BLOCK_CELLS // max(references, 1))
    for start in range(0, n, step):
        yield slice(start, min(start + step, n))


def smallest(values: np.ndarray, k: int) -> np.ndarray:
    """Places (n × min(k, columns)) of the smallest values of each row, sorted by place."""
    k = min(k, values.shape[1])
    if k == values.shape[1]:
        return np.broadcast_to(np.arange(k), (values.shape[0], k))
    return np.sort(np.argpartition(values, k - 1, axis=1)[:, :k], axis=1)


def _gathered(places: np.ndarray, weights: np.ndarray, values: csr_array) -> np.ndarray:
    """Weighted sums of reference rows: n × items, float32, of places and weights n × k."""
    from scipy.sparse import csr_array

    n, k = places.shape
    chosen = csr_array((weights.ravel(), places.ravel(), np.arange(n + 1) * k), shape=(n, values.shape[0]))
    return (chosen @ values).toarray()
