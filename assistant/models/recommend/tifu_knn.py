"""TIFU-KNN: a customer's own decayed frequencies, blended with those of the nearest customers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from assistant.features.basket_history import BasketHistory
from assistant.features.interactions import Interactions
from assistant.models.recommend.neighbours import NearestMean
from assistant.models.recommend.sequence_model import Mixture, SequenceModel, reference_customers

if TYPE_CHECKING:
    from scipy.sparse import csr_array


class TIFUKNN(SequenceModel):
    """Score = alpha · own vector + (1 - alpha) · mean vector of the ``neighbours`` nearest customers.

    The vector of a customer is the twice decayed mean of their orders, see :func:`tifu_weights`; nearness is the
    Euclidean distance of vectors (Hu, He, Gao & Zhang, "Modeling Personalized Item Frequency Information for
    Next-basket Recommendation", SIGIR 2020). Defaults are the published ones for Ta-Feng.

    Args:
        neighbours: customers averaged. within, between: decay from order to order and from group to group.
        alpha: share of the customer's own vector. groups: groups an order history is cut into.
    """

    def __init__(
        self, neighbours: int = 300, within: float = 0.9, between: float = 0.7, alpha: float = 0.7, groups: int = 7
    ) -> None:
        self.neighbours = neighbours
        self.within = within
        self.between = between
        self.alpha = alpha
        self.groups = groups

    def _fit(self, interactions: Interactions) -> None:
        customers = reference_customers(interactions.history)
        vectors, = self._profiles(interactions.history.take(customers))
        near = NearestMean(vectors, vectors, customers, self.neighbours)
        self.mixture_ = Mixture(own=((0, self.alpha),), near=((0, 1 - self.alpha, near),))

    def _profiles(self, history: BasketHistory) -> tuple[csr_array, ...]:
        return (history.weighted(tifu_weights(history, self.within, self.between, self.groups)),)


def tifu_weights(history: BasketHistory, within: float, between: float, groups: int) -> np.ndarray:
    """Weight of each order in the TIFU vector of its customer (float64, aligned with ``history.days``).

    As the authors' published program has it: the n orders, oldest first, are cut into k = min(n, groups) groups of
    n // k orders, the latest n mod k of one more. An order with a later ones, in group g (0 the oldest) of s
    orders, weighs within^a · between^(groups - 1 - g) / (s · k).
    """
    n = np.repeat(history.sizes, history.sizes)
    ages = history.ages
    k = np.minimum(n, groups)
    small, larger = n // np.maximum(k, 1), n % np.maximum(k, 1)
    place, cut = n - 1 - ages, (k - larger) * small
    early = place < cut
    group = np.where(early, place // small, k - larger + (place - cut) // (small + 1))
    size = np.where(early, small, small + 1)
    return within ** ages.astype(np.float64) * between ** (groups - 1.0 - group) / (size * k)
