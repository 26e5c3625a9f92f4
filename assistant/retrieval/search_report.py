"""The result of a product search: tables, figures, words and evidence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.data.warehouse import Snapshot
from assistant.plans.requests import ProductSearchRequest
from assistant.results import (
    Caveat,
    Chart,
    Column,
    DefinitionUsed,
    Evidence,
    Figure,
    ModelInfo,
    Result,
    Source,
    Table,
)
from assistant.results.format import show
from assistant.results.result import Scalar
from assistant.retrieval.lexical import Reading
from assistant.retrieval.offers import Offers
from assistant.retrieval.ordering import LESS_CLOSE
from assistant.retrieval.product_index import ProductIndex

PRICE_MEANINGS = {
    "list": "current list price per unit",
    "last_paid": "last price per unit that a customer paid",
    "mixed": "current list price per unit, or the last price paid where there is none",
}


MATCH = ("shared words and similarity of meaning (cosine of text embeddings) together, from 0 to 1; words count for "
         "55 % to 75 %, more in longer queries, and half in likeness to a product")


#: Reasons for leaving products out that nobody gave in the request, and that the reply therefore names.
SAID_LEFT_OUT = {"not on sale", "out of stock", "price unknown", "date unknown", LESS_CLOSE}


@dataclass
class Found:
    """What a search found: rows of the catalogue, best first, and how.

    Attributes:
        weak: no product is close to what was asked for.
        beside: what was asked for exists, but the filters leave only what is less close.
        words: how the words that products must or must not have were read.
    """

    rows: list[int]
    scores: NDArray[np.float64]
    offers: Offers
    reading: Reading | None
    left_out: dict[str, int]
    anchor: int | None = None
    alternatives: list[int] = field(default_factory=list)
    weak: bool = False
    beside: bool = False
    words: dict[str, Reading] = field(default_factory=dict)

    @property
    def corrections(self) -> dict[str, str]:
        """Words that were read as others, of the text and of the filters."""
        readings = [*([self.reading] if self.reading else []), *self.words.values()]
        return {wrong: right for reading in readings for wrong, right in reading.corrections.items()}


def report(snapshot: Snapshot, index: ProductIndex, request: ProductSearchRequest, found: Found) -> Result:
    """Put a search into the result envelope."""
    table = _products_table(snapshot, index, request, found)
    tables = [table]
    if found.anchor is not None:
        tables.append(_anchor_table(index, found, found.anchor))
    if found.left_out:
        tables.append(Table(
            id="left_out", title="Left out", total_rows=len(found.left_out),
            columns=[Column(name="reason", label="Reason"), Column(name="products", label="Products", unit="count")],
            rows=[[reason, count] for reason, count in found.left_out.items()],
        ))
    result = Result(
        kind="product_search", title=_title(index, request, found), currency=snapshot.currency, tables=tables,
        figures=_figures(request, table, tables, found), words=_words(index, request, found),
        details=_details(index, found), caveats=_caveats(snapshot, index, tables, found),
        evidence=_evidence(snapshot, index, request, found), followups=_followups(snapshot, index, request, found),
    )
    result.headline = [name for name in ("found", "anchor_price", "best_price") if name in result.figures]
    if "price" in {c.name for c in table.columns} and sum(r[table.column_index("price")] is not None
                                                          for r in table.rows) > 1:
        result.charts.append(Chart(kind="bar", table="products", x="product", y=["price"], title="Price"))
    return result


def _known(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def _products_table(snapshot: Snapshot, index: ProductIndex, request: ProductSearchRequest, found: Found) -> Table:
    offers, products = found.offers, index.catalogue.products
    columns = [Column(name="product", label="Product"), Column(name="product_id", label="Product id", unit="id")]
    cells: list[Any] = [lambda i: products[i].name, lambda i: products[i].product_id]

    def add(name: str, label: str, unit: Any, cell: Any) -> None:
        columns.append(Column(name=name, label=label, unit=unit))
        cells.append(cell)

    if snapshot.has("products", "category"):
        add("category", "Category", "text", lambda i: products[i].category or None)
    if offers.basis != "none":
        add("price", "Last price paid" if offers.basis == "last_paid" else "Price", "currency",
            lambda i: _known(offers.price[i]))
    if offers.basis == "mixed":
        add("price_basis", "Price is", "text", lambda i: "list price" if offers.is_list_price[i] else "last price paid")
    if found.anchor is not None and not math.isnan(offers.price[found.anchor]):
        base = offers.price[found.anchor]
        add("price_difference", "Against it", "currency",
            lambda i: None if math.isnan(offers.price[i]) else round(float(offers.price[i] - base), 4))
    if snapshot.has("products", "stock"):
        add("stock", "In stock", "count", lambda i: None if math.isnan(offers.stock[i]) else int(offers.stock[i]))
    if request.sort == "newest":
        add("since", "Since", "date", lambda i: date.fromordinal(int(offers.since[i])).isoformat())
    add("units_sold", "Units sold", "count", lambda i: int(offers.units[i]))
    if request.text or found.anchor is not None:
        add("match", "Match", "score", lambda i: round(float(found.scores[i]), 3))
    rows: list[list[Scalar]] = [[cell(i) for cell in cells] for i in found.rows[: request.k]]
    title = "Similar products" if found.anchor is not None else "Matching products"
    return Table(id="products", title=title, columns=columns, rows=rows, total_rows=len(found.rows))


def _anchor_table(index: ProductIndex, found: Found, anchor: int) -> Table:
    rows: list[list[Scalar]] = []
    for role, i in [("taken", anchor), *(("could also be meant", i) for i in found.alternatives)]:
        product = index.catalogue.products[i]
        rows.append([product.name, product.product_id, role, _known(found.offers.price[i])])
    return Table(
        id="anchor", title="The product compared with", total_rows=len(rows), rows=rows,
        columns=[Column(name="product", label="Product"), Column(name="product_id", label="Product id", unit="id"),
                 Column(name="role", label="Reading"), Column(name="price", label="Price", unit="currency")],
    )


def limits_in_words(request: ProductSearchRequest) -> str:
    """The filters that are no price, in plain words; empty where there is none."""
    parts = [f"category {request.category}"] if request.category else []
    parts += [f"brand {request.brand}"] if request.brand else []
    parts += [f"with the word '{word}'" for word in request.containing]
    parts += [f"without the word '{word}'" for word in request.without]
    return ", ".join([*parts, *(["in stock"] if request.in_stock_only else [])])


def _title(index: ProductIndex, request: ProductSearchRequest, found: Found) -> str:
    if found.anchor is None:
        limits = limits_in_words(request)
        if not request.text:
            return f"Products: {limits}"
        return f"Products matching '{request.text}'" + (f", {limits}" if limits else "")
    name = index.catalogue.products[found.anchor].name
    return f"Similar to {name}" + (f", {request.relative_price}" if request.relative_price else "")


def _figures(
    request: ProductSearchRequest, table: Table, tables: Sequence[Table], found: Found
) -> dict[str, Figure]:
    figures = {
        "found": Figure(value=table.total_rows, unit="count", label="products found",
                        source=Source(table="products", origin="derived", derivation="number of rows")),
        "shown": Figure(value=len(table.rows), unit="count", label="products shown",
                        source=Source(table="products", origin="derived", derivation="number of rows shown")),
    }
    names = [c.name for c in table.columns]
    if "price" in names and table.rows[0][names.index("price")] is not None:
        figures["best_price"] = table.figure(0, "price", "price of the best match")
    if found.anchor is not None and tables[1].rows[0][3] is not None:
        figures["anchor_price"] = tables[1].figure(0, "price", "price of the product compared with")
    for name, value in (("min_price", request.min_price), ("max_price", request.max_price)):
        if value is not None:
            figures[name] = Figure(value=value, unit="currency", label=name.replace("_", " "),
                                   source=Source(origin="plan"))
    return figures


def _words(index: ProductIndex, request: ProductSearchRequest, found: Found) -> dict[str, str]:
    words = {"query": request.text or "", "basis": found.offers.basis, "relative": request.relative_price or "",
             "category": request.category or "", "limits": limits_in_words(request),
             "sort": "" if request.sort == "match" else request.sort.replace("_", "-"),
             "anchor": "", "anchor_id": "", "typed": "", "alternatives": "",
             "corrections": "; ".join(f"'{a}' as '{b}'" for a, b in found.corrections.items())}
    if found.anchor is not None:
        products = index.catalogue.products
        words |= {"anchor": products[found.anchor].name, "anchor_id": products[found.anchor].product_id,
                  "typed": "" if request.like_product_id else request.text or "",
                  "alternatives": ", ".join(products[i].name for i in found.alternatives)}
    return words


def _details(index: ProductIndex, found: Found) -> dict[str, Any]:
    products = index.catalogue.products

    def brief(i: int) -> dict[str, str]:
        return {"product_id": products[i].product_id, "name": products[i].name}

    return {
        "anchor": None if found.anchor is None else brief(found.anchor),
        "alternatives": [brief(i) for i in found.alternatives],
        "corrections": found.corrections,
        "notices": [n.message for n in index.notices],
    }


def _caveats(snapshot: Snapshot, index: ProductIndex, tables: Sequence[Table], found: Found) -> list[Caveat]:
    caveats = []
    if found.beside:
        reasons = ", ".join(f"'{r}'" if "'" not in r else r for r in found.left_out)
        caveats.append(Caveat(code="search_beside", words={"reasons": reasons}))
    elif found.weak:
        caveats.append(Caveat(code="search_weak_match" if found.anchor is None else "search_faint_likeness"))
    unknown = [w for r in (found.reading, *found.words.values()) if r is not None for w in r.unknown]
    if unknown:
        caveats.append(Caveat(code="search_unknown_words", words={"words": ", ".join(dict.fromkeys(unknown))}))
    if found.offers.basis in {"last_paid", "mixed"}:
        caveats.append(Caveat(code=f"search_price_{found.offers.basis}"))
    if found.offers.stock[found.rows[0]] == 0:
        caveats.append(Caveat(code="search_best_out_of_stock", words={"product": str(tables[0].cell(0, "product"))}))
    left_out = next((t for t in tables if t.id == "left_out"), None)
    for row, reason in enumerate(found.left_out):
        if left_out is not None and reason in SAID_LEFT_OUT:
            caveats.append(Caveat(code="search_left_out", figures={"n": left_out.figure(row, "products", reason)},
                                  words={"reason": reason}))
    caveats += [Caveat(code=f"search_index_{n.code}") for n in index.notices if n.code != "embedded"]
    if snapshot.manifest.synthetic:
        caveats.append(Caveat(code="synthetic"))
    return caveats


def plan_words(request: ProductSearchRequest, anchor: str | None, currency: str) -> str:
    """The request in plain words."""
    what = f"products similar to {anchor}" if anchor else f"products matching '{request.text}'"
    parts = [what if anchor or request.text else "products"]
    if request.relative_price:
        parts.append(f"{request.relative_price} than it")
    if request.min_price is not None:
        parts.append(f"at least {show(request.min_price, 'currency', currency)}")
    if request.max_price is not None:
        parts.append(f"at most {show(request.max_price, 'currency', currency)}")
    parts += [limits_in_words(request)] if limits_in_words(request) else []
    if request.sort != "match":
        parts.append(f"{request.sort.replace('_', ' ')} first")
    return ", ".join(parts) + f", best {request.k}"


def _evidence(snapshot: Snapshot, index: ProductIndex, request: ProductSearchRequest, found: Found) -> Evidence:
    products, manifest = index.catalogue.products, snapshot.manifest
    anchor = None if found.anchor is None else products[found.anchor]
    assumptions = []
    if anchor is not None and not request.like_product_id:
        assumptions.append(f"'{request.text}' was taken to mean {anchor.name} ({anchor.product_id})")
    assumptions += [f"'{wrong}' was read as '{right}'" for wrong, right in found.corrections.items()]
    if request.containing or request.without:
        assumptions.append("A product has a word when its name, description, category or brand has it")
    definitions = []
    if request.text or anchor is not None:
        definitions.append(DefinitionUsed(term="match", meaning=MATCH))
    if request.sort == "newest":
        launched = bool(found.offers.launched[found.rows].all())
        definitions.append(DefinitionUsed(term="newest", meaning="latest launch date" if launched else
                           "latest launch date, or latest first sale where no launch date is known"))
    if request.sort == "best_selling":
        definitions.append(DefinitionUsed(term="best-selling", meaning="most units sold, all data, before returns"))
    if found.offers.basis != "none":
        definitions.append(DefinitionUsed(term="price", meaning=PRICE_MEANINGS[found.offers.basis]))
    return Evidence(
        plan=request.model_dump(mode="json"),
        plan_words=plan_words(request, anchor.name if anchor else None, snapshot.currency),
        sql=found.offers.sql, rows_scanned=len(index.catalogue), snapshot=manifest.id, source=manifest.source,
        synthetic=manifest.synthetic, as_of=snapshot.as_of, window_start=manifest.first_day, window_end=snapshot.as_of,
        model=ModelInfo(name=index.embedder.id, parameters={"search": index.engine, "products": len(index.catalogue)}),
        definitions=definitions, assumptions=assumptions, computed_at=datetime.now(UTC),
    )


def _followups(
    snapshot: Snapshot, index: ProductIndex, request: ProductSearchRequest, found: Found
) -> list[str]:
    products = index.catalogue.products
    best = products[found.rows[0]]
    questions = []
    if found.anchor is not None:
        questions += [f"Something like {products[i].name} but {request.relative_price or 'cheaper'}"
                      for i in found.alternatives[:1]]
    elif found.offers.basis != "none":
        questions.append(f"Something like {best.name} but cheaper")
    questions.append(f"Revenue of {best.name} by month")
    if snapshot.has("products", "category") and best.category:
        questions.append(f"Top 10 products by revenue in {best.category}")
    else:
        questions.append(f"Which products are bought together with {best.name}?")
    return questions
