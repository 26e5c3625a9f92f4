"""Recommendations as a :class:`~assistant.results.Result` of kind ``recommendation``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from assistant.data.warehouse import Snapshot
from assistant.errors import NoRows, UnknownName
from assistant.models.recommend.audience_list import audience_tables
from assistant.models.recommend.catalogue import QUIET_DAYS, RULES, ProductFilters
from assistant.models.recommend.fitted import (
    CustomerLists,
    FittedRecommender,
    candidate_mask,
    fit_recommender,
    recommend_for_customers,
)
from assistant.models.recommend.in_common import in_common, in_words
from assistant.models.recommend.list_cost import cost_table
from assistant.models.recommend.model_table import add_models
from assistant.models.recommend.one_customer import one_customer
from assistant.models.recommend.own_past import add_own_past, fitted_for
from assistant.models.recommend.reach import refuse_objector
from assistant.models.recommend.segment_reasons import add_segment_reasons, segment_reasons
from assistant.models.recommend.why import explain_list
from assistant.plans import RecommendRequest
from assistant.plans.reword import phrase, reword
from assistant.plans.reword_lists import only_rules
from assistant.query.spoken import speak
from assistant.results import Caveat, Chart, Column, DefinitionUsed, Evidence, Figure, Refusal, Result, Source, Table

__all__ = ["fit_recommender", "recommend_for_customers", "recommend_result"]

#: Below this many products a customer's taste is a guess.
_THIN_HISTORY = 3


def recommend_result(
    snapshot: Snapshot, request: RecommendRequest, fitted: FittedRecommender,
    customer_ids: Sequence[str] | None = None, only: Sequence[str] | None = None,
) -> Result:
    """Products for one customer, for the customers of a filter, or for all customers.

    Args:
        customer_ids: the customers that ``request.filter`` selects, if already known.
        only: ids of the products that fit ``request.liking``; no others may stand on the list.

    Returns:
        tables ``products``, ``left_out`` (by rule), ``models`` (the comparison, where it could be made) and
        ``why_not``; with nothing left after the rules a refusal (``no_rows``) that keeps ``left_out``.

    Raises:
        UnknownName: customer, product or category unknown; ``valid`` holds the nearest.
        MissingData: a category is asked for and the shop has none. NoRows: the filter selects nobody.
    """
    if request.basket:
        from assistant.models.recommend.basket import basket_result

        return basket_result(snapshot, request, fitted)
    fitted = fitted_for(fitted, request)
    if request.unowned:
        nothing = np.zeros_like(fitted.rebuying.kept)
        fitted = replace(fitted, rebuying=replace(fitted.rebuying, kept=nothing))
    filters = replace(ProductFilters.of(request), only=None if only is None else frozenset(only))
    if request.customer_id is not None:
        result = _for_customer(snapshot, request, fitted, filters)
    else:
        result = _for_audience(snapshot, request, fitted, filters, customer_ids)
    speak(result, "rules", phrase(only_rules(request)))
    _add_cost(result, fitted, request)
    cold = result.words["history"] == "none"
    add_models(result, fitted, "popularity" if cold else fitted.family(request.method))
    if not result.table("products").rows:
        _add_cheapest(result, fitted, filters)
        rules = [str(row[0]) for row in result.table("left_out").rows[:-1]]
        result.refusal = Refusal(
            reason="no_rows", message="No product is left to recommend; every product is left out by a rule: "
            + "; ".join(rules), nearest=[f for f in result.followups if "Why not" not in f][:2],
        )
    return result


def known_customer(snapshot: Snapshot, fitted: FittedRecommender, customer_id: str) -> str:
    """The shop's spelling of a customer's id.

    Raises:
        UnknownName: nobody of that id; ``valid`` holds the nearest ids. NotPermitted: they objected to marketing.
    """
    wanted = customer_id.strip()
    refuse_objector(snapshot, wanted)
    if fitted.interactions.user_positions([wanted])[0] >= 0:
        return wanted
    known = set(fitted.interactions.user_ids.tolist())
    for table in ("customers", "orders"):
        if snapshot.has(table, "customer_id"):
            ids = snapshot.table(table).customer_id
            known |= set(snapshot.execute(snapshot.table(table).filter(ids.notnull()).select("customer_id").distinct())
                         .column(0).to_pylist())
    by_fold = {k.casefold(): k for k in known}
    if wanted.casefold() in by_fold:
        refuse_objector(snapshot, by_fold[wanted.casefold()])
        return by_fold[wanted.casefold()]
    from rapidfuzz import process

    nearest = [m[0] for m in process.extract(wanted, sorted(known), limit=5)]
    raise UnknownName("The shop has no such customer", received=customer_id, valid=nearest)


# -- one customer -------------------------------------------------------------------------------------------------


def _for_customer(
    snapshot: Snapshot, request: RecommendRequest, fitted: FittedRecommender, filters: ProductFilters
) -> Result:
    customer = known_customer(snapshot, fitted, request.customer_id or "")
    seen = fitted.interactions
    position = int(_shown_position(fitted, customer, request))
    owned = seen.matrix[[position]].indices if position >= 0 else np.array([], dtype=np.int64)
    lists = recommend_for_customers(
        fitted, [customer], request.k, method=request.method, filters=filters,
        shape=fitted.catalogue.shape(request), bought_only=request.purpose == "reorder",
    )
    table = _customer_table(fitted, lists)
    left_out = _left_out_table(fitted, filters, position, owned, customer)
    model = fitted.models[lists.family]
    history = "none" if len(owned) == 0 else "some"
    agreed = fitted.past.gates.agreed if fitted.past.gates is not None else None
    result = Result(
        kind="recommendation", title=f"Products for customer {customer}", currency=snapshot.currency,
        tables=[table, left_out], details={"reasons": _reason_details(lists), "score_kept": lists.score_kept},
        words={"for": "customer", "history": history,
               "personal": "yes" if model.personal and history != "none" else "no",
               "why_model": ("there is no purchase to choose by" if history == "none" else
                             fitted.choice.why if request.method == "auto" else "it was asked for"),
               "model": _model_words(fitted, "popularity" if history == "none" else lists.family)},
        evidence=_evidence(snapshot, request, fitted, lists.family),
        followups=_customer_followups(fitted, customer, lists),
    )
    result.figures["customer"] = Figure(value=customer, unit="id", label="Customer", source=Source(origin="plan"))
    add_own_past(result, fitted, request, position, filters)
    _count_figures(result)
    if agreed is not None and customer not in agreed:
        result.caveats.append(Caveat(code="no_profiling_consent"))
    elif len(owned) == 0:
        country = fitted.cold_start().country(customer)
        result.caveats.append(Caveat(code="cold_start") if country is None
                              else Caveat(code="cold_start_country", words={"country": country}))
        result.words["country"] = country or ""
    elif len(owned) < _THIN_HISTORY and model.personal:
        result.caveats.append(Caveat(code="thin_history"))
    if lists.filled.any() and len(owned):
        result.caveats.append(Caveat(code="filled_from_popularity"))
    if request.why_not is not None or request.why is not None:
        explain_list(result, request, one_customer(fitted, customer, filters, request.method), lists)
    return result


def _shown_position(fitted: FittedRecommender, customer: str, request: RecommendRequest) -> int:
    """The customer's row, -1 for a stranger and for one who did not agree to profiling.

    Raises:
        NoRows: only adults are meant, and the customer is not known to be one.
    """
    gates = fitted.past.gates
    if request.adults_only and gates is not None and not gates.adults([customer])[0]:
        raise NoRows(f"Customer {customer} is not known to be of age, and the list is for adults only",
                     received=customer)
    position = fitted.interactions.user_positions([customer])
    return int(position[0] if gates is None else gates.known_positions([customer], position)[0])


def _customer_table(fitted: FittedRecommender, lists: CustomerLists) -> Table:
    catalogue, frame = fitted.catalogue, fitted.catalogue.frame
    columns = [Column(name="product_id", label="Product id", unit="id"), Column(name="name", label="Product"),
               Column(name="price", label="Price", unit="currency")]
    if catalogue.has_category:
        columns.append(Column(name="category", label="Category"))
    columns += [Column(name="reason", label="Reason"), Column(name="score", label="Score", unit="score"),
                Column(name="buyers", label="Customers who bought it", unit="count"),
                Column(name="bought_again", label="Returning buyers who bought it again", unit="percent"),
                Column(name="price_source", label="Price from")]
    buyers = np.bincount(fitted.interactions.matrix.indices, minlength=fitted.interactions.n_items)
    rows: list[list[Any]] = []
    for slot, product in enumerate(lists.product_ids[0]):
        if product is None:
            continue
        place = int(fitted.interactions.item_positions([product])[0])
        facts = frame.iloc[int(catalogue.rows[place])]
        score = float(lists.scores[0, slot])
        rows.append([
            str(product), facts["name"], _number(facts["price"]),
            *([_text(facts["category"])] if catalogue.has_category else []),
            _reason_words(fitted, lists, slot), round(score, 4) if np.isfinite(score) else None,
            int(buyers[place]), round(100 * float(fitted.rebuying.rate[place]), 1),
            {"list": "list price", "last_paid": "last price paid"}.get(facts["price_source"]),
        ])
    return Table(id="products", title="Recommended products", columns=columns, rows=rows, total_rows=len(rows))


def _reason_words(fitted: FittedRecommender, lists: CustomerLists, slot: int) -> str:
    """The reason that was tested, or that there is none; no numbers."""
    if lists.bought_before[0, slot]:
        if fitted.choice.purpose == "next":
            return "they bought it before"
        return "they bought it before, and it is often bought again"
    cause = lists.because[0, slot]
    if cause is not None:
        shared = in_common(fitted.past.side, str(lists.product_ids[0, slot]), str(cause))
        alike = f" (both: {in_words(shared)})" if shared and fitted.models[lists.family].needs == "vectors" else ""
        return f"because they bought {_name(fitted, cause)}{alike}"
    customer = lists.customer_ids[0]
    if fitted.interactions.user_positions([customer])[0] < 0 and fitted.cold_start().country(customer) is not None:
        return "bought most in their country, not chosen for this one"
    if lists.filled[0, slot] or not fitted.models[lists.family].personal:
        return "popular with all customers, not chosen for this one"
    return "no reason passed the test"


def _reason_details(lists: CustomerLists) -> list[dict[str, Any]]:
    return [
        {"product_id": p, "because_product_id": b, "bought_before": bool(again), "from_popularity": bool(filled)}
        for p, b, again, filled in zip(lists.product_ids[0], lists.because[0], lists.bought_before[0], lists.filled[0],
                                       strict=True) if p is not None
    ]


def _customer_followups(fitted: FittedRecommender, customer: str, lists: CustomerLists) -> list[str]:
    shown = [p for p in lists.product_ids[0] if p is not None]
    first = [f"What is bought together with {_name(fitted, shown[0])}?"] if shown else []
    return [f"Show customer {customer}", *first, "Which products should we recommend to all customers?"]


# -- many customers -----------------------------------------------------------------------------------------------


def _for_audience(
    snapshot: Snapshot, request: RecommendRequest, fitted: FittedRecommender, filters: ProductFilters,
    customer_ids: Sequence[str] | None,
) -> Result:
    if customer_ids is None and request.filter is not None:
        from assistant.query.audience import customer_ids as customers_of

        customer_ids = list(customers_of(snapshot, request.filter))
    everybody = customer_ids is None
    tables, figures, lists_family, caveats, kept = audience_tables(
        fitted, fitted.interactions.user_ids.tolist() if customer_ids is None else list(customer_ids), request, filters
    )
    whom = "all customers" if everybody else "these customers"
    result = Result(
        kind="recommendation", title=f"Products for {whom}", currency=snapshot.currency,
        tables=[*tables, _left_out_table(fitted, filters, -1, np.array([], dtype=np.int64))], figures=figures,
        words={"for": "everybody" if everybody else "audience", "history": "some",
               "personal": "yes" if fitted.models[lists_family].personal else "no",
               "why_model": fitted.choice.why if request.method == "auto" else "it was asked for",
               "model": _model_words(fitted, lists_family)},
        charts=[Chart(kind="bar", table="products", x="name", y=["customers"], title="Customers whose list holds it")],
        details={"score_kept": kept},
        evidence=_evidence(snapshot, request, fitted, lists_family), caveats=caveats,
        followups=["Which products are bought together?", "Split our customers into segments and tell me what each "
                   "looks like", "Top 10 products by revenue"],
    )
    result.words["purpose"] = request.purpose
    if request.filter is not None:
        speak(result, "whom", phrase(request.filter))
    _count_figures(result)
    if customer_ids is not None and fitted.catalogue.has_category:
        _add_shares(result, snapshot, customer_ids)
    return result


def _add_shares(result: Result, snapshot: Snapshot, customer_ids: Sequence[str]) -> None:
    """Why these products for these customers: what they bought lately, beside everybody else."""
    products = result.table("products")
    categories = [str(row[products.column_index("category")]) for row in products.rows]
    if not categories:
        return
    reasons = segment_reasons(snapshot, customer_ids, categories)
    result.figures["reason_days"] = add_segment_reasons(products, reasons)
    result.tables.append(reasons)


# -- shared -------------------------------------------------------------------------------------------------------


def _left_out_table(
    fitted: FittedRecommender, filters: ProductFilters, position: int, owned: np.ndarray, customer: str | None = None
) -> Table:
    """Products left out by the first rule that applies, and how many are left."""
    rules = fitted.catalogue.rules(filters)
    counts = {rule: int((rules == rule).sum()) for rule in RULES}
    mask = candidate_mask(fitted, filters)
    gates = fitted.past.gates
    if customer is not None and gates is not None:
        open_ = gates.applied(fitted.catalogue, [customer], mask)
        open_ = open_ if open_.ndim == 1 else open_[0]
        counts["age_gate"], mask = int((mask & ~open_).sum()), mask & open_
    total = int(mask.sum())
    if position >= 0:
        returned = mask & fitted.interactions.returned[[position]].toarray().ravel()
        counts["returned"] = int(returned.sum())
        mask &= ~returned
        hidden = owned[mask[owned] & ~fitted.rebuying.kept[owned]]
        counts["owned"] = len(hidden)
        total -= counts["returned"] + counts["owned"]
    said = RULES if fitted.rebuying.kept.any() else RULES | {"owned": "already bought by this customer"}
    rows: list[list[Any]] = [[said[rule], n] for rule, n in counts.items() if n]
    rows.append(["left to choose from", total])
    return Table(
        id="left_out", title="Left out, by the first rule that applies",
        columns=[Column(name="rule", label="Rule"), Column(name="products", label="Products", unit="count")],
        rows=rows, total_rows=len(rows),
    )


def _add_cost(result: Result, fitted: FittedRecommender, request: RecommendRequest) -> None:
    """What variety, variants and caps cost in relevance, and whether they left places empty."""
    shape = fitted.catalogue.shape(request)
    kept = result.details.pop("score_kept", float("nan"))
    rows = result.table("products").rows
    if not shape or not rows:
        return
    table = cost_table(fitted, fitted.family(request.method), shape, kept)
    result.tables.append(table)
    for column in ("score_lost", "ndcg_plain", "ndcg_shaped", "ndcg_lost"):
        if table.cell(0, column) is not None:
            result.figures[column] = table.figure(0, column)
    result.words["shaped"] = "yes"
    if request.customer_id is not None and len(rows) < request.k:
        result.caveats.append(Caveat(code="list_shorter"))


def _add_cheapest(result: Result, fitted: FittedRecommender, filters: ProductFilters) -> None:
    """A price limit that leaves nothing: the cheapest product that the other rules leave."""
    if filters.max_price is None:
        return
    frame = fitted.catalogue.frame
    open_ = [rule is None for rule in fitted.catalogue.rules(replace(filters, max_price=None))]
    left = frame[open_].dropna(subset=["price"]).sort_values(["price", "product_id"])
    if left.empty:
        return
    row = [str(left["product_id"].iloc[0]), str(left["name"].iloc[0]), _number(left["price"].iloc[0])]
    table = Table(id="cheapest", title="Cheapest product that the other rules leave", rows=[row], total_rows=1,
                  columns=[Column(name="product_id", label="Product id", unit="id"),
                           Column(name="name", label="Product"), Column(name="price", label="Price", unit="currency")])
    result.tables.append(table)
    result.figures["cheapest"] = table.figure(0, "price", "Cheapest product left")


def _count_figures(result: Result) -> None:
    left_out = result.table("left_out")
    result.figures["candidates"] = left_out.figure(len(left_out.rows) - 1, "products", "Products to choose from")


def _evidence(
    snapshot: Snapshot, request: RecommendRequest, fitted: FittedRecommender, family: str
) -> Evidence:
    catalogue = fitted.catalogue
    assumptions = []
    if request.in_stock_only and not catalogue.has_stock:
        assumptions.append("The data hold no stock, so availability was not checked.")
    if not catalogue.has_discontinued:
        assumptions.append(f"A product not sold for {QUIET_DAYS} days counts as no longer on sale.")
    if (catalogue.frame["price_source"] == "last_paid").any():
        assumptions.append("Where there is no list price, the price shown is the last one paid by any customer.")
    definitions = [DefinitionUsed(
        term="often bought again", meaning="at least one in three buyers who came back bought the product again")]
    return Evidence(
        plan=request.model_dump(mode="json"), plan_words=reword(request),
        snapshot=snapshot.manifest.id, source=snapshot.manifest.source, synthetic=snapshot.manifest.synthetic,
        as_of=snapshot.as_of,
        window_start=snapshot.manifest.first_day, window_end=snapshot.as_of, model=fitted.info(family),
        definitions=definitions, assumptions=assumptions, rows_scanned=int(fitted.interactions.matrix.nnz),
    )


def _model_words(fitted: FittedRecommender, family: str) -> str:
    from assistant.models.registry import RECOMMENDERS

    return RECOMMENDERS[fitted.names[family]].words


def _name(fitted: FittedRecommender, product_id: str) -> str:
    row = fitted.catalogue.row_of(product_id)
    return product_id if row is None else str(fitted.catalogue.frame["name"].iloc[row])


def _number(value: float) -> float | None:
    return None if value is None or not np.isfinite(value) else round(float(value), 2)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
