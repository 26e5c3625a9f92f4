"""Options for customers under limits: the best there is, within every limit, whichever way it is found."""

from __future__ import annotations

import ctypes
import itertools
import os

import numpy as np
import pytest

from assistant.campaigns.offers.allocate import Allocation, Limit, allocate


def used(limit: Limit, found: Allocation) -> float:
    rows = np.flatnonzero(found.chosen >= 0)
    return float(limit.weight[rows, found.chosen[rows]].sum())


def random_case(seed: int, n: int, options: int) -> tuple[np.ndarray, np.ndarray, list[Limit]]:
    rng = np.random.default_rng(seed)
    value, cost = rng.normal(0.5, 2, (n, options)), rng.gamma(2, 1, (n, options))
    limits = [Limit("budget", cost, 0.6 * n), Limit("contacts", np.ones((n, options)), float(n // 2))]
    return value, rng.random((n, options)) < 0.8, limits


@pytest.mark.parametrize("seed", range(5))
def test_the_programme_finds_what_trying_everything_finds(seed: int) -> None:
    value, allowed, limits = random_case(seed, 5, 3)
    best = 0.0
    for choice in itertools.product(range(-1, 3), repeat=5):
        rows = [i for i, j in enumerate(choice) if j >= 0]
        if all(allowed[i, choice[i]] for i in rows) and all(
                sum(x.weight[i, choice[i]] for i in rows) <= x.most for x in limits):
            best = max(best, sum(value[i, choice[i]] for i in rows))
    found = allocate(value, allowed, limits)
    assert found.value == pytest.approx(best) and found.bound >= best - 1e-6
    assert all(used(x, found) <= x.most + 1e-9 for x in limits)


def test_without_a_binding_limit_everybody_gets_their_best_and_nobody_a_loss() -> None:
    value = np.array([[1.0, 3.0], [-1.0, -2.0], [4.0, 9.0]])
    allowed = np.array([[True, True], [True, True], [True, False]])
    found = allocate(value, allowed, [Limit("budget", np.ones((3, 2)), 10.0)])
    assert found.chosen.tolist() == [1, -1, 0] and found.method == "unlimited" and found.gap == 0


@pytest.mark.parametrize("seed", [1, 2])
def test_pricing_keeps_the_limits_and_comes_close_to_the_whole_programme(seed: int) -> None:
    value, allowed, limits = random_case(seed, 600, 4)
    whole = allocate(value, allowed, limits, whole=10_000)
    priced = allocate(value, allowed, limits, whole=0, core=400)
    assert whole.method == "programme" and priced.method == "priced"
    assert all(used(x, priced) <= x.most + 1e-9 for x in limits)
    assert priced.value <= whole.bound + 1e-6 and whole.value <= priced.bound + 1e-6
    assert priced.value >= 0.999 * whole.value and priced.gap < 0.001


def test_a_rate_is_kept_even_where_it_costs() -> None:
    """Group B brings nothing, and must be chosen at four fifths of the rate of group A."""
    n = 100
    value = np.where(np.arange(n) < 50, 5.0, -1.0)[:, None]
    row = np.where(np.arange(n) < 50, 0.8 / 50, -1 / 50)[:, None]
    found = allocate(value, np.ones((n, 1), dtype=bool), [Limit("A against B", row, 0.0)])
    first, second = (found.chosen[:50] >= 0).mean(), (found.chosen[50:] >= 0).mean()
    assert first == 1 and second == pytest.approx(0.8)


def test_a_limit_below_nought_is_refused() -> None:
    with pytest.raises(ValueError, match="budget"):
        allocate(np.ones((1, 1)), np.ones((1, 1), dtype=bool), [Limit("budget", np.ones((1, 1)), -1.0)])


def test_nobody_can_get_anything() -> None:
    found = allocate(np.ones((3, 2)), np.zeros((3, 2), dtype=bool), [Limit("budget", np.ones((3, 2)), 0.0)])
    assert (found.chosen == -1).all() and found.value == 0


@pytest.mark.skipif(os.name != "posix", reason="the process's output is turned away on POSIX systems alone")
def test_the_solver_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    """HiGHS writes a line of its own for this one; an answer printed as JSON would be followed by it."""
    value, allowed, limits = random_case(1, 1000, 8)
    found = allocate(value, allowed, limits)
    ctypes.CDLL(None).fflush(None)  # what it printed would still be on its way
    assert found.value > 0 and capfd.readouterr().out == ""
    print("heard again")
    assert capfd.readouterr().out == "heard again\n"
