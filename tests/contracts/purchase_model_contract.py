"""What every model of purchase counts must do. Subclass and give :meth:`make`, ``planted`` and :meth:`lives`."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from assistant.errors import InvalidPlan
from assistant.models.value.histories import Histories

KNOWN, AHEAD = 40.0, 30.0


class PurchaseModelContract:
    """Manners, an exact gradient, planted parameters found again, and predictions that hold for simulated customers."""

    #: parameters that customers are simulated with, and how near the fitted ones must come (ratio)
    planted: ClassVar[tuple[float, ...]] = ()
    nearness: ClassVar[float] = 1.35

    def make(self) -> Any:
        raise AssertionError("a contract subclass gives make()")

    def lives(self, rng: np.random.Generator, n: int) -> tuple[np.ndarray, Any]:
        """Purchase rates of n customers, and ``stops(made, rng, n)``: from the number of purchases made the time (or
        None) after which each stops."""
        raise AssertionError("a contract subclass gives lives()")

    @pytest.fixture(scope="class")
    def people(self) -> dict[str, np.ndarray]:
        """6,000 customers of the model's own story: their history until KNOWN, and what came within AHEAD after it."""
        rng = np.random.default_rng(11)
        n = 6_000
        began = rng.uniform(0, KNOWN / 2, n)
        rate, stopping = self.lives(rng, n)
        x, tx, later = np.zeros(n), np.zeros(n), np.zeros(n)
        time, going = np.zeros(n), np.ones(n, dtype=bool)
        known = KNOWN - began
        while going.any():
            time = time + rng.exponential(1 / rate)
            going &= (time <= known + AHEAD) & stopping.still(time)
            before = going & (time <= known)
            x[before] += 1
            tx[before] = time[before]
            later[going & ~before] += 1
            going = stopping.after_purchase(going, rng)
        return {"frequency": x, "recency": tx, "T": known, "later": later}

    @pytest.fixture(scope="class")
    def fitted(self, people: dict[str, np.ndarray]) -> Any:
        return self.make().fit(people["frequency"], people["recency"], people["T"])

    @staticmethod
    def history(people: dict[str, np.ndarray]) -> tuple[np.ndarray, ...]:
        return people["frequency"], people["recency"], people["T"]

    def test_init_only_stores(self) -> None:
        assert not vars(self.make())

    def test_predict_before_fit_raises(self) -> None:
        with pytest.raises(NotFittedError):
            self.make().expected_purchases(10, [1], [2], [3])
        with pytest.raises(NotFittedError):
            self.make().probability_alive([1], [2], [3])

    def test_planted_parameters_are_found(self, fitted: Any) -> None:
        ratios = np.array(fitted.params_) / np.array(self.planted)
        assert (ratios < self.nearness).all() and (ratios > 1 / self.nearness).all(), fitted.parameters

    def test_gradient_is_that_of_the_likelihood(self, fitted: Any, people: dict[str, np.ndarray]) -> None:
        histories = Histories.of(*self.history(people))
        at = np.array(self.planted) * [1.3, 0.8, 1.2, 0.9]
        _, gradient = fitted.likelihood(at, histories)
        for i in range(len(at)):
            step = np.eye(len(at))[i] * 1e-5 * at[i]
            up, down = (fitted.likelihood(at + s, histories)[0] for s in (step, -step))
            assert gradient[i] == pytest.approx((up - down) / (2e-5 * at[i]), rel=2e-5, abs=2e-3)

    def test_no_other_parameters_are_likelier(self, fitted: Any, people: dict[str, np.ndarray]) -> None:
        histories = Histories.of(*self.history(people))
        rng = np.random.default_rng(0)
        best = fitted.log_likelihood_
        assert all(fitted.likelihood(fitted.params_ * rng.uniform(0.9, 1.1, len(self.planted)), histories)[0] <= best
                   for _ in range(20))

    def test_simulated_customers_buy_as_often_as_expected(self, fitted: Any, people: dict[str, np.ndarray]) -> None:
        expected = fitted.expected_purchases(AHEAD, *self.history(people))
        assert expected.sum() == pytest.approx(people["later"].sum(), rel=0.05)
        often = people["frequency"] > 5
        assert expected[often].mean() == pytest.approx(people["later"][often].mean(), rel=0.07)

    def test_draws_have_the_expected_mean(self, fitted: Any, people: dict[str, np.ndarray]) -> None:
        some = tuple(v[:300] for v in self.history(people))
        histories = Histories.of(*some)
        drawn = fitted.draw(AHEAD, histories, 2_000, np.random.default_rng(1)).mean(axis=1)[histories.rows]
        assert drawn.sum() == pytest.approx(fitted.expected_purchases(AHEAD, *some).sum(), rel=0.02)

    def test_weights_are_that_many_customers(self, people: dict[str, np.ndarray]) -> None:
        x, tx, age = (v[:400] for v in self.history(people))
        times = np.arange(400) % 3 + 1
        once = self.make().fit(x, tx, age, weights=times)
        repeated = self.make().fit(*(np.repeat(v, times) for v in (x, tx, age)))
        assert once.params_ == pytest.approx(repeated.params_, rel=1e-3)
        assert once.log_likelihood_ == pytest.approx(repeated.log_likelihood_, rel=1e-9)

    def test_the_unit_of_time_does_not_matter(self, fitted: Any, people: dict[str, np.ndarray]) -> None:
        x, tx, age = self.history(people)
        in_days = self.make().fit(x, tx * 7, age * 7)
        assert in_days.expected_purchases(AHEAD * 7, x, tx * 7, age * 7) == pytest.approx(
            fitted.expected_purchases(AHEAD, x, tx, age), rel=1e-3)

    def test_longer_silence_is_less_alive_and_longer_time_brings_more(self, fitted: Any) -> None:
        silent = fitted.probability_alive([6] * 4, [38, 30, 20, 5], [40] * 4)
        assert (np.diff(silent) < 0).all() and (silent >= 0).all() and (silent <= 1).all()
        ahead = [float(fitted.expected_purchases(t, [3], [30], [40])[0]) for t in (0, 1, 10, 100, 1000)]
        assert ahead[0] == pytest.approx(0, abs=1e-9) and (np.diff(ahead) > 0).all()
        new = [fitted.expected_of_new(t) for t in (0, 10, 100)]
        assert new[0] == pytest.approx(0, abs=1e-9) and new[1] < new[2]

    def test_hard_histories_stay_finite(self, fitted: Any) -> None:
        x, tx, age = [0, 0, 1, 400, 400, 1], [0, 0, 0, 39.9, 3, 40], [0, 5000, 40, 40, 40, 40]
        for t in (0.1, 40, 4000):
            assert np.isfinite(fitted.expected_purchases(t, x, tx, age)).all()
        assert np.isfinite(fitted.probability_alive(x, tx, age)).all()

    def test_alike_and_single_customers_can_be_fitted(self) -> None:
        many = 50
        for x, tx, age in (([2], [10.0], [20.0]), ([3] * many, [9.0] * many, [30.0] * many),
                           ([0] * many, [0.0] * many, [5.0] * many)):
            model = self.make().fit(x, tx, age)
            assert np.isfinite(model.params_).all()
            assert np.isfinite(model.expected_purchases(10, x, tx, age)).all()

    def test_values_that_are_no_history_are_refused(self) -> None:
        for x, tx, age in (([], [], []), ([1], [5], [3]), ([-1], [0], [3]), ([1], [np.nan], [3]), ([1, 2], [1], [3])):
            with pytest.raises(InvalidPlan):
                self.make().fit(x, tx, age)
