"""Which products are bought again, so that owning one is no reason to leave it out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assistant.features.interactions import Interactions

#: A product is kept for its owners when at least this share of returning buyers bought it again.
REBUY_SHARE = 1 / 3
#: Buyers' worth of the shop's average mixed in, so that two buyers decide nothing.
_PRIOR_BUYERS = 10.0


@dataclass(frozen=True, eq=False)
class Rebuying:
    """Per product: share of buyers who bought it again, among those who ordered on a later day (0–1)."""

    rate: np.ndarray
    kept: np.ndarray  # bool: typically re-bought
    shop_rate: float


def rebuying(interactions: Interactions) -> Rebuying:
    """Re-purchase rates, drawn towards the shop's average where buyers are few."""
    matrix = interactions.matrix
    owner = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    came_back = interactions.user_last_days()[owner] > interactions.first_days
    again = came_back & (interactions.last_days > interactions.first_days)
    returning = np.bincount(matrix.indices, weights=came_back, minlength=matrix.shape[1])
    repeats = np.bincount(matrix.indices, weights=again, minlength=matrix.shape[1])
    shop_rate = float(repeats.sum() / returning.sum()) if returning.sum() else 0.0
    rate = (repeats + _PRIOR_BUYERS * shop_rate) / (returning + _PRIOR_BUYERS)
    return Rebuying(rate, rate >= REBUY_SHARE, shop_rate)
