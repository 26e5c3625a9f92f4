"""Products for many customers: in how many of their own lists each product appears."""

from __future__ import annotations

from typing import Any

import numpy as np

from assistant.errors import NoRows
from assistant.models.recommend.catalogue import ProductFilters
from assistant.models.recommend.fitted import FittedRecommender, recommend_for_customers
from assistant.models.recommend.shaping import shaped
from assistant.plans import RecommendRequest
from assistant.results import Caveat, Column, Figure, Source, Table

#: Larger audiences are sampled (seeded): shares are then good to about a percentage point.
MAX_AUDIENCE = 20_000


def audience_tables(
    fitted: FittedRecommender, customer_ids: list[str], request: RecommendRequest, filters: ProductFilters
) -> tuple[list[Table], dict[str, Figure], str, list[Caveat], float]:
    """Tables ``products`` and ``audience``, figures, the model's family, caveats and the share of scores kept.

    Every customer gets the list they would get alone; a product's share is the share of customers whose list of
    ``request.k`` holds it, and its reason the most frequent tested cause among them.

    Raises:
        NoRows: nobody selected.
    """
    if not customer_ids:
        raise NoRows("The filter selects no customer, so there is nobody to recommend products to")
    asked, caveats, gates = len(customer_ids), [], fitted.past.gates
    groups: list[list[str | int]] = [["asked for", asked]]
    if request.adults_only and gates is not None:
        kept = gates.adults(customer_ids)
        customer_ids = [c for c, adult in zip(customer_ids, kept, strict=True) if adult]
        groups += [["not known to be of age", asked - len(customer_ids)], ["known to be of age", len(customer_ids)]]
        if not customer_ids:
            raise NoRows("None of these customers is known to be of age, and the list is for adults only")
    wanted = len(customer_ids)
    if wanted > MAX_AUDIENCE:
        chosen = np.random.default_rng(0).choice(wanted, MAX_AUDIENCE, replace=False)
        customer_ids = [customer_ids[i] for i in np.sort(chosen)]
    lists = recommend_for_customers(
        fitted, customer_ids, request.k, method=request.method, reasons=False, filters=filters,
        shape=fitted.catalogue.shape(request), bought_only=request.purpose == "reorder",
    )
    behind = _behind_the_gate(fitted, customer_ids)
    bought = fitted.interactions.user_positions(customer_ids) >= 0
    audience = Table(
        id="audience", title="Customers the list is for",
        columns=[Column(name="group", label="Group"), Column(name="customers", label="Customers", unit="count")],
        rows=[*groups, ["lists made", len(customer_ids)], ["with purchases", int(bought.sum())],
              *behind],
        total_rows=len(groups) + 2 + len(behind),
    )
    meant, made, with_purchases = len(groups) - 1, len(groups), len(groups) + 1
    figures = {"customers": audience.figure(meant, "customers", "Customers"),
               "k": Figure(value=request.k, unit="count", label="Products per list", source=Source(origin="plan"))}
    if meant:
        caveats.append(Caveat(code="adults_only", figures={
            "n": audience.figure(meant, "customers"), "total": audience.figure(0, "customers")}))
    if behind:
        caveats.append(Caveat(code="age_gate", figures={
            "n": audience.figure(with_purchases + 1, "customers"), "total": audience.figure(made, "customers")}))
    if len(customer_ids) < wanted:
        caveats.append(Caveat(code="audience_sampled", figures={
            "n": audience.figure(made, "customers"), "total": audience.figure(meant, "customers")}))
    if not bought.all():
        caveats.append(Caveat(code="audience_without_purchases", figures={
            "with_purchases": audience.figure(with_purchases, "customers"),
            "total": audience.figure(made, "customers")}))
    return [_products(fitted, lists.product_ids, request), audience], figures, lists.family, caveats, lists.score_kept


def _behind_the_gate(fitted: FittedRecommender, customer_ids: list[str]) -> list[list[str | int]]:
    """How many of the customers get nothing of the categories for adults; no row where there are none."""
    gates = fitted.past.gates
    if gates is None or not gates.restricted(fitted.catalogue).any():
        return []
    return [["not known to be of age, without what is for adults", int(gates.behind_the_gate(customer_ids).sum())]]


def _products(fitted: FittedRecommender, product_ids: np.ndarray, request: RecommendRequest) -> Table:
    """The products on most lists, with the share of customers; caps and variety hold for this list too."""
    catalogue, seen = fitted.catalogue, fitted.interactions
    flat = product_ids[product_ids != np.array(None)].astype(object)
    places = seen.item_positions(flat.tolist())
    counts = np.bincount(places, minlength=seen.n_items) if len(places) else np.zeros(seen.n_items, dtype=np.int64)
    order = np.argsort(-counts, kind="stable")
    order, shape = order[counts[order] > 0], fitted.catalogue.shape(request)
    if shape and len(order):
        looked = order[: shape.depth(request.k, len(order))]
        chosen = shaped(shape, catalogue.kinds, looked[None, :], counts[looked][None, :].astype(float), request.k)[0]
        order = looked[chosen[chosen >= 0]]
    order = order[: request.k]
    buyers = np.bincount(seen.matrix.indices, minlength=seen.n_items)
    columns = [Column(name="product_id", label="Product id", unit="id"), Column(name="name", label="Product"),
               Column(name="price", label="Price", unit="currency")]
    if catalogue.has_category:
        columns.append(Column(name="category", label="Category"))
    columns += [Column(name="customers", label="Customers whose list holds it", unit="count"),
                Column(name="share", label="Share of these customers", unit="percent"),
                Column(name="buyers", label="Customers who bought it", unit="count")]
    rows: list[list[Any]] = []
    for place in order:
        facts = catalogue.frame.iloc[int(catalogue.rows[place])]
        price = facts["price"]
        rows.append([
            str(seen.item_ids[place]), facts["name"], round(float(price), 2) if np.isfinite(price) else None,
            *([facts["category"] if isinstance(facts["category"], str) else None] if catalogue.has_category else []),
            int(counts[place]), round(100 * float(counts[place]) / len(product_ids), 1), int(buyers[place]),
        ])
    return Table(id="products", title="Products on most lists", columns=columns, rows=rows,
                 total_rows=int((counts > 0).sum()))
