"""What the customer buys most often, lately counting more; optionally filled up with what everybody buys."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from assistant.features.interactions import Interactions
from assistant.models.recommend.sequence_model import Mixture, SequenceModel, halved, popularity

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from assistant.features.basket_history import BasketHistory

#: Weight of the most popular product: orders equals, and fills up.
_FILL = 1e-3


class PersonalFrequency(SequenceModel):
    """Score = sum over the customer's orders that hold the product of ``decay`` to the number of later orders, halved
    for every ``half_life_days`` that lie between the order and the customer's latest one.

    With ``decay`` 1 this is the personal top-frequency list (P-TopFreq), with ``filled`` its popularity-filled form
    (GP-TopFreq), the baselines of Li et al., "A Next Basket Recommendation Reality Check" (arXiv 2109.14233). There
    equals stand as first bought; here the more popular one comes first.

    Args:
        decay: weight of an order relative to the one after it, in (0, 1].
        half_life_days: None: days do not matter.
        filled: add a small share of popularity.
    """

    explores: ClassVar[bool] = False

    def __init__(self, decay: float = 1.0, half_life_days: float | None = None, filled: bool = False) -> None:
        self.decay = decay
        self.half_life_days = half_life_days
        self.filled = filled

    def _fit(self, interactions: Interactions) -> None:
        fill = np.float32(_FILL) * popularity(interactions.history) if self.filled else None
        self.mixture_ = Mixture(own=((0, 1.0),), constant=fill)

    def _profiles(self, history: BasketHistory) -> tuple[csr_array, ...]:
        weights = self.decay ** history.ages.astype(np.float64)
        if self.half_life_days is not None:
            weights = weights * halved(history, self.half_life_days)
        return (history.weighted(weights),)
