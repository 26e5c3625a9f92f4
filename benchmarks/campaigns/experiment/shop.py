"""The demo shop's customers and the day of their first order after a day on which nothing was sent to them by us."""

from __future__ import annotations

import tempfile
from datetime import date, timedelta
from pathlib import Path

import pandas as pd

from assistant.data.warehouse import Snapshot, open_snapshot
from assistant.features.contacted import first_orders
from assistant.features.rfm import rfm

START = date(2026, 4, 1)


def demo_snapshot() -> Snapshot:
    """The demo shop, built into a temporary folder."""
    from assistant.data.demo import ensure_demo
    from assistant.settings import load_settings

    settings = load_settings(Path(tempfile.mkdtemp(prefix="demo-")))
    ensure_demo(settings)
    return open_snapshot(settings.snapshots_dir)


def first_orders_after(shop: Snapshot) -> tuple[date, pd.DataFrame]:
    """The day, and ``customer_id``, ``ordered_on`` (missing where nothing in 30 days) of everybody known then."""
    import pyarrow as pa

    from assistant.data.added import table_beside

    known = rfm(shop.at(START - timedelta(days=1)))[["customer_id"]]
    people = table_beside(shop, "known_then", pa.table({"customer_id": known["customer_id"].tolist()}))
    found = shop.execute(first_orders(shop, people, START, START + timedelta(days=29))).to_pandas()
    return START, known.merge(found, on="customer_id", how="left")
