"""New products as results: which to push, which suit one customer, and who should hear about one."""

from __future__ import annotations

from typing import Any

import numpy as np

from assistant.data.warehouse import Snapshot
from assistant.errors import InvalidPlan, MissingData, NoRows, UnknownName
from assistant.features.interactions import EPOCH
from assistant.features.product_attributes import shared_attributes
from assistant.models.recommend.launch_exam import LaunchExam
from assistant.models.recommend.newcomers import (
    HALF_LIFE_DAYS,
    Newcomers,
    content_buyers,
    nearest_established,
    new_lists,
    reach,
)
from assistant.models.recommend.people import _FACTS, _audience, _facts
from assistant.models.recommend.reach import objected
from assistant.models.recommend.report import known_customer
from assistant.plans import BuyersRequest, LaunchRequest
from assistant.plans.reword import reword
from assistant.query.periods import ResolvedPeriod, resolve
from assistant.query.spoken import speak_period
from assistant.results import Caveat, Column, DefinitionUsed, Evidence, Figure, ModelInfo, Result, Source, Table

#: Products of the list on which a customer counts as reached by a new product.
REACH_K = 3
#: A product with fewer buyers is judged by content; with more, who bought it says more.
MIN_BUYERS = 10
#: Owned products that must share an attribute before it is called the customer's taste.
_TASTE = 2
_ATTRIBUTE_WORDS = {"subcategory": "category {}", "category": "category {}", "brand": "brand {}",
                    "price_band": "a similar price", "words": "“{}” in the name"}


def launch_result(
    snapshot: Snapshot, request: LaunchRequest, newcomers: Newcomers, exam: LaunchExam | None
) -> Result:
    """New products for one customer, or those that suit most customers.

    Raises:
        UnknownName: customer or category unknown. NoRows: nothing is new, or the filter selects nobody.
        MissingData: a category is asked for and the shop has none.
    """
    candidates = _candidates(snapshot, request, newcomers)
    if request.customer_id is not None:
        return _for_customer(snapshot, request, newcomers, exam, candidates)
    return _to_push(snapshot, request, newcomers, exam, candidates)


def _candidates(snapshot: Snapshot, request: LaunchRequest, newcomers: Newcomers) -> np.ndarray:
    """Bool over items: new, of the category, in stock where asked.

    Raises:
        NoRows: none is left; the message says which condition was the last to leave none.
    """
    frame = newcomers.launches.frame
    period = _period(snapshot, request)
    when = f"within the last {request.days} days" if period is None else f"in the days asked for ({period.label})"
    rows = newcomers.launches.new(snapshot.as_of, request.days) if period is None else newcomers.launches.between(
        period.covered_start, period.covered_end)
    if not rows.any():
        raise NoRows(f"No product on sale was launched {when}", received=when)
    if request.category is not None:
        if not snapshot.has("products", "category"):
            raise MissingData("New products of one category need products.category", received="products.category")
        names = frame["category"].fillna("").astype(str)
        match = names.str.casefold().to_numpy() == request.category.strip().casefold()
        if not match.any():
            raise UnknownName("The shop has no such category", received=request.category,
                              valid=sorted(set(names) - {""}))
        rows = rows & match
        if not rows.any():
            raise NoRows(f"No product of {request.category} was launched {when}", received=request.category)
    if request.in_stock_only and snapshot.has("products", "stock"):
        rows = rows & ~(frame["stock"].to_numpy(dtype=float) <= 0)
        if not rows.any():
            raise NoRows("Every new product is out of stock", received=when)
    return newcomers.columns(rows)


def _period(snapshot: Snapshot, request: LaunchRequest) -> ResolvedPeriod | None:
    """The days in which a product must have been launched, where they are named."""
    if request.period is None:
        return None
    return resolve(request.period, as_of=snapshot.as_of, first_day=snapshot.manifest.first_day)


# -- one customer ------------------------------------------------------------------------------------------------------


