"""Proposed and accepted categories as results: groups with sizes, sales, examples, and how far to trust them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from assistant.models.taxonomy.proposal import Proposal
from assistant.models.taxonomy.sales import product_sales
from assistant.plans.base import PlanModel
from assistant.plans.categories import AdoptCategories, ProposeCategories, ShowCategories
from assistant.plans.reword import join_words, reword
from assistant.query.agreed.categories import ORIGIN, OTHER, Categories, Group
from assistant.results import Caveat, Column, DefinitionUsed, Evidence, Figure, ModelInfo, Result, Source, Table

if TYPE_CHECKING:
    from assistant.data.warehouse import Snapshot
    from assistant.models.taxonomy.desk import CategoryDesk

#: examples of a group, by sales
EXAMPLES = 3
#: below this stability (mean bootstrap Jaccard) a group is called doubtful (Hennig 2007)
DOUBTFUL = 0.6


def proposal_result(desk: CategoryDesk, request: ProposeCategories, found: Proposal) -> Result:
    """A proposal with its quality.

    Returns:
        kind ``categories_proposed``. Tables ``categories`` (category, products, revenue, revenue_share, stability,
        examples, subcategories) and ``subcategories`` (category, subcategory, products, revenue, revenue_share,
        examples). Figures ``categories``, ``subcategories``, ``products``, ``other_share``, ``revenue_covered``,
        ``silhouette``, ``mean_stability``, ``worst_stability``; for a refit ``moved`` and ``moved_share``.
    """
    snapshot = desk.snapshot
    current = desk.in_force()
    tables = _trees(desk, snapshot, found.groups, found.members(), found.jaccard)
    figures = _sizes(tables)
    figures |= _graded(found.quality)
    if found.compared:
        figures["moved"] = figure_of(len(found.moved), "count", "products that would move")
        figures["moved_share"] = figure_of(100 * len(found.moved) / found.compared, "percent", "share that would move")
    doubtful = [found.groups[k].name for k, j in found.jaccard.items() if j < DOUBTFUL]
    again = current is not None
    first = next((g.name for g in found.groups.values() if g.parent is None), "")
    return Result(
        kind="categories_proposed", title="Proposed categories", currency=snapshot.currency, tables=tables,
        figures=figures, headline=["categories", "subcategories", "other_share"],
        words={"refit": "yes" if again and not request.fresh else "", "fresh": "yes" if request.fresh else "",
               "in_use": "yes" if again else "", "first": first},
        caveats=[Caveat(code="categories_proposed")],
        evidence=evidence_of(snapshot, request, found, doubtful),
        followups=["Use these categories", *(["Show the categories"] if again else [])],
    )


def adopted_result(desk: CategoryDesk, request: AdoptCategories, found: Proposal | None) -> Result:
    """What accepting or stopping did: kind ``categories_changed``."""
    snapshot = desk.snapshot
    current = desk.in_force()
    figures, tables = {}, []
    if current is not None:
        tables = _trees(desk, snapshot, current.groups, current.members(), {})
        figures = _sizes(tables)
        if found is not None and found.compared:
            figures["moved"] = figure_of(len(found.moved), "count", "products moved")
    tops = [g.name for g in (current.tops if current else ()) if g.key != OTHER]
    some = tops[0] if tops else ""
    return Result(
        kind="categories_changed", title="Categories in use" if current else "Categories no longer in use",
        currency=snapshot.currency, tables=tables, figures=figures, headline=["categories"] if figures else [],
        words={"action": request.action, "edited": "yes" if current and current.edits else ""},
        caveats=[used_caveat(current)] if current else [],
        evidence=evidence_of(snapshot, request, found, (), current),
        followups=["Revenue by category", f"Show the products of {some}", "Show the categories"] if current else
        ["Propose categories"],
    )


def shown_result(desk: CategoryDesk, request: ShowCategories, current: Categories) -> Result:
    """The categories in use: kind ``categories``, tables as in a proposal, and ``edits``."""
    snapshot = desk.snapshot
    tables = _trees(desk, snapshot, current.groups, current.members(), {})
    figures = _sizes(tables)
    waiting = [p for p in desk.products(snapshot) if p not in current.of_product]
    if waiting:
        figures["waiting"] = figure_of(len(waiting), "count", "products without a category yet")
    rows = [[e.body.get("words") if e.kind != "rule" else e.body.get("said"), e.author, e.at.date().isoformat()]
            for e in current.edits]
    tables.append(Table(id="edits", title="Changes by people", rows=rows, total_rows=len(rows), columns=[
        Column(name="change", label="change"), Column(name="author", label="by"),
        Column(name="day", label="on", unit="date")]))
    first = next((g.name for g in current.tops if g.key != OTHER), "")
    return Result(
        kind="categories", title="Categories in use", currency=snapshot.currency, tables=tables, figures=figures,
        headline=["categories", "subcategories", "products"], words={"author": current.author},
        caveats=[used_caveat(current)], evidence=evidence_of(snapshot, request, None, (), current),
        followups=["Revenue by category", f"Show the products of {first}", "Propose categories"],
    )


def members_result(desk: CategoryDesk, request: ShowCategories, current: Categories, group: Group) -> Result:
    """Products of one category: kind ``category_products``, table ``products``, best-selling first."""
    snapshot = desk.snapshot
    names, sales = desk.products(snapshot), product_sales(snapshot)
    inside = [p for p in current.members()[group.key] if p in names]
    inside.sort(key=lambda p: (-sales.get(p, 0.0), p))
    rows: list[list[Any]] = []
    for product in inside[: request.limit]:
        own = current.groups[current.of_product[product]]
        rows.append([product, names[product], own.name if own.parent is not None else None, sales.get(product, 0.0)])
    table = Table(id="products", title=f"Products of {group.name}", rows=rows, total_rows=len(inside), columns=[
        Column(name="product_id", label="Product", unit="id"), Column(name="name", label="Name"),
        Column(name="subcategory", label="Subcategory"),
        Column(name="revenue", label="Revenue", unit="currency")])
    total = sum(sales.get(p, 0.0) for p in inside)
    whole = sum(sales.get(p, 0.0) for p in names)
    figures = {"products": figure_of(len(inside), "count", "products"),
               "revenue": figure_of(total, "currency", "revenue"),
               "revenue_share": figure_of(100 * total / whole if whole else 0.0, "percent", "share of revenue")}
    above = current.groups[group.parent].name if group.parent else ""
    return Result(
        kind="category_products", title=f"Products of {group.name}", currency=snapshot.currency, tables=[table],
        figures=figures, headline=["products", "revenue"],
        words={"category": group.name, "above": above,
               "below": join_words([g.name for g in current.below(group.key)])},
        caveats=[used_caveat(current)], evidence=evidence_of(snapshot, request, None, (), current),
        followups=[f"Revenue of {group.name} by month", f"How many customers bought {group.name}?"],
    )


def used_caveat(current: Categories) -> Caveat:
    """Where the categories come from, on every answer that uses them."""
    return Caveat(code="categories_agreed", words={"author": current.author},
                  figures={"day": figure_of(current.decided_on.isoformat(), "date", "agreed on")})


# -- parts -------------------------------------------------------------------------------------------------------------


def _trees(
    desk: CategoryDesk, snapshot: Snapshot, groups: Mapping[str, Group], members: Mapping[str, Sequence[str]],
    jaccard: Mapping[str, float],
) -> list[Table]:
    names, sales = desk.products(snapshot), product_sales(snapshot)
    whole = sum(sales.get(p, 0.0) for p in names)
    tops, subs = [], []
    for key, group in groups.items():
        inside = sorted((p for p in members[key] if p in names), key=lambda p: (-sales.get(p, 0.0), p))
        earned = sum(sales.get(p, 0.0) for p in inside)
        share = 100 * earned / whole if whole else 0.0
        shown = join_words([names[p] for p in inside[:EXAMPLES]])
        if group.parent is None:
            below = [g for g in groups.values() if g.parent == key]
            tops.append([group.name, len(inside), earned, share, jaccard.get(key), shown,
                         join_words([g.name for g in below])])
        else:
            subs.append([groups[group.parent].name, group.name, len(inside), earned, share, shown])
    size = [Column(name="products", label="Products", unit="count"),
            Column(name="revenue", label="Revenue", unit="currency"),
            Column(name="revenue_share", label="Share of revenue", unit="percent")]
    graded = bool(jaccard)
    top_columns = [Column(name="category", label="Category"), *size,
                   *([Column(name="stability", label="Stability", unit="score")] if graded else []),
                   Column(name="examples", label="Best sellers"), Column(name="subcategories", label="Subcategories")]
    if not graded:
        tops = [[*row[:4], *row[5:]] for row in tops]
    return [
        Table(id="categories", title="Categories", columns=top_columns, rows=tops, total_rows=len(tops)),
        Table(id="subcategories", title="Subcategories", rows=subs, total_rows=len(subs), columns=[
            Column(name="category", label="Category"), Column(name="subcategory", label="Subcategory"), *size,
            Column(name="examples", label="Best sellers")]),
    ]


def _sizes(tables: Sequence[Table]) -> dict[str, Figure]:
    tops, subs = tables[0], tables[1]
    products = sum(int(row[1]) for row in tops.rows)  # type: ignore[arg-type]
    return {
        "categories": figure_of(len(tops.rows), "count", "categories"),
        "subcategories": figure_of(len(subs.rows), "count", "subcategories"),
        "products": Figure(value=products, unit="count", label="products",
                           source=Source(table="categories", origin="derived", derivation="sum of products")),
    }


def _graded(quality: Mapping[str, float]) -> dict[str, Figure]:
    labels = {"silhouette": ("silhouette", "silhouette of the categories"),
              "mean_jaccard": ("mean_stability", "mean stability of the categories"),
              "worst_jaccard": ("worst_stability", "stability of the least stable category")}
    found = {name: figure_of(quality[key], "score", label) for key, (name, label) in labels.items() if key in quality}
    found["other_share"] = figure_of(100 * quality["other_share"], "percent", "share of products that fit nowhere")
    return found


def figure_of(value: float | int | str, unit: Any, label: str) -> Figure:
    return Figure(value=value, unit=unit, label=label, source=Source(origin="evidence"))


def evidence_of(
    snapshot: Snapshot, request: PlanModel, found: Proposal | None, doubtful: Sequence[str],
    current: Categories | None = None,
) -> Evidence:
    manifest = snapshot.manifest
    assumptions = [f"Categories are {ORIGIN}: products whose names mean something alike are together."]
    model = None
    if found is not None:
        tried = {f"silhouette with {t.k} categories": round(t.silhouette, 3) for t in found.trials}
        model = ModelInfo(
            name="k-means on embeddings of product names, in two levels",
            parameters={"categories": sum(g.parent is None for g in found.groups.values()),
                        "subcategories": sum(g.parent is not None for g in found.groups.values())},
            quality={**{k: round(v, 4) for k, v in found.quality.items()}, **tried},
        )
    if doubtful:
        assumptions.append(f"Doubtful, because they come out otherwise on resampled products: {join_words(doubtful)}.")
    return Evidence(
        plan=request.model_dump(mode="json", exclude_none=True), plan_words=reword(request), snapshot=manifest.id,
        source=manifest.source, synthetic=manifest.synthetic, as_of=snapshot.as_of, window_start=manifest.first_day,
        window_end=snapshot.as_of, rows_scanned=manifest.tables["order_lines"].rows, model=model,
        definitions=[current.used()] if current is not None else
        [DefinitionUsed(term="categories", meaning=ORIGIN, assumed=True)],
        assumptions=assumptions, computed_at=datetime.now(UTC),
    )
