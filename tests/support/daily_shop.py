"""A shop with a given revenue per day: one order a day, for tests of demand over time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from pathlib import Path

import pandas as pd

from assistant.data.warehouse import Snapshot, open_snapshot, write_snapshot


def daily_tables(days: Iterable[tuple[date, float]], hour: int = 12) -> dict[str, pd.DataFrame]:
    """Canonical frames: each day with a positive amount has one order of that amount, by one of seven customers."""
    orders, lines = [], []
    for n, (day, amount) in enumerate(days):
        if amount <= 0:
            continue
        at, customer = datetime(day.year, day.month, day.day, hour), f"C{n % 7}"
        country = "Germany" if n % 2 else "France"
        orders.append((f"O{n}", customer, at, country, "completed"))
        lines.append((f"L{n}", f"O{n}", customer, at, "P1", "sale", 2, amount / 2, amount, country))
    return {
        "products": pd.DataFrame([("P1", "Red Mug", 10.0)], columns=["product_id", "name", "price"]),
        "orders": pd.DataFrame(orders, columns=["order_id", "customer_id", "ordered_at", "country", "status"]),
        "order_lines": pd.DataFrame(lines, columns=["line_id", "order_id", "customer_id", "ordered_at", "product_id",
                                                    "line_type", "quantity", "unit_price", "amount", "country"]),
    }


def daily_shop(folder: Path, days: Iterable[tuple[date, float]], hour: int = 12) -> Snapshot:
    """Write and open the shop of :func:`daily_tables`."""
    write_snapshot(folder, daily_tables(days, hour), source="tests", name="daily", currency="EUR")
    return open_snapshot(folder)


def run_of_days(first: date, amounts: Iterable[float]) -> list[tuple[date, float]]:
    """Consecutive days from ``first`` with their amounts."""
    return [(first + timedelta(days=i), a) for i, a in enumerate(amounts)]
