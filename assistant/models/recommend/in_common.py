"""What a recommended product and the product that speaks for it have in common, where that says something.

A shared attribute is named only if it is really shared and rare: at most one in :data:`MOST` products of the catalogue
has it. That two products lie in the same fifth of prices, or are both sold, is no reason.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from assistant.features.product_attributes import shared_attributes
from assistant.features.product_side import ProductSide

#: Largest share of the catalogue's products that may have an attribute for it to be named.
MOST = 0.1
_WORD = re.compile(r"[^\W\d_]{3,}")


def in_common(side: ProductSide | None, product_id: str, owned_id: str) -> dict[str, str]:
    """Attribute → value, as :func:`~assistant.features.product_attributes.shared_attributes`, without common ones.

    Of the words of the names only the rare ones stay. Empty where nothing is known of the products, or the product is
    compared with itself.
    """
    if side is None or product_id == owned_id:
        return {}
    shared = shared_attributes(side, product_id, owned_id)
    kept = {name: value for name, value in shared.items()
            if name != "words" and share_with(side, name, value) <= MOST}
    words = [w for w in shared.get("words", "").split() if share_with(side, "words", w) <= MOST]
    return kept | ({"words": " ".join(words)} if words else {})


def share_with(side: ProductSide, attribute: str, value: str) -> float:
    """Share of all products that have this value, or this word in the name."""
    total = max(len(side.product_ids), 1)
    if attribute == "words":
        names = side.attributes.get("name", np.array([], dtype=object))
        return sum(value.casefold() in _WORD.findall((n or "").casefold()) for n in names) / total
    return float(np.sum(side.attributes[attribute] == value)) / total


def in_words(shared: dict[str, str], order: Sequence[str] = ("subcategory", "category", "brand")) -> str:
    """As in "Notebooks, Linea Nova, linen"; empty where nothing is shared."""
    return ", ".join([*(shared[name] for name in order if name in shared), *shared.get("words", "").split()])
