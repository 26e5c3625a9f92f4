"""Read-outs of experiments: by hand, by simulation, and where they must refuse."""

from __future__ import annotations

import numpy as np
import pytest

from assistant.errors import InvalidPlan
from assistant.models.uplift.effects import arms_alike, read_out


def test_one_experiment_by_hand():
    outcome = np.array([1] * 30 + [0] * 70 + [1] * 20 + [0] * 80)
    found = read_out(outcome, np.repeat([1, 0], 100)).overall
    assert (found.contacted, found.held_out) == (100, 100)
    assert (found.mean_contacted, found.mean_held_out) == (0.3, 0.2)
    assert found.lift == pytest.approx(0.1)
    error = np.sqrt(31 / 102 * 71 / 102 / 100 + 21 / 102 * 81 / 102 / 100)
    assert (found.upper - found.lift) / 1.959964 == pytest.approx(error, rel=1e-5)
    assert found.verdict == "not_shown" and found.detectable == pytest.approx(2.801585 * error, rel=1e-5)


def test_experiments_with_other_shares_are_not_mixed_up():
    """Nobody is moved; the campaign with the better customers contacted more of them."""
    outcome = np.array([1] * 540 + [0] * 360 + [1] * 60 + [0] * 40 + [1] * 10 + [0] * 90 + [1] * 90 + [0] * 810)
    treatment = np.array([1] * 900 + [0] * 100 + [1] * 100 + [0] * 900)
    campaign = np.repeat(["A", "B"], 1000)
    assert read_out(outcome, treatment).overall.lift > 0.3
    assert read_out(outcome, treatment, experiment=campaign).overall.lift == pytest.approx(0.0)


def test_groups_hold_together_and_differ_where_planted():
    rng = np.random.default_rng(0)
    group = np.where(rng.random(8000) < 0.5, "moved", "put off")
    treatment = rng.integers(0, 2, 8000)
    outcome = (rng.random(8000) < 0.3 + treatment * np.where(group == "moved", 0.1, -0.1)).astype(int)
    found = read_out(outcome, treatment, group=group, order=("put off", "moved", "nobody"))
    assert [(g.group, g.verdict) for g in found.groups] == [("put off", "loss"), ("moved", "gain")]
    assert found.differ < 1e-6
    alone = read_out(outcome[group == "moved"], treatment[group == "moved"]).overall
    assert found.groups[1].upper - found.groups[1].lower > alone.upper - alone.lower, "intervals of groups are wider"


def test_amounts_have_an_interval_too():
    rng = np.random.default_rng(1)
    treatment = rng.integers(0, 2, 5000)
    found = read_out(rng.gamma(1, 20, 5000) + 5 * treatment, treatment).overall
    assert found.lower < 5 < found.upper and found.verdict == "gain"


def test_false_alarms_and_coverage():
    """A/A: at most 5 % of experiments without an effect say that there is one; intervals cover a planted effect."""
    rng = np.random.default_rng(2)
    alarms = covered = split = 0
    for _ in range(400):
        treatment = (rng.random(900) < 0.6).astype(int)
        campaign = rng.integers(0, 3, 900)
        base = np.array([0.05, 0.2, 0.4])[campaign]
        group = rng.integers(0, 4, 900)
        same = read_out((rng.random(900) < base).astype(int), treatment, experiment=campaign, group=group)
        alarms += same.overall.verdict in {"gain", "loss"}
        split += same.differ < 0.05
        moved = read_out((rng.random(900) < base + 0.1 * treatment).astype(int), treatment, experiment=campaign).overall
        covered += moved.lower <= 0.1 <= moved.upper
    assert alarms <= 0.05 * 400 + 3 * np.sqrt(0.05 * 0.95 * 400)
    assert split <= 0.05 * 400 + 3 * np.sqrt(0.05 * 0.95 * 400)
    assert covered >= 0.95 * 400 - 3 * np.sqrt(0.05 * 0.95 * 400)


def test_an_arm_without_orders_has_an_interval():
    found = read_out(np.zeros(60), np.repeat([1, 0], 30)).overall
    assert found.lift == 0 and found.lower < -0.02 and found.verdict == "not_shown"


def test_too_few_customers():
    found = read_out(np.ones(43), np.array([1] * 30 + [0] * 13), group=np.array(["A"] * 40 + ["B"] * 3))
    assert [g.verdict for g in found.groups] == ["not_shown", "too_few"] and found.differ is None
    with pytest.raises(InvalidPlan, match="held out"):
        read_out(np.ones(40), np.ones(40))


def test_arms_that_somebody_chose_are_noticed():
    rng = np.random.default_rng(3)
    x, campaign = rng.normal(size=(3000, 5)), rng.integers(0, 2, 3000)
    x = np.column_stack([x, x[:, 0]])  # a column that repeats another
    drawn = (rng.random(3000) < np.where(campaign == 0, 0.5, 0.8)).astype(int)
    chosen = (rng.random(3000) < 1 / (1 + np.exp(-0.4 * x[:, 1]))).astype(int)
    assert arms_alike(x + campaign[:, None], drawn, campaign) > 0.01
    assert arms_alike(x, chosen, campaign) < 1e-6
    assert arms_alike(np.ones((50, 2)), rng.integers(0, 2, 50)) == 1.0


def test_a_random_draw_is_rarely_taken_for_a_choice():
    rng = np.random.default_rng(4)
    low = [arms_alike(rng.normal(size=(400, 6)), rng.integers(0, 2, 400)) < 0.05 for _ in range(300)]
    assert np.mean(low) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 300)
