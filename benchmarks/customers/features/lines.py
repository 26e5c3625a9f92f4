"""Order lines of any number, written as one Parquet file in the canonical columns."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

FIRST, DAYS = date(2024, 1, 1), 730
LINES_PER_ORDER, ORDERS_PER_CUSTOMER = 8.0, 6.0
_CHUNK_ORDERS = 250_000


def write_lines(path: Path, lines: int, seed: int) -> dict[str, int]:
    """Write about ``lines`` rows: geometric numbers of lines per order, orders drawn by customers of unequal rates,
    in the order of time; one order in thirty takes goods back.

    Returns:
        ``lines``, ``orders``, ``customers`` written.
    """
    import pyarrow.parquet as pq

    rng = np.random.default_rng(seed)
    orders = int(lines / LINES_PER_ORDER)
    customers = int(orders / ORDERS_PER_CUSTOMER)
    rates = rng.gamma(0.7, size=customers).cumsum()
    seconds = np.sort(rng.integers(0, DAYS * 86_400, orders))
    writer, written, known = None, 0, np.zeros(customers, dtype=bool)
    for start in range(0, orders, _CHUNK_ORDERS):
        moments = seconds[start:start + _CHUNK_ORDERS]
        who = np.searchsorted(rates, rng.random(len(moments)) * rates[-1])
        known[who] = True
        table = _chunk(rng, start, moments, who, written)
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table, row_group_size=1_000_000)
        written += table.num_rows
    if writer is not None:
        writer.close()
    return {"lines": written, "orders": orders, "customers": int(known.sum())}


def _chunk(rng: Any, first: int, moments: np.ndarray, who: np.ndarray, written: int) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    sizes = rng.geometric(1 / LINES_PER_ORDER, len(moments))
    of = np.repeat(np.arange(len(moments)), sizes)
    back = rng.random(len(moments)) < 1 / 30
    quantity = rng.integers(1, 6, len(of)) * np.where(back[of], -1, 1)
    cents = rng.integers(99, 4_000, len(of)) * quantity
    start = np.datetime64(datetime.combine(FIRST, datetime.min.time()), "us")

    def ids(prefix: str, numbers: np.ndarray) -> Any:
        return pc.binary_join_element_wise(prefix, pa.array(numbers).cast("string"), "")

    return pa.table({
        "line_id": ids("L", written + np.arange(len(of))),
        "order_id": ids("SO", 1_000_000 + first + of),
        "customer_id": ids("C", 100_000 + who[of]),
        "ordered_at": pa.array(start + moments[of].astype("timedelta64[s]")),
        "product_id": ids("P", rng.integers(10_000, 15_000, len(of))),
        "line_type": pa.array(np.array(["sale", "return"], dtype=object)[back[of].astype(int)]),
        "quantity": pa.array(quantity),
        "amount": pa.array(cents / 100).cast(pa.decimal128(18, 4)),
    })


def last_day() -> date:
    """Last day of the generated history."""
    return FIRST + timedelta(days=DAYS - 1)
