"""Forecasts as results and in words."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from assistant.data.warehouse import Snapshot
from assistant.errors import InvalidPlan, NoRows
from assistant.llm.replies import caveat_texts, compose
from assistant.models.forecast.report import forecast_result
from assistant.plans import ForecastRequest
from assistant.plans.filters import Compare, CustomerCondition
from tests.support.daily_shop import daily_shop, run_of_days

MONDAY = date(2022, 1, 3)


def amounts(days: int, seed: int = 0) -> np.ndarray:
    """A year's course with a peak before Christmas, weekdays that differ, and noise."""
    day = np.arange(days)
    year = 1 + np.exp(-0.5 * (((day % 364) - 340) / 12) ** 2)
    week = np.array([1.0, 0.9, 0.9, 1.1, 1.3, 1.6, 0.7])[day % 7]
    return np.round(100 * year * week * (1 + 0.1 * np.random.default_rng(seed).normal(size=days)), 2)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """106 complete weeks and three days more."""
    return daily_shop(tmp_path_factory.mktemp("daily"), run_of_days(MONDAY, amounts(106 * 7 + 3)))


def codes(result: object) -> set[str]:
    return {c.code for c in result.caveats}  # type: ignore[attr-defined]


def test_figures_tables_and_chart_agree(shop: Snapshot) -> None:
    result = forecast_result(shop, ForecastRequest(horizon=8))
    table = result.table("forecast")
    forecast = [row[table.column_index("forecast")] for row in table.rows]
    assert len(forecast) == 8
    assert result.figures["total"].value == pytest.approx(sum(forecast))
    assert result.figures["total_lower"].value < result.figures["total"].value < result.figures["total_upper"].value
    assert result.headline == ["total"] and result.currency == "EUR"
    assert table.cell(0, "ds") == (MONDAY + timedelta(weeks=106)).isoformat()
    chart = result.charts[0]
    course = result.table(chart.table)
    for column in (chart.x, *chart.y, chart.lower, chart.upper):
        course.column_index(str(column))
    for figure in result.figures.values():
        source = result.table(str(figure.source.table))
        assert source.cell(int(figure.source.row or 0), str(figure.source.column)) == figure.value


def test_incomplete_week_is_left_out_forecast_and_named(shop: Snapshot) -> None:
    result = forecast_result(shop, ForecastRequest(horizon=4))
    assert "forecast_incomplete_last" in codes(result)
    assert result.evidence.window_end == MONDAY + timedelta(weeks=106, days=-1)
    assert result.figures["so_far"].value == pytest.approx(amounts(106 * 7 + 3)[-3:].sum())
    words = " ".join(t.text for t in caveat_texts(result))
    assert "is incomplete (the data end on" in words and "left out of the history" in words


def test_exam_is_always_there(shop: Snapshot) -> None:
    result = forecast_result(shop, ForecastRequest(horizon=8))
    backtest = result.table("backtest")
    methods = [row[0] for row in backtest.rows]
    assert "seasonal naive" in methods and methods[-1] == "as chosen then"
    assert sum(row[backtest.column_index("used")] is True for row in backtest.rows) == 1
    model = result.evidence.model
    assert model is not None and {"mase", "wape"} <= set(model.quality) and {"mase", "wape"} <= set(model.baseline)
    assert model.quality["wape"] <= model.baseline["wape"]


def test_reply_prints_only_cells(shop: Snapshot) -> None:
    for request in (
        ForecastRequest(), ForecastRequest(metric="customers", horizon=1), ForecastRequest(grain="month", horizon=2),
        ForecastRequest(metric="orders", grain="day", horizon=5), ForecastRequest(metric="units"),
    ):
        result = forecast_result(shop, request)
        reply = compose([result])
        assert reply.text and all(n.source.table for n in reply.numbers)
        assert len(reply.numbers) >= 5
        assert all(t.text for t in caveat_texts(result))


def test_customers_are_not_added_up(shop: Snapshot) -> None:
    result = forecast_result(shop, ForecastRequest(metric="customers", horizon=4))
    assert "total" not in result.figures and result.headline == ["average"]
    assert "not added up" in compose([result]).text


def test_naive_win_is_said(tmp_path: Path) -> None:
    """Every year exactly like the last: nothing can do better than repeating it."""
    year = amounts(364)
    shop = daily_shop(tmp_path, run_of_days(MONDAY, np.tile(year, 3)))
    result = forecast_result(shop, ForecastRequest(horizon=8))
    assert result.details["naive_wins"] is True and result.evidence.model is not None
    assert result.evidence.model.name == "seasonal_naive"
    assert "did no better, so this simple one is used" in compose([result]).text
    expected = year[: 8 * 7].sum()
    assert result.figures["total"].value == pytest.approx(expected)


