"""What every forecaster must do. Subclass and give :meth:`make`."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError

from assistant.errors import InvalidPlan
from assistant.models.forecast.base import Forecaster

SEASON = 7
#: a weekly course with a closed day, as a shop would plant it
COURSE = np.array([10.0, 20.0, 30.0, 40.0, 50.0, 80.0, 5.0])


def daily(y: np.ndarray, unique_id: str = "revenue") -> pd.DataFrame:
    """A panel of one series from Monday 2 January 2023."""
    return pd.DataFrame({"unique_id": unique_id, "ds": pd.date_range("2023-01-02", periods=len(y)), "y": y})


def planted(cycles: int = 20, noise: float = 1.0, seed: int = 0) -> np.ndarray:
    """The course repeated, with a little noise."""
    return np.tile(COURSE, cycles) + np.random.default_rng(seed).normal(0, noise, 7 * cycles)


class ForecasterContract:
    """Manners, shapes, the planted season, and no look into the future."""

    #: whether the method can carry a season of seven periods
    finds_the_season = True

    def make(self, season: int = SEASON) -> Forecaster:
        raise AssertionError("a contract subclass gives make()")

    def test_init_only_stores(self) -> None:
        model = self.make()
        assert not [name for name in vars(model) if name.endswith("_")]

    def test_predict_before_fit_raises(self) -> None:
        with pytest.raises(NotFittedError):
            self.make().predict(3)

    def test_fit_returns_self_and_shapes(self) -> None:
        model = self.make()
        assert model.fit(daily(planted())) is model
        forecast = model.predict(10, level=80)
        assert list(forecast.columns) == ["unique_id", "ds", "mean", "lower", "upper"]
        assert len(forecast) == 10
        assert forecast["ds"].tolist() == list(pd.date_range("2023-05-22", periods=10))
        assert np.isfinite(forecast[["mean", "lower", "upper"]].to_numpy()).all()
        assert (forecast["lower"] >= 0).all()
        assert (forecast["lower"] <= forecast["mean"]).all() and (forecast["mean"] <= forecast["upper"]).all()

    def test_planted_season_is_found(self) -> None:
        if not self.finds_the_season:
            pytest.skip("this method has no season of its own")
        forecast = self.make().fit(daily(planted())).predict(14)["mean"].to_numpy()
        error = np.abs(forecast - np.tile(COURSE, 2)).mean()
        assert error < 0.1 * np.abs(COURSE - COURSE.mean()).mean()

    def test_wider_level_is_wider(self) -> None:
        model = self.make().fit(daily(planted(noise=5.0)))
        narrow, wide = model.predict(7, level=60), model.predict(7, level=95)
        assert ((wide["upper"] - wide["mean"]) >= (narrow["upper"] - narrow["mean"])).all()
        assert (wide["upper"] - wide["mean"]).sum() > (narrow["upper"] - narrow["mean"]).sum()

    def test_path_does_not_look_ahead(self) -> None:
        y = planted()
        model = self.make()
        n = model.min_history + 20
        expected = model.path(y[:n].copy(), 5)
        changed = np.concatenate([y[:n], y[n:] * 1000])
        assert np.array_equal(model.path(changed[:n], 5), expected)

    def test_several_series_are_kept_apart(self) -> None:
        panel = pd.concat([daily(planted(), "a"), daily(10 * planted(), "b")])
        both = self.make().fit(panel.sample(frac=1, random_state=1)).predict(7)
        alone = self.make().fit(daily(10 * planted(), "b")).predict(7)
        assert both["unique_id"].tolist() == ["a"] * 7 + ["b"] * 7
        assert np.allclose(both.loc[both["unique_id"] == "b", "mean"], alone["mean"])

    @pytest.mark.parametrize("value", [0.0, 42.0])
    def test_constant_series(self, value: float) -> None:
        forecast = self.make().fit(daily(np.full(140, value))).predict(7)
        assert np.allclose(forecast["mean"], value)

    def test_scale_does_not_matter(self) -> None:
        small = self.make().fit(daily(planted())).predict(7)["mean"].to_numpy()
        large = self.make().fit(daily(1e6 * planted())).predict(7)["mean"].to_numpy()
        assert np.allclose(large, 1e6 * small, rtol=1e-3)

    def test_too_short_history_says_how_much_is_needed(self) -> None:
        with pytest.raises(InvalidPlan, match=r"at least \d+ complete days"):
            self.make().fit(daily(planted()[:4]))
