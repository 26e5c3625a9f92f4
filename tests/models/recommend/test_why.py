"""Why this, why not that: every statement is made true again by running the model."""

from __future__ import annotations

import numpy as np
import pytest

from assistant.data.warehouse import Snapshot
from assistant.errors import NoRows, UnknownName
from assistant.llm.replies import compose
from assistant.models.recommend.catalogue import ProductFilters
from assistant.models.recommend.fitted import FittedRecommender
from assistant.models.recommend.flips import flips_of
from assistant.models.recommend.one_customer import OneCustomer, one_customer, ranks_of
from assistant.models.recommend.report import recommend_result
from assistant.plans import RecommendRequest
from assistant.plans.reword import reword
from assistant.results import Result


@pytest.fixture(scope="module")
def fitted(demo_recommender: FittedRecommender) -> FittedRecommender:
    return demo_recommender


@pytest.fixture(scope="module")
def buyers(fitted: FittedRecommender) -> list[str]:
    """Customers with middling histories."""
    sizes = np.diff(fitted.interactions.matrix.indptr)
    chosen = np.random.default_rng(5).choice(np.flatnonzero((sizes >= 8) & (sizes <= 30)), 12, replace=False)
    return [str(fitted.interactions.user_ids[i]) for i in chosen]


def ask(snapshot: Snapshot, fitted: FittedRecommender, **request: object) -> Result:
    result = recommend_result(snapshot, RecommendRequest.model_validate(request), fitted)
    compose([result])
    return result


def rank_without(one: OneCustomer, product: int, item: int) -> int | None:
    """Place of an item as if a product had not been bought; what was taken away stays out of the list."""
    position = int(np.flatnonzero(one.owned == product)[0])
    scores = np.array(one.model.scores_without(one.row, position, one.model._score_rows(one.row)[0]))
    out = ~one.candidates | np.isin(np.arange(len(scores)), one.owned[one.hidden[one.owned]])
    scores[out | (scores <= 1e-9)] = -np.inf
    return ranks_of(scores[None, :], item)[0]


def test_a_category_is_asked_about_by_its_best_placed_product(
    demo_snapshot: Snapshot, fitted: FittedRecommender, buyers: list[str]
) -> None:
    plain = ask(demo_snapshot, fitted, customer_id=buyers[0])
    row = plain.table("products").rows[0]
    category = row[[c.name for c in plain.table("products").columns].index("category")]
    asked = ask(demo_snapshot, fitted, customer_id=buyers[0], why=category)
    assert asked.table("why").cell(0, "product_id") == row[0]
    assert any(str(row[1]) in said and category in said for said in asked.evidence.assumptions)
    other = ask(demo_snapshot, fitted, customer_id=buyers[0], why_not="mug")
    assert "Mug" in str(other.table("why_not").cell(0, "name"))


@pytest.mark.parametrize("method", ["auto", "item_knn", "ease", "als"])
def test_the_evidence_of_a_reason_is_what_removal_does(
    demo_snapshot: Snapshot, fitted: FittedRecommender, buyers: list[str], method: str
) -> None:
    named = 0
    for customer in buyers:
        first = ask(demo_snapshot, fitted, customer_id=customer, method=method).table("products").cell(0, "product_id")
        result = ask(demo_snapshot, fitted, customer_id=customer, why=first, method=method)
        assert result.kind == "recommendation_why" and result.table("why").cell(0, "rank") == 1
        one = one_customer(fitted, customer, ProductFilters(), method)
        item = int(fitted.interactions.item_positions([str(first)])[0])
        causes = result.table("causes")
        for row in range(len(causes.rows)):
            bought = int(fitted.interactions.item_positions([str(causes.cell(row, "because_product_id"))])[0])
            assert bought in one.owned
            rank = rank_without(one, bought, item)
            if rank is not None:  # with nothing left that speaks for it, the place is that of the popularity list
                assert causes.cell(row, "rank_without") == rank
        if result.words["why"] == "reason":
            named += 1
            assert causes.cell(result.details["reason_row"], "verdict") == "reason"
            assert result.words["cause"] in compose([result]).text
    assert named >= 3