def test_what_is_sold_already_is_certain(tmp_path: Path) -> None:
    """The first three days of the incomplete week sold more than any week before."""
    days = np.full(60 * 7 + 3, 10.0)
    days[-3:] = 500.0
    shop = daily_shop(tmp_path, run_of_days(MONDAY, days))
    result = forecast_result(shop, ForecastRequest(horizon=2))
    table = result.table("forecast")
    assert table.cell(0, "forecast") == 1500.0 and table.cell(0, "lower") == 1500.0
    assert table.cell(1, "forecast") == pytest.approx(70.0)
    assert result.figures["total"].value == pytest.approx(1570.0)
    assert "forecast_already_sold" in codes(result)


def test_short_history_says_that_the_year_is_unknown(tmp_path: Path) -> None:
    shop = daily_shop(tmp_path, run_of_days(MONDAY, amounts(30 * 7)))
    assert "forecast_season_unlearnable" in codes(forecast_result(shop, ForecastRequest(horizon=4)))


def test_too_little_history_is_refused_with_what_is_needed(tmp_path: Path, tiny: Snapshot) -> None:
    shop = daily_shop(tmp_path, run_of_days(MONDAY, amounts(12 * 7)))
    with pytest.raises(InvalidPlan, match=r"at least 36 complete weeks of history, and there are 12"):
        forecast_result(shop, ForecastRequest(horizon=26))
    with pytest.raises(InvalidPlan, match="complete months"):
        forecast_result(tiny, ForecastRequest(grain="month", horizon=3))


def test_one_day_of_history(tmp_path: Path) -> None:
    with pytest.raises(InvalidPlan, match="no complete week"):
        forecast_result(daily_shop(tmp_path, [(MONDAY, 10.0)]), ForecastRequest())


def test_horizon_beyond_the_history_is_refused(tmp_path: Path) -> None:
    shop = daily_shop(tmp_path, run_of_days(MONDAY, amounts(40 * 7)))
    with pytest.raises(InvalidPlan) as caught:
        forecast_result(shop, ForecastRequest(horizon=60))
    assert caught.value.hint is not None and "at most 30 weeks" in caught.value.hint
    far = forecast_result(shop, ForecastRequest(horizon=30))
    assert "forecast_far_ahead" in codes(far)


def test_closed_days_are_zero_and_said(tmp_path: Path) -> None:
    days = [(d, a if d.weekday() != 5 else 0.0) for d, a in run_of_days(MONDAY, amounts(30 * 7))]
    result = forecast_result(daily_shop(tmp_path, days), ForecastRequest(grain="day", horizon=14))
    table = result.table("forecast")
    by_weekday: dict[int, list[float]] = {}
    for row in table.rows:
        by_weekday.setdefault(date.fromisoformat(str(row[0])).weekday(), []).append(float(str(row[1])))
    assert set(by_weekday[5]) == {0.0}
    assert all(v > 0 for day, values in by_weekday.items() if day != 5 for v in values)
    assert "forecast_closed_days" in codes(result)
    assert "Saturdays" in " ".join(t.text for t in caveat_texts(result))


def test_filter_narrows_and_empty_selection_is_refused(shop: Snapshot) -> None:
    german = forecast_result(shop, ForecastRequest(filter=Compare(field="country", values=("Germany",))))
    everyone = forecast_result(shop, ForecastRequest())
    assert 0 < german.figures["total"].value < everyone.figures["total"].value  # type: ignore[operator]
    with pytest.raises(NoRows):
        forecast_result(shop, ForecastRequest(filter=Compare(field="country", values=("Italy",))))


def test_picked_customers_are_caveated(shop: Snapshot) -> None:
    picked = CustomerCondition(metric="revenue", op="gt", values=(1,))
    assert "forecast_customers_picked" in codes(forecast_result(shop, ForecastRequest(filter=picked)))


def test_level_moves_the_interval(shop: Snapshot) -> None:
    narrow = forecast_result(shop, ForecastRequest(level=60)).figures
    wide = forecast_result(shop, ForecastRequest(level=95)).figures
    assert wide["total"].value == narrow["total"].value
    assert wide["total_upper"].value > narrow["total_upper"].value  # type: ignore[operator]


def test_same_data_same_figures(shop: Snapshot) -> None:
    first, second = (forecast_result(shop, ForecastRequest()).model_dump(mode="json") for _ in range(2))
    assert first == second


@pytest.mark.slow
@pytest.mark.parametrize("shop_name", ["demo_snapshot", "online_retail_snapshot"])
def test_both_shops(request: pytest.FixtureRequest, shop_name: str) -> None:
    """Weekly revenue of the demo shop and of real orders: the baseline knows the year, the used method is not worse."""
    result = forecast_result(request.getfixturevalue(shop_name), ForecastRequest(horizon=8))
    model = result.evidence.model
    assert model is not None and model.quality["wape"] <= model.baseline["wape"] < 30
    assert result.table("backtest").rows[0][1] is not None
    assert compose([result]).text
