"""Tables of a shop for the independent truth: plain pandas over the canonical tables.

Nothing in this package uses ``assistant.query``, ``assistant.features`` or a planner: the definitions are written a
second time from their published wording, so that an error in one of the two shows. Days are ISO text, both ends
included (``start``, ``end``). ``where`` maps a column of a line (country, channel, category, brand, name, product,
customer, weekday …) to a value, a list of values, ``{"not": value}`` or ``{"contains": text}``.
"""

from __future__ import annotations

import calendar
import hashlib
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import pandas as pd

    from assistant.data.warehouse import Snapshot


Split = Literal["dev", "validation", "test"]
Where = dict[str, Any]
Ranking = list[tuple[str, float]]
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
TABLES = ("customers", "products", "orders", "order_lines", "contacts", "campaigns", "touches", "responses")


def split_of(key: str) -> Split:
    """The split a question belongs to, by the hash of its id (wordings of one question share a key): 50/20/30."""
    bucket = int(hashlib.sha256(key.encode()).hexdigest(), 16) % 100
    return "dev" if bucket < 50 else "validation" if bucket < 70 else "test"


@dataclass(frozen=True)
class GoldShop:
    """Canonical tables of a shop as data frames; ``as_of`` is the last day of the data."""

    tables: dict[str, pd.DataFrame]
    as_of: date
    #: answers computed so far: many wordings ask for the same one
    known: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def lines(self) -> pd.DataFrame:
        """Order lines with money as floats, product and customer columns joined, ``first_day`` of each customer."""
        lines = self.tables["order_lines"].drop(columns=["line_id"])
        for column in ("amount", "discount"):
            lines[column] = lines[column].astype("float64")
        lines["day"] = lines["ordered_at"].dt.normalize()
        products = self.tables["products"][["product_id", "name", "category", "subcategory", "brand", "cost"]]
        lines = lines.merge(products.assign(cost=products["cost"].astype("float64")), on="product_id", how="left")
        people = self.tables["customers"][["customer_id", "city", "acquisition_channel", "gender"]]
        lines = lines.merge(people, on="customer_id", how="left")
        known = lines[(lines.line_type == "sale") & lines.customer_id.notna()].groupby("customer_id")["day"]
        lines["first_day"] = lines["customer_id"].map(known.min())
        lines["cohort"] = lines["first_day"].dt.to_period("M").dt.start_time
        return lines.rename(columns={"product_id": "product", "customer_id": "customer", "order_id": "order"})

    @cached_property
    def _sold(self) -> pd.DataFrame:
        return self.lines[self.lines["line_type"] == "sale"]

    def select(self, start: str | None = None, end: str | None = None, where: Where | None = None) -> pd.DataFrame:
        """Lines of a window that fulfil every condition."""
        return within(self.lines, start, end, where)

    def sales(self, start: str | None = None, end: str | None = None, where: Where | None = None) -> pd.DataFrame:
        """Product sale lines of a window that fulfil every condition."""
        return within(self._sold, start, end, where)


def within(lines: pd.DataFrame, start: str | None, end: str | None, where: Where | None) -> pd.DataFrame:
    import pandas as pd

    if start:
        lines = lines[lines["day"] >= pd.Timestamp(start)]
    if end:
        lines = lines[lines["day"] <= pd.Timestamp(end)]
    for column, wanted in (where or {}).items():
        lines = lines[_fulfils(group_key(lines, column), wanted)]
    return lines


def load_shop(home: Path) -> GoldShop:
    """Read the current snapshot of a home folder into memory (about 1 GB for a million lines)."""
    from assistant.data.warehouse import open_snapshot

    return read_shop(open_snapshot(home / "snapshots"))


def read_shop(snapshot: Snapshot) -> GoldShop:
    """Read a snapshot into memory."""
    tables = {name: snapshot.execute(snapshot.table(name)).to_pandas() for name in TABLES}
    return GoldShop(tables, snapshot.as_of)


def _fulfils(column: pd.Series, wanted: Any) -> pd.Series:
    if isinstance(wanted, dict) and "not" in wanted:
        return ~_fulfils(column, wanted["not"])
    if isinstance(wanted, dict):
        return column.str.contains(wanted["contains"], case=False, regex=False, na=False)
    values = wanted if isinstance(wanted, list) else [wanted]
    return column.isin(values)


def group_key(lines: pd.DataFrame, by: str) -> pd.Series:
    """Group of every line: a column, or a unit of its time (labelled by its first day)."""
    if by == "weekday":
        return lines["day"].dt.weekday
    if by == "hour":
        return lines["ordered_at"].dt.hour
    if by == "month_of_year":
        return lines["day"].dt.month
    if by == "weekend":
        return (lines["day"].dt.weekday >= 5).map({True: "weekend", False: "weekday"})
    frequency = {"day": "D", "week": "W-SUN", "month": "M", "quarter": "Q", "year": "Y"}.get(by)
    if frequency is None:
        return lines[by]
    days = lines["day"].drop_duplicates()
    return lines["day"].map(dict(zip(days, days.dt.to_period(frequency).dt.start_time, strict=True)))


def label(value: Any, by: str) -> str:
    if by == "weekday":
        return WEEKDAYS[int(value)]
    if by == "month_of_year":
        return calendar.month_name[int(value)]
    return f"{value:%Y-%m-%d}" if hasattr(value, "strftime") else str(value)
