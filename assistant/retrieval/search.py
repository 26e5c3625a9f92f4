"""Product search: by words, by likeness, "like this but cheaper", with filters."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from assistant.data.warehouse import Snapshot
from assistant.errors import InvalidPlan, MissingData, NoRows, UnknownName
from assistant.plans.requests import ProductSearchRequest
from assistant.results import Result
from assistant.retrieval.lexical import LexicalIndex, Reading
from assistant.retrieval.offers import Offers, read_offers
from assistant.retrieval.product_index import ProductIndex
from assistant.retrieval.search_report import Found, report

#: Half words, half meaning: on Home Depot's judged queries every share from 0.5 to 0.7 found the same, more than
#: either alone.
LEXICAL_SHARE = 0.5
#: Scores below which nothing was found, and below which what was found is called weak.
NOTHING, WEAK = 0.2, 0.4
#: A product is listed when it scores at least this share of the best one.
RELATIVE_CUT = 0.6
#: Least likeness to the anchor for a product to be called similar.
LEAST_LIKENESS = 0.3
#: Likeness of the best product below which the reply says that nothing is really close.
FAINT_LIKENESS = 0.45
#: Products whose scores differ by less are taken as equally good anchors; the one sold more wins.
ANCHOR_TIE = 0.05
#: Nearest products fetched from a large index, where not all are scored.
CANDIDATES = 400


@dataclass
class _Search:
    """One request on its way."""

    snapshot: Snapshot
    index: ProductIndex
    request: ProductSearchRequest
    offers: Offers
    lexical: LexicalIndex
    left_out: dict[str, int] = field(default_factory=dict)
    reading: Reading | None = None


def search_products(snapshot: Snapshot, index: ProductIndex, request: ProductSearchRequest) -> Result:
    """Find products.

    By words: shared words (spelling forgiven) and meaning (embeddings) count half each. Like a product, named by id or
    by words: likeness in meaning and words, the product itself left out; ``relative_price`` keeps strictly cheaper or
    dearer ones. The price is the list price, else the last price paid before the analysis date.

    Returns:
        a result of kind ``product_search``.

    Raises:
        MissingData: a filter needs a column that is not loaded.
        UnknownName: no product is meant by the id or the words; the nearest ones are named.
        NoRows: products are meant, and none passes the filters.
        InvalidPlan: the price limits exclude everything.
        ModelUnavailable: the embedder cannot be loaded.
    """
    _check(snapshot, request)
    search = _Search(
        snapshot, index, request,
        index.remembered(("offers", snapshot.fingerprint), lambda: read_offers(snapshot, index.catalogue)),
        index.remembered("lexical", lambda: LexicalIndex(index.catalogue.products)),
    )
    if request.text:
        search.reading = search.lexical.read(request.text)
    if request.like_product_id or request.relative_price:
        return report(snapshot, index, request, _like(search))
    return report(snapshot, index, request, _by_words(search))


def _check(snapshot: Snapshot, request: ProductSearchRequest) -> None:
    if request.in_stock_only:
        snapshot.require("products", "stock", needed_for="Searching products in stock")
    if request.category:
        snapshot.require("products", "category", needed_for="Searching within a category")
    if request.min_price is not None and request.max_price is not None and request.min_price > request.max_price:
        raise InvalidPlan("The lowest price is above the highest price",
                          received=f"{request.min_price} to {request.max_price}")


# -- scoring ----------------------------------------------------------------------------------------------------------


def _similarities(search: _Search, vector: NDArray[np.float32], also: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Cosine [n] to a vector, not below 0. In a large index only near rows and those in ``also`` are looked at."""
    index = search.index
    if len(index.catalogue) <= index.exact_limit:
        return np.maximum(index.vectors @ vector, 0.0).astype(np.float64)
    scores = np.zeros(len(index.catalogue))
    rows = np.flatnonzero(also)
    scores[rows] = index.vectors[rows] @ vector
    for hit in index.search(vector, CANDIDATES):
        scores[index.catalogue.position[hit.product_id]] = hit.score
    return np.maximum(scores, 0.0)


def _word_scores(search: _Search, text: str, reading: Reading) -> NDArray[np.float64]:
    """How well each product [n] answers a text, 0–1; an id typed as text is a sure match."""
    words = search.lexical.scores(reading)
    meaning = _similarities(search, search.index.embed(reading.text), words > 0)
    scores = LEXICAL_SHARE * words + (1 - LEXICAL_SHARE) * meaning
    row = _row_of_id(search.index, text)
    if row is not None:
        scores[row] = 1.0
    return scores


