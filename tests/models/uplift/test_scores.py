"""Qini and uplift among the first, against the definitions, scikit-uplift, and what weights must do."""

from __future__ import annotations

import numpy as np
import pytest

from assistant.models.uplift.scores import balancing_weights, qini_curve, qini_score, uplift_at_k
from tests.contracts.uplift_contract import planted


def test_curve_by_hand():
    outcome, treatment = np.array([1, 0, 0, 1]), np.array([1, 0, 1, 0])
    x, y = qini_curve(outcome, np.array([4.0, 3.0, 2.0, 1.0]), treatment)
    assert x.tolist() == [0, 1, 2, 3, 4]
    # after three: 1 order of 2 contacted less 0 of 1 held out; after four: less 1 of 2 held out, times two contacted
    assert y.tolist() == [0, 1, 1, 1, 0]


def test_ties_are_taken_together():
    x, y = qini_curve(np.array([1, 0, 1, 0]), np.zeros(4), np.array([1, 0, 1, 0]))
    assert x.tolist() == [0, 4] and y.tolist() == [0, 2]


@pytest.mark.parametrize("seed", range(3))
def test_equal_to_scikit_uplift(seed):
    metrics = pytest.importorskip("sklift.metrics", reason="scikit-uplift is an extra of the benchmarks")
    _, treatment, outcome, effect = planted(800, seed)
    guess = np.round(effect + np.random.default_rng(seed).normal(0, 0.2, 800), 2)  # with ties
    assert qini_score(outcome, guess, treatment) == pytest.approx(
        metrics.qini_auc_score(outcome, guess, treatment), abs=1e-12)
    apart = guess + np.arange(800) * 1e-9  # who of equals comes first is not defined
    assert uplift_at_k(outcome, apart, treatment, 0.3) == pytest.approx(
        metrics.uplift_at_k(outcome, apart, treatment, strategy="overall", k=0.3), abs=1e-12)


def test_the_truth_scores_high_and_its_opposite_low():
    _, treatment, outcome, effect = planted()
    assert qini_score(outcome, effect, treatment) > 0.15
    assert qini_score(outcome, -effect, treatment) < -0.15
    assert abs(qini_score(outcome, np.random.default_rng(0).random(len(effect)), treatment)) < 0.05


def test_weights_keep_experiments_with_other_shares_apart():
    """One campaign contacts most of those who order anyway, another few of those who do not: nobody is moved."""
    rng = np.random.default_rng(0)
    experiment = np.repeat([0, 1], 4000)
    treatment = (rng.random(8000) < np.where(experiment == 0, 0.9, 0.2)).astype(int)
    outcome = (rng.random(8000) < np.where(experiment == 0, 0.6, 0.1)).astype(int)
    weight = balancing_weights(experiment, treatment)
    first = np.ones(8000)
    assert uplift_at_k(outcome, first, treatment, 1.0) > 0.2
    assert abs(uplift_at_k(outcome, first, treatment, 1.0, weight)) < 0.03
    assert qini_curve(outcome, first, treatment, weight)[1][-1] == pytest.approx(0, abs=120)


def test_weights_are_the_same_as_none_where_shares_are_equal():
    _, treatment, outcome, effect = planted(2000)
    weight = balancing_weights(np.zeros(2000), treatment)
    plain = qini_score(outcome, effect, treatment)
    assert qini_score(outcome, effect, treatment, weight) == pytest.approx(plain, abs=0.02)
    assert uplift_at_k(outcome, effect, treatment, 0.3, weight) == pytest.approx(
        uplift_at_k(outcome, effect, treatment, 0.3))


def test_an_experiment_without_one_arm_weighs_nothing():
    assert balancing_weights(np.array([0, 0, 1, 1]), np.array([1, 1, 0, 1])).tolist() == [0, 0, 1, 1]


def test_nothing_to_gain_is_no_number():
    assert np.isnan(qini_score(np.zeros(10), np.arange(10.0), np.array([0, 1] * 5)))
    assert np.isnan(uplift_at_k(np.ones(10), np.arange(10.0), np.ones(10), 0.3))
