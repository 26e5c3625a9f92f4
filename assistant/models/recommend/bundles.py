"""Bundles: two to four products bought in one order more than by chance, with price and margin (kind ``bundles``)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from assistant.data.warehouse import Snapshot
from assistant.errors import MissingData, UnknownName
from assistant.features.item_sets import SEEDS, ItemSet, frequent_sets
from assistant.models.recommend.catalogue import RULES, Catalogue, ProductFilters
from assistant.models.recommend.meant import Meant, most_ordered, products_meant, say_chosen
from assistant.models.recommend.together import MIN_TOGETHER, product_names, product_of
from assistant.plans.promotions import BundleRequest
from assistant.plans.reword import phrase, reword
from assistant.plans.reword_lists import only_rules
from assistant.query.spoken import speak
from assistant.results import Column, DefinitionUsed, Evidence, Figure, Refusal, Result, Source, Table

#: A bundle is in at least this share of all orders.
_SHARE = 0.0005
_SIZES = (2, 3, 4)
_DEFINITIONS = [
    DefinitionUsed(term="support", meaning="share of all orders that hold every product of the bundle"),
    DefinitionUsed(term="confidence", meaning="of the orders with all its products but one, the share that holds that "
                                              "one too; for the product that is tied to the others least surely"),
    DefinitionUsed(term="lift", meaning="that share over the share of all orders that hold the product; one means no "
                                        "connection; with a 95 % interval"),
]


def bundles_result(snapshot: Snapshot, request: BundleRequest, catalogue: Catalogue) -> Result:
    """Bundles by how many orders hold all of their products; a bundle inside one already listed is left out.

    Returns:
        tables ``bundles`` and ``left_out`` (products by rule, bundles by rule).

    Raises:
        UnknownName: product, category or word unknown. MissingData: a margin or cap needs a column the data lack.
    """
    names = product_names(snapshot)
    must, meant = None, None
    if request.product_id is not None:
        meant = _meant(catalogue, request.product_id)
        must = product_of(names, request.product_id) if meant is None else str(
            catalogue.frame["product_id"].iloc[most_ordered(snapshot, catalogue, meant)])
    if request.min_margin is not None and not catalogue.has_cost:
        raise MissingData("The margin of a bundle needs products.cost, which the loaded data do not have",
                          received="products.cost")
    catalogue.shape(request)
    filters = replace(ProductFilters.of(request), min_margin=None, also_unbought=True)
    rules = catalogue.rules(filters)
    allowed = frozenset(catalogue.frame["product_id"].to_numpy()[[r is None for r in rules]].tolist())
    orders = _least(snapshot)
    sizes = (request.size,) if request.size else _SIZES
    found = frequent_sets(snapshot, sizes, orders, allowed, must)
    kept, dropped = _chosen(found, request, catalogue)
    left = [[RULES[rule], int((rules == rule).sum())] for rule in RULES if (rules == rule).any()]
    result = Result(
        kind="bundles", title="Bundles" if must is None else f"Bundles with {names[must]}", currency=snapshot.currency,
        tables=[_bundles_table(kept[: request.k], catalogue, names, len(kept)), _left_out(left, dropped)],
        words={"product": "" if must is None else names[must], "margin": "yes" if catalogue.has_cost else ""},
        evidence=_evidence(snapshot, request, orders), followups=["Which products are bought together?"],
    )
    row = None if must is None else catalogue.row_of(must)
    if meant is not None and row is not None:
        say_chosen(result, catalogue, meant, row, "the one in most orders")
    speak(result, "rules", phrase(only_rules(request)))
    if request.max_total is not None:
        result.figures["max_total"] = Figure(value=request.max_total, unit="currency", label="Price limit of a bundle",
                                             source=Source(origin="plan"))
    result.figures["orders"] = Figure(value=orders, unit="count", label="Orders a bundle needs at least",
                                      source=Source(origin="evidence"))
    if not kept:
        result.refusal = Refusal(reason="no_rows", message=_why_none(must, names, rules, dropped, catalogue))
    return result


def _meant(catalogue: Catalogue, said: str) -> Meant | None:
    """The products that words name; None for one that is only sold, and for a name that the shop does not have."""
    try:
        return products_meant(catalogue, said)
    except UnknownName:
        return None


def _why_none(
    must: str | None, names: dict[str, str], rules: np.ndarray, dropped: dict[str, int], catalogue: Catalogue
) -> str:
    """Which rule left no bundle."""
    whole = [words for words, n in dropped.items() if n]
    if whole:
        return f"No bundle is left; every bundle found is left out: {'; '.join(whole)}"
    if must is None:
        return "No products that the rules leave share enough orders, more than by chance"
    row = catalogue.row_of(must)
    if row is not None and rules[row] is not None:
        return f"{names[must]} cannot be in a bundle: {RULES[rules[row]]}"
    return f"No product that the rules leave shares enough orders with {names[must]}, more than by chance"


def _least(snapshot: Snapshot) -> int:
    lines = snapshot.table("order_lines")
    counted = lines.filter(lines.line_type == "sale").order_id.nunique()
    total = snapshot.execute(counted.as_table()).column(0)[0].as_py()
    return max(MIN_TOGETHER, int(np.ceil(_SHARE * total)))


def _chosen(
    found: list[ItemSet], request: BundleRequest, catalogue: Catalogue
) -> tuple[list[ItemSet], dict[str, int]]:
    """Bundles within the limits on the whole, and how many each limit leaves out."""
    kinds = catalogue.all_kinds
    dropped = {"price of a product unknown": 0, "over the price limit of a bundle": 0, "margin below the floor": 0,
               "too many of one category": 0, "variants of one product": 0, "inside a bundle listed": 0}
    kept: list[ItemSet] = []
    for one in found:
        rows = [catalogue.row_of(p) for p in one.products]
        price, margin = _price(rows, catalogue)
        most = np.bincount(kinds.category[rows] - kinds.category[rows].min()).max()
        if request.max_total is not None and price is None:
            dropped["price of a product unknown"] += 1
        elif request.max_total is not None and price > request.max_total:
            dropped["over the price limit of a bundle"] += 1
        elif request.min_margin is not None and (margin is None or margin < request.min_margin):
            dropped["margin below the floor"] += 1
        elif request.max_per_category is not None and most > request.max_per_category:
            dropped["too many of one category"] += 1
        elif request.one_per_variant and len(set(kinds.variant[rows])) < len(rows):
            dropped["variants of one product"] += 1
        elif any(set(one.products) <= set(other.products) or set(other.products) <= set(one.products)
                 for other in kept):
            dropped["inside a bundle listed"] += 1
        else:
            kept.append(one)
    return kept, dropped


def _price(rows: list[int | None], catalogue: Catalogue) -> tuple[float | None, float | None]:
    """Price of all products together, and the gross margin in percent of it; None where one is unknown."""
    part = catalogue.frame.iloc[rows]
    price, cost = float(part["price"].sum(skipna=False)), float(part["cost"].sum(skipna=False))
    if not np.isfinite(price):
        return None, None
    return price, (100 * (price - cost) / price if np.isfinite(cost) and price > 0 else None)


def _bundles_table(shown: list[ItemSet], catalogue: Catalogue, names: dict[str, str], total: int) -> Table:
    columns = [Column(name="bundle", label="Bundle"), Column(name="product_ids", label="Product ids", unit="id"),
               Column(name="size", label="Products", unit="count"),
               Column(name="orders_all", label="Orders with all of them", unit="count"),
               Column(name="support", label="Support", unit="percent"),
               Column(name="confidence", label="Confidence", unit="percent"),
               Column(name="lift", label="Lift", unit="ratio"),
               Column(name="lift_low", label="Lift, lower", unit="ratio"),
               Column(name="lift_high", label="Lift, upper", unit="ratio"),
               Column(name="price", label="Price of all", unit="currency")]
    if catalogue.has_cost:
        columns.append(Column(name="margin", label="Gross margin of the price", unit="percent"))
    if catalogue.has_category:
        columns.append(Column(name="categories", label="Categories", unit="count"))
    rows: list[list[Any]] = []
    for one in shown:
        places = [catalogue.row_of(p) for p in one.products]
        price, margin = _price(places, catalogue)
        row: list[Any] = [
            " + ".join(names[p] for p in one.products), ", ".join(one.products), len(one.products), one.together,
            round(100 * one.support, 3), round(100 * one.confidence, 2), round(one.lift, 3), round(one.lift_low, 3),
            round(one.lift_high, 3), None if price is None else round(price, 2)]
        if catalogue.has_cost:
            row.append(None if margin is None else round(margin, 1))
        if catalogue.has_category:
            row.append(int(catalogue.frame.iloc[places]["category"].nunique()))
        rows.append(row)
    return Table(id="bundles", title="Bundles", columns=columns, rows=rows, total_rows=total)


def _left_out(products: list[list[Any]], dropped: dict[str, int]) -> Table:
    rows = [*([words, "products", n] for words, n in products),
            *([words, "bundle" if n == 1 else "bundles", n] for words, n in dropped.items() if n)]
    return Table(id="left_out", title="Left out", rows=rows, total_rows=len(rows), columns=[
        Column(name="rule", label="Rule"), Column(name="of", label="Of"),
        Column(name="number", label="Number", unit="count")])


def _evidence(snapshot: Snapshot, request: BundleRequest, least: int) -> Evidence:
    manifest = snapshot.manifest
    return Evidence(
        plan=request.model_dump(mode="json"), plan_words=reword(request), snapshot=manifest.id, source=manifest.source,
        synthetic=manifest.synthetic, as_of=snapshot.as_of, window_start=manifest.first_day, window_end=snapshot.as_of,
        rows_scanned=manifest.tables["order_lines"].rows, definitions=_DEFINITIONS, assumptions=[
            "Order: orders that hold every product of the bundle. Only bundles whose products are in one order more "
            "than by chance (lower end of the lift interval above one).",
            f"A bundle is in {least} orders or more; larger ones are built from the {SEEDS} most frequent ones "
            "of one product less.",
            "The price is the sum of the single prices; a bundle discount is not assumed.",
            "Orders of guests count too; returned products still count as bought."],
    )
