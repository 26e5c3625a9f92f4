"""Products that go with a few products, against the purchases themselves."""

from __future__ import annotations

import numpy as np
import pytest

from assistant.data.warehouse import Snapshot
from assistant.errors import UnknownName
from assistant.llm.replies import compose
from assistant.models.recommend.basket import _name
from assistant.models.recommend.fitted import FittedRecommender
from assistant.models.recommend.flips import without_product
from assistant.models.recommend.live_basket import LiveBasket
from assistant.models.recommend.report import recommend_result
from assistant.plans import RecommendRequest


@pytest.fixture(scope="module")
def fitted(demo_recommender: FittedRecommender) -> FittedRecommender:
    return demo_recommender


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


def test_a_known_customer_with_a_live_basket(demo_snapshot: Snapshot, fitted: FittedRecommender) -> None:
    seen = fitted.interactions
    sizes = np.diff(seen.matrix.indptr)
    customer = int(np.flatnonzero((sizes > 25) & (sizes < 40))[3])
    buyers = np.bincount(seen.matrix.indices, minlength=seen.n_items)
    own = set(seen.matrix[[customer]].indices)
    basket = [i for i in np.argsort(-buyers) if i not in own][:1]
    item = str(seen.item_ids[basket[0]])
    request = RecommendRequest(customer_id=str(seen.user_ids[customer]), basket=(item,), k=8)
    result = recommend_result(demo_snapshot, request, fitted)
    table = result.table("products")
    names = {_name(fitted, i) for i in [*own, *basket]}
    reasons = [str(table.cell(r, "reason")) for r in range(len(table.rows))]
    for reason in reasons:
        assert reason == "no reason passed the test" or any(reason.endswith(n) for n in names)
    assert any(r == f"goes with the basket's {_name(fitted, basket[0])}" for r in reasons)
    shown = {str(table.cell(r, "product_id")) for r in range(len(table.rows))}
    assert item not in shown and not shown & {str(seen.item_ids[i]) for i in own}
    assert any((table.cell(r, "place_before") or 99) > 8 for r in range(len(table.rows))), "the basket moved nothing"
    assert request.customer_id in compose([result]).text


def test_removals_from_the_basket_leave_both_parts(fitted: FittedRecommender) -> None:
    seen = fitted.interactions
    for method in ("item_knn", "ease"):
        live = LiveBasket(fitted.models[method], 7, seen.basket([str(seen.item_ids[3]), str(seen.item_ids[90])]))
        row, each = live.row, live._each()
        raw, spreads = live._score_rows(row)[0], live.spreads(each)
        without = live.scores_without_each(row, np.arange(row.nnz), raw)
        position = int(np.flatnonzero(row.indices == 90)[0])
        expected = sum(
            model_scores / spread for model_scores, spread in zip(
                (live.model._score_rows(without_product(part, 90))[0] for part in live.parts), spreads, strict=True))
        assert np.allclose(without[position], expected, atol=1e-3)
        assert np.allclose(live.contributions_of(row, [5, 11]), (raw - without)[:, [5, 11]], atol=1e-5)


def test_a_customer_without_purchases_counts_by_the_basket_alone(
    demo_snapshot: Snapshot, fitted: FittedRecommender
) -> None:
    item = str(fitted.interactions.item_ids[4])
    alone = recommend_result(demo_snapshot, RecommendRequest(basket=(item,)), fitted).table("products")
    live = LiveBasket(fitted.models[fitted.personal_family() or ""], -1, fitted.interactions.basket([item]))
    assert len(live.parts) == 1 and live.row.nnz == 1 and alone.rows
    assert "place_before" not in [c.name for c in alone.columns]
