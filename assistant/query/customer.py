"""Everything known about one customer."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from assistant.plans.filters import Compare
from assistant.plans.requests import CustomerRequest
from assistant.plans.reword import reword
from assistant.query.compile import Scope, grouped
from assistant.query.entities import entity_index, unknown_value
from assistant.query.facts import LINES, missing
from assistant.query.metrics import metric
from assistant.query.present import evidence_figure
from assistant.query.rows import Row, fetch
from assistant.results import Caveat, Column, Evidence, Result, Table

if TYPE_CHECKING:
    from assistant.data.warehouse import Snapshot

_METRICS = (
    "revenue",
    "net_revenue",
    "returned_value",
    "orders",
    "units",
    "average_order_value",
    "return_rate",
    "products_sold",
    "first_order_date",
    "last_order_date",
    "days_since_last_order",
    "days_between_orders",
)
_ATTRIBUTES = ("country", "city", "acquisition_channel")
FAVOURITES = 5
ORDERS_SHOWN = 10


def describe_customer(snapshot: Snapshot, request: CustomerRequest) -> Result:
    """Orders, value, cadence, favourites and returns of a customer.

    Returns:
        Result of kind ``customer_profile``. Tables: ``customer`` (one row of metrics), ``products``, ``categories`` and
        ``brands`` (where the shop has them), ``orders`` (latest first), ``last_order`` (products of the latest one).
        Figures: every column of ``customer``, and ``value_rank`` among ``customers``. Words: ``customer``, ``country``,
        ``favourite``.

    Raises:
        UnknownName: no such customer; ``valid`` holds the nearest ids.
    """
    started = time.perf_counter()
    scope = Scope(snapshot)
    customer = known_id(snapshot, request.customer_id)
    own = Compare(field="customer", values=(customer,))
    expression = grouped(scope, _METRICS, (), own, None)
    values = fetch(scope, expression)[0]
    table = _one_row(values)
    tables = [table, _favourites(scope, own, "product", "products")]
    if not missing(snapshot, LINES, ("category",)):
        tables.append(_favourites(scope, own, "category", "categories"))
    if not missing(snapshot, LINES, ("brand",)):
        tables.append(_favourites(scope, own, "brand", "brands"))
    tables.append(_orders(scope, own))
    tables += _last_order(scope, tables[-1])
    figures = {c.name: table.figure(0, c.name) for c in table.columns}
    if values["orders"]:
        rank, of = _rank(scope, values["revenue"])
        figures["value_rank"] = evidence_figure(rank, "count", "place by revenue")
        figures["customers"] = evidence_figure(of, "count", "customers with an order")
    manifest = snapshot.manifest
    return Result(
        kind="customer_profile",
        title=f"Customer {customer}",
        currency=snapshot.currency,
        figures=figures,
        headline=["revenue", "orders", "last_order_date"],
        tables=tables,
        words=_words(scope, customer, tables),
        caveats=_caveats(snapshot, values, figures),
        evidence=Evidence(
            plan=request.model_dump(mode="json"),
            plan_words=reword(request),
            sql=snapshot.sql(expression),
            rows_scanned=manifest.tables["order_lines"].rows,
            snapshot=manifest.id,
            source=manifest.source,
            synthetic=manifest.synthetic,
            as_of=snapshot.as_of,
            window_start=manifest.first_day,
            window_end=snapshot.as_of,
            assumptions=[f"{metric(m).label}: {metric(m).formula}" for m in ("net_revenue", "days_between_orders")],
            computed_at=datetime.now(UTC),
            milliseconds=(time.perf_counter() - started) * 1000,
        ),
        followups=[
            f"What should we recommend to customer {customer}?",
            f"What is customer {customer} interested in?",
            f"Will customer {customer} leave?",
            "Who are our top 10 customers by revenue?",
        ],
    )


def known_id(snapshot: Snapshot, asked: str) -> str:
    """The id as the shop writes it."""
    index = entity_index(snapshot)
    wanted = asked.strip().casefold()
    for value in index.values("customer"):
        if value.casefold() == wanted:
            return value
    listed = snapshot.table("customers")
    if snapshot.has("customers", "customer_id"):
        rows = snapshot.execute(
            listed.filter(listed.customer_id.lower() == wanted).select("customer_id").limit(1)
        ).to_pylist()
        if rows:
            return rows[0]["customer_id"]
    raise unknown_value(snapshot, "customer", asked)


def _one_row(values: Row) -> Table:
    columns = [Column(name=m, label=metric(m).label, unit=metric(m).unit) for m in _METRICS]
    cells = [values[m].isoformat() if isinstance(values[m], date) else values[m] for m in _METRICS]
    return Table(id="customer", title="All orders", columns=columns, rows=[cells], total_rows=1)


def _favourites(scope: Scope, own: Compare, by: str, table_id: str) -> Table:
    """What the customer spent most on."""
    import ibis

    found = grouped(scope, ("revenue", "units", "orders"), (by,), own, None)
    ordered = found.order_by([ibis.desc("revenue"), ibis.asc(by)])
    rows = fetch(scope, ordered.mutate(everything=ordered.count().over(ibis.window())).limit(FAVOURITES))
    named = f"{by}_label" in found.columns
    columns = [Column(name=by, label=by, unit="id" if named else "text")]
    if named:
        columns.append(Column(name=f"{by}_label", label=by))
    columns += [Column(name=m, label=metric(m).label, unit=metric(m).unit) for m in ("revenue", "units", "orders")]
    cells = [[r[c.name] if r[c.name] is not None else r[by] for c in columns] for r in rows]
    return Table(
        id=table_id,
        title=f"Most spent on: {table_id}",
        columns=columns,
        rows=cells,
        total_rows=rows[0]["everything"] if rows else 0,
    )


def _orders(scope: Scope, own: Compare) -> Table:
    """Orders, the latest first."""
    import ibis

    found = grouped(scope, ("last_order_date", "revenue", "units"), ("order",), own, None)
    ordered = found.order_by([ibis.desc("last_order_date"), ibis.desc("order")])
    rows = fetch(scope, ordered.mutate(everything=ordered.count().over(ibis.window())).limit(ORDERS_SHOWN))
    columns = [
        Column(name="order", label="order", unit="id"),
        Column(name="day", label="day", unit="date"),
        Column(name="revenue", label="revenue", unit="currency"),
        Column(name="units", label="units", unit="count"),
    ]
    cells = [[r["order"], r["last_order_date"].isoformat(), r["revenue"], r["units"]] for r in rows]
    return Table(
        id="orders", title="Latest orders", columns=columns, rows=cells, total_rows=rows[0]["everything"] if rows else 0
    )


def _last_order(scope: Scope, orders: Table) -> list[Table]:
    """What the latest order held, the dearest first; nothing where there is none or no products are known."""
    if not orders.rows or missing(scope.snapshot, LINES, ("product_id",)):
        return []
    held = _favourites(scope, Compare(field="order", values=(str(orders.rows[0][0]),)), "product", "last_order")
    held.title = "In the last order"
    return [held] if held.rows else []


def _rank(scope: Scope, revenue: float) -> tuple[int, int]:
    """Place of the customer by revenue (ties share the better place), and the number of customers."""
    everyone = grouped(scope, ("revenue",), ("customer",), None, None, labels=False)
    row = fetch(
        scope, everyone.aggregate(better=everyone.revenue.count(where=everyone.revenue > revenue), n=everyone.count())
    )[0]
    return row["better"] + 1, row["n"]


def _words(scope: Scope, customer: str, tables: list[Table]) -> dict[str, str]:
    words = {"customer": customer, "country": "", "city": "", "acquisition_channel": ""}
    snapshot = scope.snapshot
    for name in _ATTRIBUTES:
        if snapshot.has("customers", name):
            people = snapshot.table("customers")
            rows = snapshot.execute(people.filter(people.customer_id == customer).select(name).limit(1)).to_pylist()
            words[name] = str(rows[0][name] or "") if rows else ""
    products = tables[1]
    words["favourite"] = str(products.rows[0][1 if len(products.columns) > 4 else 0]) if products.rows else ""
    words["registered"] = ""
    return words


def _caveats(snapshot: Snapshot, values: Row, figures: dict) -> list[Caveat]:
    caveats = []
    if 0 < (values["orders"] or 0) < 3:
        caveats.append(Caveat(code="few_orders", figures={"n": figures["orders"]}))
    if snapshot.manifest.synthetic:
        caveats.append(Caveat(code="synthetic"))
    return caveats
