"""Trending: what more customers buy than its own past would let expect, beyond noise."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from assistant.features.interactions import Interactions, day_number
from assistant.models.recommend.base import Recommender

if TYPE_CHECKING:
    from assistant.models.recommend.base import PurchaseRows

#: Median of a chi-square variable with one degree of freedom.
_CHI2_MEDIAN = 0.4549
#: Buyers, then and now together, from which a product takes part in the estimate of the noise.
_MIN_BUYERS = 5


class Trending(Recommender):
    """Products with a rise that is no noise first, by how sure it is; after them what most customers bought lately.

    Of n customers who bought a product, r did in the last ``days`` and n - r only before. Were its popularity what it
    was, r would be binomial with the share q of all (customer, product) pairs that fall into the last days. The
    z value of r is divided by the spread of all products' z values where that is wider than it should be
    (median(z²) / 0.455, "genomic control", Devlin & Roeder 1999): assortments move, and a product is trending only if
    it moves more than the others. Rises are kept so that at most ``false_alarms`` of them are chance (Benjamini &
    Hochberg 1995). A product first bought in the last days is new, not trending: it has no past.

    Args:
        days: what counts as lately. false_alarms: share of listed rises that may be chance.
    """

    personal: ClassVar[bool] = False

    def __init__(self, days: int = 28, false_alarms: float = 0.1) -> None:
        self.days = days
        self.false_alarms = false_alarms

    def _fit(self, interactions: Interactions) -> None:
        cut = day_number(interactions.until) - self.days
        columns, items = interactions.matrix.indices, interactions.n_items
        lately = np.bincount(columns[interactions.last_days > cut], minlength=items).astype(float)
        before = np.bincount(columns[(interactions.first_days <= cut) & (interactions.last_days <= cut)],
                             minlength=items).astype(float)
        past = np.bincount(columns[interactions.first_days <= cut], minlength=items) > 0
        self.z_ = scaled_z(lately, before)
        self.trending_ = past & rises(np.where(past, self.z_, -np.inf), self.false_alarms)
        usual = lately / max(float(lately.max(initial=0.0)), 1.0)
        total = lately + before
        usual = 0.5 * usual + 0.5 * total / max(float(total.max(initial=0.0)), 1.0)  # a quiet month lists what sold
        self.scores_ = np.where(self.trending_, 1.0 + self.z_, usual).astype(np.float32)

    def _score_rows(self, rows: PurchaseRows) -> np.ndarray:
        return np.broadcast_to(self.scores_, (rows.shape[0], len(self.scores_)))

    def contributions(self, row: PurchaseRows, item: int) -> np.ndarray:
        """All zero: no purchase of the customer speaks for a product that everybody is shown."""
        return np.zeros(row.nnz, dtype=np.float32)


def scaled_z(lately: np.ndarray, before: np.ndarray) -> np.ndarray:
    """z value of each product's recent buyers against the shop's share, scaled to the spread of all products."""
    both = lately + before
    share = lately.sum() / max(both.sum(), 1.0)
    spread = np.sqrt(np.maximum(both * share * (1 - share), 1e-12))
    z = np.where(both > 0, (lately - both * share) / spread, 0.0) if 0 < share < 1 else np.zeros(len(both))
    enough = both >= _MIN_BUYERS
    noise = float(np.median(z[enough] ** 2)) / _CHI2_MEDIAN if enough.any() else 1.0
    return z / np.sqrt(max(noise, 1.0))


def rises(z: np.ndarray, false_alarms: float) -> np.ndarray:
    """Bool: z values kept as rises by the procedure of Benjamini & Hochberg, one-sided."""
    from scipy.special import ndtr

    chance = ndtr(-z)
    order = np.argsort(chance, kind="stable")
    passing = chance[order] <= false_alarms * np.arange(1, len(z) + 1) / max(len(z), 1)
    kept = np.zeros(len(z), dtype=bool)
    if passing.any():
        kept[order[: int(np.flatnonzero(passing)[-1]) + 1]] = True
    return kept
