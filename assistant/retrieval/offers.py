"""What each product costs, whether it is on sale, and how much it sold, as of a snapshot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from assistant.data.warehouse import Snapshot
from assistant.retrieval.catalogue import Catalogue

if TYPE_CHECKING:
    import ibis
    from numpy.typing import NDArray


#: Share of products whose price is that of their last sale, from which on the price column is taken to repeat sales.
#: (Sales at the same second leave a choice, hence not all.)
MIRRORED_SHARE = 0.99


@dataclass(frozen=True)
class Offers:
    """Arrays [n] in catalogue order.

    Attributes:
        price: per unit in the shop's currency, NaN when unknown.
        is_list_price: the price is the list price; otherwise it is the last price a customer paid.
        stock: units, NaN when unknown.
        units: units sold up to the analysis date.
        on_sale: launched and not discontinued on the analysis date.
        sql: the query that was run.
    """

    price: NDArray[np.float64]
    is_list_price: NDArray[np.bool_]
    stock: NDArray[np.float64]
    units: NDArray[np.float64]
    on_sale: NDArray[np.bool_]
    sql: str

    @property
    def basis(self) -> str:
        """Which price is meant: ``list``, ``last_paid``, ``mixed`` or ``none``."""
        known = ~np.isnan(self.price)
        if not known.any():
            return "none"
        listed = self.is_list_price[known]
        return "list" if listed.all() else "mixed" if listed.any() else "last_paid"


def offers_expression(snapshot: Snapshot) -> ibis.Table:
    """One row per product: list price, last price paid, stock, dates and units sold."""
    import ibis

    lines = snapshot.table("order_lines")
    sales = lines.filter((lines.line_type == "sale") & (lines.quantity > 0))
    units = sales.group_by("product_id").aggregate(units=sales.quantity.sum().cast("float64"))
    paid = sales.filter(sales.unit_price > 0)
    place = ibis.row_number().over(
        ibis.window(group_by=paid.product_id, order_by=[ibis.desc(paid.ordered_at), ibis.desc(paid.line_id)])
    )
    last = paid.mutate(place=place)
    last = last.filter(last.place == 0).select("product_id", last_paid=last.unit_price.cast("float64"))
    products = snapshot.table("products")
    products = products.select(
        "product_id", "stock", "launched_at", "discontinued_at", list_price=products.price.cast("float64")
    )
    return products.left_join(last, "product_id").drop("product_id_right").left_join(units, "product_id").drop(
        "product_id_right"
    )


def read_offers(snapshot: Snapshot, catalogue: Catalogue) -> Offers:
    """Prices, stock and sales of the catalogue's products; what the snapshot does not know is NaN."""
    expression = offers_expression(snapshot)
    columns = snapshot.execute(expression).to_pydict()
    row_of = {str(p): i for i, p in enumerate(columns["product_id"])}
    rows = [row_of.get(i) for i in catalogue.ids]

    def numbers(name: str) -> NDArray[np.float64]:
        values: list[Any] = [None if r is None else columns[name][r] for r in rows]
        return np.array([np.nan if v is None else float(v) for v in values])

    listed, paid = numbers("list_price"), numbers("last_paid")
    if _mirrors_sales(snapshot, listed, paid):
        listed = np.where(np.isnan(paid), listed, np.nan)
    return Offers(
        price=np.where(np.isnan(listed), paid, listed), is_list_price=~np.isnan(listed), stock=numbers("stock"),
        units=np.nan_to_num(numbers("units")), on_sale=_on_sale(snapshot, columns, rows),
        sql=snapshot.sql(expression),
    )


def _mirrors_sales(snapshot: Snapshot, listed: NDArray[np.float64], paid: NDArray[np.float64]) -> bool:
    """Whether the price column only repeats the last sale of each product, as a loader fills it from order lines.

    Such prices are called what they are, and on an earlier analysis date the last sale before that date counts.
    """
    if snapshot.as_of < snapshot.manifest.last_day:
        latest = snapshot.at(snapshot.manifest.last_day)
        columns = latest.execute(offers_expression(latest).select("list_price", "last_paid")).to_pydict()
        listed, paid = (np.array(columns[n], dtype=float) for n in ("list_price", "last_paid"))
    both = ~np.isnan(listed) & ~np.isnan(paid)
    return bool(both.any()) and bool(np.isclose(listed[both], paid[both], atol=1e-6).mean() >= MIRRORED_SHARE)


def _on_sale(snapshot: Snapshot, columns: dict[str, list[Any]], rows: list[int | None]) -> NDArray[np.bool_]:
    def open_on(row: int | None) -> bool:
        if row is None:
            return False
        launched, ended = columns["launched_at"][row], columns["discontinued_at"][row]
        return (launched is None or launched <= snapshot.as_of) and (ended is None or ended >= snapshot.as_of)

    return np.array([open_on(r) for r in rows], dtype=bool)
