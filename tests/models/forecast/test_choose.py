"""Backtest, intervals and the choice, on series whose right answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from assistant.errors import InvalidPlan
from assistant.models.forecast.backtest import backtest, choose_origins
from assistant.models.forecast.base import Forecaster
from assistant.models.forecast.choose import AS_CHOSEN_THEN, candidates, choose
from assistant.models.forecast.intervals import half_width, lived_coverage, step_widths, total_width
from assistant.models.forecast.seasonal_naive import SeasonalNaive

RNG = np.random.default_rng


class Perfect(Forecaster):
    """Knows that the series counts up by one."""

    name, words = "perfect", "counting"

    def path(self, y: np.ndarray, h: int) -> np.ndarray:
        return y[-1] + 1.0 + np.arange(h)


class Broken(Forecaster):
    """Breaks down on every series."""

    name, words = "broken", "breaking down"

    def path(self, y: np.ndarray, h: int) -> np.ndarray:
        return np.full(h, np.nan)


def yearly(years: int = 3, noise: float = 0.05, seed: int = 0, growth: float = 0.0) -> np.ndarray:
    """Weekly sales with a peak at the end of each year."""
    week = np.arange(52 * years)
    course = 100 + 80 * np.exp(-0.5 * ((week % 52 - 48) / 2) ** 2)
    return course * (1 + growth) ** (week / 52) * (1 + noise * RNG(seed).normal(size=len(week)))


def test_origins_end_at_the_last_possible_one() -> None:
    assert choose_origins(20, 4, 10, 40) == [10, 11, 12, 13, 14, 15, 16]
    assert choose_origins(100, 4, 10, 10)[-1] == 96
    assert len(choose_origins(100, 4, 10, 10)) <= 10
    assert choose_origins(10, 8, 8, 5) == []


def test_backtest_by_hand() -> None:
    """Naive on 0, 1, 2 …: at every origin it is off by 1, 2 in the two steps ahead."""
    y = np.arange(20, dtype=float)
    run = backtest([SeasonalNaive(1), Perfect()], y, 2)
    assert run.windows == 11 and run.origins.tolist() == list(range(8, 19))
    assert run.mean_error("seasonal_naive") == 1.5
    assert run.mean_error("perfect") == 0.0
    assert run.mase("seasonal_naive") == 1.5, "the naive difference is 1 everywhere"
    actual = np.array([[o, o + 1] for o in range(8, 19)])
    assert run.wape("seasonal_naive") == pytest.approx(100 * 3 * 11 / actual.sum())


def test_window_counts_as_known_only_when_its_outcome_is() -> None:
    run = backtest([SeasonalNaive(1)], np.arange(20, dtype=float), 3)
    assert run.origins.tolist() == list(range(8, 18))
    assert run.known_before(0).sum() == 0
    assert run.known_before(3).tolist() == [True] + [False] * 9


def test_a_method_that_breaks_down_is_never_best() -> None:
    run = backtest([SeasonalNaive(1), Broken()], np.arange(30, dtype=float), 2)
    assert run.mean_error("broken") == float("inf")
    assert np.isfinite(run.mean_error("seasonal_naive"))


def test_too_short_says_how_much_is_needed() -> None:
    with pytest.raises(InvalidPlan, match="at least 18 complete weeks") as caught:
        choose(np.arange(12, dtype=float), 8, "week")
    assert "and there are 12" in caught.value.message
    assert caught.value.hint is not None and "at most 2 weeks" in caught.value.hint
    with pytest.raises(InvalidPlan) as hopeless:
        choose(np.ones(3), 1, "week")
    assert hopeless.value.hint is None


def test_hint_names_a_horizon_that_works() -> None:
    choice = choose(np.arange(12, dtype=float), 2, "week")
    assert len(choice.mean) == 2 and np.isfinite(choice.mean).all()


def test_naive_wins_on_a_random_walk_or_is_beaten_fairly() -> None:
    """A pure repetition of last year leaves nothing to improve: the baseline is used and said to win."""
    y = np.tile(RNG(1).uniform(50, 150, 52), 3)
    choice = choose(y, 8, "week")
    assert choice.naive_wins and choice.winner.name == "seasonal_naive"
    assert np.allclose(choice.mean, y[:8])
    assert choice.score("seasonal_naive").wape == 0.0


def test_growth_is_found_where_the_naive_method_misses_it() -> None:
    choice = choose(yearly(growth=0.5), 8, "week")
    naive = choice.score("seasonal_naive")
    assert not choice.naive_wins
    assert choice.score(choice.winner.name).wape < 0.6 * naive.wape


def test_planted_peak_is_forecast_before_it_comes() -> None:
    """The history ends in week 44 of the third year; the peak is in week 48."""
    y = yearly()[: 2 * 52 + 44]
    choice = choose(y, 8, "week")
    assert choice.winner.knows_the_year and choice.year_season
    assert choice.mean[4] > 1.5 * choice.mean[0]


def test_less_than_a_year_has_no_year_season() -> None:
    choice = choose(yearly(1)[:40], 4, "week")
    assert not choice.year_season and not choice.winner.knows_the_year
    assert choice.score("seasonal_naive").season == 1


def test_every_candidate_can_be_rehearsed_as_it_would_be_used() -> None:
    for n in range(20, 260, 7):
        for h in (1, 8, 26):
            for grain in ("day", "week", "month"):
                models = candidates(n, h, grain)
                assert models[0].name == "seasonal_naive"
                assert len({m.name for m in models}) == len(models)
                for model in models[1:]:
                    assert model.min_history + h + 5 <= n


def test_zero_variance_and_zero_sales() -> None:
    choice = choose(np.full(60, 7.0), 4, "week")
    assert choice.naive_wins and choice.mean.tolist() == [7.0] * 4 and choice.upper.tolist() == [7.0] * 4
    assert choice.score("seasonal_naive").mase is None
    nothing = choose(np.zeros(60), 4, "week")
    assert nothing.total == 0.0 and nothing.score("seasonal_naive").wape is None


def test_half_width_by_hand() -> None:
    """Of 9 errors the 8th smallest covers 80 % (rank ⌈10 × 0.8⌉), unless Student's t asks for more."""
    errors = np.array([[1.0], [-2.0], [3.0], [-4.0], [5.0], [-6.0], [7.0], [-8.0], [9.0]])
    assert half_width(errors, 80, independent=1000) == 8.0
    assert half_width(errors, 99, independent=1000) > 9.0, "too few errors for the rank: Student's t decides"
    assert half_width(errors, 80, independent=1) > half_width(errors, 80, independent=1000)


