"""Products that fit what somebody is said to like: "gardening", "cats", "baking with children".

A search answers the words typed; a liking is wider. A product fits where its name, category or description holds a word
of the text, or one with the same beginning ("gardening", "Garden"), or where its text is close to it in meaning. Each
fit keeps what it rests on, so that a list can say why.
"""

from __future__ import annotations

from dataclasses import dataclass
from os.path import commonprefix
from typing import TYPE_CHECKING

import numpy as np

from assistant.errors import NoRows
from assistant.retrieval.lexical import words

if TYPE_CHECKING:
    from assistant.retrieval.catalogue import Product
    from assistant.retrieval.product_index import ProductIndex

#: Cosine from which a product is close in meaning, and by how many standard deviations it must exceed the catalogue's
#: mean: in a shop where everything is a little like the text, nothing stands out.
CLOSE, APART = 0.35, 2.5
#: Letters that two words share at the beginning before they count as one ("gardening", "garden"), and the letters
#: either may have beyond them.
SHARED, BEYOND = 4, 4
#: What a word in the name, or elsewhere in the text, adds to the cosine.
IN_NAME, ELSEWHERE = 0.3, 0.2


@dataclass(frozen=True)
class Interest:
    """Products that fit a liking, best first.

    Attributes:
        text: the words of the liking.
        product_ids: ids.
        scores: how well each fits: cosine, and what shared words add.
        shared: per product the shop's own words that say it, in its spelling; empty: only the meaning is close.
        where: per product the field that holds them: ``name``, ``category``, ``description``; empty likewise.
    """

    text: str
    product_ids: tuple[str, ...]
    scores: tuple[float, ...]
    shared: tuple[tuple[str, ...], ...]
    where: tuple[str, ...]


def products_for(index: ProductIndex, text: str) -> Interest:
    """Products that fit a liking.

    Raises:
        NoRows: no product fits; ``valid`` holds the nearest in meaning.
    """
    products = index.catalogue.products
    wanted = words(text)
    cosine = np.asarray(index.vectors @ index.embed(text), dtype=float)
    spread = float(cosine.std()) or 1.0
    close = (cosine >= CLOSE) & (cosine >= cosine.mean() + APART * spread)
    found = [_shared(p, wanted) for p in products]
    held = np.array([bool(shared) for shared, _ in found], dtype=bool)
    named = np.array([where == "name" for _, where in found], dtype=bool)
    fits = np.flatnonzero(close | held)
    if not len(fits):
        nearest = [products[i].name for i in np.argsort(-cosine, kind="stable")[:3]]
        raise NoRows(f"No product of the shop has to do with '{text}'", received=text, valid=nearest)
    scores = np.maximum(cosine, 0.0) + np.where(named, IN_NAME, np.where(held, ELSEWHERE, 0.0))
    order = fits[np.argsort(-scores[fits], kind="stable")]
    return Interest(
        text, tuple(products[i].product_id for i in order), tuple(float(scores[i]) for i in order),
        tuple(found[i][0] for i in order), tuple(found[i][1] for i in order),
    )


def _shared(product: Product, wanted: list[str]) -> tuple[tuple[str, ...], str]:
    """The product's own words that the text holds, and in which field."""
    filed = f"{product.category} {product.subcategory}" if product.own_category else ""
    for where, text in (("name", product.name), ("category", filed), ("description", product.description)):
        said = tuple(dict.fromkeys(w for w in words(text) if any(_same(w, other) for other in wanted)))
        if said:
            return said, where
    return (), ""


def _same(word: str, other: str) -> bool:
    """One word, or two of one stem by their beginning: "gardening" and "garden", "travelling" and "travel"."""
    if word == other:
        return True
    start = len(commonprefix([word, other]))
    shorter, longer = sorted((word, other), key=len)
    return start == len(shorter) >= SHARED + (len(longer) > len(shorter) + 3) and len(longer) - start <= BEYOND \
        and longer[start:] in _ENDINGS


#: Endings that make another form of a word, not another word: "tea" is no "teak", "car" no "carpet".
_ENDINGS = frozenset({"ing", "ning", "ling", "ting", "ming", "ping", "bing", "ening", "er", "ers", "ner", "ler", "ter",
                      "ener", "eners", "ed", "ted", "y", "e", "ery", "ist"})
