"""Would the same segments come out again? Bootstrap Jaccard per segment.

Hennig (2007), "Cluster-wise assessment of cluster stability", *Computational Statistics & Data Analysis* 52: customers
are drawn with replacement, the segmenter is fitted again and applied to all customers; for each original segment the
Jaccard similarity with its best match is averaged. Above about 0.85 a segment is very stable, below 0.6 doubtful.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

STABLE = 0.85
DOUBTFUL = 0.6


def bootstrap_jaccard(
    frame: pd.DataFrame, labels: np.ndarray, refit: Callable[[pd.DataFrame, int], Callable[[pd.DataFrame], np.ndarray]],
    rounds: int = 20, seed: int = 0,
) -> dict[str, float]:
    """Mean Jaccard (0–1) of each segment with its best match over bootstrap refits.

    Args:
        labels: segment of each row of ``frame``.
        refit: (resampled frame, seed) → a function that labels a frame.
    """
    rng = np.random.default_rng(seed)
    names, codes = np.unique(labels.astype(str), return_inverse=True)
    found = np.zeros((rounds, len(names)))
    for turn in range(rounds):
        sample = frame.iloc[rng.integers(len(frame), size=len(frame))]
        again = refit(sample, seed + turn + 1)(frame)
        found[turn] = _best_jaccard(codes, len(names), again)
    return dict(zip(names.tolist(), found.mean(axis=0).tolist(), strict=True))


def _best_jaccard(codes: np.ndarray, n: int, again: np.ndarray) -> np.ndarray:
    """Jaccard of each original group with the most similar new one."""
    others, other_codes = np.unique(again, return_inverse=True)
    both = np.bincount(codes * len(others) + other_codes, minlength=n * len(others)).reshape(n, len(others))
    union = both.sum(axis=1, keepdims=True) + both.sum(axis=0, keepdims=True) - both
    return (both / np.maximum(union, 1)).max(axis=1)
