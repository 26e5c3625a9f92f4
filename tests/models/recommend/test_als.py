import numpy as np
import pytest

from assistant.errors import InvalidPlan
from assistant.features.interactions import interactions_from_pairs
from assistant.models.recommend.als import ALS, RowSolver
from assistant.models.recommend.weighting import bought, damped
from tests.contracts.recommender_contract import RecommenderContract
from tests.support.purchases import noisy_groups


class TestALS(RecommenderContract):
    def make(self):
        return ALS(factors=8)


class TestManyFactors(RecommenderContract):
    """More factors than purchases: rows are solved in the space of their purchases."""

    def make(self):
        return ALS(factors=32, unobserved_weight=0.3, weighting="log")


def reference(row, factors, weight, penalty):
    """One row by dense normal equations in double precision; ``row`` holds w, zero where not bought."""
    y = factors.astype(np.float64)
    system = weight * y.T @ y + (y * row[:, None]).T @ y + penalty * np.eye(y.shape[1])
    return np.linalg.solve(system, y.T @ row)


def test_every_row_is_the_dense_solution():
    rng = np.random.default_rng(3)
    data = noisy_groups(items=90, groups=3)
    rows = damped(data.matrix)
    for size in (4, 40):  # rows hold 8 to 11 products: longer and shorter than the factors
        factors = rng.normal(size=(90, size)).astype(np.float32)
        solver = RowSolver(factors, unobserved_weight=0.2, regularisation=0.05, exponent=1.0)
        got, dense = solver.solve(rows), rows.toarray()
        for user in range(0, 120, 13):
            penalty = 0.05 * ((dense[user] > 0).sum() + 0.2 * 90)
            assert np.allclose(got[user], reference(dense[user], factors, 0.2, penalty), atol=1e-4)


def test_an_empty_row_has_no_factors():
    data = noisy_groups()
    empty = data.basket([])
    assert not ALS(factors=4).fit(data).fold_in(empty).any()


def test_leaving_out_is_solving_the_row_without():
    data = noisy_groups()
    model = ALS(factors=12).fit(data)
    row = data.matrix[[5]]
    from assistant.models.recommend.base import leave_one_out

    assert np.allclose(model._left_out(row, np.arange(row.nnz)), model._score_rows(leave_one_out(row)), atol=1e-5)


def test_the_objective_falls_with_every_pass():
    data = noisy_groups()
    sums = [ALS(factors=8, iterations=n).fit(data).objective() for n in (1, 2, 4, 8, 16)]
    assert all(later < earlier for earlier, later in zip(sums, sums[1:], strict=False))


def test_the_objective_is_the_sum_written_out():
    data = noisy_groups(users=30, items=20, groups=2)
    model = ALS(factors=3, iterations=2, unobserved_weight=0.2, regularisation=0.05).fit(data)
    x, y = model.fold_in(data.matrix).astype(np.float64), model.item_factors_.astype(np.float64)
    seen, scores = data.matrix.toarray() > 0, x @ y.T
    total = ((scores - 1)[seen] ** 2).sum() + 0.2 * (scores**2).sum()
    total += 0.05 * ((seen.sum(axis=1) + 0.2 * 20) @ (x**2).sum(axis=1) + (seen.sum(axis=0) + 0.2 * 30) @ (
        y**2).sum(axis=1))
    assert np.isclose(model.objective(), total, rtol=1e-4)


def test_another_seed_finds_much_the_same_lists():
    data = noisy_groups()
    one, two = (ALS(factors=4, seed=s).fit(data).score_items(data.user_ids) for s in (0, 1))
    assert np.corrcoef(one.ravel(), two.ravel())[0, 1] > 0.9


def test_more_orders_weigh_more_where_counts_are_asked_for():
    users, items = ["A", "A", "B", "B", "C"], ["X", "Y", "X", "Z", "X"]
    data = interactions_from_pairs(users, items, counts=[1, 1, 1, 1, 1])
    model = ALS(factors=2, weighting="log").fit(data)
    once, often = data.matrix[[2]].copy(), data.matrix[[2]].copy()
    often.data = often.data * 20
    assert model._score_rows(often)[0, 0] > model._score_rows(once)[0, 0]
    assert np.array_equal(ALS(factors=2).fit(data)._score_rows(bought(often)),
                          ALS(factors=2).fit(data)._score_rows(often))


def test_a_weighting_that_looks_at_the_whole_row_is_refused():
    with pytest.raises(InvalidPlan, match=r"bm25.*binary"):
        ALS(weighting="bm25").fit(noisy_groups())


def test_threads_change_nothing():
    from concurrent.futures import ThreadPoolExecutor

    rng = np.random.default_rng(0)
    rows = bought(noisy_groups(users=600, items=300, groups=3).matrix)
    solver = RowSolver(rng.normal(size=(300, 16)).astype(np.float32), 0.1, 0.03, 1.0)
    with ThreadPoolExecutor(3) as pool:
        assert np.array_equal(solver.solve(rows, pool), solver.solve(rows))
