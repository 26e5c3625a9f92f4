"""Our blend for the next basket: own past, two kinds of neighbours, and a little popularity."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from assistant.features.interactions import Interactions
from assistant.models.recommend.neighbours import MostAlike, NearestMean
from assistant.models.recommend.sequence_model import (
    Mixture,
    SequenceModel,
    latest_shares,
    popularity,
    recent_shares,
    reference_customers,
)
from assistant.models.recommend.tifu_knn import tifu_weights

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from assistant.features.basket_history import BasketHistory

#: Asymmetry of likeness, neighbours of either kind, and the decays of the vectors: as published for the two methods.
_ALPHA, _ALIKE, _NEAREST = 0.75, 100, 300
_WITHIN, _BETWEEN, _GROUPS = 0.9, 0.7, 7


class NextBasketBlend(SequenceModel):
    """Score = personal · own past + nearest · mean vector of the nearest customers
    + alike · what customers with the same purchases had in their latest orders + popular · popularity.

    The parts are those of :class:`~assistant.models.recommend.tifu_knn.TIFUKNN` and
    :class:`~assistant.models.recommend.up_cf.UPCF`; the likeness part is a mean weighted by asymmetric cosine. What
    neighbours bought in their very latest order says more than what they bought on average.

    The own past is the TIFU vector or, with ``half_life_days``, the share of the customer's orders that hold the
    product, where an order counts half for every so many days before the latest one.

    Args:
        personal, nearest, alike, popular: weights of the parts; only their ratios matter.
        recent: latest orders of alike customers that count. half_life_days: see above.
    """

    def __init__(
        self, personal: float = 0.3, nearest: float = 0.6, alike: float = 0.3, popular: float = 0.02, recent: int = 1,
        half_life_days: float | None = None,
    ) -> None:
        self.personal = personal
        self.nearest = nearest
        self.alike = alike
        self.popular = popular
        self.recent = recent
        self.half_life_days = half_life_days

    def _fit(self, interactions: Interactions) -> None:
        customers = reference_customers(interactions.history)
        history = interactions.history.take(customers)
        profiles = self._profiles(history)
        vectors, counts = profiles[-1], profiles[0]
        latest = history.weighted(latest_shares(history, self.recent))
        near = []
        if self.nearest:
            near.append((len(profiles) - 1, self.nearest, NearestMean(vectors, vectors, customers, _NEAREST)))
        if self.alike:
            near.append((0, self.alike, MostAlike(counts, latest, customers, _ALIKE, alpha=_ALPHA, mean=True)))
        constant = np.float32(self.popular) * popularity(interactions.history) if self.popular else None
        self.mixture_ = Mixture(own=((1, self.personal),), near=tuple(near), constant=constant)

    def _profiles(self, history: BasketHistory) -> tuple[csr_array, ...]:
        vectors = history.weighted(tifu_weights(history, _WITHIN, _BETWEEN, _GROUPS))
        if self.half_life_days is None:
            return history.counts, vectors
        return history.counts, history.weighted(recent_shares(history, self.half_life_days)), vectors
