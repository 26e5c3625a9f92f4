"""Purchase data with planted right answers."""

from __future__ import annotations

import numpy as np

from assistant.features.interactions import Interactions, interactions_from_pairs


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
