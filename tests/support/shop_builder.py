"""Small shops from a list of orders, for tests that need a planted pattern in a real snapshot."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from assistant.data.warehouse import Snapshot, open_snapshot, write_snapshot

#: customer, day, [product, …] – one unit each at the product's price
Order = tuple[str | None, str, Sequence[str]]


def shop_of(
    folder: Path, orders: Iterable[Order], products: pd.DataFrame | None = None, customers: Sequence[str] = (),
    prices: dict[str, float] | None = None,
) -> Snapshot:
    """Write a shop of these orders and open it. ``customers`` adds people who never bought."""
    heads, lines = [], []
    for number, (customer, day, items) in enumerate(orders, start=1):
        at = pd.Timestamp(f"{day} 12:00")
        heads.append((f"O{number:05d}", customer, at, "completed"))
        for item in items:
            price = (prices or {}).get(item, 10.0)
            lines.append((f"L{len(lines) + 1:06d}", f"O{number:05d}", customer, at, item, "sale", 1, price, price))
    known = sorted({c for c, _, _ in orders if c} | set(customers))
    tables = {
        "orders": pd.DataFrame(heads, columns=["order_id", "customer_id", "ordered_at", "status"]),
        "order_lines": pd.DataFrame(lines, columns=["line_id", "order_id", "customer_id", "ordered_at", "product_id",
                                                    "line_type", "quantity", "unit_price", "amount"]),
    }
    if known:
        tables["customers"] = pd.DataFrame({"customer_id": known})
    if products is not None:
        tables["products"] = products
    write_snapshot(folder, tables, source="tests", name="built")
    return open_snapshot(folder)


def grouped_shop(
    folder: Path, products: pd.DataFrame | None = None, prices: dict[str, float] | None = None
) -> Snapshot:
    """120 customers of two tastes over 40 weeks: even ones buy A-products, odd ones B-products, never the other kind.

    Product ids ``A0``–``A11`` and ``B0``–``B11``. Each customer buys three further own products about every four
    weeks and leaves one product of the taste out until the end: customer i lacks product i mod 12.
    """
    orders: list[Order] = []
    start = pd.Timestamp("2024-01-01")
    for i in range(120):
        taste, lacks = "AB"[i % 2], (i // 2) % 12
        for visit in range(10):
            items = [f"{taste}{(i + visit * 3 + j) % 12}" for j in range(3)]
            day = start + pd.Timedelta(days=28 * visit + i % 28)
            items = [p for p in items if p != f"{taste}{lacks}"]
            orders.append((f"K{i:03d}", f"{day:%Y-%m-%d}", items))
    return shop_of(folder, orders, products, customers=["Z999"], prices=prices)
