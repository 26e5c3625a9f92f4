"""Products that go with a basket, of a known customer or of somebody known only by "I used to use A, B and C"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from assistant.data.warehouse import Snapshot
from assistant.errors import NoRows
from assistant.models.recommend.catalogue import ProductFilters
from assistant.models.recommend.fitted import FittedRecommender, candidate_mask
from assistant.models.recommend.live_basket import LiveBasket
from assistant.models.recommend.meant import most_ordered, products_meant, say_chosen
from assistant.models.recommend.one_customer import ranks_of
from assistant.models.recommend.reasons import reasons_for
from assistant.models.recommend.shaping import shaped
from assistant.plans import RecommendRequest
from assistant.plans.reword import reword
from assistant.plans.reword_lists import rule_words
from assistant.results import Column, Evidence, Figure, Result, Source, Table

if TYPE_CHECKING:
    from scipy.sparse import csr_array


def basket_result(snapshot: Snapshot, request: RecommendRequest, fitted: FittedRecommender) -> Result:
    """What goes with these products, within the rules of the request; for a known customer with their history as well.

    Returns:
        table ``products``: with the number of customers who bought both, and for a known customer the tested reason and
        the place before the basket.

    Raises:
        UnknownName: a product, category or customer the shop does not have. NoRows: nothing goes with the products.
    """
    from assistant.models.recommend.report import known_customer

    customer = known_customer(snapshot, fitted, request.customer_id) if request.customer_id else None
    named = [products_meant(fitted.catalogue, product) for product in request.basket]
    rows = [most_ordered(snapshot, fitted.catalogue, meant) for meant in named]
    places = _places(fitted, request, rows)
    family = fitted.personal_family() or "popularity"
    live = LiveBasket(fitted.models[family], _position(fitted, customer), _row(places, fitted.interactions.n_items))
    mask = _allowed(fitted, request, live, places)
    top, scores = _ranked(fitted, request, live, mask)
    found = [(int(p), float(s)) for p, s in zip(top[0], scores[0], strict=True) if p >= 0]
    if not found:
        limit = " within the limits asked for" if rule_words(request) else ""
        raise NoRows(f"Nothing that goes with these products was found{limit}", received=", ".join(request.basket))
    table = _table(fitted, places, found)
    if customer is not None:
        _add_reasons(table, fitted, live, family, mask, top)
    names = [_name(fitted, int(p)) for p in places]
    figures = {"candidates": Figure(value=int(mask.sum()), unit="count", label="Products to choose from",
                                    source=Source(origin="evidence"))}
    if request.max_price is not None:
        figures["max_price"] = Figure(value=request.max_price, unit="currency", label="Price limit",
                                      source=Source(origin="plan"))
    if customer is not None:
        figures["customer"] = Figure(value=customer, unit="id", label="Customer", source=Source(origin="plan"))
    result = Result(
        kind="basket_recommendation", currency=snapshot.currency, tables=[table], figures=figures,
        title="Products that go with a basket" + (f" of customer {customer}" if customer else ""),
        words={"basket": " and ".join(names), "category": request.category or "",
               "history": "" if live.position < 0 else "yes"},
        evidence=Evidence(
            plan=request.model_dump(mode="json"), plan_words=reword(request), snapshot=snapshot.manifest.id,
            source=snapshot.manifest.source, synthetic=snapshot.manifest.synthetic, as_of=snapshot.as_of,
            window_start=snapshot.manifest.first_day, window_end=snapshot.as_of, model=fitted.info(family),
            assumptions=[_NOTHING_KNOWN if live.position < 0 else _FOLDED_IN],
        ),
        followups=["Which products are bought together?", "Top 10 products by revenue"],
    )
    for meant, row in zip(named, rows, strict=True):
        say_chosen(result, fitted.catalogue, meant, row, "the one in most orders")
    return result


_NOTHING_KNOWN = "Only the products named are known of this person; nothing is stored."
_FOLDED_IN = ("The basket counts as the customer's latest order, and once more by itself, so that a long history does "
              "not drown it; products bought before are left out; nothing is stored and nothing is learnt anew.")


def _position(fitted: FittedRecommender, customer: str | None) -> int:
    if customer is None:
        return -1
    position = fitted.interactions.user_positions([customer])
    gates = fitted.past.gates
    return int(position[0] if gates is None else gates.known_positions([customer], position)[0])


def _allowed(
    fitted: FittedRecommender, request: RecommendRequest, live: LiveBasket, places: np.ndarray
) -> np.ndarray:
    """Products the list may hold: new to the customer, neither in the basket nor sent back."""
    seen = fitted.interactions
    mask = candidate_mask(fitted, ProductFilters.of(request))
    mask[places] = False
    gates = fitted.past.gates
    if gates is not None:
        whom = str(seen.user_ids[live.position]) if live.position >= 0 else ""  # nobody's age is known of a basket
        mask = gates.applied(fitted.catalogue, [whom], mask).reshape(-1)
    if live.position >= 0:
        owned = seen.matrix[[live.position]].indices
        mask[owned] = False
        mask &= ~np.asarray(seen.returned[[live.position]].toarray()).ravel().astype(bool)
    return mask


def _ranked(
    fitted: FittedRecommender, request: RecommendRequest, live: LiveBasket, mask: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    shape = fitted.catalogue.shape(request)
    depth = shape.depth(request.k, fitted.interactions.n_items)
    top, scores = live.top(live.row, depth, exclude_seen=False, candidates=mask)
    if shape:
        chosen = shaped(shape, fitted.catalogue.kinds, top, scores, request.k)
        chosen = chosen[:, chosen[0] >= 0]
        top, scores = np.take_along_axis(top, chosen, axis=1), np.take_along_axis(scores, chosen, axis=1)
    return top, scores


def _table(fitted: FittedRecommender, places: np.ndarray, found: list[tuple[int, float]]) -> Table:
    rows: list[list[Any]] = []
    both = _bought_with(fitted, places)
    for place, score in found:
        facts = fitted.catalogue.frame.iloc[int(fitted.catalogue.rows[place])]
        price = None if np.isnan(facts["price"]) else float(facts["price"])
        rows.append([str(facts["product_id"]), str(facts["name"]), price, int(both[place]), round(score, 4)])
    return Table(id="products", title="Products that go with them", rows=rows, total_rows=len(rows), columns=[
        Column(name="product_id", label="Product id", unit="id"), Column(name="name", label="Product"),
        Column(name="price", label="Price", unit="currency"),
        Column(name="buyers_of_both", label="Customers who bought one of them and this", unit="count"),
        Column(name="score", label="Score", unit="score")])


def _add_reasons(
    table: Table, fitted: FittedRecommender, live: LiveBasket, family: str, mask: np.ndarray, top: np.ndarray
) -> None:
    """Columns ``reason`` (tested, naming what is in the basket as such) and ``place_before`` the basket."""
    shown = top[:, top[0] >= 0]
    tested = reasons_for(live, live.row, shown, rule=live.rule(fitted.reason_rules[family]), exclude_seen=False,
                         candidates=mask)[0]
    before: np.ndarray | None = None
    if live.position >= 0:
        rows = live.model.rows_at(np.array([live.position]))
        ((_, before),) = live.model.ranking_scores(rows, exclude_seen=False, candidates=mask)
    for row, place, cause in zip(table.rows, shown[0], tested, strict=True):
        if cause is None:
            row.append("no reason passed the test")
        else:
            in_basket = cause.owned_item in live.basket.indices
            verb = "goes with the basket's" if in_basket else "because they bought"
            row.append(f"{verb} {_name(fitted, cause.owned_item)}")
        row.append(None if before is None else ranks_of(before, int(place))[0])
    table.columns += [Column(name="reason", label="Reason"),
                      Column(name="place_before", label="Place before the basket", unit="count")]


def _name(fitted: FittedRecommender, place: int) -> str:
    return str(fitted.catalogue.frame.iloc[int(fitted.catalogue.rows[place])]["name"])


def _places(fitted: FittedRecommender, request: RecommendRequest, rows: list[int]) -> np.ndarray:
    places = fitted.catalogue.frame["position"].to_numpy()[rows]
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
