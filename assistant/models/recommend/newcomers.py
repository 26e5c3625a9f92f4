"""New products and the customers they suit, by content alone: nobody need have bought them yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from assistant.data.warehouse import Snapshot
from assistant.errors import MissingData, NoRows
from assistant.features.interactions import Interactions, day_number, interactions
from assistant.features.launches import Launches, launches
from assistant.features.product_side import ProductSide, with_products
from assistant.models.recommend.content import Content, owned_weights
from assistant.models.recommend.reason_bars import calibrate
from assistant.models.recommend.reasons import ReasonRule, reasons_for

if TYPE_CHECKING:
    from scipy.sparse import csr_array

#: Days after its launch for which a product counts as new, where a question names none.
NEW_DAYS = 60
#: A customer whose last order lies so many days back counts half when customers are ranked for a new product: measured
#: on earlier launches of Online Retail II (none, 30, 60, 90, 180; see benchmarks/recommend/new_products).
HALF_LIFE_DAYS = 180.0
#: Products launched in so many days, customers per size of history and length of list on which the bars of reasons
#: are set.
_CALIBRATION_DAYS, _CALIBRATION_USERS, _CALIBRATION_K = 183, 150, 3


@dataclass(frozen=True, eq=False)
class Newcomers:
    """A content model over every product of the catalogue, bought or not.

    Attributes:
        data: all purchases; the item axis holds every product that is on sale or was ever bought.
        launches: when each product came.
        reasons: the bars of reasons, set on lists of products launched in the last half year.
    """

    model: Content
    data: Interactions
    launches: Launches
    side: ProductSide
    reasons: ReasonRule

    @property
    def interactions(self) -> Interactions:
        return self.data

    def columns(self, rows: np.ndarray) -> np.ndarray:
        """Bool over items from a bool over ``launches.frame``."""
        found = np.zeros(self.data.n_items, dtype=bool)
        places = self.data.item_positions(self.launches.frame["product_id"].to_numpy()[rows].tolist())
        found[places[places >= 0]] = True
        return found

    def new(self, days: int = NEW_DAYS) -> np.ndarray:
        """Bool over items: new on the last day of the data."""
        return self.columns(self.launches.new(self.data.until, days))


def fit_newcomers(snapshot: Snapshot, side: ProductSide) -> Newcomers:
    """Fit the content model with products without sales on its item axis.

    Raises:
        MissingData: product texts could not be embedded, or no order names a customer. NoRows: nothing was bought.
    """
    snapshot.require("order_lines", "customer_id", "product_id", needed_for="Who a new product suits")
    if not side.has("vectors"):
        raise MissingData("Who a new product suits is told from product texts: it needs products.name and an embedder",
                          received="products.name")
    bought = interactions(snapshot)
    if bought.matrix.nnz == 0:
        raise NoRows("No known customer has bought and kept a product, so nobody can be told who likes what")
    known = launches(snapshot)
    on_sale = known.frame["product_id"].to_numpy(dtype=object)[known.frame["on_sale"].to_numpy(dtype=bool)]
    data = with_products(bought, on_sale)
    model = Content().fit(data, side)
    found = Newcomers(model, data, known, side, ReasonRule())
    return replace(found, reasons=_bar(found))


def _bar(newcomers: Newcomers, seed: int = 0) -> ReasonRule:
    """How much an owned product must add before it is a reason: random owned ones must fail in nine cases of ten."""
    candidates, data = newcomers.new(_CALIBRATION_DAYS), newcomers.data
    if not candidates.any():
        return ReasonRule()
    return calibrate(newcomers.model, data.matrix, _CALIBRATION_K, candidates=candidates, seed=seed,
                     per_band=_CALIBRATION_USERS)


def new_lists(
    newcomers: Newcomers, rows: csr_array, k: int, candidates: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The ``k`` new products that suit each customer best: columns (-1: none), scores, and tested causes (-1: none).

    Args:
        rows: purchase rows over ``newcomers.data``. candidates: bool over items.

    A cause is an owned product that the recommended one is like; it passes the tests of
    :mod:`~assistant.models.recommend.reasons`.
    """
    places, scores = newcomers.model.top(rows, k, candidates=candidates)
    found = reasons_for(newcomers.model, rows, places, rule=newcomers.reasons, candidates=candidates)
    causes = np.array([[-1 if cause is None else cause.owned_item for cause in row] for row in found], dtype=np.int64)
    return places, scores, causes.reshape(places.shape)


def reach(newcomers: Newcomers, candidates: np.ndarray, k: int, users: np.ndarray) -> np.ndarray:
    """Per item: of these customers (rows), those among whose ``k`` best-suited candidates it stands (int)."""
    places, _ = newcomers.model.top(newcomers.data.matrix[users], k, candidates=candidates)
    return np.bincount(places[places >= 0], minlength=newcomers.data.n_items)


def content_buyers(newcomers: Newcomers, product_ids: Sequence[str]) -> np.ndarray:
    """How well products suit each customer of ``newcomers.data`` (float; 0: nothing speaks for it, or owned already).

    The content score of the best of the products, halved for every :data:`HALF_LIFE_DAYS` since the last order: who has
    gone quiet buys no new product either.
    """
    data = newcomers.data
    columns = data.item_positions(product_ids)
    columns = columns[columns >= 0]
    if not len(columns):
        return np.zeros(data.n_users)
    weights = newcomers.model.item_weights_[:, columns]
    scores = (owned_weights(data.matrix) @ weights).toarray().max(axis=1)
    age = day_number(data.until) - data.user_last_days().astype(float)
    scores = scores * np.exp2(-np.clip(age, 0, None) / HALF_LIFE_DAYS)
    owned = np.isin(data.matrix.indices, columns)
    owner = np.repeat(np.arange(data.n_users), np.diff(data.matrix.indptr))
    scores[owner[owned]] = 0.0
    return np.where(np.isfinite(scores), scores, 0.0)


def nearest_established(newcomers: Newcomers, column: int) -> int:
    """The product with sales that is most like this one; -1 where none is like it at all."""
    weights = newcomers.model._columns()[:, [column]].tocoo()  # noqa: SLF001
    return int(weights.coords[0][np.argmax(weights.data)]) if weights.nnz else -1
