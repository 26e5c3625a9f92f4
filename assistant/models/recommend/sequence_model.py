"""Recommenders that look at a customer's orders in sequence, not only at how often each product was bought."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from assistant.features.basket_history import BasketHistory, as_history
from assistant.features.interactions import day_number
from assistant.models.recommend.base import Recommender

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from assistant.models.recommend.base import PurchaseRows


class SequenceModel(Recommender):
    """A recommender whose purchase rows are :class:`~assistant.features.basket_history.BasketHistory`.

    A model implements ``_fit`` (``interactions.history`` has the orders), :meth:`_profiles` and
    :meth:`_score_profiles`. The weight of an order in a profile may depend on its place and day, never on what it
    holds: then leaving a product out of the past is deleting its entries from the profiles, and reasons are exact.

    Counts (a live basket, or rows of ``Interactions.matrix``) are read as one order.
    """

    @abstractmethod
    def _profiles(self, history: BasketHistory) -> tuple[csr_array, ...]:
        """Customers × items, one or several views of the orders, each a ``history.weighted(…)``."""

    @abstractmethod
    def _score_profiles(self, profiles: tuple[csr_array, ...]) -> np.ndarray:
        """Scores, float32 (customers × items), higher is better."""

    def rows_at(self, positions: np.ndarray) -> BasketHistory:
        return self._fitted().history.take(np.asarray(positions))

    def rows_with(self, positions: np.ndarray, baskets: csr_array) -> BasketHistory:
        """As :meth:`rows_at`, with a live basket each as one more order on the last day of the fitted data."""
        return self.rows_at(positions).with_orders(baskets, day_number(self._fitted().until))

    def _score_rows(self, rows: PurchaseRows) -> np.ndarray:
        return self._score_profiles(self._profiles(as_history(rows)))

    def contributions(self, row: PurchaseRows, item: int) -> np.ndarray:
        """What each product of the past adds to the score of ``item``, by leaving it out of every order."""
        return self.contributions_of(row, [item])[:, 0]

    def contributions_of(self, row: PurchaseRows, items: Sequence[int]) -> np.ndarray:
        profiles = self._profiles(as_history(row))
        full = self._score_profiles(profiles)[0, items]
        return full - self._scores_leaving_out(profiles, np.asarray(row.indices), items)

    def scores_without_each(self, row: PurchaseRows, positions: np.ndarray, scores: np.ndarray) -> np.ndarray:
        return self._scores_leaving_out(self._profiles(as_history(row)), np.asarray(row.indices)[positions])

    def scores_without(self, row: PurchaseRows, position: int, scores: np.ndarray) -> np.ndarray:
        out = int(row.indices[position])
        return self._score_profiles(tuple(_without(p, out) for p in self._profiles(as_history(row))))[0]

    def _scores_leaving_out(
        self, profiles: tuple[csr_array, ...], products: np.ndarray, items: Sequence[int] | slice = slice(None)
    ) -> np.ndarray:
        """Scores of ``items`` after leaving out each of ``products``, of one customer's profiles: products × items."""
        step = 64
        blocks = [
            self._score_profiles(tuple(_each_without(p, products[start : start + step]) for p in profiles))[:, items]
            for start in range(0, len(products), step)
        ]
        return np.concatenate(blocks) if blocks else self._score_profiles(profiles)[:0, items]


def _without(profile: csr_array, item: int) -> csr_array:
    """One customer's profile (1 × items) without a product."""
    return _each_without(profile, np.array([item]))


def _each_without(profile: csr_array, products: np.ndarray) -> csr_array:
    """Copies of one customer's profile (1 × items), each without one of ``products``."""
    n = len(products)
    kept = profile.indices[None, :] != products[:, None]
    shape = (n, profile.nnz)
    pointers = np.concatenate([[0], np.cumsum(kept.sum(axis=1))])
    return type(profile)(
        (np.broadcast_to(profile.data, shape)[kept], np.broadcast_to(profile.indices, shape)[kept], pointers),
        shape=(n, profile.shape[1]),
    )