def _row_of_id(index: ProductIndex, text: str) -> int | None:
    wanted = text.strip()
    row = index.catalogue.position.get(wanted)
    if row is None:
        folded = index.remembered("folded ids", lambda: {p.casefold(): i for p, i in index.catalogue.position.items()})
        row = folded.get(wanted.casefold())
    return row


def _order(search: _Search, scores: NDArray[np.float64], rows: NDArray[np.intp]) -> list[int]:
    """Rows by score, the more sold first among equals."""
    return [int(i) for i in rows[np.lexsort((rows, -search.offers.units[rows], -np.round(scores[rows], 6)))]]


def _nearest_names(search: _Search, scores: NDArray[np.float64], n: int = 3) -> list[str]:
    best = _order(search, scores, np.argsort(-scores)[:n])
    return [search.index.catalogue.products[i].name for i in best]


# -- filters ----------------------------------------------------------------------------------------------------------


def _category_mask(search: _Search, wanted: str) -> NDArray[np.bool_]:
    products = search.index.catalogue.products
    folded = wanted.casefold().strip()
    mask = np.array([folded in (p.category.casefold(), p.subcategory.casefold()) for p in products], dtype=bool)
    if not mask.any():
        from rapidfuzz import fuzz, process, utils

        known = sorted({c for p in products for c in (p.category, p.subcategory) if c})
        near = process.extract(wanted, known, scorer=fuzz.WRatio, processor=utils.default_process, limit=5)
        raise UnknownName("There is no such product category", received=wanted, valid=[name for name, _, _ in near])
    return mask