def test_interval_of_the_sum_is_narrower_than_the_sum_of_bounds() -> None:
    """Independent errors cancel in a sum: √h instead of h."""
    errors = RNG(3).normal(size=(400, 16))
    origins = np.arange(400)
    total, bounds = total_width(errors, 80, origins), step_widths(errors, 80, origins).sum()
    assert total == pytest.approx(bounds / 4, rel=0.15)


def test_errors_that_go_together_widen_the_sum() -> None:
    errors = np.repeat(RNG(4).normal(size=(400, 1)), 16, axis=1)
    origins = np.arange(400)
    assert total_width(errors, 80, origins) == pytest.approx(step_widths(errors, 80, origins).sum(), rel=0.05)


@pytest.mark.slow
def test_intervals_hold_on_fresh_series() -> None:
    """Coverage over 100 new series of what is promised: 80 and 95 percent, periods and total."""
    for level in (80, 95):
        inside, inside_total = [], []
        for seed in range(100):
            y = 100 + 10 * RNG(1000 + seed).normal(size=70)
            choice = choose(y[:66], 4, "week", level=level)
            inside.append((y[66:] >= choice.lower) & (y[66:] <= choice.upper))
            inside_total.append(choice.total_lower <= y[66:].sum() <= choice.total_upper)
        assert abs(100 * np.mean(inside) - level) < 6
        assert abs(100 * np.mean(inside_total) - level) < 10


def test_lived_coverage_matches_what_is_promised_on_noise() -> None:
    y = 100 + 10 * RNG(5).normal(size=400)
    run = backtest([SeasonalNaive(1)], y, 4, max_windows=300)
    coverage, total, tested = lived_coverage(run, run.scaled_errors("seasonal_naive"), 80)
    assert tested > 150
    assert coverage == pytest.approx(80, abs=5) and total == pytest.approx(80, abs=7)


def test_procedure_row_uses_only_what_was_known() -> None:
    """Until a window is known the procedure forecasts naively, so its first windows carry the naive error."""
    y = np.arange(200, dtype=float) + RNG(6).normal(0, 0.01, 200)
    choice = choose(y, 4, "week")
    lived = choice.score(AS_CHOSEN_THEN)
    assert choice.score(choice.winner.name).wape < lived.wape <= choice.score("seasonal_naive").wape


def test_forecasts_are_not_negative() -> None:
    falling = np.maximum(100 - 2.0 * np.arange(60), 0) + 1
    choice = choose(falling, 12, "week")
    assert (choice.mean >= 0).all() and (choice.lower >= 0).all() and choice.total_lower >= 0


@pytest.mark.parametrize("h", [5, 7, 10, 12])
def test_short_monthly_histories_are_forecast_or_refused_but_never_fail(h: int) -> None:
    y = 100 + 10 * np.sin(np.arange(23) / 2) + np.arange(23)
    try:
        choice = choose(y, h, "month")
    except InvalidPlan as error:
        assert "short" in str(error) or "complete" in str(error) or "least" in str(error)
    else:
        assert len(choice.mean) == h and np.isfinite(choice.mean).all()
