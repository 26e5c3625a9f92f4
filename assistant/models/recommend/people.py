"""From products to people: customers like one customer, and the customers a product suits best."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from assistant.data.warehouse import Snapshot
from assistant.errors import InvalidPlan, NoRows, UnknownName
from assistant.models.recommend.catalogue import ProductFilters, stem
from assistant.models.recommend.explained import name_of
from assistant.models.recommend.fitted import FittedRecommender, candidate_mask
from assistant.models.recommend.reach import contact_columns, may_contact, objected, reach_table
from assistant.models.recommend.reasons import reasons_for
from assistant.models.recommend.report import known_customer
from assistant.plans import BuyersRequest
from assistant.plans.filters import Compare
from assistant.plans.reword import phrase, reword
from assistant.query.spoken import speak
from assistant.results import Caveat, Column, Evidence, Figure, Result, Source, Table

if TYPE_CHECKING:
    from scipy.sparse import csr_array

_HOW = "The score orders customers by what they bought; it is not a probability. "
_HIDDEN = "Customers who own it are left out, because it is rarely bought again."
_KEPT = "Earlier buyers are kept, because it is bought again."
#: Customers whose reason is tested, and the length of the lists that the test imagines.
_WITH_REASON = 50
_LIST = 5
#: Customers scored at once.
_BATCH = 2000


def buyers_result(snapshot: Snapshot, request: BuyersRequest, fitted: FittedRecommender) -> Result:
    """The customers whose purchases speak most for a product, a category, or who buy like a given customer.

    Raises:
        UnknownName: product, category or customer unknown. NoRows: nobody's purchases speak for it.
        InvalidPlan: the shop's data allow no personal scores.
    """
    if request.like_customer_id is not None:
        result = _similar(snapshot, request, fitted)
    else:
        result = _likely(snapshot, request, fitted)
    if request.filter is not None:
        speak(result, "whom", phrase(request.filter))
    return result


# -- customers like one ------------------------------------------------------------------------------------------------


def _similar(snapshot: Snapshot, request: BuyersRequest, fitted: FittedRecommender) -> Result:
    customer = known_customer(snapshot, fitted, request.like_customer_id or "")
    seen = fitted.interactions
    place = int(seen.user_positions([customer])[0])
    if place < 0:
        raise NoRows(f"Customer {customer} has bought no product, so nobody can be compared with them",
                     received=customer)
    weighted = _rare_counts_more(seen.matrix)
    likeness = (weighted @ weighted[[place]].T).toarray().ravel()
    likeness[place] = -1.0
    opposed, told = objected(snapshot, seen.user_ids)
    likeness[opposed] = -1.0
    if request.filter is not None:
        likeness[~_selected(snapshot, request, seen.user_ids)] = -1.0
    order = np.lexsort((seen.user_ids.astype(str), -likeness))[: request.k]
    order = order[likeness[order] > 0]
    if len(order) == 0:
        raise NoRows("No other customer has bought any of the same products", received=customer)
    own = seen.matrix[[place]]
    shared = (_binary(seen.matrix[order]) @ _binary(own).T).toarray().ravel()
    facts = _facts(snapshot, [str(seen.user_ids[i]) for i in order])
    rows = [[str(seen.user_ids[i]), round(float(likeness[i]), 4), int(n), *facts[str(seen.user_ids[i])]]
            for i, n in zip(order, shared, strict=True)]
    columns = [Column(name="customer_id", label="Customer", unit="id"),
               Column(name="likeness", label="Likeness of purchases", unit="score"),
               Column(name="shared", label="Products both bought", unit="count"), *_FACTS]
    table = Table(id="customers", title=f"Customers who buy like {customer}", columns=columns, rows=rows,
                  total_rows=int((likeness > 0).sum()))
    figures = _counts(table)
    figures["customer"] = Figure(value=customer, unit="id", label="Customer", source=Source(origin="plan"))
    figures["owned"] = Figure(value=int(np.diff(own.indptr)[0]), unit="count", label="Products this customer bought",
                              source=Source(origin="evidence"))
    return Result(
        kind="similar_customers", title=f"Customers who buy like {customer}", currency=snapshot.currency,
        tables=[table], figures=figures, headline=[], words={"customer": customer},
        caveats=[*([Caveat(code="thin_history")] if figures["owned"].value < 3 else []), *told],  # type: ignore[operator]
        evidence=_evidence(snapshot, request, "Likeness is the cosine of the products bought, rare ones counting more; "
                                              "no personal traits are used."),
        details=_audience(rows), followups=[f"What should we recommend to customer {customer}?",
                                            f"Show customer {customer}"],
    )


def _binary(matrix: csr_array) -> csr_array:
    copy = matrix.copy()
    copy.data = np.ones_like(copy.data)
    return copy


def _rare_counts_more(matrix: csr_array) -> csr_array:
    """Rows of length one over products, each product weighted by how few bought it."""
    from sklearn.feature_extraction.text import TfidfTransformer

    return TfidfTransformer().fit_transform(_binary(matrix))


# -- customers for a product -------------------------------------------------------------------------------------------


def _likely(snapshot: Snapshot, request: BuyersRequest, fitted: FittedRecommender) -> Result:
    family = fitted.family("auto")
    model = fitted.models[family]
    if not model.personal:
        personal = fitted.personal_family()
        if personal is None:
            raise InvalidPlan("Purchases are too few to say who suits a product", received=request.product_id or "")
        family, model = personal, fitted.models[personal]
    columns, what = _of_brand(request, fitted, *_wanted(snapshot, request, fitted))
    seen = fitted.interactions
    scores = np.empty(seen.n_users, dtype=np.float64)
    for start in range(0, seen.n_users, _BATCH):
        rows = model.rows_at(np.arange(start, min(start + _BATCH, seen.n_users)))
        block = model._score_rows(rows)  # noqa: SLF001  rows, not ids: all customers
        scores[start : start + _BATCH] = block[:, columns].max(axis=1)
    owns = np.asarray(_binary(seen.matrix)[:, columns].sum(axis=1)).ravel() > 0
    again = bool(fitted.rebuying.kept[columns].any()) if len(columns) == 1 else True
    scores[~np.isfinite(scores)] = 0.0
    hidden = owns & (not again)
    opposed, told = objected(snapshot, seen.user_ids)
    scores[hidden | opposed] = 0.0
    if request.filter is not None:
        scores[~_selected(snapshot, request, seen.user_ids)] = 0.0
    order = np.lexsort((seen.user_ids.astype(str), -scores))[: request.k]
    order = order[scores[order] > 0]
    if len(order) == 0:
        raise NoRows(f"No customer's purchases speak for {what}", received=what)
    ids = [str(seen.user_ids[i]) for i in order]
    facts, agreed = _facts(snapshot, ids), may_contact(snapshot, ids)
    rows = [[c, round(float(scores[i]), 4), "yes" if owns[i] else "no", *facts[c], *agreed.get(c, [])]
            for c, i in zip(ids, order, strict=True)]
    columns_shown = [
        Column(name="customer_id", label="Customer", unit="id"), Column(name="score", label="Score", unit="score"),
        Column(name="bought_before", label="Bought before"), *_FACTS, *contact_columns(agreed),
    ]
    table = Table(id="customers", title=f"Customers for {what}", rows=rows, total_rows=int((scores > 0).sum()),
                  columns=columns_shown)
    figures = _counts(table)
    figures["owners"] = Figure(value=int(owns.sum()), unit="count", label="Customers who have bought it",
                               source=Source(origin="evidence"))
    reach = reach_table(table)
    if len(columns) == 1:
        _add_reasons(table, fitted, family, order, int(columns[0]))
    return Result(
        kind="likely_buyers", title=f"Customers for {what}", currency=snapshot.currency,
        tables=[table, *([reach] if reach is not None else [])], figures=figures, headline=[],
        caveats=[*([] if reach is not None else [Caveat(code="reach_unknown")]), *told],
        words={"what": what, "hidden": "yes" if not again else "", "model": fitted.choice.name,
               "reasons": "yes" if len(columns) == 1 else ""},
        evidence=_evidence(snapshot, request, _HOW + (_KEPT if again else _HIDDEN)),
        details=_audience(rows), followups=["Draft a cross-sell campaign for them", "Who is about to leave?"],
    )


def _add_reasons(table: Table, fitted: FittedRecommender, family: str, order: np.ndarray, item: int) -> None:
    """Column ``reason``: the tested cause for the first customers; empty for those further down."""
    model, some = fitted.models[family], order[:_WITH_REASON]
    places = np.full((len(some), _LIST), -1, dtype=np.int64)
    places[:, 0] = item
    hidden = ~fitted.rebuying.kept
    hidden[item] = False
    mask = candidate_mask(fitted, ProductFilters())
    mask[item] = True
    found = reasons_for(model, model.rows_at(some), places, rule=fitted.reason_rules[family], exclude_seen=hidden,
                        candidates=mask)
    for row, cause in zip(table.rows, (one[0] for one in found), strict=False):
        again = row[table.column_index("bought_before")] == "yes"
        words = "they bought it before" if again else "no reason passed the test" if cause is None else (
            f"because they bought {name_of(fitted, cause.owned_item)}")
        row.append(words)
    for row in table.rows[len(some):]:
        row.append(None)
    table.columns.append(Column(name="reason", label="Reason"))


def _wanted(snapshot: Snapshot, request: BuyersRequest, fitted: FittedRecommender) -> tuple[np.ndarray, str]:
    """Columns of the products meant, and what they are called."""
    seen, frame = fitted.interactions, fitted.catalogue.frame
    if request.product_ids:
        return _several(request, fitted)
    if request.product_id is not None:
        place = int(seen.item_positions([request.product_id])[0])
        row = fitted.catalogue.row_of(request.product_id)
        if row is None:
            raise UnknownName("The shop has no such product", received=request.product_id)
        name = str(frame.iloc[row]["name"])
        if place < 0:
            raise NoRows(f"No known customer has bought {name} yet, so nothing can be learnt about who would",
                         received=request.product_id)
        return np.array([place]), name
    if request.category is None and request.text is not None:
        said = request.text.casefold().split()  # "lunch bags" is every LUNCH BAG
        names = frame["name"].str.casefold()
        hit = np.logical_and.reduce([
            (names.str.contains(w, regex=False) | names.str.contains(stem(w), regex=False)).to_numpy() for w in said])
        places = frame["position"].to_numpy()[hit]
        places = places[places >= 0]
        if len(places) == 0:
            raise NoRows(f"No product sold has '{request.text}' in its name", received=request.text)
        return places, f"products with '{request.text}' in the name"
    mask = candidate_mask(fitted, ProductFilters(request.category, None, False))
    if not mask.any():
        raise NoRows(f"No product of {request.category} is on sale", received=request.category or "")
    return np.flatnonzero(mask), f"products of {request.category}" if request.category else "products"


def _of_brand(
    request: BuyersRequest, fitted: FittedRecommender, columns: np.ndarray, what: str
) -> tuple[np.ndarray, str]:
    """Of these columns those of the brand asked for, and what they are called then."""
    if request.brand is None:
        return columns, what
    catalogue = fitted.catalogue
    kept = columns[catalogue.of_brand(request.brand)[catalogue.rows[columns]]]
    if not len(kept):
        raise NoRows(f"{request.brand} has no {what} that were ever sold" if what.startswith("products")
                     else f"{what} is not of {request.brand}", received=f"{what}, {request.brand}")
    return kept, f"{what} of the brand {request.brand}"


def _several(request: BuyersRequest, fitted: FittedRecommender) -> tuple[np.ndarray, str]:
    """Columns of several products, and their names; those nobody bought yet are left out, if any is left."""
    frame = fitted.catalogue.frame
    places, names = [], []
    for product in request.product_ids:
        row = fitted.catalogue.row_of(product)
        if row is None:
            raise UnknownName("The shop has no such product", received=product)
        if frame["position"].iloc[row] >= 0:
            places.append(int(frame["position"].iloc[row]))
            names.append(str(frame["name"].iloc[row]))
    if not places:
        raise NoRows("No known customer has bought these products yet, so nothing can be learnt about who would",
                     received=", ".join(request.product_ids))
    return np.unique(places), " or ".join(names)


# -- shared ------------------------------------------------------------------------------------------------------------

_FACTS = [Column(name="order_count", label="Orders", unit="count"),
          Column(name="revenue", label="Sales to date", unit="currency"),
          Column(name="days_since_last_order", label="Since last order", unit="days")]


def _facts(snapshot: Snapshot, ids: Sequence[str]) -> dict[str, list[Any]]:
    lines = snapshot.table("order_lines")
    sales = lines.filter((lines.line_type == "sale") & lines.customer_id.isin(list(ids)))
    grouped = sales.group_by("customer_id").aggregate(
        orders=sales.order_id.nunique(), revenue=sales.amount.sum().cast("float64"), last=sales.ordered_at.max().date())
    found = {r["customer_id"]: [int(r["orders"]), float(r["revenue"]), (snapshot.as_of - r["last"]).days]
             for r in snapshot.execute(grouped).to_pylist()}
    return {i: found.get(i, [0, 0.0, None]) for i in ids}


def _selected(snapshot: Snapshot, request: BuyersRequest, ids: np.ndarray) -> np.ndarray:
    from assistant.query.audience import customer_ids

    assert request.filter is not None
    wanted = set(customer_ids(snapshot, request.filter))
    return np.array([str(i) in wanted for i in ids])


def _counts(table: Table) -> dict[str, Figure]:
    source = Source(table="customers", origin="derived", derivation="number of rows")
    return {"shown": Figure(value=len(table.rows), unit="count", label="Customers shown", source=source),
            "found": Figure(value=table.total_rows, unit="count", label="Customers it speaks for", source=source)}


def _audience(rows: Sequence[Sequence[Any]]) -> dict[str, Any]:
    ids = [str(r[0]) for r in rows]
    chosen = Compare(field="customer", op="in" if len(ids) > 1 else "eq", values=tuple(ids))
    return {"customer_ids": ids, "audience": {"filter": chosen.model_dump(mode="json"),
                                              "words": "the customers listed before"}}


def _evidence(snapshot: Snapshot, request: BuyersRequest, how: str) -> Evidence:
    return Evidence(
        plan=request.model_dump(mode="json"), plan_words=reword(request), snapshot=snapshot.manifest.id,
        source=snapshot.manifest.source, synthetic=snapshot.manifest.synthetic, as_of=snapshot.as_of,
        window_start=snapshot.manifest.first_day, window_end=snapshot.as_of, assumptions=[how],
    )