def test_every_flip_brings_the_product_into_the_list(
    demo_snapshot: Snapshot, fitted: FittedRecommender, buyers: list[str]
) -> None:
    k, kinds = 5, set()
    rng = np.random.default_rng(3)
    seen = fitted.interactions
    for customer in buyers:
        one = one_customer(fitted, customer, ProductFilters())
        for item in rng.choice(seen.n_items, 8, replace=False):
            rank = one.rank(int(item))
            if rank is not None and rank <= k:
                continue
            for flip in flips_of(one, int(item), k):
                kinds.add(flip.kind)
                assert flip.rank is not None and (flip.kind == "longer_list" or flip.rank <= k)
                if flip.kind == "purchase" and one.candidates[item]:
                    rows = one.with_products(np.array(flip.products))
                    assert ranks_of(one.scores(rows), int(item)) == [flip.rank]
                if flip.kind == "removal" and one.candidates[item]:
                    assert set(flip.products) <= set(one.owned)
                    if len(flip.products) == 1:
                        assert rank_without(one, flip.products[0], int(item)) == flip.rank
    assert {"purchase", "longer_list"} <= kinds


def test_a_limit_that_keeps_it_out_is_the_smallest_change(
    demo_snapshot: Snapshot, fitted: FittedRecommender, buyers: list[str]
) -> None:
    best = ask(demo_snapshot, fitted, customer_id=buyers[0]).table("products")
    first, price = str(best.cell(0, "product_id")), float(str(best.cell(0, "price")))
    result = ask(demo_snapshot, fitted, customer_id=buyers[0], max_price=price - 0.01, why_not=first)
    assert result.words["why_not"] == "over_price"
    flips = result.table("flips")
    assert flips.rows == [["filter", "the price limit is dropped", None, None, 1, 1]]
    assert "the price limit is dropped" in compose([result]).text


def test_one_against_another_sets_the_purchases_side_by_side(
    demo_snapshot: Snapshot, fitted: FittedRecommender, buyers: list[str]
) -> None:
    products = ask(demo_snapshot, fitted, customer_id=buyers[1], k=8).table("products")
    first, last = str(products.cell(0, "product_id")), str(products.cell(7, "product_id"))
    request = RecommendRequest(customer_id=buyers[1], why=first, why_not=last)
    result = recommend_result(demo_snapshot, request, fitted)
    versus = result.table("versus")
    for row in versus.rows:
        assert row[3] == pytest.approx(row[1] - row[2], abs=0.11)
    assert "why product" in reword(request) and "not product" in reword(request)
    assert str(products.cell(0, "name")) in compose([result]).text


def test_a_product_shown_for_its_popularity_says_so(demo_snapshot: Snapshot, fitted: FittedRecommender) -> None:
    nobody = ask(demo_snapshot, fitted, customer_id=str(fitted.interactions.user_ids[0]), method="popularity")
    first = str(nobody.table("products").cell(0, "product_id"))
    customer = str(fitted.interactions.user_ids[0])
    result = ask(demo_snapshot, fitted, customer_id=customer, method="popularity", why=first)
    assert result.words["why"] in {"popular", "bought_before"} and result.table("causes").rows == []


def test_unknown_products_are_refused(demo_snapshot: Snapshot, fitted: FittedRecommender, buyers: list[str]) -> None:
    with pytest.raises(UnknownName):
        ask(demo_snapshot, fitted, customer_id=buyers[0], why="no such thing")
    frame = fitted.catalogue.frame
    unsold = frame.loc[frame["position"] < 0, "product_id"]
    with pytest.raises(NoRows):
        ask(demo_snapshot, fitted, customer_id=buyers[0], why=str(unsold.iloc[0]))
    result = ask(demo_snapshot, fitted, customer_id=buyers[0], why_not=str(unsold.iloc[0]))
    assert result.words["why_not"] in {"never_bought", "discontinued"} and "No change" in compose([result]).text
