"""What to offer instead of a product: alike in words or meaning, bought by the same people, rarely in the same order.

Substitutes and complements are told apart by the orders: products of one kind that the same people buy, but not
together, replace each other (compare McAuley, Pandey & Leskovec, "Inferring networks of substitutable and complementary
products", KDD 2015).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from assistant.data.warehouse import Snapshot
from assistant.errors import NoRows, UnknownName
from assistant.features.baskets import pair_counts
from assistant.models.recommend.catalogue import RULES, Catalogue, ProductFilters
from assistant.models.recommend.fitted import FittedRecommender
from assistant.models.recommend.meant import Meant, most_ordered, products_meant, say_chosen
from assistant.models.recommend.shaping import shaped
from assistant.models.recommend.together import product_names, product_of
from assistant.plans.promotions import SubstituteRequest
from assistant.plans.reword import phrase, reword
from assistant.plans.reword_lists import only_rules
from assistant.query.spoken import speak
from assistant.results import Column, DefinitionUsed, Evidence, Refusal, Result, Table

#: Products nearest in content that are looked at, and the likeness a substitute needs at least.
NEAREST, LEAST_LIKE = 200, 0.3
#: Bought together in so large a share of the orders of the rarer one (and at least as large as the median of the
#: products like it: where baskets are large, most pairs meet often), two products go with each other.
TOGETHER = 0.1

_LEFT = {
    "other_category": "of another kind than the product", "unlike": "not like it",
    "together": "often in the same order, so it goes with it", "not_cheaper": "not cheaper", "not_dearer": "not dearer",
    "price_unknown": "price unknown", "variant": "the same in another colour or size",
}
_DEFINITIONS = [
    DefinitionUsed(term="likeness", meaning="cosine of the texts of both products (embeddings where there are any, "
                                            "else TF-IDF of name and category)"),
    DefinitionUsed(term="same buyers", meaning="cosine of what else the buyers of both products bought, the two "
                                               "products themselves left out"),
    DefinitionUsed(term="in one order", meaning=f"orders with both over the orders of the rarer of the two; from "
                                                f"{TOGETHER:.0%} on, and from the median of the products like it on, "
                                                "they go with each other and replace nothing"),
]


def substitutes_result(snapshot: Snapshot, request: SubstituteRequest, fitted: FittedRecommender) -> Result:
    """Substitutes of one product, by the mean of likeness and same buyers (kind ``substitutes``).

    Returns:
        tables ``products``, ``original`` and ``left_out``.

    Raises:
        UnknownName: product, category or word unknown. MissingData: a rule needs a column the data lack. NoRows: the
            product is not in the catalogue any more.
    """
    catalogue = fitted.catalogue
    meant = _meant(snapshot, catalogue, request.product_id)
    anchor = most_ordered(snapshot, catalogue, meant)
    shape = catalogue.shape(request)
    signs = _signs(snapshot, fitted, anchor)
    why = _left_out(request, fitted, anchor, signs, "subcategory", meant.rows)
    if not (why == None).any():  # noqa: E711 (an array of objects)
        why = _left_out(request, fitted, anchor, signs, "category", meant.rows)
    open_ = np.flatnonzero(why == None)  # noqa: E711
    value = (signs["likeness"] + signs["buyers"]) / 2
    order = open_[np.lexsort((catalogue.frame["product_id"].to_numpy(dtype=str)[open_], -value[open_]))]
    shown = order[: request.k]
    if shape and len(order):
        chosen = shaped(shape, catalogue.all_kinds, order[None, :], value[order][None, :], request.k)[0]
        shown = order[chosen[chosen >= 0]]
    facts = catalogue.frame.iloc[anchor]
    result = Result(
        kind="substitutes", title=f"Instead of {facts['name']}", currency=snapshot.currency,
        tables=[_table("products", "Products to offer instead", fitted, shown, signs, len(order)),
                _table("original", "The product itself", fitted, np.array([anchor]), signs, 1),
                _left_table(why, len(order))],
        words={"product": str(facts["name"]), "relative": request.relative_price or ""},
        evidence=_evidence(snapshot, request, fitted), followups=[f"What goes well with {facts['name']}?"],
    )
    say_chosen(result, catalogue, meant, anchor, "the one in most orders")
    speak(result, "rules", phrase(only_rules(request)))
    original = result.table("original")
    if original.cell(0, "price") is not None:
        result.figures["price"] = original.figure(0, "price", "Price of the product")
    if not len(shown):
        counts = "; ".join(str(r[0]) for r in result.table("left_out").rows[:-1])
        result.refusal = Refusal(reason="no_rows", message=f"No substitute is left; left out: {counts}",
                                 nearest=[f"Something like {facts['name']}"])
    return result


def _meant(snapshot: Snapshot, catalogue: Catalogue, said: str) -> Meant:
    """The product named, listed or only sold, or those that words name.

    Raises:
        UnknownName: none is called so. NoRows: it was sold, and is not in the catalogue any more.
    """
    try:
        return products_meant(catalogue, said)
    except UnknownName:
        product_of(product_names(snapshot), said)
        raise NoRows("Nothing is known of this product", received=said) from None


def _signs(snapshot: Snapshot, fitted: FittedRecommender, anchor: int) -> dict[str, np.ndarray]:
    """Likeness, same buyers, orders with both and share in one order, of every catalogue row with one product."""
    frame = fitted.catalogue.frame
    ids = frame["product_id"].tolist()
    likeness = _likeness(fitted, anchor, ids)
    near = np.argsort(-likeness, kind="stable")[: NEAREST + 1]
    likeness[np.setdiff1d(np.arange(len(frame)), near)] = 0.0
    buyers = np.zeros(len(frame))
    buyers[near] = _same_buyers(fitted, anchor, near)
    counts = pair_counts(snapshot, ids[anchor], 1).frame.set_index("with_product_id")
    both = frame["product_id"].map(counts["orders_both"]).fillna(0).to_numpy(dtype=float)
    rarer = np.minimum(frame["product_id"].map(counts["orders_with"]).fillna(1).to_numpy(dtype=float),
                       float(counts["orders_product"].iloc[0]) if len(counts) else 1.0)
    share = both / np.maximum(rarer, 1)
    like = (likeness >= LEAST_LIKE) & (np.arange(len(frame)) != anchor)
    usual = float(np.median(share[like])) if like.any() else 0.0
    return {"likeness": likeness, "buyers": buyers, "both": both, "share": share,
            "bar": np.array([max(TOGETHER, usual)])}


def _likeness(fitted: FittedRecommender, anchor: int, ids: list[str]) -> np.ndarray:
    side = fitted.past.side
    if side is not None and side.has("vectors"):
        vectors = side.vectors_of(ids)
        if vectors[anchor].any():
            return np.array(vectors @ vectors[anchor], dtype=float)
    texts = fitted.catalogue.all_kinds.texts
    return np.asarray((texts @ texts[[anchor]].T).toarray(), dtype=float).ravel().copy()


def _same_buyers(fitted: FittedRecommender, anchor: int, rows: np.ndarray) -> np.ndarray:
    """Cosine between what else the buyers of the product and of each row bought (customers, 0/1)."""
    matrix, position = fitted.interactions.matrix, fitted.catalogue.frame["position"].to_numpy()
    if position[anchor] < 0:
        return np.zeros(len(rows))
    held = matrix.copy()
    held.data = np.ones_like(held.data)
    known = position[rows] >= 0
    columns = position[rows][known]
    own = np.asarray((held[:, [position[anchor]]].T @ held).toarray(), dtype=float).ravel()
    theirs = np.asarray((held[:, columns].T @ held).toarray(), dtype=float)
    at = np.arange(len(columns))
    own_sum, their_sum = own @ own, np.einsum("ij,ij->i", theirs, theirs)
    dot = theirs @ own
    for place in (np.full(len(columns), position[anchor]), columns):  # the two products themselves say nothing
        dot = dot - theirs[at, place] * own[place]
        their_sum = their_sum - theirs[at, place] ** 2
    own_left = own_sum - own[position[anchor]] ** 2 - np.where(columns == position[anchor], 0, own[columns] ** 2)
    found = np.zeros(len(rows))
    found[known] = dot / np.sqrt(np.maximum(own_left * their_sum, 1e-12))
    return np.clip(found, 0, 1)


def _left_out(
    request: SubstituteRequest, fitted: FittedRecommender, anchor: int, signs: dict[str, np.ndarray], kind: str,
    family: tuple[int, ...] = (),
) -> np.ndarray:
    """First reason that leaves each row out, None where none does; the product itself is "self", and what was named
    with it in another colour or size is no substitute."""
    catalogue = fitted.catalogue
    frame = catalogue.frame
    why = catalogue.rules(ProductFilters.of(request)).copy()
    own = frame[kind].iloc[anchor]
    steps: list[tuple[str, np.ndarray]] = []
    if request.category is None and isinstance(own, str):
        steps.append(("same_category", (frame[kind] != own).to_numpy()))
    steps.append(("unlike", signs["likeness"] < LEAST_LIKE))
    price, its = frame["price"].to_numpy(dtype=float), float(frame["price"].iloc[anchor])
    if request.relative_price:
        steps.append(("price_unknown", np.isnan(price) | np.isnan(its)))
        wrong = price >= its if request.relative_price == "cheaper" else price <= its
        steps.append(("not_cheaper" if request.relative_price == "cheaper" else "not_dearer", wrong))
    steps.append(("together", signs["share"] >= signs["bar"][0]))
    for code, holds in steps:
        why[holds & (why == None)] = code  # noqa: E711
    same = np.asarray(list(family), dtype=int)
    variant = catalogue.all_kinds.variant
    why[same[variant[same] == variant[anchor]]] = "variant"
    why[anchor] = "self"
    return why


def _left_table(why: np.ndarray, left: int) -> Table:
    words = dict(RULES) | _LEFT | {"same_category": "of another kind than the product",
                                   "other_category": RULES["other_category"]}
    rows: list[list[Any]] = [[words[code], int((why == code).sum())] for code in words if (why == code).any()]
    rows.append(["left to choose from", left])
    return Table(id="left_out", title="Left out, by the first rule that applies", rows=rows, total_rows=len(rows),
                 columns=[Column(name="rule", label="Rule"), Column(name="products", label="Products", unit="count")])


def _table(
    name: str, title: str, fitted: FittedRecommender, rows: np.ndarray, signs: dict[str, np.ndarray], total: int
) -> Table:
    catalogue = fitted.catalogue
    columns = [Column(name="product_id", label="Product id", unit="id"), Column(name="name", label="Product"),
               Column(name="price", label="Price", unit="currency")]
    if catalogue.has_category:
        columns.append(Column(name="category", label="Category"))
    if catalogue.has_stock:
        columns.append(Column(name="stock", label="In stock", unit="count"))
    columns += [Column(name="likeness", label="Likeness of the texts", unit="score"),
                Column(name="same_buyers", label="Likeness of what else their buyers buy", unit="score"),
                Column(name="orders_both", label="Orders with both", unit="count"),
                Column(name="share_both", label="Of the orders of the rarer one", unit="percent")]
    made: list[list[Any]] = []
    for row in rows:
        facts = catalogue.frame.iloc[row]
        one: list[Any] = [str(facts["product_id"]), str(facts["name"]),
                          None if np.isnan(facts["price"]) else round(float(facts["price"]), 2)]
        if catalogue.has_category:
            one.append(facts["category"] if isinstance(facts["category"], str) else None)
        if catalogue.has_stock:
            one.append(None if np.isnan(facts["stock"]) else int(facts["stock"]))
        made.append([*one, round(float(signs["likeness"][row]), 3), round(float(signs["buyers"][row]), 3),
                     int(signs["both"][row]), round(100 * float(signs["share"][row]), 2)])
    return Table(id=name, title=title, columns=columns, rows=made, total_rows=total)


def _evidence(snapshot: Snapshot, request: SubstituteRequest, fitted: FittedRecommender) -> Evidence:
    manifest = snapshot.manifest
    assumptions = [
        "Order: the mean of the likeness of the texts and of what else their buyers buy.",
        f"Looked at are the {NEAREST} products nearest in their texts, with a likeness of {LEAST_LIKE} or more."]
    if not fitted.catalogue.has_stock:
        assumptions.append("The data hold no stock, so availability was not checked.")
    if fitted.catalogue.has_category:
        assumptions.append("A substitute is of the same subcategory; of the same category where that leaves none.")
    else:
        assumptions.append("The data hold no categories, so a substitute may be of another kind.")
    return Evidence(
        plan=request.model_dump(mode="json"), plan_words=reword(request), snapshot=manifest.id, source=manifest.source,
        synthetic=manifest.synthetic, as_of=snapshot.as_of, window_start=manifest.first_day, window_end=snapshot.as_of,
        rows_scanned=int(fitted.interactions.matrix.nnz), definitions=_DEFINITIONS, assumptions=assumptions,
    )