def _apply_filters(search: _Search, relevant: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Relevant rows that pass every filter; how many each filter took is kept in ``left_out``."""
    request, offers = search.request, search.offers
    price, stock = offers.price, offers.stock
    steps: list[tuple[str, NDArray[np.bool_]]] = []
    if request.category:
        steps.append(("another category", _category_mask(search, request.category)))
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
    return _narrow(search, relevant, steps)


def _narrow(
    search: _Search, mask: NDArray[np.bool_], steps: list[tuple[str, NDArray[np.bool_]]]
) -> NDArray[np.bool_]:
    for reason, passes in steps:
        taken = int((mask & ~passes).sum())
        if taken:
            search.left_out[reason] = taken
        mask = mask & passes
    return mask


def _nothing_left(search: _Search, what: str) -> NoRows:
    if not search.left_out:
        return NoRows(f"No product {what} was found")
    reasons = ", ".join(f"{count} {reason}" for reason, count in search.left_out.items())
    return NoRows(f"Products {what} exist, but none passes the filters: {reasons}")


# -- by words ---------------------------------------------------------------------------------------------------------


def _by_words(search: _Search) -> Found:
    request, reading = search.request, search.reading
    assert request.text is not None and reading is not None
    scores = _word_scores(search, request.text, reading)
    if scores.max() < NOTHING:
        raise NoRows(f"No product matches '{request.text}'", valid=_nearest_names(search, scores))
    everything = scores >= NOTHING
    search_everything = _apply_filters(search, everything)
    search.left_out.clear()
    if not search_everything.any():
        _apply_filters(search, scores >= max(NOTHING, RELATIVE_CUT * scores.max()))
        raise _nothing_left(search, f"matching '{request.text}'")
    cut = max(NOTHING, RELATIVE_CUT * float(scores[search_everything].max()))
    kept = _apply_filters(search, scores >= cut)
    rows = _order(search, scores, np.flatnonzero(kept))
    weak = float(scores[rows[0]]) < WEAK
    if request.sort != "match":
        rows = _by_price(search, rows, dearest=request.sort == "dearest")
    return Found(rows, scores, search.offers, reading, search.left_out, weak=weak)


def _by_price(search: _Search, rows: list[int], *, dearest: bool) -> list[int]:
    """The products found, by price; those without a price cannot be placed and are left out.

    Raises:
        MissingData: no product found has a price.
    """
    price, products = search.offers.price, search.index.catalogue.products
    asked = [w.removesuffix("s") for w in (search.request.text or "").casefold().split()]
    named = [i for i in rows if all(w in products[i].name.casefold() for w in asked)]
    rows = named or rows  # the cheapest candle is a candle, not what lies near one
    known = [i for i in rows if not np.isnan(price[i])]
    if not known:
        raise MissingData("'Cheapest' and 'dearest' need a price, and no product found has one",
                          received="products.price")
    if len(known) < len(rows):
        search.left_out["price unknown"] = len(rows) - len(known)
    return sorted(known, key=lambda i: (-price[i] if dearest else price[i], rows.index(i)))


# -- by likeness ------------------------------------------------------------------------------------------------------


def _anchor(search: _Search) -> tuple[int, list[int]]:
    """The product that is meant, and the next best readings of the words."""
    request, catalogue = search.request, search.index.catalogue
    if request.like_product_id:
        row = _row_of_id(search.index, request.like_product_id)
        if row is None:
            raise UnknownName("There is no product with this id", received=request.like_product_id,
                              valid=_nearest_ids(search, request.like_product_id))
        return row, []
    assert request.text is not None and search.reading is not None
    scores = _word_scores(search, request.text, search.reading)
    usable = ~np.isnan(search.offers.price) if request.relative_price else np.ones(len(catalogue), dtype=bool)
    if not usable.any():
        raise MissingData("'Cheaper' and 'dearer' need a price, and no product has one", received="products.price")
    best = float(scores[usable].max())
    if best < WEAK:  # to compare with a product that was hardly meant would be a guess
        raise UnknownName("No product matches these words", received=request.text,
                          valid=_nearest_names(search, scores))
    tied = np.flatnonzero(usable & (scores >= best - ANCHOR_TIE))
    row = int(tied[np.lexsort((tied, -scores[tied], -search.offers.units[tied]))[0]])
    others = _order(search, scores, np.flatnonzero(usable & (scores >= max(NOTHING, 0.8 * best))))
    return row, [i for i in others if i != row][:3]


def _nearest_ids(search: _Search, wanted: str) -> list[str]:
    from rapidfuzz import fuzz, process, utils

    products = search.index.catalogue.products
    near = process.extract(wanted, [f"{p.product_id} {p.name}" for p in products], scorer=fuzz.WRatio,
                           processor=utils.default_process, limit=3)
    return [f"{products[i].product_id} ({products[i].name})" for _, _, i in near]


def _likeness(search: _Search, anchor: int) -> NDArray[np.float64]:
    """How alike each product [n] is to the anchor, 0–1: meaning, shared words, the same place in the catalogue.

    Where words were typed, they say which traits of the anchor matter ("red mug", not the pattern in its name), and
    likeness to them counts as much as likeness to the anchor.
    """
    products = search.index.catalogue.products
    this = products[anchor]
    shared = search.lexical.scores(search.lexical.read(this.name))
    meaning = _similarities(search, search.index.vectors[anchor], shared > 0)
    scores = LEXICAL_SHARE * shared + (1 - LEXICAL_SHARE) * meaning
    if search.reading is not None and search.reading.known and search.request.text:
        scores = (scores + _word_scores(search, search.request.text, search.reading)) / 2
    if this.category:
        scores = 0.9 * scores
        scores += [0.05 * (p.category == this.category) + 0.05 * bool(this.subcategory and
                   p.subcategory == this.subcategory) for p in products]
    return scores


def _like(search: _Search) -> Found:
    request, offers = search.request, search.offers
    anchor, alternatives = _anchor(search)
    name = search.index.catalogue.products[anchor].name
    scores = _likeness(search, anchor)
    relevant = scores >= LEAST_LIKENESS
    relevant[anchor] = False
    kept = _apply_filters(search, relevant)
    what = f"similar to {name}"
    if request.relative_price:
        price = offers.price[anchor]
        if np.isnan(price):
            raise MissingData(f"The price of {name} is not known, so 'cheaper' and 'dearer' mean nothing",
                              received="products.price")
        with np.errstate(invalid="ignore"):
            passes = offers.price < price if request.relative_price == "cheaper" else offers.price > price
        kept = _narrow(search, kept, [("price unknown", ~np.isnan(offers.price)),
                                      (f"not {request.relative_price}", passes)])
    if not kept.any():
        raise _nothing_left(search, what)
    kept &= scores >= RELATIVE_CUT * scores[kept].max()
    rows = _order(search, scores, np.flatnonzero(kept))
    return Found(rows, scores, offers, search.reading, search.left_out, anchor=anchor, alternatives=alternatives,
                 weak=float(scores[rows[0]]) < FAINT_LIKENESS)
