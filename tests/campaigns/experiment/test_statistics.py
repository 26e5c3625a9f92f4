"""Looks, arm sizes and several arms: against known values and by simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import norm

from assistant.campaigns.experiment.arms import arms_of, compare_arms
from assistant.campaigns.experiment.balance import ratio_p_value
from assistant.campaigns.experiment.sequential import boundaries, odds, spent


def test_boundaries_equal_the_published_ones() -> None:
    """Five equal looks, Lan-DeMets with O'Brien-Fleming type spending, two-sided 5 %."""
    shares = [k / 5 for k in range(1, 6)]
    found = boundaries(shares, [spent(s) for s in shares])
    assert found == pytest.approx((4.877, 3.357, 2.680, 2.290, 2.031), abs=0.003)


def test_constant_boundaries_equal_pococks() -> None:
    """Spending what Pocock's constant 2.413 spends at five looks gives the constant back (Pocock 1977)."""
    rng = np.random.default_rng(0)
    z = np.cumsum(rng.standard_normal((400_000, 5)), axis=1) / np.sqrt(np.arange(1, 6))
    crossed = np.maximum.accumulate(np.abs(z) > 2.413, axis=1).mean(axis=0)
    assert boundaries([1, 2, 3, 4, 5], list(crossed)) == pytest.approx([2.413] * 5, abs=0.03)


def test_one_look_is_the_ordinary_test_and_empty_looks_decide_nothing() -> None:
    assert boundaries([1.0], [0.05]) == pytest.approx((1.96,), abs=1e-3)
    found = boundaries([0.0, 0.1, 0.1, 0.2], [spent(f) for f in (0.1, 0.4, 0.6, 1.0)])
    assert found[0] == found[2] == math.inf and found[3] < found[1]


def _false_alarms(bars: tuple[float, ...], runs: int) -> float:
    """Share of A/A campaigns (1,800 contacted, 200 held out, 20 % order) that pass a bar at one of four looks."""
    rng = np.random.default_rng(11)
    days = (7, 14, 21, 30)

    def share(n: int) -> np.ndarray:
        chances = [0.2 * b / 30 - 0.2 * a / 30 for a, b in zip((0, *days), days, strict=False)]
        return np.cumsum(rng.multinomial(n, [*chances, 0.8], size=runs)[:, :4], axis=1) / n

    contacted, held = share(1800), share(200)
    pooled = (1800 * contacted + 200 * held) / 2000
    z = (contacted - held) / np.sqrt(pooled * (1 - pooled) * (1 / 1800 + 1 / 200))
    return float((np.abs(z) > np.array(bars)).any(axis=1).mean())


def test_four_looks_keep_five_percent_where_peeking_does_not() -> None:
    days = (7, 14, 21, 30)
    bars = boundaries([odds(0.2 * d / 30) for d in days], [spent(d / 30) for d in days])
    assert _false_alarms(bars, 20_000) < 0.05 + 3 * math.sqrt(0.05 * 0.95 / 20_000)
    assert _false_alarms((1.96,) * 4, 20_000) > 0.1


def test_looks_correlate_as_the_odds_say() -> None:
    rng = np.random.default_rng(3)
    days = np.where(rng.random((4000, 400)) < 0.3, rng.uniform(0, 30, (4000, 400)), 99)
    early, late = (days < 10).mean(axis=1), (days < 30).mean(axis=1)
    assert np.corrcoef(early, late)[0, 1] == pytest.approx(math.sqrt(odds(0.1) / odds(0.3)), abs=0.03)


@pytest.mark.parametrize(("counts", "shares", "low", "high"), [
    ((5000, 5000), (0.5, 0.5), 0.99, 1.0), ((44_700, 45_489), (0.5, 0.5), 0.0085, 0.0087),
    ((9000, 500), (0.9, 0.1), 0.0, 1e-10), ((2, 48), (0.1, 0.9), 0.1, 0.9), ((0, 0), (0.5, 0.5), 1.0, 1.0),
    ((100, 101, 99), (1, 1, 1), 0.9, 1.0),
])
def test_arm_sizes_against_the_shares_they_were_drawn_with(
    counts: tuple[int, ...], shares: tuple[float, ...], low: float, high: float
) -> None:
    assert low <= ratio_p_value(counts, shares) <= high


def test_arms_by_hand() -> None:
    outcome = np.array([1] * 30 + [0] * 70 + [1] * 20 + [0] * 80)
    arms = arms_of(outcome, np.array(["B"] * 100 + ["A"] * 100), ["A", "B"])
    assert [(a.name, a.customers, a.mean, a.total) for a in arms] == [("A", 100, 0.2, 20), ("B", 100, 0.3, 30)]
    (found,) = compare_arms(arms)
    half = 1.959964 * math.sqrt(21 / 102 * 81 / 102 / 100 + 31 / 102 * 71 / 102 / 100)
    assert (found.arm, found.against, found.lift) == ("B", "A", pytest.approx(0.1))
    assert (found.lower, found.upper) == pytest.approx((0.1 - half, 0.1 + half))
    assert found.p_value == pytest.approx(2 * norm.sf(0.1 / (half / 1.959964))) and found.verdict == "not_shown"


def test_many_arms_keep_five_percent_together_and_are_stricter_than_two() -> None:
    rng = np.random.default_rng(5)
    names = np.repeat(["a", "b", "c", "d", "e"], 300)
    alarms = sum(any(c.verdict != "not_shown" for c in compare_arms(arms_of(rng.random(1500) < 0.2, names)))
                 for _ in range(20))
    assert alarms <= 4  # 1 expected
    arms = arms_of(rng.random(1500) < 0.2, names)
    two = compare_arms(arms[:2])[0]
    many = next(c for c in compare_arms(arms) if {c.arm, c.against} == {two.arm, two.against})
    ratio = (many.upper - many.lower) / (two.upper - two.lower)
    assert ratio == pytest.approx(2.73 / 1.96, abs=0.03)  # studentised range of five, 3.858 / sqrt(2)


def test_arms_too_small_are_left_out() -> None:
    outcome, names = np.zeros(25), np.array(["a"] * 20 + ["b"] * 5)
    assert compare_arms(arms_of(outcome, names)) == []