def _for_customer(
    snapshot: Snapshot, request: LaunchRequest, newcomers: Newcomers, exam: LaunchExam | None, candidates: np.ndarray
) -> Result:
    customer = known_customer(snapshot, newcomers, request.customer_id or "")  # type: ignore[arg-type]
    place = int(newcomers.data.user_positions([customer])[0])
    if place < 0:
        result = _to_push(snapshot, request, newcomers, exam, candidates)
        result.title = f"New products, customer {customer} has no purchase yet"
        result.words["for"] = "cold"
        result.figures["customer"] = _plan_figure(customer, "id", "Customer")
        result.caveats.insert(0, Caveat(code="new_products_cold"))
        return result
    row = newcomers.data.matrix[[place]]
    places, scores, causes = new_lists(newcomers, row, request.k, candidates)
    shown = [(int(p), float(s), int(c)) for p, s, c in zip(places[0], scores[0], causes[0], strict=True) if p >= 0]
    if not shown:
        raise NoRows(f"Nothing that customer {customer} bought is like any new product", received=customer)
    names = newcomers.launches.frame.set_index("product_id")["name"]
    ids = newcomers.data.item_ids
    columns = [*_PRODUCT, Column(name="reason", label="Reason"), Column(name="score", label="Likeness", unit="score")]
    rows: list[list[Any]] = [
        [*_product(newcomers, p), _reason(newcomers, row.indices, p, c, names), round(s, 4)] for p, s, c in shown
    ]
    table = Table(id="products", title="New products that suit this customer", columns=columns, rows=rows,
                  total_rows=int(candidates.sum()))
    details = [{"product_id": str(ids[p]), "because_product_id": None if c < 0 else str(ids[c]),
                "shared": {} if c < 0 else shared_attributes(newcomers.side, str(ids[p]), str(ids[c]))}
               for p, _, c in shown]
    result = _result(snapshot, request, table, f"New products for customer {customer}", exam,
                     ["Which new products should we push?", f"Show customer {customer}"])
    result.words["for"] = "customer"
    result.figures["customer"] = _plan_figure(customer, "id", "Customer")
    result.details["reasons"] = details
    if row.nnz < REACH_K:
        result.caveats.append(Caveat(code="thin_history"))
    return result


def _reason(newcomers: Newcomers, owned: np.ndarray, column: int, cause: int, names: Any) -> str:
    """What it has in common with the product that caused it, else with what the customer owns at large; no numbers."""
    ids = newcomers.data.item_ids
    if cause >= 0:
        because = str(ids[cause])
        return f"like {names.get(because, because)}, which they bought" + _shared_words(newcomers, column, cause)
    for name in ("subcategory", "category", "brand"):
        value, *held = newcomers.side.values_of(name, [ids[column], *ids[owned]])
        same = sum(v == value for v in held)
        if value is not None and same >= _TASTE:
            often = "like most of what they bought" if same > len(held) / 2 else "as they bought more than once"
            return f"{_ATTRIBUTE_WORDS[name].format(value)}, {often}"
    return "no single purchase decides it"


def _shared_words(newcomers: Newcomers, column: int, other: int) -> str:
    """As in " (brand Birch, a similar price)"; empty where nothing named is shared."""
    ids = newcomers.data.item_ids
    shared = shared_attributes(newcomers.side, str(ids[column]), str(ids[other]))
    said = ", ".join(_ATTRIBUTE_WORDS[name].format(value) for name, value in shared.items())
    return f" ({said})" if said else ""


# -- which to push -----------------------------------------------------------------------------------------------------


def _to_push(
    snapshot: Snapshot, request: LaunchRequest, newcomers: Newcomers, exam: LaunchExam | None, candidates: np.ndarray
) -> Result:
    chosen = np.arange(newcomers.data.n_users)
    if request.filter is not None:
        from assistant.query.audience import customer_ids

        places = newcomers.data.user_positions(customer_ids(snapshot, request.filter))
        chosen = places[places >= 0]
        if not len(chosen):
            raise NoRows("The filter selects no customer with purchases, so no taste can be told")
    suits = reach(newcomers, candidates, REACH_K, chosen)
    first = _launch_days(newcomers) if request.newest_first else suits
    order = np.lexsort((np.arange(len(suits)), -suits, -first))
    shown = [int(p) for p in order if candidates[p]][: request.k]
    columns = [*_PRODUCT, Column(name="suits", label=f"Customers among whose best {REACH_K} it is", unit="count"),
               Column(name="share", label="Share of these customers", unit="percent"),
               Column(name="like", label="Most like, of what sells")]
    rows: list[list[Any]] = [
        [*_product(newcomers, p), int(suits[p]), round(100 * float(suits[p]) / len(chosen), 1), _like(newcomers, p)]
        for p in shown
    ]
    by = "newest first" if request.newest_first else "those that suit most customers first"
    table = Table(id="products", title=f"New products, {by}", columns=columns, rows=rows,
                  total_rows=int(candidates.sum()))
    unknown = [str(row[1]) for row in table.rows if by_content(newcomers, BuyersRequest(product_id=str(row[0])))]
    result = _result(snapshot, request, table, "New products to push", exam,
                     [*(f"Who should hear about {name}?" for name in unknown[:1]), "Top 10 products by revenue"])
    result.words["for"] = "push"
    result.words["newest_first"] = "yes" if request.newest_first else ""
    result.figures |= {
        "customers": Figure(value=len(chosen), unit="count", label="Customers whose tastes count",
                            source=Source(origin="evidence")),
        "reach_k": _plan_figure(REACH_K, "count", "New products per customer"),
    }
    return result


