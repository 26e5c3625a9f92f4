"""Product search: by words, by likeness, "like this but cheaper", with filters."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from assistant.data.warehouse import Snapshot
from assistant.errors import InvalidPlan, MissingData, NoRows, UnknownName
from assistant.plans.requests import ProductSearchRequest
from assistant.results import Result
from assistant.retrieval.filtering import Search, apply_filters, narrow, nothing_left, read_words
from assistant.retrieval.lexical import LexicalIndex, Reading
from assistant.retrieval.offers import read_offers
from assistant.retrieval.ordering import ordered
from assistant.retrieval.product_index import ProductIndex
from assistant.retrieval.search_report import Found, report

#: How much words count beside meaning, by the number of words asked for: up to two, up to four, more. Chosen on the
#: tuning half of Home Depot's queries (benchmarks/recommend/search).
LEXICAL_SHARES = ((2, 0.55), (4, 0.6), (1_000_000, 0.75))
#: The share between two products' texts, in likeness.
LIKENESS_SHARE = 0.5
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


def search_products(snapshot: Snapshot, index: ProductIndex, request: ProductSearchRequest) -> Result:
    """Find products.

    By words: shared words (spelling forgiven) and meaning (embeddings) count together, words the more the longer the
    query. By filters alone: all that pass, what sells most first. Like a product, named by id or
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
    search = Search(
        index, request,
        index.remembered(("offers", snapshot.fingerprint), lambda: read_offers(snapshot, index.catalogue)),
        index.remembered("lexical", lambda: LexicalIndex(index.catalogue.products, index.embedder.language)),
    )
    if request.text:
        search.reading = search.lexical.read(request.text)
    read_words(search)
    if request.like_product_id or request.relative_price or request.alike:
        found = _like(search)
    else:
        found = _by_words(search) if request.text else _by_filters(search)
    found.words = search.words
    return report(snapshot, index, request, found)


def _check(snapshot: Snapshot, request: ProductSearchRequest) -> None:
    if request.in_stock_only:
        snapshot.require("products", "stock", needed_for="Searching products in stock")
    if request.category:
        snapshot.require("products", "category", needed_for="Searching within a category")
    if request.brand:
        snapshot.require("products", "brand", needed_for="Searching within a brand")
    if request.min_price is not None and request.max_price is not None and request.min_price > request.max_price:
        raise InvalidPlan("The lowest price is above the highest price",
                          received=f"{request.min_price} to {request.max_price}")


# -- scoring ----------------------------------------------------------------------------------------------------------


def _similarities(search: Search, vector: NDArray[np.float32], also: NDArray[np.bool_]) -> NDArray[np.float64]:
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


def _word_scores(search: Search, text: str, reading: Reading) -> NDArray[np.float64]:
    """How well each product [n] answers a text, 0–1; an id typed as text is a sure match."""
    words = search.lexical.scores(reading)
    meaning = _similarities(search, search.index.embed(reading.text), words > 0)
    scores = mixed(words, meaning, len(reading.terms))
    row = _row_of_id(search.index, text)
    if row is not None:
        scores[row] = 1.0
    return scores


def mixed(
    words: NDArray[np.float64], meaning: NDArray[np.floating], terms: int,
    shares: Sequence[tuple[int, float]] = LEXICAL_SHARES,
) -> NDArray[np.float64]:
    """Scores [n] by words and by meaning (cosines, not below 0) together, for a query of so many words."""
    share = lexical_share(terms, shares)
    return share * words + (1 - share) * np.maximum(meaning, 0.0)


def lexical_share(terms: int, shares: Sequence[tuple[int, float]] = LEXICAL_SHARES) -> float:
    """How much words count beside meaning for a query of so many words: the more words, the surer they are."""
    return next(share for most, share in shares if terms <= most)


def _row_of_id(index: ProductIndex, text: str) -> int | None:
    wanted = text.strip()
    row = index.catalogue.position.get(wanted)
    if row is None:
        folded = index.remembered("folded ids", lambda: {p.casefold(): i for p, i in index.catalogue.position.items()})
        row = folded.get(wanted.casefold())
    return row


def _order(search: Search, scores: NDArray[np.float64], rows: NDArray[np.intp]) -> list[int]:
    """Rows by score, the more sold first among equals."""
    return [int(i) for i in rows[np.lexsort((rows, -search.offers.units[rows], -np.round(scores[rows], 6)))]]


def _nearest_names(search: Search, scores: NDArray[np.float64], n: int = 3) -> list[str]:
    best = _order(search, scores, np.argsort(-scores)[:n])
    return [search.index.catalogue.products[i].name for i in best]


