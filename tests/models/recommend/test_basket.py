"""Products that go with a few products, against the purchases themselves."""

from __future__ import annotations

import numpy as np
import pytest

from assistant.data.warehouse import Snapshot
from assistant.errors import UnknownName
from assistant.llm.replies import compose
from assistant.models.recommend.fitted import FittedRecommender, fit_recommender
from assistant.models.recommend.report import recommend_result
from assistant.plans import RecommendRequest


@pytest.fixture(scope="module")
def fitted(demo_snapshot: Snapshot) -> FittedRecommender:
    return fit_recommender(demo_snapshot)


def test_what_goes_with_a_basket(demo_snapshot: Snapshot, fitted: FittedRecommender) -> None:
    seen = fitted.interactions
    buyers = np.bincount(seen.matrix.indices, minlength=seen.n_items)
    basket = tuple(str(p) for p in seen.item_ids[np.argsort(-buyers)[:2]])
    result = recommend_result(demo_snapshot, RecommendRequest(basket=basket, max_price=20, k=6), fitted)
    table = result.table("products")
    binary = seen.matrix.copy()
    binary.data = np.ones_like(binary.data)
    dense = binary.toarray() > 0
    owners = dense[:, seen.item_positions(np.array(basket, dtype=object))].any(axis=1)
    assert table.rows
    for product, _, price, both, _ in table.rows:
        assert product not in basket and price <= 20
        column = int(seen.item_positions(np.array([product], dtype=object))[0])
        assert both == int((owners & dense[:, column]).sum())
    assert "at most" in compose([result]).text


def test_unknown_products_are_refused(demo_snapshot: Snapshot, fitted: FittedRecommender) -> None:
    with pytest.raises(UnknownName):
        recommend_result(demo_snapshot, RecommendRequest(basket=("no-such",)), fitted)
