"""A hand-sized shop whose every figure can be computed on paper (and is, in the tests)."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from assistant.data.warehouse import Snapshot, open_snapshot, write_snapshot

PRODUCTS = [
    # id, name, description, category, brand, price, cost, stock
    ("P1", "Red Mug", "A red ceramic mug", "Kitchen", "Acorn", 10.0, 4.0, 50),
    ("P2", "Blue Mug", "A blue ceramic mug", "Kitchen", "Acorn", 8.0, 3.0, 0),
    ("P3", "Linen Cushion", "Soft cushion in natural linen", "Homeware", "Birch", 25.0, 10.0, 20),
    ("P4", "Garden Lantern", "Metal lantern for candles", "Garden", "Birch", 40.0, 18.0, 5),
    ("P5", "Tea Towel", "Cotton tea towel", "Kitchen", "Cedar", 5.0, 1.5, 200),
]
CUSTOMERS = [("C1", "Germany"), ("C2", "Germany"), ("C3", "France"), ("C4", "United Kingdom"), ("C5", "France")]
#: order, customer, day, country, [(product, quantity, price, type)]
ORDERS = [
    ("O1", "C1", "2023-11-03", "Germany", [("P1", 2, 10.0, "sale"), ("P3", 1, 25.0, "sale")]),
    ("O2", "C2", "2023-11-20", "Germany", [("P5", 4, 5.0, "sale")]),
    ("O3", "C3", "2023-12-05", "France", [("P1", 1, 10.0, "sale"), ("P2", 1, 8.0, "sale")]),
    ("O4", None, "2023-12-15", "United Kingdom", [("P4", 1, 40.0, "sale"), ("POST", 1, 4.0, "shipping")]),
    ("O5", "C1", "2024-01-10", "Germany", [("P3", 2, 25.0, "sale")]),
    ("O6", "C1", "2024-01-20", "Germany", [("P3", -1, 25.0, "return")]),
    ("O7", "C4", "2024-02-02", "United Kingdom", [("P1", 3, 10.0, "sale"), ("P5", 2, 5.0, "sale")]),
    ("O8", "C5", "2024-02-14", "France", [("P4", 2, 38.0, "sale")]),
    ("O9", "C2", "2024-03-01", "Germany", [("P1", 1, 11.0, "sale")]),
    ("O10", "C1", "2024-03-09", "Germany", [("P2", 2, 8.0, "sale"), ("P5", 1, 5.0, "sale")]),
]


def tiny_tables() -> dict[str, pd.DataFrame]:
    """Canonical frames of the tiny shop; data end on 2024-03-09, in the middle of March."""
    orders, lines = [], []
    for order_id, customer, day, country, items in ORDERS:
        at = pd.Timestamp(f"{day} 10:00")
        orders.append((order_id, customer, at, country, "web", "completed"))
        for product, quantity, price, kind in items:
            lines.append((f"L{len(lines) + 1}", order_id, customer, at, product, kind, quantity, price,
                          quantity * price, country, "web"))
    return {
        "customers": pd.DataFrame(CUSTOMERS, columns=["customer_id", "country"]),
        "products": pd.DataFrame(
            PRODUCTS, columns=["product_id", "name", "description", "category", "brand", "price", "cost", "stock"]
        ),
        "orders": pd.DataFrame(
            orders, columns=["order_id", "customer_id", "ordered_at", "country", "channel", "status"]
        ),
        "order_lines": pd.DataFrame(
            lines, columns=["line_id", "order_id", "customer_id", "ordered_at", "product_id", "line_type",
                            "quantity", "unit_price", "amount", "country", "channel"],
        ),
    }


def tiny_shop(folder: Path) -> Snapshot:
    """Write the tiny shop below ``folder`` and open it."""
    write_snapshot(folder, tiny_tables(), source="tests", name="tiny", currency="EUR")
    return open_snapshot(folder)
