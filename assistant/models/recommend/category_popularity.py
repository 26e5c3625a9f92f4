"""Popularity by segment: what is bought most in the categories that a customer buys in."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from assistant.features.interactions import Interactions
from assistant.models.recommend.base import Recommender

if TYPE_CHECKING:
    from scipy.sparse import csr_array


class CategoryPopularity(Recommender):
    """Score = sum over categories c of P(c | customer) · P(product | c).

    P(product | c) is the product's share of the category's buyers; P(c | customer) the customer's share of purchases
    (log(1 + orders) each) in c, drawn towards the shop's by ``shrink`` purchases. Somebody who bought nothing gets the
    popularity list. Products without a category form one of their own.

    Args:
        shrink: purchases' worth of the shop's average mixed into the customer's taste.
    """

    needs: ClassVar[str | None] = "category"

    def __init__(self, shrink: float = 2.0) -> None:
        self.shrink = shrink

    def _fit(self, interactions: Interactions) -> None:
        values = self.side_.values_of("category", interactions.item_ids.tolist())
        names, self.category_ = np.unique([str(v) if v is not None else "" for v in values], return_inverse=True)
        buyers = np.bincount(interactions.matrix.indices, minlength=interactions.n_items).astype(float)
        by_category = np.bincount(self.category_, weights=buyers, minlength=len(names))
        self.share_ = buyers / np.maximum(by_category[self.category_], 1.0)
        self.usual_ = by_category / max(float(by_category.sum()), 1.0)

    def _score_rows(self, rows: csr_array) -> np.ndarray:
        owner = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
        cell = owner * len(self.usual_) + self.category_[rows.indices]
        own = np.bincount(cell, weights=np.log1p(rows.data), minlength=rows.shape[0] * len(self.usual_))
        own = own.reshape(rows.shape[0], len(self.usual_)) + self.shrink * self.usual_
        taste = own / np.maximum(own.sum(axis=1, keepdims=True), 1e-12)
        return (taste[:, self.category_] * self.share_).astype(np.float32)
