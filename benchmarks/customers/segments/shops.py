"""The customers that segments are found among: CDNOW, Online Retail II, demo shops with planted kinds of buyers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from assistant.data.demo import generate
from assistant.data.load import load
from assistant.data.warehouse import Snapshot, open_snapshot, write_snapshot
from assistant.features.behaviour import behaviour
from assistant.settings import load_settings
from benchmarks.shared_data import data_set

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

#: Of demo shops that nothing was tuned on: the mixture was tuned on 201 to 210, the shop that is shipped is another.
SEEDS = (9201, 9202, 9203, 9204, 9205)


def cdnow() -> pd.DataFrame:
    """Recency, orders (days with a purchase) and money of the CDNOW master file at its last day."""
    import pandas as pd

    rows = pd.read_csv(data_set("cdnow", "CDNOW_master.txt"), sep=r"\s+", header=None, skiprows=1,
                       names=["customer_id", "day", "cds", "amount"], dtype={"customer_id": str, "day": str})
    rows["day"] = pd.to_datetime(rows["day"], format="%Y%m%d")
    rows = rows[rows["amount"] > 0]
    groups = rows.groupby("customer_id")
    return pd.DataFrame({
        "days_since_last_order": (rows["day"].max() - groups["day"].max()).dt.days,
        "order_count": groups["day"].nunique(), "monetary_value": groups["amount"].sum(),
    }).reset_index()


def online_retail(folder: Path) -> Snapshot:
    """Online Retail II, cleaned as the program cleans it."""
    settings = load_settings(folder / "retail")
    load([data_set("online_retail_ii", "online_retail_ii.parquet")], settings)
    return open_snapshot(settings.snapshots_dir)


def demo(seed: int, folder: Path) -> tuple[pd.DataFrame, np.ndarray]:
    """Behaviour of the customers of a demo shop, and the planted kind of each."""
    shop = generate(seed)
    write_snapshot(folder / f"demo{seed}", shop.tables, source="benchmark", currency="EUR")
    frame = behaviour(open_snapshot(folder / f"demo{seed}"))
    kinds = shop.truth.customers.set_index("customer_id")["segment"]
    return frame, kinds[frame["customer_id"]].to_numpy(dtype=str)
