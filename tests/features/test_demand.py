"""Demand panels: complete periods, gaps, edges, closed weekdays, filters."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from assistant.data.warehouse import Snapshot, open_snapshot, write_snapshot
from assistant.errors import InvalidPlan, NoRows
from assistant.features.demand import demand_history, demand_panel, next_start, period_start, periods_between
from assistant.plans.filters import Compare
from tests.support.daily_shop import daily_shop, daily_tables, run_of_days

MONDAY = date(2024, 1, 1)


def test_tiny_shop_by_hand(tiny: Snapshot) -> None:
    """Data run from Friday 3 November 2023 to Saturday 9 March 2024."""
    months = demand_panel(tiny, "revenue", "month")
    assert months["ds"].dt.date.tolist() == [date(2023, 12, 1), date(2024, 1, 1), date(2024, 2, 1)]
    assert months["y"].tolist() == [58.0, 50.0, 116.0]
    assert demand_panel(tiny, "orders", "month")["y"].tolist() == [2.0, 1.0, 2.0]
    assert demand_panel(tiny, "units", "month")["y"].tolist() == [3.0, 2.0, 7.0]
    assert demand_panel(tiny, "customers", "month")["y"].tolist() == [1.0, 1.0, 2.0], "the guest is no customer"


def test_edges_are_reported_with_what_they_hold(tiny: Snapshot) -> None:
    history = demand_history(tiny, "revenue", "month")
    last, first = history.partial_last, history.partial_first
    assert last is not None and first is not None
    assert (last.start, last.end, last.covered_until, last.days, last.y) == (
        date(2024, 3, 1), date(2024, 3, 31), date(2024, 3, 9), 9, 32.0)
    assert (first.start, first.y) == (date(2023, 11, 1), 65.0)


@pytest.mark.parametrize(("last", "expected"), [
    (date(2024, 2, 7), date(2024, 1, 29)),  # Wednesday: the week from 5 February is cut
    (date(2024, 2, 10), date(2024, 1, 29)),  # Saturday: Sunday is missing
    (date(2024, 2, 11), date(2024, 2, 5)),  # Sunday: complete
])
def test_week_is_complete_only_with_its_sunday(tmp_path: Path, last: date, expected: date) -> None:
    shop = daily_shop(tmp_path, run_of_days(MONDAY, [10.0] * ((last - MONDAY).days + 1)))
    history = demand_history(shop, "revenue", "week")
    assert history.frame["ds"].iloc[-1].date() == expected
    assert (history.partial_last is None) == (last.weekday() == 6)
    assert set(history.frame["y"]) == {70.0}
    assert history.partial_first is None


def test_closed_weekend_does_not_make_a_week_incomplete(tmp_path: Path) -> None:
    days = [(d, a if d.weekday() < 5 else 0.0) for d, a in run_of_days(MONDAY, [10.0] * 61)]
    shop = daily_shop(tmp_path, days)  # 61 days from Monday 1 January end on Friday 1 March
    assert shop.as_of == date(2024, 3, 1)
    history = demand_history(shop, "revenue", "week")
    assert history.trading_weekdays == frozenset(range(5))
    assert history.frame["ds"].iloc[-1].date() == date(2024, 2, 26)
    assert history.partial_last is None
    daily = demand_panel(shop, "revenue", "day")
    assert daily["y"].tolist()[:7] == [10.0] * 5 + [0.0] * 2, "closed days are there, with nothing sold"


def test_missing_periods_are_zero(tmp_path: Path) -> None:
    amounts = [5.0] * 14 + [0.0] * 14 + [5.0] * 7
    panel = demand_panel(daily_shop(tmp_path, run_of_days(MONDAY, amounts)), "revenue", "week")
    assert panel["y"].tolist() == [35.0, 35.0, 0.0, 0.0, 35.0]


def test_a_last_day_that_breaks_off_is_incomplete(tmp_path: Path) -> None:
    """All days close at noon; the last one has only a morning order."""
    tables = daily_tables(run_of_days(MONDAY, [10.0] * 70))
    for name in ("orders", "order_lines"):
        table = tables[name]
        table.loc[table.index[-1], "ordered_at"] = pd.Timestamp(datetime(2024, 3, 10, 8))
    write_snapshot(tmp_path, tables, source="tests")
    shop = open_snapshot(tmp_path)
    last = demand_history(shop, "revenue", "day").partial_last
    assert last is not None and last.start == date(2024, 3, 10)
    assert demand_panel(shop, "revenue", "week")["ds"].iloc[-1].date() == date(2024, 2, 26)
    earlier = shop.at(date(2024, 3, 9))
    assert demand_history(earlier, "revenue", "day").partial_last is None, "a day before the last one is whole"


def test_nothing_after_as_of_is_seen(tmp_path: Path) -> None:
    shop = daily_shop(tmp_path, run_of_days(MONDAY, [10.0] * 100))
    early = demand_panel(shop.at(date(2024, 2, 25)), "revenue", "week")
    late = demand_panel(shop, "revenue", "week")
    assert late.iloc[: len(early)].equals(early)
    assert early["ds"].iloc[-1].date() == date(2024, 2, 19)


def test_filter_narrows_the_lines_but_not_the_calendar(tmp_path: Path) -> None:
    shop = daily_shop(tmp_path, run_of_days(MONDAY, [10.0] * 70))
    french = demand_panel(shop, "revenue", "week", Compare(field="country", values=("France",)))
    everyone = demand_panel(shop, "revenue", "week")
    german = demand_panel(shop, "revenue", "week", Compare(field="country", values=("Germany",)))
    assert (french["y"] + german["y"]).tolist() == everyone["y"].tolist()
    assert 0 < french["y"].sum() < everyone["y"].sum()


def test_no_match_and_no_complete_period(tmp_path: Path) -> None:
    shop = daily_shop(tmp_path, run_of_days(date(2024, 1, 3), [10.0]))
    with pytest.raises(InvalidPlan, match="no complete month"):
        demand_panel(shop, "revenue", "month")
    with pytest.raises(NoRows):
        demand_panel(shop, "revenue", "day", Compare(field="country", values=("Italy",)))


def test_calendar_arithmetic() -> None:
    assert period_start(date(2024, 3, 10), "week") == date(2024, 3, 4)
    assert next_start(date(2024, 1, 1), "month") == date(2024, 2, 1)
    assert next_start(date(2023, 12, 1), "month") == date(2024, 1, 1)
    assert len(periods_between(date(2023, 1, 1), date(2024, 12, 1), "month")) == 24
    assert next_start(date(2024, 2, 28), "day") == date(2024, 2, 28) + timedelta(days=1)


@pytest.mark.slow
def test_real_orders(online_retail_snapshot: Snapshot) -> None:
    """Online Retail II ends on Friday 9 December 2011 at noon and hardly ever sells on a Saturday."""
    history = demand_history(online_retail_snapshot, "revenue", "week")
    assert len(history.frame) == 104
    assert history.frame["ds"].iloc[-1].date() == date(2011, 11, 28)
    assert history.trading_weekdays == frozenset({0, 1, 2, 3, 4, 6})
    months = demand_panel(online_retail_snapshot, "revenue", "month")
    assert months["ds"].iloc[-1].date() == date(2011, 11, 1)
