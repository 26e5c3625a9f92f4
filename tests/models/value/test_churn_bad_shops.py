"""Shops that leave little to learn from: a clear refusal or finite numbers, never a crash."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from assistant.data.warehouse import Snapshot
from assistant.errors import InvalidPlan, MissingData
from assistant.features.labels import ordered_within
from assistant.features.order_behaviour import COLUMNS, customer_features
from assistant.models.value.churn import fit_churn
from assistant.models.value.ordering import fit_ordering
from tests.support.leaving_shop import FIRST, write

DAYS = 300


def shop(folder: Path, orders: list[tuple[str, int, float]], line_type: str = "sale") -> Snapshot:
    """A snapshot of (customer, day, amount), one line each; guests open and close it."""
    rows = [("", 0, 5.0), *sorted(orders, key=lambda o: o[1]), ("", DAYS, 5.0)]
    heads, lines = [], []
    for n, (customer, day, amount) in enumerate(rows):
        at = datetime.combine(FIRST + timedelta(days=day), datetime.min.time()) + timedelta(hours=9)
        kind = "sale" if not customer or amount > 0 else line_type
        heads.append((f"O{n}", customer or None, at, "completed"))
        lines.append((f"L{n}", f"O{n}", customer or None, at, "P1", kind, 1 if amount > 0 else -1, abs(amount), amount))
    return write(folder, {
        "customers": pd.DataFrame({"customer_id": sorted({c for c, _, _ in orders})}),
        "products": pd.DataFrame([("P1", "Mug", 5.0)], columns=["product_id", "name", "price"]),
        "orders": pd.DataFrame(heads, columns=["order_id", "customer_id", "ordered_at", "status"]),
        "order_lines": pd.DataFrame(lines, columns=["line_id", "order_id", "customer_id", "ordered_at", "product_id",
                                                    "line_type", "quantity", "unit_price", "amount"]),
    })


def test_one_customer_is_too_few(tmp_path: Path) -> None:
    only = shop(tmp_path, [("C1", day, 10.0) for day in range(0, DAYS, 20)])
    for fit in (fit_churn, fit_ordering):
        with pytest.raises(InvalidPlan, match="too few customers"):
            fit(only, 60)


def test_identical_customers_have_nothing_to_tell_apart(tmp_path: Path) -> None:
    same = shop(tmp_path, [(f"C{i}", day, 10.0) for i in range(40) for day in range(0, DAYS, 20)])
    with pytest.raises(InvalidPlan, match="too few customers to learn from"):
        fit_churn(same, 60)  # nobody ever left


def test_without_repeat_buyers_everyone_leaves(tmp_path: Path) -> None:
    once = shop(tmp_path, [(f"C{i}", int(day), 10.0) for i, day in enumerate(np.linspace(0, DAYS, 200))])
    with pytest.raises(InvalidPlan, match="too few customers to learn from"):
        fit_churn(once, 60)


def test_negative_revenue_stays_finite(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    orders = [(f"C{i}", int(day), 10.0) for i in range(60) for day in rng.integers(0, DAYS, 1 + i % 6)]
    orders += [(f"C{i}", DAYS - 1, -500.0) for i in range(0, 60, 2)]
    frame = customer_features(shop(tmp_path, orders, "return"), 60)
    assert (frame["yearly_value"] >= 0).all() and (frame["return_share"] <= 1).all()
    assert np.isfinite(frame[list(COLUMNS)].to_numpy(dtype=float)[~frame[list(COLUMNS)].isna().to_numpy()]).all()


def test_a_history_of_one_day_is_refused(tiny: Snapshot) -> None:
    first = tiny.at(tiny.manifest.first_day)
    for fit in (fit_churn, fit_ordering):
        with pytest.raises(InvalidPlan, match="days of orders, and there are 1"):
            fit(first, 30)


def test_a_future_day_is_not_known_yet(tiny: Snapshot) -> None:
    with pytest.raises(InvalidPlan, match="not known yet"):
        ordered_within(tiny, tiny.as_of + timedelta(days=1), 7)
    with pytest.raises(MissingData, match="begin on"):
        tiny.at(date(1999, 1, 1))