def _launch_days(newcomers: Newcomers) -> np.ndarray:
    """Launch day of each column, the earliest of all where it is unknown."""
    days = newcomers.launches.frame.set_index("product_id")["launched"].reindex(newcomers.data.item_ids).to_numpy()
    return np.nan_to_num(days.astype(float), nan=-1.0)


def _like(newcomers: Newcomers, column: int) -> str | None:
    """The established product it is most like, and what they share."""
    nearest = nearest_established(newcomers, column)
    if nearest < 0:
        return None
    frame, ids = newcomers.launches.frame, newcomers.data.item_ids
    name = frame.loc[frame["product_id"] == ids[nearest], "name"]
    return (str(name.iloc[0]) if len(name) else str(ids[nearest])) + _shared_words(newcomers, column, nearest)


# -- who should hear about it ------------------------------------------------------------------------------------------


def by_content(newcomers: Newcomers, request: BuyersRequest) -> bool:
    """Whether the request names a product of the catalogue that too few have bought for anything but content."""
    if request.product_id is None:
        return False
    place = int(newcomers.data.item_positions([request.product_id])[0])
    return place >= 0 and int((newcomers.data.matrix.indices == place).sum()) < MIN_BUYERS


def launch_buyers_result(
    snapshot: Snapshot, request: BuyersRequest, newcomers: Newcomers, exam: LaunchExam | None
) -> Result:
    """The customers who buy what a product without many buyers is like, those who still order first.

    Raises:
        NoRows: nobody bought anything like it. InvalidPlan: no product is named.
    """
    if request.product_id is None:
        raise InvalidPlan("Who a new product suits needs the product", received="no product")
    data, frame = newcomers.data, newcomers.launches.frame
    name = str(frame.loc[frame["product_id"] == request.product_id, "name"].iloc[0])
    scores = content_buyers(newcomers, [request.product_id])
    if request.filter is not None:
        from assistant.query.audience import customer_ids

        wanted = data.user_positions(customer_ids(snapshot, request.filter))
        outside = np.ones(data.n_users, dtype=bool)
        outside[wanted[wanted >= 0]] = False
        scores[outside] = 0.0
    opposed, told = objected(snapshot, data.user_ids)
    scores[opposed] = 0.0
    order = np.lexsort((data.user_ids.astype(str), -scores))[: request.k]
    order = order[scores[order] > 0]
    if len(order) == 0:
        raise NoRows(f"No customer has bought anything like {name}", received=request.product_id)
    place = int(data.item_positions([request.product_id])[0])
    ids = [str(data.user_ids[i]) for i in order]
    facts = _facts(snapshot, ids)
    names = frame.set_index("product_id")["name"]
    rows = [[c, round(float(scores[i]), 4), _owned_like(newcomers, int(i), place, names), *facts[c]]
            for c, i in zip(ids, order, strict=True)]
    columns = [Column(name="customer_id", label="Customer", unit="id"),
               Column(name="score", label="Likeness", unit="score"),
               Column(name="like", label="Bought, and most like it"), *_FACTS]
    table = Table(id="customers", title=f"Customers for {name}", rows=rows, total_rows=int((scores > 0).sum()),
                  columns=columns)
    buyers = int((data.matrix.indices == place).sum())
    result = _result(snapshot, request, table, f"Who should hear about {name}", exam,
                     ["Which new products should we push?", "Top 10 products by revenue"])
    result.kind = "launch_buyers"
    result.words["what"] = name
    derived = Source(table="customers", origin="derived", derivation="number of rows")
    result.figures |= {
        "shown": Figure(value=len(rows), unit="count", label="Customers shown", source=derived),
        "found": Figure(value=table.total_rows, unit="count", label="Customers it speaks for", source=derived),
        "buyers": Figure(value=buyers, unit="count", label="Known customers who have bought it",
                         source=Source(origin="evidence")),
    }
    result.caveats += told
    result.details |= _audience(rows)
    return result


def _owned_like(newcomers: Newcomers, user: int, column: int, names: Any) -> str | None:
    """The owned product that adds most to the score, and what it shares with the new one."""
    row = newcomers.data.matrix[[user]]
    added = newcomers.model.contributions(row, column)
    if not (added > 0).any():
        return None
    best = int(row.indices[int(np.argmax(added))])
    owned = str(newcomers.data.item_ids[best])
    return str(names.get(owned, owned)) + _shared_words(newcomers, column, best)


# -- shared ------------------------------------------------------------------------------------------------------------

