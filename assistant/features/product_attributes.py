"""Attributes of products that a person would name: category, subcategory, brand, price band, words of the name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from assistant.data.warehouse import Snapshot
from assistant.features.product_facts import product_facts
from assistant.features.product_side import ProductSide

if TYPE_CHECKING:
    import pandas as pd

#: Price bands a shop is cut into: as many products in each.
PRICE_BANDS = 5
#: Words of names: letters only, three or more (of shorter ones many are "of", "in", "x").
_WORD = re.compile(r"[^\W\d_]{3,}")
#: Attributes in the order in which they are named, from the narrowest.
ATTRIBUTES = ("subcategory", "category", "brand", "price_band")


def product_attributes(snapshot: Snapshot) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Ids (object, sorted) and, for ``name`` and each of :data:`ATTRIBUTES`, values (object; None unknown).

    ``price_band`` is the number of the fifth of the price range (as many products in each, dear ones last) in which
    the price lies, as text: the list price, else the last one paid.
    """
    facts = product_facts(snapshot)
    chosen = facts.select("product_id", "name", "category", "subcategory", "brand", price=facts.price.cast("float64"))
    frame = snapshot.execute(chosen).to_pandas().drop_duplicates("product_id").sort_values("product_id")
    found = {name: _texts(frame[name]) for name in ATTRIBUTES if name != "price_band"}
    found["price_band"] = price_bands(frame["price"].to_numpy(dtype=float))
    ordered = {"name": _texts(frame["name"])} | {name: found[name] for name in ATTRIBUTES}
    return frame["product_id"].to_numpy(dtype=object), ordered


def shared_attributes(side: ProductSide, product_id: str, owned_id: str) -> dict[str, str]:
    """What two products have in common, from the narrowest: attribute → value; words of the name last.

    Keys are those of :data:`ATTRIBUTES` and ``words`` (the words both names hold, as the first writes them). Of
    ``category`` and ``subcategory`` only the narrower is named.
    """
    pair = [product_id, owned_id]
    shared = {}
    for name in ATTRIBUTES:
        one, other = side.values_of(name, pair)
        if one is not None and one == other and not (name == "category" and "subcategory" in shared):
            shared[name] = str(one)
    words = _shared_words(*side.values_of("name", pair))
    return shared | ({"words": words} if words else {})


def _shared_words(one: str | None, other: str | None) -> str:
    held = set(_WORD.findall((other or "").casefold()))
    return " ".join(dict.fromkeys(w for w in _WORD.findall(one or "") if w.casefold() in held))


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
