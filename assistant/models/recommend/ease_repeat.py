"""EASE with a diagonal: what a customer's other products say, and what a product itself says of buying it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from assistant.features.interactions import Interactions
from assistant.models.recommend.base import LinearItemModel
from assistant.models.recommend.ease import EASE
from assistant.models.recommend.rebuying import rebuying
from assistant.models.recommend.weighting import Weighting, weighted

if TYPE_CHECKING:
    from scipy.sparse import csr_array


class EASERepeat(LinearItemModel):
    """EASE (see :class:`~assistant.models.recommend.ease.EASE`) whose zero diagonal is filled with repeat purchase.

    A shop's lists hold products again that are typically bought again, and EASE alone says nothing of them: a product
    never predicts itself. Here owning product j adds ``repeat`` · (share of its returning buyers who bought it again,
    drawn towards the shop's average where buyers are few) to its own score. Both parts are on the scale of a purchase,
    so ``repeat`` 1 takes the share as it is.

    Args:
        repeat: factor of the diagonal; 0 is EASE.
        l2, weighting, half_life_days, max_items: of EASE.
    """

    def __init__(
        self, repeat: float = 2.0, l2: float = 300.0, weighting: Weighting = "log",
        half_life_days: float | None = None, max_items: int = 12_000,
    ) -> None:
        self.repeat = repeat
        self.l2 = l2
        self.weighting = weighting
        self.half_life_days = half_life_days
        self.max_items = max_items

    def _fit(self, interactions: Interactions) -> None:
        others = EASE(self.l2, self.weighting, self.half_life_days, max_items=self.max_items).fit(interactions)
        own = (self.repeat * rebuying(interactions).rate).astype(np.float32)
        weights = others.item_weights_
        if isinstance(weights, np.ndarray):
            np.fill_diagonal(weights, own)
            self.item_weights_ = weights
        else:
            self.item_weights_ = (weights + _diagonal(own)).tocsr()

    def _user_weights(self, rows: csr_array) -> csr_array:
        return weighted(rows, "log" if self.weighting == "bm25" else self.weighting)


def _diagonal(values: np.ndarray) -> csr_array:
    from scipy.sparse import csr_array

    places = np.arange(len(values))
    return csr_array((values, (places, places)), shape=(len(values), len(values)))
