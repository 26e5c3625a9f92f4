"""A policy's value from a log of another one: planted values are found, intervals hold, bad logs are refused."""

from __future__ import annotations

import numpy as np
import pytest

from assistant.campaigns.offers.off_policy import difference, evaluate
from assistant.errors import InvalidPlan

MEANS = np.array([[1.0, 2.0, 0.5], [0.2, 0.1, 3.0]])  # reward of each action for two kinds of customers


def log(seed: int, n: int = 800) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    kind = rng.integers(0, 2, n)
    chances = np.array([[0.2, 0.3, 0.5], [0.5, 0.4, 0.1]])[kind]
    action = (rng.random(n)[:, None] > chances.cumsum(axis=1)).sum(axis=1)
    reward = MEANS[kind, action] + rng.normal(0, 1, n)
    target = np.eye(3)[MEANS.argmax(axis=1)][kind]
    return kind, reward, action, chances[np.arange(n), action], target


def test_intervals_hold_the_planted_value() -> None:
    truth, inside = MEANS.max(axis=1).mean(), np.zeros(3)
    for seed in range(200):
        kind, reward, action, chance, target = log(seed)
        wrong = MEANS[kind] * 0.5  # predictions that are wrong: the propensities make up for it
        found = evaluate(reward, action, chance, target, wrong)
        assert found.dr is not None
        inside += [e.lower <= truth <= e.upper for e in (found.ips, found.snips, found.dr)]
    assert (inside >= 180).all() and (inside <= 199).all()  # 95 % of 200, give or take three standard errors


def test_predictions_narrow_the_interval() -> None:
    kind, reward, action, chance, target = log(1)
    found = evaluate(reward, action, chance, target, MEANS[kind])
    assert found.dr is not None and found.best is found.dr
    assert found.dr.upper - found.dr.lower < 0.9 * (found.ips.upper - found.ips.lower)


def test_the_policy_that_made_the_log_has_the_mean_of_the_log() -> None:
    rng = np.random.default_rng(0)
    action = rng.integers(0, 2, 400)
    reward = rng.normal(size=400)
    found = evaluate(reward, action, np.full(400, 0.5), np.full((400, 2), 0.5))
    assert found.ips.value == pytest.approx(reward.mean()) == pytest.approx(found.snips.value)
    assert found.effective == pytest.approx(400) and found.dr is None and found.best is found.snips


def test_two_policies_on_one_log_are_compared_row_by_row() -> None:
    kind, reward, action, chance, target = log(2)
    best = evaluate(reward, action, chance, target, MEANS[kind])
    first = evaluate(reward, action, chance, np.eye(3)[np.zeros(len(kind), dtype=int)], MEANS[kind])
    gap = difference(best, first)
    assert gap.lower > 0 and gap.value == pytest.approx(best.best.value - first.best.value)


def test_rows_of_one_customer_count_once() -> None:
    kind, reward, action, chance, target = log(3)
    twice = [np.concatenate([x, x]) for x in (reward, action, chance, target)]
    people = np.concatenate([np.arange(800)] * 2)
    alone, apart = evaluate(*twice).ips, evaluate(*twice, cluster=people).ips
    once = evaluate(reward, action, chance, target).ips
    assert apart.upper - apart.lower == pytest.approx(once.upper - once.lower, rel=0.01)
    assert alone.upper - alone.lower < 0.75 * (apart.upper - apart.lower)


def test_a_log_without_chances_is_refused() -> None:
    with pytest.raises(InvalidPlan, match="propensity"):
        evaluate(np.ones(2), np.zeros(2, dtype=int), np.array([0.5, 0.0]), np.ones((2, 1)))
    with pytest.raises(InvalidPlan, match="add up"):
        evaluate(np.ones(2), np.zeros(2, dtype=int), np.full(2, 0.5), np.full((2, 2), 0.4))