_PRODUCT = [Column(name="product_id", label="Product id", unit="id"), Column(name="name", label="Product"),
            Column(name="price", label="Price", unit="currency"), Column(name="category", label="Category"),
            Column(name="launched", label="New since", unit="date"), Column(name="launch_source", label="Known from"),
            Column(name="orders", label="Orders so far", unit="count")]


def _product(newcomers: Newcomers, column: int) -> list[Any]:
    frame = newcomers.launches.frame
    facts = frame[frame["product_id"] == newcomers.data.item_ids[column]].iloc[0]
    price, launched = float(facts["price"]), float(facts["launched"])
    day = None if np.isnan(launched) else np.datetime64(EPOCH.isoformat()) + np.timedelta64(int(launched), "D")
    return [str(facts["product_id"]), str(facts["name"]), None if np.isnan(price) else round(price, 2),
            facts["category"] if isinstance(facts["category"], str) else None, None if day is None else str(day),
            facts["source"] if isinstance(facts["source"], str) else None, int(facts["orders"])]


def _plan_figure(value: Any, unit: Any, label: str) -> Figure:
    return Figure(value=value, unit=unit, label=label, source=Source(origin="plan"))


def _result(
    snapshot: Snapshot, request: LaunchRequest | BuyersRequest, table: Table, title: str, exam: LaunchExam | None,
    followups: list[str],
) -> Result:
    """The envelope with the exam of past launches."""
    tables, figures = [table], {}
    if exam is not None:
        tables.append(_exam_table(exam))
        for row, who in enumerate(("content", "chance")):
            figures[f"recall_{who}"] = tables[1].figure(row, "recall", "Later purchases of new products found")
            figures[f"ndcg_{who}"] = tables[1].figure(row, "ndcg")
        figures["exam_products"] = tables[1].figure(0, "products")
        figures["exam_customers"] = tables[1].figure(0, "customers")
    if isinstance(request, LaunchRequest):
        figures["days"] = _plan_figure(request.days, "days", "Counts as new")
        figures["found"] = Figure(value=table.total_rows, unit="count", label="New products",
                                  source=Source(table=table.id, origin="derived", derivation="number of rows"))
    result = Result(
        kind="new_products", title=title, currency=snapshot.currency, tables=tables, figures=figures,
        words={"measured": "" if exam is None else "yes"}, evidence=_evidence(snapshot, request, exam),
        caveats=[Caveat(code="new_products_unmeasured")] if exam is None else [], followups=followups,
    )
    speak_period(result, "launched", _period(snapshot, request) if isinstance(request, LaunchRequest) else None)
    return result


def _exam_table(exam: LaunchExam) -> Table:
    return Table(
        id="exam", title="Past launches: lists of ten of the products that were new then", total_rows=2,
        columns=[Column(name="order", label="Order"), Column(name="recall", label="Later purchases found",
                                                             unit="percent"),
                 Column(name="ndcg", label="nDCG", unit="score"),
                 Column(name="products", label="New products", unit="count"),
                 Column(name="customers", label="Customers who bought one", unit="count")],
        rows=[["by content", round(100 * exam.recall, 1), round(exam.ndcg, 4), exam.products, exam.customers],
              ["by chance", round(100 * exam.chance_recall, 1), round(exam.chance_ndcg, 4), exam.products,
               exam.customers]],
    )


def _evidence(snapshot: Snapshot, request: Any, exam: LaunchExam | None) -> Evidence:
    from assistant.models.recommend.content import Content

    quality = {} if exam is None else {"recall_at_10": exam.recall, "ndcg_at_10": exam.ndcg}
    baseline = {} if exam is None else {"recall_at_10": exam.chance_recall, "ndcg_at_10": exam.chance_ndcg}
    assumptions = ["Likeness is told from product texts: nobody need have bought the product. It is no probability."]
    if isinstance(request, BuyersRequest):
        assumptions.append(f"A customer's score is halved for every {HALF_LIFE_DAYS:g} days since the last order.")
    if not snapshot.has("products", "launched_at"):
        assumptions.append("There are no launch dates, so a product is new from its first sale on.")
    return Evidence(
        plan=request.model_dump(mode="json"), plan_words=reword(request), snapshot=snapshot.manifest.id,
        source=snapshot.manifest.source, synthetic=snapshot.manifest.synthetic, as_of=snapshot.as_of,
        window_start=snapshot.manifest.first_day, window_end=snapshot.as_of, assumptions=assumptions,
        model=ModelInfo(name="content", parameters=Content().parameters(), quality=quality, baseline=baseline),
        definitions=[DefinitionUsed(term="new product", meaning="on sale, and launched (or, where no date is known, "
                                                               "first sold) in the days asked for")],
    )
