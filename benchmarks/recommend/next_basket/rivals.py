"""The published methods as their programs compute them, step by step: proof of protocol and measure of speed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

Baskets = Sequence[Sequence[Sequence[int]]]


def top_frequency(baskets: Baskets, k: int) -> dict[str, np.ndarray]:
    """Lists of G-TopFreq, P-TopFreq and GP-TopFreq: customers × k, -1 where a list ends.

    As in the Reality Check's programs: equals of the personal list stand as first bought; the global list counts every
    line of every history, equals by item number.
    """
    lines = Counter(i for orders in baskets for b in orders for i in b)
    everywhere = sorted(lines, key=lambda i: (-lines[i], i))
    own, filled = np.full((len(baskets), k), -1), np.full((len(baskets), k), -1)
    for row, orders in enumerate(baskets):
        counted = Counter(i for b in orders for i in b)
        ranked = sorted(counted, key=lambda i: -counted[i])[:k]
        own[row, : len(ranked)] = ranked
        fresh = (i for i in everywhere if i not in counted)
        filled[row] = [*ranked, *(next(fresh) for _ in range(k - len(ranked)))]
    same = np.tile(np.array(everywhere[:k]), (len(baskets), 1))
    return {"G-TopFreq": same, "P-TopFreq": own, "GP-TopFreq": filled}


def tifu_vectors(
    baskets: Baskets, items: int, within: float = 0.9, between: float = 0.7, groups: int = 7
) -> np.ndarray:
    """TIFU vectors, customers × items (float64), one dense vector per order and group as in the authors' program."""
    vectors = []
    for orders in baskets:
        n = len(orders)
        k = min(n, groups)
        dense = []
        for place, basket in enumerate(orders):
            vector = np.zeros(items)
            vector[list(basket)] = within ** (n - 1 - place)
            dense.append(vector)
        small, larger = divmod(n, k)
        ends = np.cumsum([small] * (k - larger) + [small + 1] * larger)
        total = np.zeros(items)
        for group, (start, end) in enumerate(zip([0, *ends[:-1]], ends, strict=True)):
            total += np.sum(dense[start:end], axis=0) / (end - start) * between ** (groups - 1 - group)
        vectors.append(total / k)
    return np.array(vectors)


def tifu_knn(
    train: Baskets, test: Baskets, items: int, k: int, neighbours: int = 300, alpha: float = 0.7
) -> np.ndarray:
    """Lists (customers × k) by dense vectors, scikit-learn's brute-force neighbours and a loop over customers."""
    from sklearn.neighbors import NearestNeighbors

    known, asked = tifu_vectors(train, items), tifu_vectors(test, items)
    near = NearestNeighbors(n_neighbors=neighbours, algorithm="brute").fit(known).kneighbors(asked)[1]
    lists = []
    for vector, places in zip(asked, near, strict=True):
        total = np.zeros(items)
        for place in places:
            total += known[place]
        lists.append(np.argsort(-(alpha * vector + (1 - alpha) * total / len(places)), kind="stable")[:k])
    return np.array(lists)
