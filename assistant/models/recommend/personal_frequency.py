"""What the customer buys most often, lately counting more; optionally filled up with what everybody buys."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from assistant.features.interactions import Interactions
from assistant.models.recommend.sequence_model import SequenceModel

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from assistant.features.basket_history import BasketHistory

#: Weight of the most popular product, below the smallest step between two personal scores that matters.
_FILL = 1e-3


class PersonalFrequency(SequenceModel):
    """Score = sum over the customer's orders that hold the product of ``decay`` to the number of later orders.

    With ``decay`` 1 this is the personal top-frequency list (P-TopFreq), with ``filled`` its popularity-filled form
    (GP-TopFreq), the baselines of Li et al., "A Next Basket Recommendation Reality Check", TOIS 2023.

    Args:
        decay: weight of an order relative to the one after it, in (0, 1].
        filled: add a tiny share of popularity: orders equals, and fills up, the personal list.
    """

    explores: ClassVar[bool] = False

    def __init__(self, decay: float = 1.0, filled: bool = False) -> None:
        self.decay = decay
        self.filled = filled

    def _fit(self, interactions: Interactions) -> None:
        orders = np.bincount(interactions.history.lines.indices, minlength=interactions.n_items).astype(np.float32)
        self.popularity_ = _FILL * orders / max(float(orders.max()), 1.0)

    def _profiles(self, history: BasketHistory) -> tuple[csr_array, ...]:
        return (history.weighted(self.decay ** history.ages.astype(np.float64)),)

    def _score_profiles(self, profiles: tuple[csr_array, ...]) -> np.ndarray:
        scores = profiles[0].toarray()
        return scores + self.popularity_ if self.filled else scores
