"""Products for somebody who is known only by a few products: a basket, or "I used to use A, B and C"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from assistant.data.warehouse import Snapshot
from assistant.errors import NoRows, UnknownName
from assistant.models.recommend.catalogue import ProductFilters
from assistant.models.recommend.fitted import FittedRecommender, candidate_mask
from assistant.models.recommend.shaping import Shape, shaped
from assistant.plans import RecommendRequest
from assistant.plans.reword import reword
from assistant.plans.reword_lists import rule_words
from assistant.results import Column, Evidence, Figure, Result, Source, Table

if TYPE_CHECKING:
    from scipy.sparse import csr_array


def basket_result(snapshot: Snapshot, request: RecommendRequest, fitted: FittedRecommender) -> Result:
    """What customers who bought these products bought as well, within the filters of the request.

    Raises:
        UnknownName: a product or category the shop does not have. NoRows: nothing goes with the products.
    """
    seen, frame = fitted.interactions, fitted.catalogue.frame
    places = _places(fitted, request)
    family = fitted.personal_family()
    model = fitted.models[family or "popularity"]
    mask = candidate_mask(fitted, ProductFilters.of(request))
    mask[places] = False
    row = _row(places, seen.n_items)
    shape = Shape.of(request)
    top, scores = model.top(row, shape.depth(request.k, seen.n_items), exclude_seen=True, candidates=mask)
    if shape:
        chosen = shaped(shape, fitted.catalogue.kinds, top, scores, request.k)
        chosen = chosen[:, chosen[0] >= 0]
        top, scores = np.take_along_axis(top, chosen, axis=1), np.take_along_axis(scores, chosen, axis=1)
    found = [(int(p), float(s)) for p, s in zip(top[0], scores[0], strict=True) if p >= 0]
    if not found:
        limit = " within the limits asked for" if rule_words(request) else ""
        raise NoRows(f"Nothing that goes with these products was found{limit}", received=", ".join(request.basket))
    rows: list[list[Any]] = []
    both = _bought_with(fitted, places)
    for place, score in found:
        facts = frame.iloc[int(fitted.catalogue.rows[place])]
        price = None if np.isnan(facts["price"]) else float(facts["price"])
        rows.append([str(facts["product_id"]), str(facts["name"]), price, int(both[place]), round(score, 4)])
    names = [str(frame.iloc[int(fitted.catalogue.rows[p])]["name"]) for p in places]
    table = Table(id="products", title="Products that go with them", rows=rows, total_rows=len(rows), columns=[
        Column(name="product_id", label="Product id", unit="id"), Column(name="name", label="Product"),
        Column(name="price", label="Price", unit="currency"),
        Column(name="buyers_of_both", label="Customers who bought one of them and this", unit="count"),
        Column(name="score", label="Score", unit="score")])
    figures = {"candidates": Figure(value=int(mask.sum()), unit="count", label="Products to choose from",
                                    source=Source(origin="evidence"))}
    if request.max_price is not None:
        figures["max_price"] = Figure(value=request.max_price, unit="currency", label="Price limit",
                                      source=Source(origin="plan"))
    return Result(
        kind="basket_recommendation", title="Products that go with a basket", currency=snapshot.currency,
        tables=[table], figures=figures, words={"basket": " and ".join(names), "category": request.category or ""},
        evidence=Evidence(
            plan=request.model_dump(mode="json"), plan_words=reword(request), snapshot=snapshot.manifest.id,
            source=snapshot.manifest.source, synthetic=snapshot.manifest.synthetic, as_of=snapshot.as_of,
            window_start=snapshot.manifest.first_day, window_end=snapshot.as_of,
            model=fitted.info(family or "popularity"),
            assumptions=["Only the products named are known of this person; nothing is stored."],
        ),
        followups=["Which products are bought together?", "Top 10 products by revenue"],
    )


def _places(fitted: FittedRecommender, request: RecommendRequest) -> np.ndarray:
    places = fitted.interactions.item_positions(np.array(list(request.basket), dtype=object))
    unknown = [p for p, place in zip(request.basket, places, strict=True) if fitted.catalogue.row_of(p) is None]
    if unknown:
        raise UnknownName("The shop has no such product", received=unknown[0])
    known = places[places >= 0]
    if len(known) == 0:
        raise NoRows("No known customer has bought these products yet, so nothing can be learnt from them",
                     received=", ".join(request.basket))
    return np.unique(known)


def _row(places: np.ndarray, n_items: int) -> csr_array:
    from scipy.sparse import csr_array

    return csr_array((np.ones(len(places), dtype=np.float32), (np.zeros(len(places), dtype=int), places)),
                     shape=(1, n_items))


def _bought_with(fitted: FittedRecommender, places: np.ndarray) -> np.ndarray:
    """For each product, how many customers bought it and one of those named."""
    matrix = fitted.interactions.matrix.copy()
    matrix.data = np.ones_like(matrix.data)
    owners = np.asarray(matrix[:, places].sum(axis=1)).ravel() > 0
    return np.asarray(matrix[np.flatnonzero(owners)].sum(axis=0)).ravel()
