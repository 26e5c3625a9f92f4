"""The named peer, *implicit* (benfred/implicit), on our exams: ALS and BM25 item neighbours with a grid each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from assistant.features.interactions import Interactions
from assistant.models.recommend.exam import EVALUATED_K, Exam

#: (factors, regularization, alpha); 15 iterations, the package's default.
ALS_GRID = ((64, 0.01, 1.0), (64, 0.01, 10.0), (64, 0.01, 40.0), (64, 1.0, 10.0), (64, 10.0, 10.0), (64, 10.0, 40.0),
            (128, 0.01, 10.0), (128, 10.0, 10.0))
#: (K, K1, B)
BM25_GRID = ((800, 1.2, 0.75), (50, 1.2, 0.75), (100, 1.2, 0.75), (200, 1.2, 0.75), (400, 1.2, 0.75),
             (200, 0.6, 0.75), (200, 2.0, 0.75), (200, 1.2, 0.3))


def matrix_of(train: Interactions, logs: bool = True) -> Any:
    """Purchases as the package wants them: csr_matrix, log(1 + orders) as for ours, or ones."""
    from scipy.sparse import csr_matrix

    source = train.matrix
    values = np.log1p(source.data) if logs else np.ones_like(source.data)
    return csr_matrix((values.astype(np.float32), source.indices, source.indptr), shape=source.shape)


def als(settings: tuple[int, float, float], rows: Any, iterations: int = 15) -> Any:
    """A fitted implicit.als model, 2 threads of its own (BLAS one thread, as it asks for), seed 0."""
    from implicit.als import AlternatingLeastSquares
    from threadpoolctl import threadpool_limits

    factors, regularization, alpha = settings
    with threadpool_limits(1, "blas"):
        model = AlternatingLeastSquares(factors=factors, regularization=regularization, alpha=alpha,
                                        iterations=iterations, num_threads=2, random_state=0)
        model.fit(rows, show_progress=False)
    return model


def bm25(settings: tuple[int, float, float], rows: Any) -> Any:
    """A fitted implicit BM25Recommender, 2 threads."""
    from implicit.nearest_neighbours import BM25Recommender

    size, k1, b = settings
    model = BM25Recommender(K=size, K1=k1, B=b, num_threads=2)
    model.fit(rows, show_progress=False)
    return model


def fitted(train: Interactions) -> Iterator[tuple[str, tuple[Any, ...], Any]]:
    """Every setting of both grids, fitted."""
    rows = matrix_of(train)
    for settings in ALS_GRID:
        yield "implicit ALS", settings, als(settings, rows)
    for settings in BM25_GRID:
        yield "implicit BM25", settings, bm25(settings, rows)


def make(name: str, settings: tuple[Any, ...], train: Interactions) -> Any:
    """One setting, fitted."""
    return (als if name == "implicit ALS" else bm25)(settings, matrix_of(train))


def lists(model: Any, exam: Exam, k: int = EVALUATED_K) -> np.ndarray:
    """Lists under the same rule as ours: hidden are the products of ``exam.hide`` that the customer owns."""
    rows = matrix_of(exam.train)[exam.users]
    hidden = [set(rows.indices[a:b][exam.hide[rows.indices[a:b]]])
              for a, b in zip(rows.indptr[:-1], rows.indptr[1:], strict=True)]
    wanted = min(k + max(len(h) for h in hidden), exam.train.n_items)
    ids, scores = model.recommend(exam.users, rows, N=wanted, filter_already_liked_items=False)
    places = np.full((len(exam.users), k), -1, dtype=np.int64)
    for r, (row, values) in enumerate(zip(ids, scores, strict=True)):
        kept = [i for i, v in zip(row, values, strict=True) if i >= 0 and v > -1e30 and i not in hidden[r]][:k]
        places[r, : len(kept)] = kept
    return places
