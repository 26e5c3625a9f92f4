"""Every forecaster against the one contract."""

from __future__ import annotations

import numpy as np

from assistant.models.forecast.autoets import AutoETS
from assistant.models.forecast.base import Forecaster
from assistant.models.forecast.combination import MeanCombination
from assistant.models.forecast.last_year import LastYearScaled
from assistant.models.forecast.seasonal_naive import SeasonalNaive
from assistant.models.forecast.theta import Theta
from tests.contracts.forecaster_contract import SEASON, ForecasterContract


class TestSeasonalNaive(ForecasterContract):
    def make(self, season: int = SEASON) -> Forecaster:
        return SeasonalNaive(season, "day")

    def test_repeats_the_last_cycle(self) -> None:
        assert SeasonalNaive(3, "week").path(np.array([9.0, 9.0, 1.0, 2.0, 3.0]), 5).tolist() == [1, 2, 3, 1, 2]


class TestAutoETS(ForecasterContract):
    def make(self, season: int = SEASON) -> Forecaster:
        return AutoETS(season, "day", max_windows=10)  # each window fits every form

    def test_follows_a_trend(self) -> None:
        path = AutoETS(1, "week").path(np.arange(60, dtype=float) + 100, 4)
        assert np.allclose(path, [160, 161, 162, 163], atol=1.5)


class TestTheta(ForecasterContract):
    def make(self, season: int = SEASON) -> Forecaster:
        return Theta(season, "day")


class TestLastYearScaled(ForecasterContract):
    def make(self, season: int = SEASON) -> Forecaster:
        return LastYearScaled(season, "day")

    def test_scales_last_year_by_growth(self) -> None:
        year = np.arange(1.0, 53.0)
        grown = np.concatenate([year, 1.5 * year])
        assert np.allclose(LastYearScaled(52, "week").path(grown, 4), 1.5 * 1.5 * year[:4])

    def test_a_break_is_not_taken_for_growth(self) -> None:
        y = np.concatenate([np.ones(52), np.full(52, 1000.0)])
        assert LastYearScaled(52, "week").path(y, 1)[0] <= 4 * 1000.0


class TestMeanCombination(ForecasterContract):
    def make(self, season: int = SEASON) -> Forecaster:
        return MeanCombination([SeasonalNaive(season, "day"), Theta(season, "day")])

    def test_is_the_mean_of_its_members(self) -> None:
        y = np.arange(30, dtype=float)
        members = [SeasonalNaive(1, "day"), SeasonalNaive(7, "day")]
        expected = (members[0].path(y, 3) + members[1].path(y, 3)) / 2
        assert np.allclose(MeanCombination(members).path(y, 3), expected)
