"""Attributes of products that a person would name: category, subcategory, brand, price band."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from assistant.data.warehouse import Snapshot
from assistant.features.product_facts import product_facts

if TYPE_CHECKING:
    import pandas as pd

#: Price bands a shop is cut into: as many products in each.
PRICE_BANDS = 5
#: Attributes in the order in which they are named, from the narrowest.
ATTRIBUTES = ("subcategory", "category", "brand", "price_band")


def product_attributes(snapshot: Snapshot) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Ids (object, sorted) and, per name of :data:`ATTRIBUTES`, values (object; None unknown), of the product table.

    ``price_band`` is the number of the fifth of the price range (as many products in each, dear ones last) in which
    the price lies, as text: the list price, else the last one paid.
    """
    facts = product_facts(snapshot)
    chosen = facts.select("product_id", "category", "subcategory", "brand", price=facts.price.cast("float64"))
    frame = snapshot.execute(chosen).to_pandas().drop_duplicates("product_id").sort_values("product_id")
    found = {name: _texts(frame[name]) for name in ATTRIBUTES if name != "price_band"}
    found["price_band"] = price_bands(frame["price"].to_numpy(dtype=float))
    return frame["product_id"].to_numpy(dtype=object), {name: found[name] for name in ATTRIBUTES}


def price_bands(prices: np.ndarray) -> np.ndarray:
    """The band of each price as text (object), from the cheapest; None where the price is unknown or all are alike."""
    bands = np.full(len(prices), None, dtype=object)
    known = np.isfinite(prices)
    edges = np.unique(np.quantile(prices[known], np.linspace(0, 1, PRICE_BANDS + 1)[1:-1])) if known.any() else []
    if len(edges) and prices[known].min() < prices[known].max():
        bands[known] = [str(1 + int(b)) for b in np.searchsorted(edges, prices[known], side="right")]
    return bands


def _texts(values: pd.Series) -> np.ndarray:
    cleaned = [v.strip() if isinstance(v, str) and v.strip() else None for v in values]
    return np.array(cleaned, dtype=object)
