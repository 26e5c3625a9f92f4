"""What is known of each product when a list is made: name, price, category, stock, last sale; and the rules on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from assistant.data.warehouse import Snapshot
from assistant.errors import UnknownName
from assistant.features.interactions import Interactions, day_number
from assistant.features.product_facts import product_facts

if TYPE_CHECKING:
    import pandas as pd

#: A product without a sale for so many days counts as gone, where the data have no discontinuation dates.
QUIET_DAYS = 180

#: Rules in the order they are applied; each product is counted at the first one that leaves it out.
RULES: dict[str, str] = {
    "never_bought": "never bought by a known customer",
    "discontinued": "not on sale any more or not yet",
    "not_sold_lately": "not sold for a long time",
    "out_of_stock": "out of stock",
    "other_category": "in another category",
    "price_unknown": "price unknown",
    "over_price": "over the price limit",
    "returned": "bought and sent back by this customer",
    "owned": "already bought and rarely bought again",
}


@dataclass(frozen=True)
class ProductFilters:
    """Bounds of a list, checked against the catalogue by :meth:`Catalogue.rules`."""

    category: str | None = None
    max_price: float | None = None
    in_stock_only: bool = True


@dataclass(frozen=True, eq=False)
class Catalogue:
    """All products, sold or not.

    Attributes:
        frame: one row per product: ``product_id``, ``name``, ``price`` (NaN unknown), ``price_source`` (``list``,
            ``last_paid`` or null), ``category``, ``subcategory``, ``stock`` (NaN unknown), ``discontinued`` (bool: not
            on sale on the analysis date), ``last_sold`` (day number or NaN), ``position`` (column in the interactions,
            -1: none).
        rows: row of each interactions column.
        has_category, has_stock, has_discontinued: whether the shop's data hold these at all.
        today: day number of the analysis date.
    """

    frame: pd.DataFrame
    rows: np.ndarray
    has_category: bool
    has_stock: bool
    has_discontinued: bool
    today: int

    def row_of(self, product_id: str) -> int | None:
        """Row of a product, or None."""
        found = np.flatnonzero(self.frame["product_id"].to_numpy() == product_id)
        return int(found[0]) if len(found) else None

    def rules(self, filters: ProductFilters) -> np.ndarray:
        """First rule that leaves each product (row of ``frame``) out, as object; None where none does.

        Raises:
            UnknownName: a category the shop does not have.
        """
        frame = self.frame
        left: dict[str, np.ndarray] = {
            "never_bought": frame["position"].to_numpy() < 0,
            "discontinued": frame["discontinued"].to_numpy(),
        }
        if not self.has_discontinued:
            left["not_sold_lately"] = (self.today - frame["last_sold"].to_numpy()) > QUIET_DAYS
        if filters.in_stock_only and self.has_stock:
            left["out_of_stock"] = frame["stock"].to_numpy() <= 0
        if filters.category is not None:
            left["other_category"] = ~self._in_category(filters.category)
        if filters.max_price is not None:
            price = frame["price"].to_numpy()
            left["price_unknown"] = np.isnan(price)
            left["over_price"] = price > filters.max_price
        result = np.full(len(frame), None, dtype=object)
        for rule in reversed([r for r in RULES if r in left]):
            result[left[rule]] = rule
        return result

    def _in_category(self, category: str) -> np.ndarray:
        wanted = category.strip().casefold()
        names = [self.frame[c].fillna("").astype(str) for c in ("category", "subcategory")]
        match = np.logical_or.reduce([n.str.casefold().to_numpy() == wanted for n in names])
        if not match.any():
            from rapidfuzz import process

            known = sorted({v for n in names for v in n if v})
            nearest = [m[0] for m in process.extract(category, known, limit=5)]
            raise UnknownName("The shop has no such category", received=category, valid=nearest)
        return match


def build_catalogue(snapshot: Snapshot, interactions: Interactions) -> Catalogue:
    """Gather product facts (see :func:`~assistant.features.product_facts.product_facts`)."""
    import pandas as pd

    facts = product_facts(snapshot)
    chosen = facts.select(
        "product_id", "name", "category", "subcategory", "price_source", "on_sale", price=facts.price.cast("float64"),
        stock=facts.stock.cast("float64"), last_day=facts.last_sold.date(),
    )
    frame = snapshot.execute(chosen).to_pandas().drop_duplicates("product_id")
    sold = pd.DataFrame({"product_id": interactions.item_ids})  # a sold product need not be in the product table
    frame = frame.merge(sold, on="product_id", how="outer").sort_values("product_id").reset_index(drop=True)
    ids = frame["product_id"].to_numpy(dtype=object)
    position = interactions.item_positions(ids)
    last = pd.to_datetime(frame["last_day"])
    out = pd.DataFrame({
        "product_id": ids, "name": frame["name"].where(frame["name"].notna(), frame["product_id"]).astype(str),
        "price": frame["price"].astype(float), "price_source": frame["price_source"],
        "category": frame["category"], "subcategory": frame["subcategory"], "stock": frame["stock"].astype(float),
        "discontinued": ~frame["on_sale"].fillna(True).to_numpy(dtype=bool),
        "last_sold": np.where(last.notna(), last.to_numpy().astype("datetime64[D]").astype("int64"), np.nan),
        "position": position,
    })
    rows = np.empty(interactions.n_items, dtype=np.int64)
    rows[position[position >= 0]] = np.flatnonzero(position >= 0)
    return Catalogue(
        out, rows, has_category=snapshot.has("products", "category"), has_stock=snapshot.has("products", "stock"),
        has_discontinued=snapshot.has("products", "discontinued_at"), today=day_number(snapshot.as_of),
    )