# -- by words ---------------------------------------------------------------------------------------------------------


def _by_words(search: Search) -> Found:
    request, reading = search.request, search.reading
    assert request.text is not None and reading is not None
    scores = _word_scores(search, request.text, reading)
    if scores.max() < NOTHING:
        raise NoRows(f"No product matches '{request.text}'", valid=_nearest_names(search, scores))
    asked = scores >= max(NOTHING, RELATIVE_CUT * scores.max())
    kept = apply_filters(search, asked)
    beside = not kept.any()
    if beside:  # what was asked for is filtered out; what is less close may pass
        strict = dict(search.left_out)
        rest = apply_filters(search, scores >= NOTHING)
        search.left_out = strict
        if not rest.any():
            raise nothing_left(search, f"matching '{request.text}'")
        kept = rest & (scores >= max(NOTHING, RELATIVE_CUT * float(scores[rest].max())))
    rows = _order(search, scores, np.flatnonzero(kept))
    weak = float(scores[rows[0]]) < WEAK
    return Found(ordered(search, rows), scores, search.offers, reading, search.left_out, weak=weak, beside=beside)


def _by_filters(search: Search) -> Found:
    """Everything that passes the filters, what sells most first."""
    everything = np.ones(len(search.index.catalogue), dtype=bool)
    kept = apply_filters(search, everything)
    if not kept.any():
        raise nothing_left(search, "that are asked for")
    rows = np.flatnonzero(kept)
    by_units = [int(i) for i in rows[np.lexsort((rows, -search.offers.units[rows]))]]
    return Found(ordered(search, by_units), everything.astype(np.float64), search.offers, None, search.left_out)


# -- by likeness ------------------------------------------------------------------------------------------------------


def _anchor(search: Search) -> tuple[int, list[int]]:
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


def _nearest_ids(search: Search, wanted: str) -> list[str]:
    from rapidfuzz import fuzz, process, utils

    products = search.index.catalogue.products
    near = process.extract(wanted, [f"{p.product_id} {p.name}" for p in products], scorer=fuzz.WRatio,
                           processor=utils.default_process, limit=3)
    return [f"{products[i].product_id} ({products[i].name})" for _, _, i in near]


def _likeness(search: Search, anchor: int) -> NDArray[np.float64]:
    """How alike each product [n] is to the anchor, 0–1: meaning, shared words, the same place in the catalogue.

    Where words were typed, they say which traits of the anchor matter ("red mug", not the pattern in its name), and
    likeness to them counts as much as likeness to the anchor.
    """
    products = search.index.catalogue.products
    this = products[anchor]
    shared = search.lexical.scores(search.lexical.read(this.name))
    meaning = _similarities(search, search.index.vectors[anchor], shared > 0)
    scores = LIKENESS_SHARE * shared + (1 - LIKENESS_SHARE) * meaning
    if search.reading is not None and search.reading.known and search.request.text:
        scores = (scores + _word_scores(search, search.request.text, search.reading)) / 2
    if this.category:
        scores = 0.9 * scores
        scores += [0.05 * (p.category == this.category) + 0.05 * bool(this.subcategory and
                   p.subcategory == this.subcategory) for p in products]
    return scores


def _like(search: Search) -> Found:
    request, offers = search.request, search.offers
    anchor, alternatives = _anchor(search)
    name = search.index.catalogue.products[anchor].name
    scores = _likeness(search, anchor)
    relevant = scores >= LEAST_LIKENESS
    relevant[anchor] = False
    kept = apply_filters(search, relevant)
    what = f"similar to {name}"
    if request.relative_price:
        price = offers.price[anchor]
        if np.isnan(price):
            raise MissingData(f"The price of {name} is not known, so 'cheaper' and 'dearer' mean nothing",
                              received="products.price")
        with np.errstate(invalid="ignore"):
            passes = offers.price < price if request.relative_price == "cheaper" else offers.price > price
        kept = narrow(search, kept, [("price unknown", ~np.isnan(offers.price)),
                                      (f"not {request.relative_price}", passes)])
    if not kept.any():
        raise nothing_left(search, what)
    kept &= scores >= RELATIVE_CUT * scores[kept].max()
    rows = _order(search, scores, np.flatnonzero(kept))
    products = search.index.catalogue.products
    elsewhere = all(products[i].category != products[anchor].category for i in rows)  # nothing of its kind is left
    return Found(ordered(search, rows), scores, offers, search.reading, search.left_out, anchor=anchor,
                 alternatives=alternatives, weak=elsewhere or float(scores[rows[0]]) < FAINT_LIKENESS)
