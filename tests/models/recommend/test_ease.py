import numpy as np
import pytest

from assistant.errors import InvalidPlan
from assistant.features.interactions import interactions_from_pairs
from assistant.models.recommend.ease import EASE, gram, ridge_weights, thinned
from tests.contracts.recommender_contract import RecommenderContract
from tests.support.purchases import noisy_groups


class TestEASE(RecommenderContract):
    def make(self):
        return EASE(l2=10.0)


class TestThinned(RecommenderContract):
    def make(self):
        return EASE(l2=10.0, keep=12)


class TestDampedBM25(RecommenderContract):
    def make(self):
        return EASE(l2=10.0, weighting="bm25", damping=0.5)


class TestHeadAndTail(RecommenderContract):
    def make(self):
        return EASE(l2=10.0, max_items=10)


def closed_form(x, l2):
    """The same in double precision, by a plain inverse."""
    inverse = np.linalg.inv(x.T @ x + l2 * np.eye(x.shape[1]))
    weights = -inverse / np.diag(inverse)[None, :]
    np.fill_diagonal(weights, 0.0)
    return weights


def test_two_products_on_paper():
    # X: A, B · Y: A → XᵀX = [[2, 1], [1, 1]], + I = [[3, 1], [1, 2]]; inverse = [[2, -1], [-1, 3]] / 5
    # → owning X adds 1/3 to Y (that is 1/5 ÷ 3/5), owning Y adds 1/2 to X
    data = interactions_from_pairs(["A", "A", "B"], ["X", "Y", "X"])
    assert np.allclose(EASE(l2=1.0).fit(data).item_weights_, [[0, 1 / 3], [1 / 2, 0]], atol=1e-6)


def test_single_precision_agrees_with_the_closed_form_in_double():
    data = noisy_groups(users=400, items=300, groups=6)
    dense = (data.matrix.toarray() > 0).astype(np.float64)
    assert np.abs(EASE(l2=50.0).fit(data).item_weights_ - closed_form(dense, 50.0)).max() < 1e-5


def test_the_weights_are_the_least_squares_solution_under_a_zero_diagonal():
    data = noisy_groups()
    x = (data.matrix.toarray() > 0).astype(np.float64)
    weights = EASE(l2=5.0).fit(data).item_weights_.astype(np.float64)
    for item in (0, 17, 40):
        others = np.arange(x.shape[1]) != item
        a = x[:, others]
        solution = np.linalg.solve(a.T @ a + 5.0 * np.eye(a.shape[1]), a.T @ x[:, item])
        assert weights[item, item] == 0 and np.allclose(weights[others, item], solution, atol=1e-5)


def test_thinning_keeps_the_largest_weights_of_each_column():
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(40, 40)).astype(np.float32)
    kept = thinned(weights, 7).toarray()
    assert ((kept != 0).sum(axis=0) == 7).all()
    for column in range(40):
        used = kept[:, column] != 0
        assert np.abs(weights[~used, column]).max() <= np.abs(kept[used, column]).min()
        assert np.array_equal(kept[used, column], weights[used, column])


def test_thinning_to_the_whole_catalogue_changes_nothing():
    data = noisy_groups()
    assert np.allclose(EASE(keep=60).fit(data).item_weights_.toarray(), EASE().fit(data).item_weights_)


def test_the_gram_matrix_is_that_of_numpy():
    data = noisy_groups()
    x = data.matrix.toarray()
    assert np.allclose(gram(data.matrix), x.T @ x)


def test_a_purchase_long_ago_counts_less_where_fading_is_asked_for():
    users = [f"U{u}" for u in range(8) for _ in range(2)]
    items = ["A", "B"] * 4 + ["A", "C"] * 4
    days = [0, 0] * 4 + [100, 100] * 4
    from datetime import date

    data = interactions_from_pairs(users, items, first_days=days, last_days=days, until=date(1970, 4, 11))
    even, faded = (EASE(l2=1.0, half_life_days=h).fit(data).item_weights_ for h in (None, 50.0))
    assert even[0, 1] == pytest.approx(even[0, 2], abs=1e-6) and faded[0, 2] > 2 * faded[0, 1] > 0


def test_a_catalogue_beyond_the_limit_gets_neighbours_for_its_tail():
    data = noisy_groups()
    model = EASE(l2=10.0, max_items=20).fit(data)
    buyers = (data.matrix.toarray() > 0).sum(axis=0)
    assert model.head_.sum() == 20 and buyers[model.head_].min() >= buyers[~model.head_].max()
    weights = model.item_weights_.toarray()
    x = (data.matrix.toarray() > 0).astype(np.float64)[:, model.head_]
    assert np.allclose(weights[np.ix_(model.head_, model.head_)], closed_form(x, 10.0), atol=1e-5)
    assert (weights[~model.head_].sum(axis=1) > 0).all() and (np.diag(weights) == 0).all()


def test_a_ridge_too_small_for_single_precision_is_refused_by_its_value():
    with pytest.raises(InvalidPlan, match=r"-5"):
        ridge_weights(np.ones((3, 3), dtype=np.float32, order="F"), -5.0)
