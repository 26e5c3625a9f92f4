"""When each product came into the shop, and what of it has sold since."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from assistant.data.warehouse import Snapshot
from assistant.features.interactions import day_number
from assistant.features.product_facts import product_facts

if TYPE_CHECKING:
    import pandas as pd

#: A product first sold in the first days of the data may have been there long before.
UNKNOWN_BEFORE_DAYS = 30


@dataclass(frozen=True, eq=False)
class Launches:
    """Launch days of all products.

    Attributes:
        frame: one row per product: ``product_id``, ``name``, ``category``, ``price`` (NaN unknown), ``stock`` (NaN
            unknown), ``launched`` (day number, NaN unknown), ``source`` (``launch date``, ``first sale`` or null),
            ``on_sale``, ``first_sold`` (day number, NaN never), ``orders`` (with a sale of it).
        dated: whether the product table holds launch dates.
        listed: whether the product table is a catalogue (prices, stock or launch dates) and not only what was sold.
    """

    frame: pd.DataFrame
    dated: bool
    listed: bool

    def new(self, today: date, days: int) -> np.ndarray:
        """Bool per row: on sale, and launched within ``days`` up to ``today`` or, in a catalogue, listed undated and
        never sold."""
        last = day_number(today)
        undated = np.isnan(self.frame["launched"].to_numpy()) & np.isnan(self.frame["first_sold"].to_numpy())
        recent = self._launched(last - days + 1, last)
        return (recent | (undated & self.listed)) & self.frame["on_sale"].to_numpy(dtype=bool)

    def between(self, first: date, last: date) -> np.ndarray:
        """Bool per row: on sale, and launched on one of these days, both included."""
        return self._launched(day_number(first), day_number(last)) & self.frame["on_sale"].to_numpy(dtype=bool)

    def _launched(self, first: int, last: int) -> np.ndarray:
        launched = self.frame["launched"].to_numpy()
        return (launched >= first) & (launched <= last)


def launches(snapshot: Snapshot) -> Launches:
    """Launch days as of the snapshot's date: ``products.launched_at``, else the day of the first sale."""
    facts, lines = product_facts(snapshot), snapshot.table("order_lines")
    sales = lines.filter((lines.line_type == "sale") & (lines.quantity > 0))
    counted = sales.group_by("product_id").aggregate(orders=sales.order_id.nunique())
    joined = facts.left_join(counted, "product_id")
    chosen = joined.select(
        "product_id", "name", "category", "on_sale", price=joined.price.cast("float64"),
        stock=joined.stock.cast("float64"), launched_at=joined.launched_at.cast("date"),
        first_sale=joined.first_sold.date(), orders=joined.orders.fill_null(0),
    )
    frame = snapshot.execute(chosen).to_pandas().drop_duplicates("product_id").sort_values("product_id")
    frame = frame.reset_index(drop=True)
    dated, sold = _days(frame["launched_at"]), _days(frame["first_sale"])
    known = np.where(sold > day_number(snapshot.manifest.first_day) + UNKNOWN_BEFORE_DAYS, sold, np.nan)
    source = np.where(~np.isnan(dated), "launch date", np.where(~np.isnan(known), "first sale", None))
    out = frame[["product_id", "name", "category", "price", "stock", "orders"]].assign(
        on_sale=frame["on_sale"].fillna(True).to_numpy(dtype=bool), first_sold=sold,
        launched=np.where(np.isnan(dated), known, dated), source=source,
    )
    out["name"] = out["name"].where(out["name"].notna(), out["product_id"]).astype(str)
    listed = any(snapshot.has("products", c) for c in ("price", "stock", "launched_at"))
    return Launches(out, snapshot.has("products", "launched_at"), listed)


def _days(values: pd.Series) -> np.ndarray:
    """Day numbers as float, NaN where unknown."""
    import pandas as pd

    stamps = pd.to_datetime(values)
    return np.where(stamps.notna(), stamps.to_numpy().astype("datetime64[D]").astype("int64"), np.nan)
