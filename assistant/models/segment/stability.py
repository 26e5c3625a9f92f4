"""Would the same segments come out again, under the same names? Bootstrap Jaccard and name agreement per segment.

Hennig (2007), "Cluster-wise assessment of cluster stability", *Computational Statistics & Data Analysis* 52: customers
are drawn with replacement, the segmenter is fitted again and applied to all customers; for each original segment the
Jaccard similarity with its best match is averaged. Above about 0.85 a segment is very stable, below 0.6 doubtful.
Name agreement is how often that best match bears the same name: a segment that comes back under another name would be
treated differently, however stable its customers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

STABLE = 0.85
DOUBTFUL = 0.6
#: Refits after which a hopeless split is given up.
FIRST_ROUNDS = 5

#: (resampled frame, seed) → a function that names the segment of each row of a frame.
Refit = Callable[["pd.DataFrame", int], Callable[["pd.DataFrame"], np.ndarray]]


@dataclass(frozen=True)
class Stability:
    """Of one segment: mean ``jaccard`` with its best match (0–1), its standard error, and the share of refits in
    which that match has the same name (0–1)."""

    jaccard: float
    error: float
    same_name: float


def bootstrap_stability(
    frame: pd.DataFrame, labels: np.ndarray, refit: Refit, rounds: int = 20, seed: int = 0, give_up: float = 0.0,
) -> dict[str, Stability]:
    """How each segment fares when the customers are resampled ``rounds`` times.

    Args:
        labels: segment of each row of ``frame``.
        give_up: stop after the first few refits when the worst segment's mean Jaccard is below this by then.
    """
    rng = np.random.default_rng(seed)
    names, codes = np.unique(labels.astype(str), return_inverse=True)
    found = np.zeros((rounds, len(names)))
    same = np.zeros((rounds, len(names)))
    for turn in range(rounds):
        sample = frame.iloc[rng.integers(len(frame), size=len(frame))]
        others, again = np.unique(refit(sample, seed + turn + 1)(frame).astype(str), return_inverse=True)
        jaccard = _jaccards(codes, len(names), again, len(others))
        found[turn] = jaccard.max(axis=1)
        same[turn] = others[jaccard.argmax(axis=1)] == names
        if turn + 1 == FIRST_ROUNDS < rounds and found[:FIRST_ROUNDS].mean(axis=0).min() < give_up:
            found, same, rounds = found[:FIRST_ROUNDS], same[:FIRST_ROUNDS], FIRST_ROUNDS
            break
    error = found.std(axis=0, ddof=1) / np.sqrt(rounds) if rounds > 1 else np.zeros(len(names))
    return {str(n): Stability(float(found[:, i].mean()), float(error[i]), float(same[:, i].mean()))
            for i, n in enumerate(names)}


def bootstrap_jaccard(
    frame: pd.DataFrame, labels: np.ndarray, refit: Refit, rounds: int = 20, seed: int = 0
) -> dict[str, float]:
    """Mean Jaccard (0–1) of each segment with its best match over bootstrap refits."""
    return {n: s.jaccard for n, s in bootstrap_stability(frame, labels, refit, rounds, seed).items()}


def _best_jaccard(codes: np.ndarray, n: int, again: np.ndarray) -> np.ndarray:
    """Jaccard of each original group with the most similar new one."""
    others, other_codes = np.unique(again, return_inverse=True)
    return _jaccards(codes, n, other_codes, len(others)).max(axis=1)


def _jaccards(codes: np.ndarray, n: int, again: np.ndarray, m: int) -> np.ndarray:
    """(n, m) Jaccard similarity of every original group with every new one."""
    both = np.bincount(codes * m + again, minlength=n * m).reshape(n, m)
    union = both.sum(axis=1, keepdims=True) + both.sum(axis=0, keepdims=True) - both
    return both / np.maximum(union, 1)
