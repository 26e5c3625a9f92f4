"""BG/NBD, Pareto/NBD and Gamma–Gamma: the contract, and the published case to the digits that can be checked."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError

from assistant.errors import InvalidPlan
from assistant.models.value.bg_nbd import BGNBD, _by_quadrature, _until_stopping
from assistant.models.value.gamma_gamma import GammaGamma
from assistant.models.value.pareto_nbd import ParetoNBD
from tests.contracts.purchase_model_contract import PurchaseModelContract
from tests.support.shared_data import shared_data


class _AfterPurchases:
    """Customers who may stop after each purchase."""

    def __init__(self, chance: np.ndarray) -> None:
        self.chance = chance

    def still(self, time: np.ndarray) -> np.ndarray:
        return np.ones(len(time), dtype=bool)

    def after_purchase(self, going: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return going & (rng.random(len(going)) > self.chance)


class _AtAMoment:
    """Customers who stop at a moment of their own."""

    def __init__(self, end: np.ndarray) -> None:
        self.end = end

    def still(self, time: np.ndarray) -> np.ndarray:
        return time <= self.end

    def after_purchase(self, going: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return going


class TestBGNBD(PurchaseModelContract):
    planted: ClassVar[tuple[float, ...]] = (1.5, 8.0, 1.4, 5.0)

    def make(self) -> BGNBD:
        return BGNBD()

    def lives(self, rng: np.random.Generator, n: int) -> tuple[np.ndarray, Any]:
        r, alpha, a, b = self.planted
        return rng.gamma(r, 1 / alpha, n), _AfterPurchases(rng.beta(a, b, n))


class TestParetoNBD(PurchaseModelContract):
    planted: ClassVar[tuple[float, ...]] = (1.5, 8.0, 1.2, 25.0)

    def make(self) -> ParetoNBD:
        return ParetoNBD()

    def lives(self, rng: np.random.Generator, n: int) -> tuple[np.ndarray, Any]:
        r, alpha, s, beta = self.planted
        return rng.gamma(r, 1 / alpha, n), _AtAMoment(rng.exponential(1 / rng.gamma(s, 1 / beta, n)))


@pytest.fixture(scope="module")
def cdnow() -> pd.DataFrame:
    frame = pd.read_csv(shared_data("cdnow/cdnow_customers_summary.csv"))
    return frame.rename(columns=str.lower)


@pytest.mark.parametrize(
    ("model", "published", "log_likelihood", "ahead"),
    [(BGNBD, (0.243, 4.414, 0.793, 2.426), -9582.426, 1653.4),
     (ParetoNBD, (0.553, 10.578, 0.606, 11.669), -9594.974, 1665.5)],
)
def test_published_case(
    cdnow: pd.DataFrame, model: Any, published: tuple[float, ...], log_likelihood: float, ahead: float
) -> None:
    """CDNOW sample, 39 weeks: the tables of Fader, Hardie & Lee 2005."""
    history = tuple(cdnow[c].to_numpy(dtype=float) for c in ("frequency", "recency", "t"))
    fitted = model().fit(*history)
    assert fitted.params_ == pytest.approx(published, abs=2e-3)
    assert fitted.log_likelihood_ == pytest.approx(log_likelihood, abs=1e-3)
    assert fitted.expected_purchases(39, *history).sum() == pytest.approx(ahead, abs=0.2)


def test_the_integral_takes_over_where_the_series_fails() -> None:
    r, alpha, b = np.array([0.5, 3.0, 40.0]), np.array([10.0, 30.0, 50.0]), np.array([2.0, 5.0, 9.0])
    assert _by_quadrature(r, alpha, 0.8, b, 25.0) == pytest.approx(_until_stopping(r, alpha, 0.8, b, 25.0), rel=1e-3)
    nearly_one = [_until_stopping(r, alpha, a, b, 25.0) for a in (1.0 - 1e-4, 1.0, 1.0 + 1e-4)]
    assert nearly_one[1] == pytest.approx(nearly_one[0], rel=1e-3) and nearly_one[1] == pytest.approx(nearly_one[2],
                                                                                                     rel=1e-3)
    hard = _until_stopping(np.array([900.0]), np.array([40.0]), 2000.0, np.array([8000.0]), 400.0)
    assert np.isfinite(hard).all() and 0 < hard[0] < 10


def test_gamma_gamma_finds_planted_values_and_draws_towards_everybody() -> None:
    rng = np.random.default_rng(5)
    n, p, q, v = 4_000, 6.0, 4.0, 15.0
    count = rng.integers(1, 12, n)
    mean = rng.gamma(p * count) / count / rng.gamma(q, 1 / v, n)
    fitted = GammaGamma().fit(count, mean)
    assert fitted.parameters == pytest.approx({"p": p, "q": q, "v": v}, rel=0.2)
    population = float(fitted.expected_value([0], [0])[0])
    assert population == pytest.approx(p * v / (q - 1), rel=0.05)
    once, often = fitted.expected_value([1, 11], [100.0, 100.0])
    assert population < once < often < 100
    drawn = fitted.draw(np.full((1, 4_000), 3), [11], [100.0], rng).mean()
    assert drawn == pytest.approx(3 * often, rel=0.05)
    assert abs(fitted.correlation_) < 0.1


def test_gamma_gamma_published_case() -> None:
    """946 customers of the CDNOW sample who came back within 39 weeks."""
    lines = pd.read_csv(shared_data("cdnow/CDNOW_sample.txt"), sep=r"\s+", header=None,
                        names=["master", "id", "day", "units", "value"])
    days = lines.groupby(["id", "day"], as_index=False)["value"].sum()
    days = days[(days["day"] <= 19970930) & (days["day"] > days.groupby("id")["day"].transform("min"))]
    own = days.groupby("id")["value"].agg(["count", "mean"])
    own = own[own["mean"] > 0]
    assert len(own) == 946
    fitted = GammaGamma().fit(own["count"], own["mean"])
    assert [round(fitted.parameters[k], 2) for k in ("p", "q", "v")] == [6.25, 3.74, 15.44]
    assert fitted.log_likelihood_ == pytest.approx(-4055.92, abs=5e-3)


def test_gamma_gamma_refuses_and_survives() -> None:
    with pytest.raises(NotFittedError):
        GammaGamma().expected_value([1], [1])
    with pytest.raises(InvalidPlan, match="above zero"):
        GammaGamma().fit([1, 2, 3], [0, -5, np.nan])
    alike = GammaGamma().fit([2] * 100, [10.0] * 100)
    assert alike.correlation_ is None
    assert alike.expected_value([2], [10.0])[0] == pytest.approx(10.0, rel=0.02)
