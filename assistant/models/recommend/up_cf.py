"""UP-CF@r: what the customer bought in the latest orders, and what customers with the same purchases did."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.features.interactions import Interactions
from assistant.models.recommend.neighbours import MostAlike
from assistant.models.recommend.sequence_model import Mixture, SequenceModel, latest_shares, reference_customers

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from assistant.features.basket_history import BasketHistory


class UPCF(SequenceModel):
    """Score = own recent frequency + sum over neighbours of likeness^``locality`` · their recent frequency.

    Recent frequency: share of the latest ``recent`` orders that hold the product. Likeness: asymmetric cosine of the
    order counts of all orders, the ``neighbours`` highest (Faggioli, Polato & Aiolli, "Recency Aware Collaborative
    Filtering for Next Basket Recommendation", UMAP 2020). Defaults are those of the Reality Check for Ta-Feng, without
    its shrinkage.

    Args:
        recent: r. asymmetry: alpha. locality: q. neighbours: customers compared with. shrink: added to the denominator.
    """

    def __init__(
        self, recent: int = 10, asymmetry: float = 0.75, locality: float = 10.0, neighbours: int = 100,
        shrink: float = 0.0,
    ) -> None:
        self.recent = recent
        self.asymmetry = asymmetry
        self.locality = locality
        self.neighbours = neighbours
        self.shrink = shrink

    def _fit(self, interactions: Interactions) -> None:
        customers = reference_customers(interactions.history)
        counts, recent = self._profiles(interactions.history.take(customers))
        near = MostAlike(counts, recent, customers, self.neighbours, alpha=self.asymmetry, shrink=self.shrink,
                         locality=self.locality)
        self.mixture_ = Mixture(own=((1, 1.0),), near=((0, 1.0, near),))

    def _profiles(self, history: BasketHistory) -> tuple[csr_array, ...]:
        return history.counts, history.weighted(latest_shares(history, self.recent))
