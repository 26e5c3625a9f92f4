"""Matrix factorisation of implicit feedback by alternating least squares, frequency-regularised (iALS)."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Literal

import numpy as np

from assistant.errors import InvalidPlan
from assistant.features.interactions import Interactions
from assistant.models.recommend.ablation import Ablated
from assistant.models.recommend.weighting import weighted
from assistant.models.threads import undivided_products

if TYPE_CHECKING:
    from scipy.sparse import csr_array

#: Cells of gathered factors and of systems solved at once (4 MiB of float32).
_CHUNK_CELLS = 1024 * 1024
#: Purchases from which on threads are worth starting.
_MANY = 20_000


class ALS(Ablated):
    """Factors x of customers and y of products that minimise

    Σ over purchases of w·(x·y − 1)² + α₀·Σ over all pairs of (x·y)² + λ·Σ_x (n_x + α₀·products)^ν·|x|² + the same
    for y (Hu, Koren & Volinsky 2008; regularisation scaled by frequency as in Rendle, Krichene, Zhang & Koren 2021,
    "Revisiting the Performance of iALS on Item Recommendation Benchmarks").

    Each half step solves every row exactly. The shared part of all systems, α₀·YᵀY, is diagonalised once; a row with
    fewer purchases than factors is then solved in the space of its purchases (Woodbury), all others by normal
    equations, in batches of rows of similar length. A row is always scored by one such solve against the product
    factors, so new orders and live baskets count at once. Reasons are found by leaving products out and solving again.

    Args:
        factors: length of the vectors.
        unobserved_weight: α₀. regularisation: λ. exponent: ν.
        iterations: passes over both sides.
        weighting: w of a purchase: ``binary`` one, ``log`` log(1 + orders).
        stddev: of the first product factors, divided by √factors.
        seed: of the first product factors.
    """

    def __init__(
        self, factors: int = 64, unobserved_weight: float = 0.1, regularisation: float = 0.03, exponent: float = 1.0,
        iterations: int = 16, weighting: Literal["binary", "log"] = "binary", stddev: float = 0.1, seed: int = 0,
    ) -> None:
        self.factors = factors
        self.unobserved_weight = unobserved_weight
        self.regularisation = regularisation
        self.exponent = exponent
        self.iterations = iterations
        self.weighting = weighting
        self.stddev = stddev
        self.seed = seed

    def _fit(self, interactions: Interactions) -> None:
        if self.weighting not in {"binary", "log"}:  # BM25 weighs a purchase by the whole row it stands in
            raise InvalidPlan("iALS weighs each purchase on its own", received=self.weighting, valid=["binary", "log"])
        rows = weighted(interactions.matrix, self.weighting)
        columns = rows.T.tocsr()
        rng = np.random.default_rng(self.seed)
        shape = (rows.shape[1], self.factors)
        self.item_factors_ = rng.normal(0.0, self.stddev / np.sqrt(self.factors), shape).astype(np.float32)
        with undivided_products() as threads, ThreadPoolExecutor(threads) as pool:
            for _ in range(self.iterations):
                users = self._solver(self.item_factors_).solve(rows, pool)
                self.item_factors_ = self._solver(users).solve(columns, pool)
        self.folding_ = self._solver(self.item_factors_)

    def _solver(self, factors: np.ndarray) -> RowSolver:
        return RowSolver(factors, self.unobserved_weight, self.regularisation, self.exponent)

    def fold_in(self, rows: csr_array) -> np.ndarray:
        """Factors of purchase rows given the product factors: float32, n × factors; zero for an empty row."""
        return self.folding_.solve(weighted(rows, self.weighting))

    def objective(self) -> float:
        """The minimised sum, with every customer at its own optimum."""
        rows = weighted(self._fitted().matrix, self.weighting)
        return self.folding_.objective(rows, self.fold_in(self.interactions_.matrix))

    def _score_rows(self, rows: csr_array) -> np.ndarray:
        return self.fold_in(rows) @ self.item_factors_.T

    def _left_out(self, row: csr_array, positions: np.ndarray) -> np.ndarray:
        return self.folding_.solve_left_out(weighted(row, self.weighting), positions) @ self.item_factors_.T


class RowSolver:
    """Ridge regressions of many sparse rows on the same factors (n × d), one exact solution per row."""

    def __init__(self, factors: np.ndarray, unobserved_weight: float, regularisation: float, exponent: float) -> None:
        self.unobserved_weight = unobserved_weight
        self.regularisation = regularisation
        self.exponent = exponent
        values, axes = np.linalg.eigh(factors.T.astype(np.float64) @ factors)
        self.shared = (unobserved_weight * np.maximum(values, 0.0)).astype(np.float32)  # the diagonal of α₀·YᵀY
        self.axes = axes.astype(np.float32)
        self.rotated = factors @ self.axes
        # One more row of zeros, to pad with.
        self.padded = np.vstack([self.rotated, np.zeros((1, factors.shape[1]), np.float32)])

    def penalty(self, lengths: np.ndarray) -> np.ndarray:
        """λ·(purchases + α₀·columns)^ν of rows of these lengths."""
        base = lengths + self.unobserved_weight * len(self.rotated)
        return (self.regularisation * base**self.exponent).astype(np.float32)

    def solve(self, rows: csr_array, pool: Executor | None = None) -> np.ndarray:
        """Solutions in the coordinates of the given factors: float32, rows × d.

        Args:
            pool: threads to share the batches among; None: a pool of its own for many rows, none for few.
        """
        if pool is None and rows.nnz > _MANY:
            with undivided_products() as threads, ThreadPoolExecutor(threads) as own:
                return self.solve(rows, own)
        result = np.zeros((rows.shape[0], self.rotated.shape[1]), dtype=np.float32)
        for members, found in (pool.map if pool else map)(partial(self._solved, rows), self._batches(rows)):
            result[members] = found
        return result @ self.axes.T

    def _batches(self, rows: csr_array) -> Iterator[tuple[np.ndarray, int]]:
        return _batches(np.diff(rows.indptr), self.rotated.shape[1])

    def _solved(self, rows: csr_array, batch: tuple[np.ndarray, int]) -> tuple[np.ndarray, np.ndarray]:
        """The rows of a batch and their solutions in the coordinates of the axes."""
        members, width = batch
        gathered, root = self._gather(rows, members, width)
        diagonal = self.shared + self.penalty(np.diff(rows.indptr)[members])[:, None]
        solver = _by_purchases if width < self.rotated.shape[1] else _by_factors
        return members, solver(gathered, root, diagonal)

    def _gather(self, rows: csr_array, members: np.ndarray, width: int) -> tuple[np.ndarray, np.ndarray]:
        """√w·y of the purchases of each row (rows × width × d) and √w (rows × width), padded with zeros."""
        lengths = np.diff(rows.indptr)[members]
        place = rows.indptr[members][:, None] + np.arange(width)
        real = np.arange(width) < lengths[:, None]
        place = np.where(real, place, 0)
        root = np.where(real, np.sqrt(rows.data[place]), 0.0).astype(np.float32)
        gathered = self.padded[np.where(real, rows.indices[place], len(self.rotated))]
        if (root[real] != 1.0).any():
            gathered *= root[:, :, None]
        return gathered, root

    def solve_left_out(self, row: csr_array, positions: np.ndarray) -> np.ndarray:
        """Solutions of one row without the purchase at each position in turn: float32, positions × d."""
        root = np.sqrt(row.data).astype(np.float32)
        terms = self.rotated[row.indices] * root[:, None]
        size = terms.shape[1]
        result = np.empty((len(positions), size), dtype=np.float32)
        whole, target = terms.T @ terms, terms.T @ root
        whole[np.diag_indices(size)] += self.shared + self.penalty(np.array([row.nnz - 1]))
        step = max(1, _CHUNK_CELLS // size**2)
        for start in range(0, len(positions), step):
            part = terms[positions[start : start + step]]
            systems = whole - part[:, :, None] * part[:, None, :]
            right = target - part * root[positions[start : start + step], None]
            result[start : start + step] = np.linalg.solve(systems, right[:, :, None])[:, :, 0]
        return result @ self.axes.T

    def objective(self, rows: csr_array, solutions: np.ndarray) -> float:
        """The sum that the solutions minimise, with the penalty of both sides."""
        own = (solutions @ self.axes).astype(np.float64)
        owner = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
        predicted = np.einsum("nd,nd->n", own[owner], self.rotated[rows.indices].astype(np.float64))
        observed = float((rows.data * (predicted - 1.0) ** 2).sum())
        unobserved = float((own**2 @ self.shared.astype(np.float64)).sum())
        other = RowSolver(own.astype(np.float32), self.unobserved_weight, self.regularisation, self.exponent)
        counts = np.bincount(rows.indices, minlength=rows.shape[1])
        penalties = float(self.penalty(np.diff(rows.indptr)) @ (own**2).sum(axis=1)) + float(
            other.penalty(counts) @ (self.rotated.astype(np.float64) ** 2).sum(axis=1))
        return observed + unobserved + penalties


def _by_purchases(terms: np.ndarray, root: np.ndarray, diagonal: np.ndarray) -> np.ndarray:
    """(D + SᵀS)⁻¹Sᵀr = D⁻¹Sᵀ(I + S·D⁻¹Sᵀ)⁻¹r, for rows with fewer purchases than factors."""
    scaled = terms / diagonal[:, None, :]
    systems = scaled @ terms.transpose(0, 2, 1)
    places = np.arange(terms.shape[1])
    systems[:, places, places] += 1.0
    inner = np.linalg.solve(systems, root[:, :, None])
    return (scaled.transpose(0, 2, 1) @ inner)[:, :, 0]


def _by_factors(terms: np.ndarray, root: np.ndarray, diagonal: np.ndarray) -> np.ndarray:
    """(D + SᵀS)⁻¹Sᵀr by normal equations."""
    across = terms.transpose(0, 2, 1)
    systems = across @ terms
    places = np.arange(terms.shape[2])
    systems[:, places, places] += diagonal
    return np.linalg.solve(systems, across @ root[:, :, None])[:, :, 0]


def _batches(lengths: np.ndarray, size: int) -> Iterator[tuple[np.ndarray, int]]:
    """Rows of similar length: (row numbers, length they are padded to); empty rows are left out.

    A row is padded to a length that depends on its own only, so its solution is the same in any company.
    """
    steps = [4]
    while steps[-1] < max(int(lengths.max(initial=0)), 1):
        steps.append(max(steps[-1] + 4, int(steps[-1] * 1.25)))
    edges = np.array(steps)
    group = np.where(lengths > 0, np.searchsorted(edges, lengths), -1)
    for place, width in enumerate(steps):
        members = np.flatnonzero(group == place)
        cells = width * size + min(width, size) ** 2
        step = max(1, _CHUNK_CELLS // cells)
        for start in range(0, len(members), step):
            yield members[start : start + step], width
