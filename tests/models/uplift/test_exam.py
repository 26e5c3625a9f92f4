"""The exam abstains where nobody differs, sees what is planted, and says why it cannot learn."""

from __future__ import annotations

import numpy as np
import pytest

from assistant.errors import InvalidPlan
from assistant.models.uplift.exam import DEFAULT, Experiment, examine, halves, interval
from tests.contracts.uplift_contract import planted

LOGISTIC = ("s_logistic", "t_logistic", "x_logistic")


def experiment(n: int, seed: int, moved: bool = True) -> Experiment:
    x, treatment, outcome, _ = planted(n, seed)
    if not moved:
        outcome = (np.random.default_rng(seed).random(n) < 0.25 + 0.3 * x[:, 1] + 0.05 * treatment).astype(int)
    return Experiment(x, treatment, outcome, customer=np.arange(n) // 2)


def test_planted_heterogeneity_is_shown():
    exam = examine(experiment(4000, 0), learners=LOGISTIC)
    assert exam.shown and exam.used == DEFAULT
    assert (exam.cases, exam.customers, exam.splits) == (4000, 2000, 10)
    assert exam.of(DEFAULT).qini.lower > 0.05 > abs(exam.of("random").qini.mean)
    assert exam.of("response").against_default.upper < 0, "the likeliest to order first is no list of the moved"
    assert exam.of(DEFAULT).uplift_at_top.mean > 0.15


def test_abstains_where_all_are_moved_alike():
    """In ten experiments without heterogeneity at most two say that there is some (5 % each would be half a one)."""
    assert sum(examine(experiment(1000, s, moved=False), learners=LOGISTIC).shown for s in range(10)) <= 2


def test_rows_of_one_customer_stay_on_one_side():
    whole = experiment(1000, 0)
    first, second = halves(whole, 3)
    assert not set(first.customer) & set(second.customer)
    assert len(first.outcome) + len(second.outcome) == 1000 and len(first.outcome) == 500
    assert not np.array_equal(halves(whole, 4)[0].customer, first.customer)


def test_corrected_interval_by_hand():
    found = interval(np.array([0.1, 0.2, 0.3]))
    assert found.mean == pytest.approx(0.2) and found.spread == pytest.approx(0.1)
    assert found.upper - found.mean == pytest.approx(4.302653 * 0.1 * np.sqrt(1 / 3 + 1), rel=1e-6)


@pytest.mark.parametrize("rows", [slice(0, 150), slice(None)])
def test_too_little_to_learn_from(rows):
    x, treatment, outcome, _ = planted(3000)
    outcome = outcome if rows == slice(0, 150) else np.zeros_like(outcome)
    with pytest.raises(InvalidPlan, match="each side needs at least"):
        examine(Experiment(x[rows], treatment[rows], outcome[rows]))
