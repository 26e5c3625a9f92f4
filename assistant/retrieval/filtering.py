"""One product search on its way, and the filters it must pass; every filter counts what it leaves out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from assistant.errors import NoRows, UnknownName
from assistant.plans.requests import ProductSearchRequest
from assistant.retrieval.catalogue import Product
from assistant.retrieval.lexical import LexicalIndex, Reading
from assistant.retrieval.offers import Offers
from assistant.retrieval.product_index import ProductIndex

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass
class Search:
    """One request on its way.

    Attributes:
        reading: how the text was read.
        words: how each word of ``containing`` and ``without`` was read.
        left_out: how many relevant products each filter took, by its reason.
    """

    index: ProductIndex
    request: ProductSearchRequest
    offers: Offers
    lexical: LexicalIndex
    left_out: dict[str, int] = field(default_factory=dict)
    reading: Reading | None = None
    words: dict[str, Reading] = field(default_factory=dict)


def read_words(search: Search) -> None:
    """Read the words that products must or must not have.

    Raises:
        NoRows: a word that they must have is in no product's text; near spellings are no longer tried then.
    """
    request = search.request
    search.words = {w: search.lexical.read(w) for w in (*request.containing, *request.without)}
    absent = [w for w in request.containing if search.words[w].unknown or not search.words[w].terms]
    if absent:
        raise NoRows(f"No product's name or description contains '{absent[0]}'", received=absent[0])


def _named(search: Search, wanted: str, kind: str, fields: tuple[str, ...]) -> NDArray[np.bool_]:
    products, folded = search.index.catalogue.products, wanted.casefold().strip()

    def values(product: Product) -> list[str]:
        return [getattr(product, name) for name in fields]

    mask = np.array([any(v.casefold() == folded for v in values(p)) for p in products], dtype=bool)
    if not mask.any():
        from rapidfuzz import fuzz, process, utils

        known = sorted({v for p in products for v in values(p) if v})
        near = process.extract(wanted, known, scorer=fuzz.WRatio, processor=utils.default_process, limit=5)
        raise UnknownName(f"There is no such {kind}", received=wanted, valid=[name for name, _, _ in near])
    return mask


def apply_filters(search: Search, relevant: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Relevant rows that pass every filter; how many each filter took is kept in ``left_out``.

    Raises:
        UnknownName: the category or the brand is none of the shop's; the nearest ones are named.
    """
    request, offers = search.request, search.offers
    price, stock = offers.price, offers.stock
    steps: list[tuple[str, NDArray[np.bool_]]] = []
    if request.category:
        mask = _named(search, request.category, "product category", ("category", "subcategory"))
        steps.append(("another category", mask))
    if request.brand:
        steps.append(("another brand", _named(search, request.brand, "brand", ("brand",))))
    steps += [(f"without the word '{w}'", search.lexical.holding(search.words[w])) for w in request.containing]
    steps += [(f"with the word '{w}'", ~search.lexical.holding(search.words[w])) for w in request.without
              if search.words[w].terms]
    steps.append(("not on sale", offers.on_sale))
    if request.in_stock_only:
        steps.append(("out of stock", np.nan_to_num(stock) > 0))
    if request.min_price is not None or request.max_price is not None:
        steps.append(("price unknown", ~np.isnan(price)))
    with np.errstate(invalid="ignore"):
        if request.min_price is not None:
            steps.append(("below the lowest price", price >= request.min_price))
        if request.max_price is not None:
            steps.append(("above the highest price", price <= request.max_price))
    return narrow(search, relevant, steps)


def narrow(
    search: Search, mask: NDArray[np.bool_], steps: list[tuple[str, NDArray[np.bool_]]]
) -> NDArray[np.bool_]:
    """Rows of ``mask`` that pass every step; each step's toll is kept under its reason."""
    for reason, passes in steps:
        taken = int((mask & ~passes).sum())
        if taken:
            search.left_out[reason] = taken
        mask = mask & passes
    return mask


def nothing_left(search: Search, what: str) -> NoRows:
    """Why no product is left, filter by filter."""
    if not search.left_out:
        return NoRows(f"No product {what} was found")
    reasons = ", ".join(f"{count} {reason}" for reason, count in search.left_out.items())
    return NoRows(f"Products {what} exist, but none passes the filters: {reasons}")
