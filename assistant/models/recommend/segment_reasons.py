"""Why a product for a group of customers: shares that can be counted again, of the group and of everybody else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import numpy as np

from assistant.data.warehouse import Snapshot
from assistant.features.baskets import wilson
from assistant.results import Column, Figure, Source, Table

#: Purchases of so many days up to the analysis date are counted.
DAYS = 90

_COLUMNS = [
    Column(name="category", label="Category"),
    Column(name="bought", label="Of these customers, bought lately", unit="count"),
    Column(name="customers", label="These customers", unit="count"),
    Column(name="share", label="Share of these", unit="percent"),
    Column(name="low", label="Low (95 %)", unit="percent"), Column(name="high", label="High (95 %)", unit="percent"),
    Column(name="others_bought", label="Of the others, bought lately", unit="count"),
    Column(name="others", label="The others", unit="count"),
    Column(name="others_share", label="Share of the others", unit="percent"),
    Column(name="others_low", label="Others, low (95 %)", unit="percent"),
    Column(name="others_high", label="Others, high (95 %)", unit="percent"),
]


def segment_reasons(snapshot: Snapshot, customer_ids: Sequence[str], categories: Sequence[str]) -> Table:
    """Table ``segment_reasons``: for each category how many of these customers, and how many of all others with
    orders, bought from it in the last :data:`DAYS` days; shares with 95 % score intervals (Wilson 1927).
    """
    lines, products = snapshot.table("order_lines"), snapshot.table("products")
    sales = lines.filter(lines.line_type == "sale", lines.customer_id.notnull())
    everybody = set(snapshot.execute(sales.select("customer_id").distinct()).column(0).to_pylist())
    since = snapshot.as_of - timedelta(days=DAYS - 1)
    lately = sales.filter(sales.ordered_at.date() >= since).join(
        products.select("product_id", "category"), "product_id").filter(products.category.isin(list(categories)))
    bought: dict[str, set[str]] = {c: set() for c in categories}
    for row in snapshot.execute(lately.select("customer_id", "category").distinct()).to_pylist():
        bought[row["category"]].add(row["customer_id"])
    these = set(customer_ids)
    others = everybody - these
    rows: list[list[Any]] = [
        [category, *_share(len(bought[category] & these), len(these)), *_share(len(bought[category] & others),
                                                                               len(others))]
        for category in dict.fromkeys(categories)
    ]
    return Table(id="segment_reasons", title=f"Who bought from the category in the last {DAYS} days", rows=rows,
                 total_rows=len(rows), columns=_COLUMNS)


def _share(hits: int, total: int) -> list[float | int | None]:
    if total == 0:
        return [hits, total, None, None, None]
    low, high = wilson(np.array([float(hits)]), np.array([float(total)]))
    return [hits, total, *(round(100 * float(v), 1) for v in (hits / total, low[0], high[0]))]


def add_segment_reasons(products: Table, reasons: Table) -> Figure:
    """Columns ``bought_lately`` and ``others_lately`` of the list of products: filled where the intervals are apart and
    the group buys more, so that it is a reason. Returns the number of days counted.
    """
    clear = {str(reasons.cell(r, "category")): r for r in range(len(reasons.rows)) if _more(reasons, r)}
    products.columns += [
        Column(name="bought_lately", label="Of these customers, bought from the category lately", unit="percent"),
        Column(name="others_lately", label="Of the others", unit="percent")]
    place = products.column_index("category")
    for row in products.rows:
        found = clear.get(str(row[place]))
        row += [None, None] if found is None else [reasons.cell(found, "share"), reasons.cell(found, "others_share")]
    return Figure(value=DAYS, unit="days", label="Days counted", source=Source(origin="definition"))


def _more(reasons: Table, row: int) -> bool:
    low, others = reasons.cell(row, "low"), reasons.cell(row, "others_high")
    return isinstance(low, int | float) and isinstance(others, int | float) and low > others
