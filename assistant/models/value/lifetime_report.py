"""Customer lifetime value as a result: what a customer has brought, and what the model expects, never mixed up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assistant.data.objectors import objectors
from assistant.models.close_inputs import proxy_caveats, told_caveats
from assistant.models.value.lifetime import LifetimeModel
from assistant.models.value.lifetime_interval import value_sums
from assistant.models.value.lifetime_parts import (
    Cell,
    Scene,
    evidence,
    exam_tables,
    exam_words,
    figures_of,
    money_cells,
    row_table,
    tested_shorter,
)
from assistant.models.value.report import refuse_customer
from assistant.plans import Compare, ValueRequest
from assistant.plans.reword import phrase
from assistant.query.spoken import speak
from assistant.results import Caveat, Chart, Column, Figure, Result, Source, Table

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
    Column(name="lower", label="At least", unit="currency"),
    Column(name="upper", label="At most", unit="currency"),
]


def value_result(snapshot: Snapshot, request: ValueRequest, fitted: LifetimeModel) -> Result:
    """The answer to any question about the value of customers.

    Args:
        fitted: the model for ``request.horizon_days`` on these data.

    Raises:
        UnknownName: no such customer; ``valid`` holds the nearest ids. NoRows: nothing bought, or nobody selected.
        NotPermitted: that customer objected to marketing.
        MissingData: margin asked for where no cost is known and none was said.
    """
    result = _answer(Scene(snapshot, request, fitted))
    result.caveats += [*proxy_caveats(fitted.proxies), *told_caveats(fitted.told)]
    return result


def _answer(scene: Scene) -> Result:
    request = scene.request
    if request.about == "exam":
        from assistant.models.value.lifetime_exam import exam_result

        return exam_result(scene)
    if request.about == "alive":
        from assistant.models.value.alive_report import alive_result

        return alive_result(scene)
    if request.about == "new":
        from assistant.models.value.new_customer_report import new_customer_result

        return new_customer_result(scene)
    if request.by is not None:
        from assistant.models.value.value_groups import groups_result

        return groups_result(scene)
    return _one(scene) if request.customer_id is not None else _many(scene)


def _columns(scene: Scene) -> list[Column]:
    if not scene.restated:
        return COLUMNS
    what = "Expected margin ahead" if scene.margin is not None else "Expected sales ahead"
    label = f"{what}, worth today" if scene.discounted else what
    return [*COLUMNS, Column(name="worth", label=label, unit="currency")]


def _rows(scene: Scene, frame: pd.DataFrame) -> list[list[Any]]:
    returned = _returned(scene.snapshot, frame["customer_id"].tolist())
    lower, upper = scene.model.value_range(frame, scene.days)
    known = not scene.model.repeats
    rows = []
    for i, row in enumerate(frame.to_dict("records")):
        back = returned.get(row["customer_id"], 0.0)
        rows.append([
            row["customer_id"], float(row["expected_value"]), float(row["value"]), float(row["value"]) + back,
            float(row["value"] + row["expected_value"]), int(row["order_days"]),
            float(row["expected_days"]) if known else None, float(row["alive"]), row["last_day"].date().isoformat(),
            float(lower[i]) if known else None, float(upper[i]) if known else None,
            *([float(row["worth"])] if scene.restated else []),
        ])
    return rows


def _returned(snapshot: Snapshot, ids: list[str]) -> dict[str, float]:
    """Returns and cancellations of these customers, negative."""
    lines = snapshot.table("order_lines")
    given = lines.filter(lines.line_type.isin(["return", "cancellation"]) & lines.customer_id.isin(ids))
    sums = snapshot.execute(given.group_by("customer_id").aggregate(back=given.amount.sum().cast("float64")))
    return {str(r["customer_id"]): float(r["back"] or 0.0) for r in sums.to_pylist()}


def _one(scene: Scene) -> Result:
    customer = str(scene.request.customer_id).strip()
    everyone = scene.everyone
    chosen = everyone[everyone["customer_id"] == customer]
    if chosen.empty or customer in objectors(scene.snapshot):
        refuse_customer(scene.snapshot, customer, everyone["customer_id"].tolist())
    table = Table(id="customers", title=f"Customer {customer}", columns=_columns(scene), rows=_rows(scene, chosen),
                  total_rows=1)
    place = int((everyone["value"] > float(chosen["value"].iloc[0])).sum()) + 1
    ranks = row_table("rank", "Place by sales to date", [
        ("rank", "Place by sales to date", "count", place), ("customers", "Customers", "count", len(everyone)),
        *money_cells(scene)])
    tables = [table, ranks, *exam_tables(scene.model)]
    once, figures = int(chosen["order_days"].iloc[0]) < 2, figures_of(*tables)
    single = [Caveat(code="value_single_order")] if once and not scene.model.repeats else []
    return Result(
        kind="customer_value", title=f"Value of customer {customer}", currency=scene.snapshot.currency,
        figures=figures, headline=["value", "expected_value"], tables=tables,
        words={"one": customer, "others": "", **_money_words(scene), **exam_words(scene.model)},
        caveats=[*single, *tested_shorter(scene, figures)], evidence=evidence(scene),
        followups=[f"What should we recommend to customer {customer}?", f"Show customer {customer}",
                   "Who are our top 10 customers by expected value?", "How good is the expected customer value?"],
        details={"customer_ids": [customer]},
    )


def _many(scene: Scene) -> Result:
    frame = scene.chosen
    shown = frame[~frame["customer_id"].isin(objectors(scene.snapshot))].head(scene.request.k)
    table = Table(id="customers", title="Customers with the highest expected value", columns=_columns(scene),
                  rows=_rows(scene, shown) if len(shown) else [], total_rows=len(frame))
    summary = _summary(scene, shown)
    tables = [table, summary, *exam_tables(scene.model)]
    figures = figures_of(*tables[1:])
    figures["shown"] = Figure(value=len(shown), unit="count", label="Customers shown",
                              source=Source(table="customers", derivation="number of rows", origin="derived"))
    others = len(scene.everyone) > len(frame)
    result = Result(
        kind="customer_value", title="Expected customer value", currency=scene.snapshot.currency, figures=figures,
        headline=["expected_total", "expected_average"], tables=tables,
        charts=[Chart(kind="bar", table="customers", x="customer_id", y=["expected_value"], title="Expected sales")]
        if len(shown) > 1 else [],
        words={"one": "", "others": "yes" if others else "", **_money_words(scene), **exam_words(scene.model)},
        caveats=_many_caveats(scene, frame, figures), evidence=evidence(scene),
        followups=["Expected customer value by segment", "Expected customer value by acquisition channel",
                   "How many customers still buy?", "What will a new customer bring?",
                   "How good is the expected customer value?"],
        details=_listed(shown["customer_id"].tolist()),
    )
    if scene.request.filter is not None:
        speak(result, "where", phrase(scene.request.filter))
    return result


def _listed(ids: list[str]) -> dict[str, Any]:
    """The customers listed, for questions about "them"."""
    return {"customer_ids": ids} if not ids else {"customer_ids": ids, "audience": {
        "filter": Compare(field="customer", op="in", values=tuple(ids)).model_dump(mode="json"),
        "words": "the customers listed"}}


def _summary(scene: Scene, shown: pd.DataFrame) -> Table:
    import numpy as np

    frame, everyone = scene.chosen, scene.everyone
    top, total = float(shown["expected_value"].sum()), float(frame["expected_value"].sum())
    n = len(frame)
    cells: list[Cell] = [
        *money_cells(scene), ("customers", "Customers", "count", n),
        ("expected_total", "Expected sales of all", "currency", total),
        ("value_total", "Sales to date of all", "currency", float(frame["value"].sum())),
        ("value_average", "Sales to date per customer", "currency", float(frame["value"].mean())),
        ("expected_average", "Expected per customer", "currency", total / n),
        ("top_share", "Share of the customers shown", "percent", 100 * top / total if total else None),
    ]
    if not scene.model.repeats or scene.model.past_off:  # repeating the past says nothing of how far it may be off
        lower, upper = value_sums(scene.model, scene.model.fits, frame, np.zeros(n, dtype=np.int64), 1, scene.days)
        cells += [("total_lower", "Expected of all, at least", "currency", float(lower[0])),
                  ("total_upper", "Expected of all, at most", "currency", float(upper[0])),
                  ("average_lower", "Expected per customer, at least", "currency", float(lower[0]) / n),
                  ("average_upper", "Expected per customer, at most", "currency", float(upper[0]) / n)]
    if scene.restated:
        worth = float(frame["worth"].sum())
        cells += [("worth_total", "Expected, restated, of all", "currency", worth),
                  ("worth_average", "Expected, restated, per customer", "currency", worth / n)]
    rest = len(everyone) - n
    if rest:
        cells += [("others", "Other customers", "count", rest),
                  ("others_average", "Expected per other customer", "currency",
                   (float(everyone["expected_value"].sum()) - total) / rest)]
    return row_table("summary", "In short", cells)


def _money_words(scene: Scene) -> dict[str, str]:
    return {"margin": "yes" if scene.margin is not None else "", "discounted": "yes" if scene.discounted else ""}


def _many_caveats(scene: Scene, frame: pd.DataFrame, figures: dict[str, Figure]) -> list[Caveat]:
    small = [Caveat(code="value_small_group", figures={"customers": figures["customers"]})] if len(frame) < 30 else []
    return [*small, *tested_shorter(scene, figures)]
