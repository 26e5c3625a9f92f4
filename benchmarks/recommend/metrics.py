"""Metrics of ranked lists, per user, in the variants that published tables differ in.

Lists are item positions, users × k, -1 where a place is empty; truth is one array of item positions per user, none of
them empty. Every function returns one value per user (float64); a table shows their mean. Nothing samples negatives.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

#: What a denominator counts: as much as a list of k can hold, or all that was relevant.
Denominator = Literal["cut", "all"]


def hits_at_k(places: np.ndarray, truth: Sequence[np.ndarray]) -> np.ndarray:
    """Which places of each list hold something relevant: bool, users × k."""
    found = [np.isin(row, right) & (row >= 0) for row, right in zip(places, truth, strict=True)]
    return np.array(found, dtype=bool).reshape(places.shape)


def precision_at_k(places: np.ndarray, truth: Sequence[np.ndarray]) -> np.ndarray:
    """Hits / k."""
    return hits_at_k(places, truth).mean(axis=1)


def recall_at_k(places: np.ndarray, truth: Sequence[np.ndarray], denominator: Denominator = "all") -> np.ndarray:
    """Hits / relevant; ``cut``: hits / min(k, relevant)."""
    return hits_at_k(places, truth).sum(axis=1) / _relevant(places, truth, denominator)


def hit_rate_at_k(places: np.ndarray, truth: Sequence[np.ndarray]) -> np.ndarray:
    """One where the list holds anything relevant (also called PHR)."""
    return hits_at_k(places, truth).any(axis=1).astype(np.float64)


def average_precision_at_k(
    places: np.ndarray, truth: Sequence[np.ndarray], denominator: Denominator = "all"
) -> np.ndarray:
    """Precision at each hit, added up and divided by what is relevant; its mean is MAP@k."""
    hits = hits_at_k(places, truth)
    precision = np.cumsum(hits, axis=1) / np.arange(1, places.shape[1] + 1)
    return (precision * hits).sum(axis=1) / _relevant(places, truth, denominator)


def ndcg_at_k(places: np.ndarray, truth: Sequence[np.ndarray], ideal: Denominator = "cut") -> np.ndarray:
    """Discounted gain (binary, logarithm to base 2) over that of the ideal list.

    Args:
        ideal: ``cut``: the ideal list has k places; ``all``: as many as there are relevant products.
    """
    discount = 1 / np.log2(np.arange(places.shape[1]) + 2)
    sizes = _relevant(places, truth, ideal).astype(int)
    best = np.concatenate([[0.0], np.cumsum(1 / np.log2(np.arange(sizes.max(initial=0)) + 2))])
    return (hits_at_k(places, truth) * discount).sum(axis=1) / best[sizes]


def reciprocal_rank_at_k(places: np.ndarray, truth: Sequence[np.ndarray]) -> np.ndarray:
    """One over the place of the first hit, zero without any."""
    hits = hits_at_k(places, truth)
    return np.where(hits.any(axis=1), 1 / (hits.argmax(axis=1) + 1.0), 0.0)


def _relevant(places: np.ndarray, truth: Sequence[np.ndarray], denominator: Denominator) -> np.ndarray:
    sizes = np.array([len(right) for right in truth], dtype=np.int64)
    if (sizes == 0).any():
        raise ValueError("A user without anything relevant has no metric; leave such users out")
    return np.minimum(sizes, places.shape[1]) if denominator == "cut" else sizes
