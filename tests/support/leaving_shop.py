"""A shop with planted loyal customers, leavers and one-time buyers, for tests of churn."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from assistant.data.warehouse import Snapshot, open_snapshot, write_snapshot

FIRST = date(2023, 1, 1)
DAYS = 540
KINDS = ("loyal", "leaver", "once")


def leaving_tables(customers: int = 360, days: int = DAYS, seed: int = 0) -> dict[str, pd.DataFrame]:
    """Canonical frames. ``L…`` order every three weeks or so to the end, ``Q…`` every seven until they quit on a random
    day, ``S…`` order once; a tenth of all orders are by guests, ``N1`` never buys."""
    rng = np.random.default_rng(seed)
    orders: list[tuple[str | None, int, float]] = []
    names = []
    for i in range(customers):
        kind = KINDS[i % 3]
        name = f"{'LQS'[i % 3]}{i:04d}"
        names.append(name)
        start = int(rng.integers(0, days // 2)) if kind != "once" else int(rng.integers(0, days))
        end = days if kind == "loyal" else int(rng.integers(start + 30, days + 200)) if kind == "leaver" else start + 1
        gap = 21 if kind == "loyal" else 50
        at = start
        while at < min(end, days):
            orders.append((name, at, float(rng.uniform(10, 90))))
            at += max(2, int(rng.exponential(gap)))
    orders += [(None, int(rng.integers(0, days)), 20.0) for _ in range(len(orders) // 10)]
    orders += [(None, 0, 20.0), (None, days - 1, 20.0)]
    return _frames(orders, [*names, "N1"])


def _frames(orders: list[tuple[str | None, int, float]], names: list[str]) -> dict[str, pd.DataFrame]:
    heads, lines = [], []
    for n, (customer, day, amount) in enumerate(sorted(orders, key=lambda o: o[1])):
        at = datetime.combine(FIRST + timedelta(days=day), datetime.min.time()) + timedelta(hours=10)
        heads.append((f"O{n}", customer, at, "completed"))
        lines.append((f"L{n}", f"O{n}", customer, at, "P1", "sale", 1, round(amount, 2), round(amount, 2)))
    return {
        "customers": pd.DataFrame({"customer_id": names}),
        "products": pd.DataFrame([("P1", "Red Mug", 10.0)], columns=["product_id", "name", "price"]),
        "orders": pd.DataFrame(heads, columns=["order_id", "customer_id", "ordered_at", "status"]),
        "order_lines": pd.DataFrame(lines, columns=["line_id", "order_id", "customer_id", "ordered_at", "product_id",
                                                    "line_type", "quantity", "unit_price", "amount"]),
    }


def write(folder: Path, tables: dict[str, pd.DataFrame]) -> Snapshot:
    """Write frames as a snapshot and open it."""
    write_snapshot(folder, tables, source="tests", name="leaving", currency="EUR")
    return open_snapshot(folder)


def cut_off(tables: dict[str, pd.DataFrame], last: date) -> dict[str, pd.DataFrame]:
    """The frames without any row after ``last``."""
    end = pd.Timestamp(last) + pd.Timedelta(days=1)
    return {n: t[t["ordered_at"] < end] if "ordered_at" in t else t for n, t in tables.items()}
