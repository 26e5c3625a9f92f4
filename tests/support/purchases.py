"""Purchase data with planted right answers."""

from __future__ import annotations

import numpy as np

from assistant.features.interactions import Interactions, interactions_from_pairs
from assistant.features.product_side import ProductSide


def checkerboard(size: int = 20, withheld: bool = True) -> Interactions:
    """Two kinds of customers: even ones buy even products, odd ones odd products, each but one of their own.

    With ``withheld`` customer i has not bought product i: it is the one right answer for customer i.
    """
    pairs = [
        (f"U{u:02d}", f"I{i:02d}")
        for u in range(size) for i in range(size)
        if (u + i) % 2 == 0 and not (withheld and u == i)
    ]
    users, items = zip(*pairs, strict=True)
    return interactions_from_pairs(users, items)


def noisy_groups(users: int = 120, items: int = 60, groups: int = 4, seed: int = 0) -> Interactions:
    """Customers who mostly buy within their own group of products; some stray purchases."""
    rng = np.random.default_rng(seed)
    pairs = []
    for user in range(users):
        own = np.flatnonzero(np.arange(items) % groups == user % groups)
        bought = set(rng.choice(own, size=min(len(own), 8), replace=False)) | set(rng.choice(items, size=3))
        pairs += [(f"U{user:03d}", f"I{i:02d}") for i in sorted(bought)]
    names, products = zip(*pairs, strict=True)
    return interactions_from_pairs(names, products)


def planted_vectors(data: Interactions, seed: int = 0) -> ProductSide:
    """A vector per product that tells its kind: products bought by the same customers lie in one direction."""
    group = _kinds(data)
    rng = np.random.default_rng(seed)
    vectors = np.eye(8)[group] + 0.05 * rng.normal(size=(data.n_items, 8))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    kinds = np.array([f"kind {g}" for g in group], dtype=object)
    return ProductSide(data.item_ids, vectors.astype(np.float32), {"category": kinds})


def _kinds(data: Interactions) -> np.ndarray:
    """The planted truth by product number: two kinds on the checkerboard, four among noisy groups, else one."""
    kinds = {20: 2, 60: 4}.get(data.n_items, 1)
    return np.arange(data.n_items) % kinds
