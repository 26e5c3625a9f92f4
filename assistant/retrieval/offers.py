"""What each product costs, whether it is on sale, and how much it sold, as of a snapshot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from assistant.data.warehouse import Snapshot
from assistant.features.product_facts import product_facts
from assistant.retrieval.catalogue import Catalogue

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Offers:
    """Arrays [n] in catalogue order.

    Attributes:
        price: per unit in the shop's currency, NaN when unknown.
        is_list_price: the price is the list price; otherwise it is the last price a customer paid.
        stock: units, NaN when unknown.
        units: units sold up to the analysis date.
        since: day (ordinal) of launch, or of the first sale where no launch is known; NaN when neither is.
        launched: whether ``since`` is the launch.
        on_sale: launched and not discontinued on the analysis date.
        sql: the query that was run.
    """

    price: NDArray[np.float64]
    is_list_price: NDArray[np.bool_]
    stock: NDArray[np.float64]
    units: NDArray[np.float64]
    since: NDArray[np.float64]
    launched: NDArray[np.bool_]
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


def read_offers(snapshot: Snapshot, catalogue: Catalogue) -> Offers:
    """Prices, stock and sales of the catalogue's products; what the snapshot does not know is NaN."""
    facts = product_facts(snapshot)
    expression = facts.select(
        "product_id", "stock", "on_sale", "price_source", price=facts.price.cast("float64"),
        units=facts.units_sold.cast("float64"), launched=facts.launched_at.cast("date"),
        first_sold=facts.first_sold.cast("date"),
    )
    columns = snapshot.execute(expression).to_pydict()
    row_of = {str(p): i for i, p in enumerate(columns["product_id"])}
    rows = [row_of.get(i) for i in catalogue.ids]

    def column(name: str) -> list[Any]:
        return [None if r is None else columns[name][r] for r in rows]

    def numbers(name: str) -> NDArray[np.float64]:
        return np.array([np.nan if v is None else float(v) for v in column(name)])

    launched, first = column("launched"), column("first_sold")
    days = [a or b for a, b in zip(launched, first, strict=True)]
    return Offers(
        since=np.array([np.nan if d is None else float(d.toordinal()) for d in days]),
        launched=np.array([d is not None for d in launched], dtype=bool),
        price=numbers("price"), is_list_price=np.array([s == "list" for s in column("price_source")], dtype=bool),
        stock=numbers("stock"), units=np.nan_to_num(numbers("units")),
        on_sale=np.array([bool(v) for v in column("on_sale")], dtype=bool), sql=snapshot.sql(expression),
    )
