"""Products bought together, as a :class:`~assistant.results.Result` of kind ``bought_together``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from assistant.data.warehouse import Snapshot
from assistant.errors import NoRows, UnknownName
from assistant.features.baskets import PairCounts, pair_counts
from assistant.models.recommend.catalogue import name_words, stem
from assistant.plans import TogetherRequest
from assistant.results import Caveat, Chart, Column, DefinitionUsed, Evidence, Figure, Refusal, Result, Source, Table

if TYPE_CHECKING:
    import pandas as pd

#: A pair in fewer orders is chance; overall also at least this share of all orders, to keep the pairs few.
MIN_TOGETHER = 3
_OVERALL_SHARE = 0.001
#: Below so many shared orders the interval is wide.
_FEW = 10
#: Label of the pairs of the whole shop.
ALL = "all products"

_DEFINITIONS = [
    DefinitionUsed(term="support", meaning="share of all orders that hold both products"),
    DefinitionUsed(term="confidence", meaning="share of the product's orders that also hold the other product"),
    DefinitionUsed(term="lift", meaning="confidence divided by the share of all orders that hold the other product; "
                                        "one means no connection"),
]


def together_result(snapshot: Snapshot, request: TogetherRequest) -> Result:
    """Pairs in the same order with support, confidence and lift, surest connection first.

    Pairs are ranked by the lower end of the 95 % interval of lift, so that a pair seen three times by chance does not
    outrank one seen three hundred times.

    Returns:
        table ``pairs``; figures ``orders`` and, with one product, ``orders_product``. Of two products the figures
        ``orders_both``, ``orders_product``, ``orders_with`` and, where they share an order, table ``pairs``.

    Raises:
        UnknownName: no such product; ``valid`` holds the nearest. NoRows: no product sale at all.
    """
    names = product_names(snapshot)
    family = _family(snapshot, request, names)
    product = family[0] if family else None
    if request.product_id is not None:
        product = product_of(names, request.product_id)
    if product is not None and request.with_product_id is not None:
        return _both(snapshot, request, product, product_of(names, request.with_product_id), names)
    also = tuple(product_of(names, p) for p in request.also_product_ids) or family[1:]
    counts = _counts(snapshot, product, also, any_of=bool(family))
    if counts.orders == 0:
        raise NoRows("There are no orders with products in the data")
    frame = counts.frame.sort_values(["lift_low", "orders_both"], ascending=False, kind="stable")
    left: list[Table] = []
    if request.complements and product is not None:
        frame, table = _complements(snapshot, frame, product, names)
        left = [table]
    shown = frame.head(request.k)
    label = ALL if product is None else " and ".join(names[p] for p in (product, *also))
    label = f"products named “{request.text}”" if len(family) > 1 else label
    label = f"products of {request.category}" if request.category is not None else label
    result = Result(
        kind="bought_together", title=f"Bought together: {label}", currency=snapshot.currency,
        tables=[_pairs_table(shown, names, len(frame), label),
                _orders_table(snapshot, product, counts, also, any_of=bool(family)), *left],
        words={"scope": "all" if product is None else "one", "product": label,
               "complements": "yes" if request.complements else "",
               "categories": "yes" if snapshot.has("products", "category") else "",
               "several": "yes" if also and not family else "", "family": "yes" if len(family) > 1 else ""},
        charts=[Chart(kind="bar", table="pairs", x="pair", y=["lift"], lower="lift_low", upper="lift_high",
                      title="Lift")] if len(shown) else [],
        evidence=_evidence(snapshot, request, label),
        followups=[*([f"Something like {names[product]}"] if product else []), "Top 10 products by revenue"],
    )
    if len(family) > 1:
        result.tables.append(_family_table(family, names))
        result.figures["family"] = Figure(value=len(family), unit="count", label="Products meant", source=Source(
            table="family", origin="derived", derivation="number of rows"))
    orders = result.table("orders")
    result.figures["orders"] = orders.figure(0, "orders", "Orders with products")
    if product is not None:
        result.figures["orders_product"] = orders.figure(1, "orders", f"Orders with {label}")
    if len(shown) and (shown["orders_both"] < _FEW).any():
        result.caveats.append(Caveat(code="few_orders_together"))
    if frame.empty:
        result.refusal = Refusal(reason="no_rows", message=(
            "No two products share enough orders to speak of a connection" if product is None else
            f"No other product shares enough orders with {label} to speak of a connection"))
    return result


def _both(
    snapshot: Snapshot, request: TogetherRequest, product: str, other: str, names: dict[str, str]
) -> Result:
    """How many orders hold both of two products."""
    counts = pair_counts(snapshot, product, 1)
    shown = counts.frame[counts.frame["with_product_id"] == other]
    label = f"{names[product]} and {names[other]}"
    rows: list[list[Any]] = [
        ["orders with both", int(shown["orders_both"].iloc[0]) if len(shown) else 0],
        [f"orders with {names[product]}", _holding(snapshot, product)],
        [f"orders with {names[other]}", _holding(snapshot, other)],
        ["all orders with products", counts.orders],
    ]
    orders = Table(id="orders", title="Orders counted", rows=rows, total_rows=len(rows),
                   columns=[Column(name="which", label="Which"), Column(name="orders", label="Orders", unit="count")])
    result = Result(
        kind="bought_together", title=f"Bought together: {label}", currency=snapshot.currency,
        tables=[orders, *([_pairs_table(shown, names, len(shown), None)] if len(shown) else [])],
        words={"scope": "both", "product": names[product], "other": names[other], "complements": "", "categories": "",
               "several": ""},
        evidence=_evidence(snapshot, request, label),
        followups=[f"What goes well with {names[product]}?", "Top 10 products by revenue"],
    )
    for i, name in enumerate(("orders_both", "orders_product", "orders_with", "orders")):
        result.figures[name] = orders.figure(i, "orders", str(rows[i][0]).capitalize())
    result.headline = ["orders_both"]
    return result


def _holding(snapshot: Snapshot, *products: str, any_of: bool = False) -> int:
    """Orders that hold all of these products, or any of them."""
    lines = snapshot.table("order_lines")
    of_them = lines.filter((lines.line_type == "sale") & lines.product_id.isin(products))
    held = of_them.group_by("order_id").aggregate(held=of_them.product_id.nunique())
    enough = held.filter(held.held >= (1 if any_of else len(set(products))))
    return int(snapshot.execute(enough.count().as_table()).column(0)[0].as_py())


def _family_table(family: tuple[str, ...], names: dict[str, str]) -> Table:
    rows: list[list[Any]] = [[p, names[p]] for p in family]
    return Table(id="family", title="Products meant", rows=rows, total_rows=len(rows),
                 columns=[Column(name="product_id", label="Product id", unit="id"),
                          Column(name="name", label="Product")])


def named_by(names: dict[str, str], text: str) -> tuple[str, ...]:
    """Ids of the products whose names hold every word of a text, singular or plural, the shortest name first.

    Raises:
        UnknownName: no name does; ``valid`` holds the nearest.
    """
    wanted = {stem(w) for w in name_words(text)}
    found = [p for p, name in names.items() if wanted and wanted <= {stem(w) for w in name_words(name)}]
    if not found:
        product_of(names, text)
    return tuple(sorted(found, key=lambda p: (len(names[p]), p)))


def _family(snapshot: Snapshot, request: TogetherRequest, names: dict[str, str]) -> tuple[str, ...]:
    """Ids of the products that words or a category stand for; empty where neither is named.

    Raises:
        UnknownName: nothing is called so; ``valid`` holds the nearest. NoRows: nothing of the category was listed.
    """
    if request.text is not None:
        return named_by(names, request.text)
    if request.category is None:
        return ()
    from rapidfuzz import process

    table, wanted = snapshot.table("products"), request.category.strip().casefold()
    facts = snapshot.execute(table.select("product_id", "category", "subcategory")).to_pandas().fillna("")
    for column in ("subcategory", "category"):
        hit = facts[facts[column].astype(str).str.casefold() == wanted]
        if len(hit):
            return tuple(sorted(hit["product_id"].astype(str), key=lambda p: (len(names[p]), p)))
    known = sorted({*facts["category"], *facts["subcategory"]} - {""})
    raise UnknownName("The shop has no such category", received=request.category,
                      valid=[m[0] for m in process.extract(request.category, known, limit=5)])


def _counts(
    snapshot: Snapshot, product: str | None, also: tuple[str, ...] = (), any_of: bool = False
) -> PairCounts:
    if product is not None:
        return pair_counts(snapshot, product, MIN_TOGETHER, also, any_of)
    lines = snapshot.table("order_lines")
    counted = lines.filter(lines.line_type == "sale").order_id.nunique()
    orders = snapshot.execute(counted.as_table()).column(0)[0].as_py()
    return pair_counts(snapshot, None, max(MIN_TOGETHER, int(np.ceil(_OVERALL_SHARE * orders))))


def product_names(snapshot: Snapshot) -> dict[str, str]:
    """Name of every product, listed or only sold; its id where it has no name."""
    products = snapshot.execute(snapshot.table("products").select("product_id", "name"))
    names = dict(zip(products["product_id"].to_pylist(), products["name"].to_pylist(), strict=True))
    lines = snapshot.table("order_lines")
    sold = snapshot.execute(lines.filter(lines.line_type == "sale").select("product_id").distinct())
    return {p: names.get(p) or p for p in {*names, *sold.column(0).to_pylist()}}


def product_of(names: dict[str, str], asked: str) -> str:
    wanted = asked.strip()
    if wanted in names:
        return wanted
    same = [p for p, n in sorted(names.items()) if wanted.casefold() in (n.casefold(), p.casefold())]
    if same:
        return same[0]
    from rapidfuzz import process

    nearest = [m[0] for m in process.extract(wanted, sorted(f"{p} ({n})" for p, n in names.items()), limit=5)]
    raise UnknownName("The shop has no such product", received=asked, valid=nearest)


def _complements(
    snapshot: Snapshot, frame: pd.DataFrame, product: str, names: dict[str, str]
) -> tuple[pd.DataFrame, Table]:
    """Pairs with products of another category that are no variants of it and surely connected; what was left out."""
    from assistant.models.recommend.variants import variant_groups

    table = snapshot.table("products")
    facts = snapshot.execute(table.select("product_id", "name", "category", "subcategory", "brand")).to_pandas()
    facts["name"] = [names.get(p, p) for p in facts["product_id"]]
    group = dict(zip(facts["product_id"], variant_groups(facts), strict=True))
    category = dict(zip(facts["product_id"], facts["category"], strict=True))
    other = frame["with_product_id"]
    variant = other.map(group).eq(group.get(product, -1)) & other.isin(group)
    same = other.map(category).eq(category.get(product)) & ~variant
    chance = ~(frame["lift_low"] > 1) & ~variant & ~same
    rows: list[list[Any]] = [[words, int(hit.sum())] for words, hit in (
        ("variants of the product", variant), ("of the same category", same),
        ("not surely more than by chance", chance)) if hit.any()]
    kept = frame[~(variant | same | chance)]
    rows.append(["left to choose from", len(kept)])
    left = Table(id="left_out", title="Left out, by the first rule that applies", rows=rows, total_rows=len(rows),
                 columns=[Column(name="rule", label="Rule"), Column(name="products", label="Products", unit="count")])
    return kept, left


def _pairs_table(shown: pd.DataFrame, names: dict[str, str], total: int, label: str | None) -> Table:
    columns = [
        Column(name="product_id", label="Product id", unit="id"), Column(name="name", label="Product"),
        Column(name="with_product_id", label="With id", unit="id"), Column(name="with_name", label="With"),
        Column(name="pair", label="Pair"),
        Column(name="orders_both", label="Orders with both", unit="count"),
        Column(name="support", label="Support", unit="percent"),
        Column(name="confidence", label="Confidence", unit="percent"), Column(name="lift", label="Lift", unit="ratio"),
        Column(name="lift_low", label="Lift, lower", unit="ratio"),
        Column(name="lift_high", label="Lift, upper", unit="ratio"),
    ]
    with_what = None if label in {None, ALL} else label
    rows: list[list[Any]] = [
        [r.product_id, names[r.product_id], r.with_product_id, names[r.with_product_id],
         f"{with_what or names[r.product_id]} + {names[r.with_product_id]}", int(r.orders_both),
         round(100 * r.support, 3), round(100 * r.confidence, 2), round(r.lift, 3), round(r.lift_low, 3),
         round(r.lift_high, 3)]
        for r in shown.itertuples()
    ]
    return Table(id="pairs", title="Products bought in one order", columns=columns, rows=rows, total_rows=total)


def _orders_table(
    snapshot: Snapshot, product: str | None, counts: PairCounts, also: tuple[str, ...] = (), any_of: bool = False
) -> Table:
    rows: list[list[Any]] = [["all orders with products", counts.orders]]
    if product is not None:
        words = "orders with all of these products" if also else "orders with this product"
        words = "orders with any of these products" if also and any_of else words
        rows.append([words, _holding(snapshot, product, *also, any_of=any_of)])
    return Table(id="orders", title="Orders counted", rows=rows, total_rows=len(rows),
                 columns=[Column(name="which", label="Which"), Column(name="orders", label="Orders", unit="count")])


def _evidence(snapshot: Snapshot, request: TogetherRequest, label: str) -> Evidence:
    what = "pairs of products in one order" if label == ALL else f"products in one order with {label}"
    words = f"orders that hold both {label}" if request.with_product_id else f"{request.k} {what}, surest first"
    return Evidence(
        plan=request.model_dump(mode="json"), plan_words=words,
        snapshot=snapshot.manifest.id, source=snapshot.manifest.source, synthetic=snapshot.manifest.synthetic,
        as_of=snapshot.as_of, window_start=snapshot.manifest.first_day, window_end=snapshot.as_of,
        definitions=_DEFINITIONS, assumptions=["Orders of guests count too; returned products still count as bought."],
    )
