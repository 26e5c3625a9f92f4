"""Recommenders that look at a customer's orders in sequence, not only at how often each product was bought.

Their list is the next basket: products bought before come first where the past speaks for them. All of them are
mixtures of the same parts (own past, what neighbours buy, what everybody buys) and differ in how orders are weighted
and who counts as a neighbour.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from assistant.features.basket_history import BasketHistory, as_history
from assistant.features.interactions import day_number
from assistant.models.recommend.base import Recommender
from assistant.models.recommend.neighbours import Neighbourhood, squared_lengths

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from assistant.models.recommend.base import PurchaseRows

#: Customers others are compared with, at most: those with the latest orders.
MAX_REFERENCES = 50_000


@dataclass(frozen=True, eq=False)
class Mixture:
    """Score = weighted own profiles + weighted words of neighbours + a constant per item.

    Attributes:
        own: (view, weight): views are the profiles of :meth:`SequenceModel._profiles`.
        near: (view, weight, neighbourhood): the view is what is compared.
        constant: per item, or None.
    """

    own: tuple[tuple[int, float], ...]
    near: tuple[tuple[int, float, Neighbourhood], ...] = ()
    constant: np.ndarray | None = None


class SequenceModel(Recommender):
    """A recommender whose purchase rows are :class:`~assistant.features.basket_history.BasketHistory`.

    A model implements :meth:`_profiles` and ``_fit``, which sets ``mixture_``. The weight of an order in a profile may
    depend on its place and day, never on what it holds: then leaving a product out of the past is deleting its entries
    from the profiles, and reasons are exact.

    Counts (a live basket, or rows of ``Interactions.matrix``) are read as one order of a stranger.
    """

    reads_orders: ClassVar[bool] = True

    mixture_: Mixture

    @abstractmethod
    def _profiles(self, history: BasketHistory) -> tuple[csr_array, ...]:
        """Customers × items, one or several views of the orders, each a ``history.weighted(…)``."""

    def rows_at(self, positions: np.ndarray) -> BasketHistory:
        return self._fitted().history.take(np.asarray(positions))

    def rows_with(self, positions: np.ndarray, baskets: csr_array) -> BasketHistory:
        """As :meth:`rows_at`, with a live basket each as one more order on the last day of the fitted data."""
        return self.rows_at(positions).with_orders(baskets, day_number(self._fitted().until))

    def _score_rows(self, rows: PurchaseRows) -> np.ndarray:
        history = as_history(rows)
        return self._score_profiles(self._profiles(history), history.customers)

    def _score_profiles(self, profiles: tuple[csr_array, ...], customers: np.ndarray) -> np.ndarray:
        mixture = self.mixture_
        scores = np.zeros(profiles[0].shape, dtype=np.float32)
        for view, weight in mixture.own:
            scores += np.float32(weight) * profiles[view].toarray()
        for view, weight, neighbourhood in mixture.near:
            scores += np.float32(weight) * neighbourhood.scores(profiles[view], customers)
        return scores if mixture.constant is None else scores + mixture.constant

    def contributions(self, row: PurchaseRows, item: int) -> np.ndarray:
        """What each product of the past adds to the score of ``item``, by leaving it out of every order."""
        return self.contributions_of(row, [item])[:, 0]

    def contributions_of(self, row: PurchaseRows, items: Sequence[int]) -> np.ndarray:
        history, products, wanted = as_history(row), np.asarray(row.indices), np.asarray(items)
        profiles = self._profiles(history)
        added = np.zeros((len(products), len(wanted)), dtype=np.float32)
        itself = products[:, None] == wanted[None, :]
        for view, weight in self.mixture_.own:
            added += np.float32(weight) * itself * profiles[view].toarray()[0, wanted]
        for view, weight, neighbourhood in self.mixture_.near:
            profile = profiles[view]
            places, weights = neighbourhood.leaving_out(profile, history.customers, products)
            whole = neighbourhood.choose(neighbourhood.dots(profile, history.customers), squared_lengths(profile))
            for i, item in enumerate(wanted):
                said = neighbourhood.said_of(int(item), *whole)
                added[:, i] += np.float32(weight) * (said - neighbourhood.said_of(int(item), places, weights))
        return added

    def scores_without(self, row: PurchaseRows, position: int, scores: np.ndarray) -> np.ndarray:
        return self.scores_without_each(row, np.array([position]), scores)[0]

    def scores_without_each(self, row: PurchaseRows, positions: np.ndarray, scores: np.ndarray) -> np.ndarray:
        history, products = as_history(row), np.asarray(row.indices)[positions]
        profiles = self._profiles(history)
        left = np.zeros((len(products), row.shape[1]), dtype=np.float32)
        for view, weight in self.mixture_.own:
            own = np.repeat(profiles[view].toarray(), len(products), axis=0)
            own[np.arange(len(products)), products] = 0
            left += np.float32(weight) * own
        for view, weight, neighbourhood in self.mixture_.near:
            left += np.float32(weight) * neighbourhood.scores_leaving_out(profiles[view], history.customers, products)
        return left if self.mixture_.constant is None else left + self.mixture_.constant


def reference_customers(history: BasketHistory) -> np.ndarray:
    """Positions of customers with orders, the latest buyers where there are too many to compare with; ascending."""
    buyers = np.flatnonzero(history.sizes > 0)
    if len(buyers) > MAX_REFERENCES:
        last = history.days[history.pointers[buyers + 1] - 1]
        buyers = np.sort(buyers[np.argsort(-last, kind="stable")[:MAX_REFERENCES]])
    return buyers


def popularity(history: BasketHistory) -> np.ndarray:
    """Orders that hold each product, over those of the most popular one: float32, 0–1."""
    orders = np.bincount(history.lines.indices, minlength=history.shape[1]).astype(np.float32)
    return orders / max(float(orders.max()), 1.0)


def halved(history: BasketHistory, half_life_days: float) -> np.ndarray:
    """Order weights that halve for every so many days before the customer's latest order, which weighs one."""
    buyers = history.sizes > 0
    latest = np.repeat(history.days[history.pointers[1:][buyers] - 1], history.sizes[buyers])
    return np.exp2((history.days - latest) / half_life_days)


def recent_shares(history: BasketHistory, half_life_days: float) -> np.ndarray:
    """:func:`halved` weights that add up to one per customer: the share of their orders that hold a product."""
    weights = halved(history, half_life_days)
    owner = np.repeat(np.arange(history.shape[0]), history.sizes)
    return weights / np.bincount(owner, weights=weights, minlength=history.shape[0])[owner]


def latest_shares(history: BasketHistory, orders: int) -> np.ndarray:
    """Order weights that give the share of a customer's latest ``orders`` orders that hold a product."""
    return np.where(history.ages < orders, 1.0 / np.minimum(np.repeat(history.sizes, history.sizes), orders), 0.0)
