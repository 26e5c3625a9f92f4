"""Customer lifetime value as a result: what a customer has brought, and what the model expects, never mixed up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assistant.errors import NoRows
from assistant.models.value.lifetime import VERSION, LifetimeModel, customer_history
from assistant.models.value.report import refuse_customer
from assistant.plans import ValueRequest
from assistant.plans.reword import reword
from assistant.results import Caveat, Chart, Column, DefinitionUsed, Evidence, Figure, ModelInfo, Result, Source, Table
from assistant.results.result import Scalar, Unit

if TYPE_CHECKING:
    import pandas as pd

    from assistant.data.warehouse import Snapshot

COLUMNS = [
    Column(name="customer_id", label="Customer", unit="id"),
    Column(name="expected_value", label="Expected sales ahead", unit="currency"),
    Column(name="value", label="Sales to date", unit="currency"),
    Column(name="net_value", label="After returns", unit="currency"),
    Column(name="total_value", label="To date and expected", unit="currency"),
    Column(name="order_days", label="Days with orders", unit="count"),
    Column(name="expected_days", label="Expected days with orders", unit="number"),
    Column(name="alive", label="Still buys", unit="probability"),
    Column(name="last_day", label="Last order", unit="date"),
]


def value_result(snapshot: Snapshot, request: ValueRequest, fitted: LifetimeModel) -> Result:
    """One customer's value, or the customers with the highest expected value and the sum over all.

    Args:
        fitted: the model for ``request.horizon_days`` on these data.

    Raises:
        UnknownName: no such customer; ``valid`` holds the nearest ids. NoRows: nothing bought, or nobody selected.
    """
    frame = _scored(snapshot, request.horizon_days, fitted)
    if request.customer_id is not None:
        wanted = request.customer_id.strip()
        chosen = frame[frame["customer_id"] == wanted]
        if chosen.empty:
            refuse_customer(snapshot, wanted, frame["customer_id"].tolist())
        return _one(snapshot, request, fitted, chosen, frame)
    if request.filter is not None:
        from assistant.query.audience import customer_ids

        frame = frame[frame["customer_id"].isin(set(customer_ids(snapshot, request.filter)))]
        if frame.empty:
            raise NoRows("No customer of this selection has an order, so there is no value to expect")
    return _many(snapshot, request, fitted, frame)


def _scored(snapshot: Snapshot, days: int, fitted: LifetimeModel) -> pd.DataFrame:
    frame = customer_history(snapshot, days)
    frame["expected_value"] = fitted.expected_value(frame, days)
    frame["expected_days"] = fitted.expected_days(frame, days)
    frame["alive"] = fitted.alive(frame)
    lines = snapshot.table("order_lines")
    given = lines.filter(lines.line_type.isin(["return", "cancellation"]) & lines.customer_id.notnull())
    sums = given.group_by("customer_id").aggregate(back=given.amount.sum().cast("float64"))
    back = snapshot.execute(sums).to_pandas()
    frame = frame.merge(back, on="customer_id", how="left")
    frame["net_value"] = frame["value"] + frame["back"].fillna(0.0)
    frame["total_value"] = frame["value"] + frame["expected_value"]
    return frame.sort_values(["expected_value", "customer_id"], ascending=[False, True]).reset_index(drop=True)


def _rows(frame: pd.DataFrame, repeats: bool) -> list[list[Any]]:
    rows = []
    for row in frame.to_dict("records"):
        last = row["last_day"]
        rows.append([
            row["customer_id"], float(row["expected_value"]), float(row["value"]), float(row["net_value"]),
            float(row["total_value"]), int(row["order_days"]), None if repeats else float(row["expected_days"]),
            None if repeats or row["order_days"] < 2 else float(row["alive"]),
            (last.date() if hasattr(last, "date") else last).isoformat(),
        ])
    return rows


def _summary(request: ValueRequest, frame: pd.DataFrame, shown: int) -> Table:
    top = float(frame["expected_value"].head(shown).sum())
    total = float(frame["expected_value"].sum())
    cells: list[tuple[str, str, Unit, Scalar]] = [
        ("horizon", "Days ahead", "days", request.horizon_days), ("customers", "Customers", "count", len(frame)),
        ("expected_total", "Expected sales of all", "currency", total),
        ("value_total", "Sales to date of all", "currency", float(frame["value"].sum())),
        ("value_average", "Sales to date per customer", "currency", float(frame["value"].mean())),
        ("expected_average", "Expected per customer", "currency", total / len(frame)),
        ("top_share", "Share of the customers shown", "percent", 100 * top / total if total else None),
    ]
    return _row_table("summary", "In short", cells)


def _row_table(table_id: str, title: str, cells: list[tuple[str, str, Unit, Scalar]]) -> Table:
    return Table(id=table_id, title=title, columns=[Column(name=c[0], label=c[1], unit=c[2]) for c in cells],
                 rows=[[c[3] for c in cells]], total_rows=1)


def _exam(fitted: LifetimeModel) -> list[Table]:
    exam = fitted.exam
    if exam is None:
        return []
    off = 100 * (exam.predicted / exam.actual - 1) if exam.actual else None
    cells: list[tuple[str, str, Unit, Scalar]] = [
        ("cut", "Tested from", "date", exam.cut.isoformat()), ("days", "Days tested", "days", exam.days),
        ("tested", "Customers tested", "count", exam.customers),
        ("mae", "Error per customer, model", "currency", exam.mae),
        ("repeat_mae", "Error per customer, repeating the past", "currency", exam.repeat_mae),
        ("predicted", "Predicted of all", "currency", exam.predicted), ("actual", "Actual of all", "currency",
                                                                        exam.actual),
        ("off", "Sum off by", "percent", off),
    ]
    return [_row_table("exam", "How the prediction did on a later stretch", cells)]


def _figures(*tables: Table) -> dict[str, Figure]:
    return {c.name: t.figure(0, c.name) for t in tables for c in t.columns
            if c.name not in {"customer_id"} and t.rows and t.cell(0, c.name) is not None}


def _one(
    snapshot: Snapshot, request: ValueRequest, fitted: LifetimeModel, chosen: pd.DataFrame, everyone: pd.DataFrame
) -> Result:
    customer = str(chosen["customer_id"].iloc[0])
    table = Table(id="customers", title=f"Customer {customer}", columns=COLUMNS, rows=_rows(chosen, fitted.repeats),
                  total_rows=1)
    place = int((everyone["value"] > float(chosen["value"].iloc[0])).sum()) + 1
    ranks = _row_table("rank", "Place by sales to date", [("rank", "Place by sales to date", "count", place),
                                                          ("customers", "Customers", "count", len(everyone)),
                                                          ("horizon", "Days ahead", "days", request.horizon_days)])
    tables = [table, ranks, *_exam(fitted)]
    return Result(
        kind="customer_value", title=f"Value of customer {customer}", currency=snapshot.currency,
        figures=_figures(*tables), headline=["value", "expected_value"], tables=tables,
        words={"one": customer, **_words(fitted)}, caveats=_caveats(chosen, fitted),
        evidence=_evidence(snapshot, request, fitted),
        followups=[f"Will customer {customer} leave?", f"What should we recommend to customer {customer}?",
                   "Who are our top 10 customers by revenue?"],
        details={"customer_ids": [customer]},
    )


def _many(snapshot: Snapshot, request: ValueRequest, fitted: LifetimeModel, frame: pd.DataFrame) -> Result:
    shown = frame.head(request.k)
    table = Table(id="customers", title="Customers with the highest expected value", columns=COLUMNS,
                  rows=_rows(shown, fitted.repeats), total_rows=len(frame))
    tables = [table, _summary(request, frame, len(shown)), *_exam(fitted)]
    figures = _figures(*tables[1:])
    figures["shown"] = Figure(value=len(shown), unit="count", label="Customers shown",
                              source=Source(table="customers", derivation="number of rows", origin="derived"))
    return Result(
        kind="customer_value", title="Expected customer value", currency=snapshot.currency, figures=figures,
        headline=["expected_total"], tables=tables,
        charts=[Chart(kind="bar", table="customers", x="customer_id", y=["expected_value"], title="Expected sales")]
        if len(shown) > 1 else [],
        words={"one": "", **_words(fitted)}, caveats=[], evidence=_evidence(snapshot, request, fitted),
        followups=["Who is about to leave?", "Who are our top 10 customers by revenue?",
                   "Split our customers into segments"],
        details={"customer_ids": shown["customer_id"].tolist()},
    )


def _words(fitted: LifetimeModel) -> dict[str, str]:
    return {"repeats": "yes" if fitted.repeats else "", "tested": "yes" if fitted.exam is not None else ""}


def _caveats(chosen: pd.DataFrame, fitted: LifetimeModel) -> list[Caveat]:
    once = int(chosen["order_days"].iloc[0]) < 2
    return [Caveat(code="value_single_order")] if once and not fitted.repeats else []


def _evidence(snapshot: Snapshot, request: ValueRequest, fitted: LifetimeModel) -> Evidence:
    quality = {} if fitted.exam is None else {"mae": round(fitted.exam.mae, 4)}
    baseline = {} if fitted.exam is None else {"mae": round(fitted.exam.repeat_mae, 4)}
    named = {k: round(float(getattr(fitted, k)), 6) for k in ("r", "alpha", "a", "b", "p", "q", "gamma")}
    days = request.horizon_days
    return Evidence(
        plan=request.model_dump(mode="json"), plan_words=reword(request), snapshot=snapshot.manifest.id,
        source=snapshot.manifest.source, synthetic=snapshot.manifest.synthetic, as_of=snapshot.as_of,
        window_start=snapshot.manifest.first_day, window_end=snapshot.as_of,
        model=ModelInfo(name="repeating the past" if fitted.repeats else "BG/NBD with Gamma-Gamma", version=VERSION,
                        parameters=named, quality=quality, baseline=baseline),
        definitions=[
            DefinitionUsed(term="sales to date", meaning="product sales before returns, all orders up to the analysis "
                           "date"),
            DefinitionUsed(term="expected sales", meaning=f"product sales before returns expected in the {days} days "
                           "after the analysis date; not discounted"),
        ],
        assumptions=["Costs are not taken off: the value is sales, not profit.",
                     "Several orders on one day count as one purchase."],
    )
