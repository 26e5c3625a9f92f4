import numpy as np
import pytest

from assistant.features.interactions import interactions_from_pairs
from assistant.models.recommend.base import leave_one_out
from assistant.models.recommend.user_knn import UserKNN
from tests.contracts.recommender_contract import RecommenderContract
from tests.support.purchases import noisy_groups

LOG2 = np.log(2.0)


class TestCosine(RecommenderContract):
    def make(self):
        return UserKNN()


class TestBM25(RecommenderContract):
    def make(self):
        return UserKNN(weighting="bm25", neighbours=20)


class TestPearson(RecommenderContract):
    def make(self):
        return UserKNN(weighting="pearson")


class TestAsymmetric(RecommenderContract):
    def make(self):
        return UserKNN(asymmetry=0.7, power=2.0, shrink=1.0)


@pytest.fixture
def four():
    # A: P Q · B: Q R · C: P Q R S · D: T
    users = ["A", "A", "B", "B", "C", "C", "C", "C", "D"]
    return interactions_from_pairs(users, ["P", "Q", "Q", "R", "P", "Q", "R", "S", "T"])


def test_cosine_on_paper(four):
    # A–B: 1 / (√2·√2) = 1/2 · A–C: 2 / (√2·√4) = 1/√2 · A–D: nothing shared
    scores = UserKNN().fit(four).score_items(["A"])[0] / LOG2
    assert np.allclose(scores, [2**-0.5, 0.5 + 2**-0.5, 0.5 + 2**-0.5, 2**-0.5, 0], atol=1e-6)


def test_pearson_on_paper(four):
    # five products: A = 11000 and C = 11110, means 2/5 and 4/5; covariance·5 = 2 − 5·(2/5)(4/5) = 2/5;
    # norms² 2 − 5·4/25 = 6/5 and 4 − 5·16/25 = 4/5 → 2/5 / √(24/25) = 1/√6; A–B: 1 − 4/5 = 1/5, over 6/5 = 1/6
    scores = UserKNN(weighting="pearson").fit(four).score_items(["A"])[0] / LOG2
    assert np.allclose(scores[[0, 2, 3]], [6**-0.5, 1 / 6 + 6**-0.5, 6**-0.5], atol=1e-5)


def test_asymmetry_one_divides_by_the_row_alone(four):
    # |A|² = 2: A–C = 2/2, A–B = 1/2; asymmetry zero divides by the neighbour: A–C = 2/4, A–B = 1/2
    ahead, behind = (UserKNN(asymmetry=a).fit(four).score_items(["A"])[0, 3] / LOG2 for a in (1.0, 0.0))
    assert ahead == pytest.approx(1.0) and behind == pytest.approx(0.5)


def test_no_customer_is_their_own_neighbour():
    data = noisy_groups()
    model = UserKNN().fit(data)
    dense = np.log1p(data.matrix.toarray())
    unit = dense / np.linalg.norm(dense, axis=1, keepdims=True)
    similar = unit @ unit.T
    np.fill_diagonal(similar, 0.0)
    assert np.allclose(model.score_items(data.user_ids), similar @ dense, atol=1e-4)


def test_neither_with_a_live_basket_nor_when_a_product_is_left_out():
    data = noisy_groups()
    own, others = UserKNN().fit(data), np.arange(1, data.n_users)
    without = UserKNN().fit(interactions_from_pairs(
        data.user_ids[np.repeat(others, np.diff(data.matrix.indptr)[1:])],
        data.item_ids[data.matrix[others].indices]))
    assert np.array_equal(without.interactions_.item_ids, data.item_ids)
    row = data.matrix[[0]]
    free = int(np.setdiff1d(np.arange(data.n_items), row.indices)[0])
    more = own.rows_with(np.array([0]), data.basket([data.item_ids[free]]))
    assert np.allclose(own._score_rows(more), without._score_rows(more), atol=1e-5)
    assert np.allclose(own._left_out(row, np.arange(row.nnz)), without._score_rows(leave_one_out(row)), atol=1e-5)


def test_only_the_nearest_are_added_up(four):
    assert UserKNN(neighbours=1).fit(four).score_items(["A"])[0, 2] / LOG2 == pytest.approx(2**-0.5)
