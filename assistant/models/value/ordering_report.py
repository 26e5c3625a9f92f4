"""Who will order or buy, as a result: how many are expected, who, why, and how far to trust it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assistant.data.objectors import objectors
from assistant.errors import NoRows, UnknownName
from assistant.models.close_inputs import proxy_caveats
from assistant.models.value.exam_tables import (
    ExamWords,
    calibration_table,
    exam_caveats,
    exam_figures,
    exam_table,
    lift_charts,
    lift_table,
    model_info,
    one_row,
    without_trees,
)
from assistant.models.value.ordering import VERSION, OrderingModel
from assistant.models.value.reasons import in_words, proven_reasons, usual, words_for_ordering
from assistant.models.value.report import refuse_customer
from assistant.plans import Compare, OrderingRequest
from assistant.plans.reword import reword
from assistant.results import Caveat, Chart, Column, DefinitionUsed, Evidence, Result, Table

if TYPE_CHECKING:
    import pandas as pd

    from assistant.data.warehouse import Snapshot

ORDERS = ExamWords("recency alone", "Ordered", "Expected to order", "ordering")
GOODS = ExamWords("time since the last such purchase", "Bought", "Expected to buy", "ordering")
COLUMNS = [
    Column(name="customer_id", label="Customer", unit="id"),
    Column(name="order_probability", label="Probability", unit="probability"),
    Column(name="days_since_last_order", label="Since last order", unit="days"),
    Column(name="usual_gap_days", label="Usual gap", unit="days"),
    Column(name="order_count", label="Orders", unit="count"),
    Column(name="yearly_value", label="Net sales, last 12 months", unit="currency"),
    Column(name="reason", label="Reasons, the strongest first"),
]


def goods_of(snapshot: Snapshot, request: OrderingRequest) -> tuple[list[str] | None, str]:
    """Ids of the products that count, and what they are called; None and no name for any order.

    Raises:
        UnknownName: no such category or product.
    """
    products = snapshot.table("products")
    if request.product_ids:
        found = snapshot.execute(products.filter(products.product_id.isin(list(request.product_ids))).select(
            "product_id", "name")).to_pylist()
        unknown = sorted(set(request.product_ids) - {r["product_id"] for r in found})
        if unknown:
            raise UnknownName("The shop has no such product", received=", ".join(unknown))
        return [r["product_id"] for r in found], " or ".join(str(r["name"] or r["product_id"]) for r in found)
    if request.text is not None:
        named = products.filter(products.name.lower().contains(request.text.casefold())).select("product_id")
        ids = sorted(snapshot.execute(named).column(0).to_pylist())
        if not ids:
            raise UnknownName("No product has that in its name", received=request.text)
        return ids, f"products with “{request.text}” in the name"
    if request.category is None:
        return None, ""
    snapshot.require("products", "category", needed_for="A prediction for a category")
    levels = [c for c in ("category", "subcategory") if snapshot.has("products", c)]
    wanted = request.category.strip().casefold()
    rows = snapshot.execute(products.select("product_id", *levels)).to_pylist()
    ids = [r["product_id"] for r in rows if any(str(r[c] or "").casefold() == wanted for c in levels)]
    if not ids:
        raise UnknownName("The shop has no such category", received=request.category,
                          valid=sorted({str(r[c]) for r in rows for c in levels if r[c]}))
    return sorted(ids), request.category


def ordering_result(snapshot: Snapshot, request: OrderingRequest, fitted: OrderingModel, goods: str) -> Result:
    """Customers most likely to order or buy; one customer's probability; or how good the prediction is.

    Args:
        fitted: a model fitted for the request's horizon and products on these data.
        goods: what the products are called; empty for any order.

    Raises:
        UnknownName: no such customer. NoRows: nothing bought yet, or nobody selected. NotPermitted: objected.
    """
    scores = fitted.predict(snapshot)
    if request.customer_id is not None:
        wanted = request.customer_id.strip()
        if wanted not in set(scores["customer_id"]):
            refuse_customer(snapshot, wanted, scores["customer_id"].tolist())
    chosen = _selected(snapshot, request, scores)
    ranked = chosen.sort_values(["order_probability", "customer_id"], ascending=[False, True])
    one = request.customer_id is not None
    shown = ranked[ranked["customer_id"] == str(request.customer_id).strip()] if one else ranked.head(request.k)
    words = GOODS if goods else ORDERS
    customers = _customers(shown, scores, fitted, len(shown) if one else len(ranked))
    summary = _summary(snapshot, chosen, shown, request)
    exams = [exam_table(fitted.exam_, fitted.uses_rule_, words), lift_table(fitted.exam_, words),
             calibration_table(fitted.exam_, words)]
    tables = [summary, customers, *exams] if request.about == "list" else [*exams, summary]
    figures = {c.name: summary.figure(0, c.name) for c in summary.columns} | exam_figures(tables, words)
    if one:
        figures |= {c.name: customers.figure(0, c.name) for c in COLUMNS
                    if c.unit != "text" and customers.cell(0, c.name) is not None}
    return Result(
        kind="ordering" if request.about == "list" else "ordering_exam", title=_title(request, goods),
        currency=snapshot.currency, figures=figures,
        headline=["order_probability"] if one else ["expected"] if request.about == "list" else ["auc"],
        tables=tables, charts=_charts(request, fitted, len(shown)),
        words={"goods": goods, "deed": f"buy {goods}" if goods else "order", "rule": words.rule,
               "rule_used": "yes" if fitted.uses_rule_ else "",
               "reason": str(customers.cell(0, "reason")) if one else ""},
        caveats=_caveats(fitted, figures, words), evidence=_evidence(snapshot, request, fitted, goods),
        details={} if one or request.about == "exam" else _audience(shown), followups=_followups(request, goods),
    )


def _title(request: OrderingRequest, goods: str) -> str:
    deed = f"buy {goods}" if goods else "order"
    who = f"customer {request.customer_id}" if request.customer_id else "Customers likely to"
    if request.about == "exam":
        return f"How well it is foreseen who will {deed} within {request.horizon_days} days"
    return f"Will {who} {deed} within {request.horizon_days} days?" if request.customer_id \
        else f"{who} {deed} within {request.horizon_days} days"


def _selected(snapshot: Snapshot, request: OrderingRequest, scores: pd.DataFrame) -> pd.DataFrame:
    if request.filter is None:
        return scores
    from assistant.query.audience import customer_ids

    chosen = scores[scores["customer_id"].isin(set(customer_ids(snapshot, request.filter)))]
    if chosen.empty:
        raise NoRows("No customer of this selection has an order, so there is nothing to predict from")
    return chosen


def _customers(shown: pd.DataFrame, scores: pd.DataFrame, fitted: OrderingModel, total: int) -> Table:
    reasons = proven_reasons(shown, fitted.curve_, usual(scores), words_for_ordering)
    rows = [
        [r["customer_id"], float(r["order_probability"]), int(r["days_since_last_order"]),
         None if r["usual_gap_days"] != r["usual_gap_days"] else float(r["usual_gap_days"]), int(r["order_count"]),
         float(r["yearly_value"]), in_words(why)]
        for r, why in zip(shown.to_dict("records"), reasons, strict=True)
    ]
    return Table(id="customers", title="Customers by probability", columns=COLUMNS, rows=rows, total_rows=total)


def _summary(snapshot: Snapshot, chosen: pd.DataFrame, shown: pd.DataFrame, request: OrderingRequest) -> Table:
    return one_row("summary", "In short", [
        ("expected", "Expected, of all of them", "count", float(chosen["order_probability"].sum())),
        ("expected_shown", "Expected of those shown", "count", float(shown["order_probability"].sum())),
        ("customers", "Customers scored", "count", len(chosen)),
        ("shown", "Customers shown", "count", len(shown)),
        ("mean", "On average", "probability", float(chosen["order_probability"].mean())),
        ("horizon", "Within", "days", request.horizon_days),
        ("objected", "Customers who objected to marketing", "count", len(objectors(snapshot))),
    ])


def _charts(request: OrderingRequest, fitted: OrderingModel, shown: int) -> list[Chart]:
    if request.about == "exam":
        return lift_charts(fitted.exam_)
    if shown < 2:
        return []
    return [Chart(kind="bar", table="customers", x="customer_id", y=["order_probability"], title="Probability")]


def _caveats(fitted: OrderingModel, figures: dict[str, Any], words: ExamWords) -> list[Caveat]:
    caveats = [*exam_caveats(fitted.exam_, fitted.uses_rule_, figures, words), *proxy_caveats(fitted.proxies_)]
    if figures["objected"].value:
        caveats.append(Caveat(code="objectors_left_out", figures={"n": figures["objected"]}))
    return caveats


def _audience(shown: pd.DataFrame) -> dict[str, Any]:
    ids = [str(c) for c in shown["customer_id"]]
    chosen = Compare(field="customer", op="in" if len(ids) > 1 else "eq", values=tuple(ids))
    return {"customer_ids": ids,
            "audience": {"filter": chosen.model_dump(mode="json"), "words": "the customers listed before"}}


def _followups(request: OrderingRequest, goods: str) -> list[str]:
    if request.customer_id is not None:
        return [f"Show customer {request.customer_id}", f"Will customer {request.customer_id} leave?",
                "Who will order in the next 30 days?"]
    if request.about == "exam":
        return ["Who will order in the next 30 days?", "How good is the churn prediction?"]
    first = "How good is the prediction of who will order?" if not goods else "Who will order in the next 30 days?"
    return [first, "Draft a cross-sell campaign for them", "Who is about to leave?"]


def _evidence(snapshot: Snapshot, request: OrderingRequest, fitted: OrderingModel, goods: str) -> Evidence:
    days = request.horizon_days
    deed = f"buying {goods}" if goods else "placing an order"
    return Evidence(
        plan=request.model_dump(mode="json"), plan_words=reword(request), snapshot=snapshot.manifest.id,
        source=snapshot.manifest.source, synthetic=snapshot.manifest.synthetic, as_of=snapshot.as_of,
        window_start=snapshot.manifest.first_day, window_end=snapshot.as_of,
        model=model_info(
            fitted.exam_, fitted.uses_rule_, "ordering_ensemble", VERSION, fitted.curve_.level,
            {"horizon_days": days, "products": len(fitted.products) if fitted.products is not None else None},
        ),
        definitions=[DefinitionUsed(
            term="likely", meaning=f"probability of {deed} within {days} days after {snapshot.as_of.isoformat()}")],
        assumptions=[
            "All customers who have bought before are scored; nobody is told from age, gender or place.",
            "The probability is of an order without any special effort; it does not say whom a message would move.",
            *without_trees(fitted.exam_),
        ],
    )
