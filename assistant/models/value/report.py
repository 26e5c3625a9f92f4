"""Who is about to leave, as a result: how many, who, why, what is at stake, and how far to trust it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.errors import NoRows, UnknownName
from assistant.features.rfm import LeftOut, left_out_of_rfm
from assistant.models.value.behaviour import GAPS_TO_LAPSE, LONGEST_SILENCE, ORDERS_FOR_RHYTHM
from assistant.models.value.churn import AT_RISK, VERSION, ChurnModel
from assistant.models.value.reasons import NO_REASON, main_reasons, usual
from assistant.plans import ChurnRequest, InGroup
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
from assistant.results.result import Scalar, Unit

if TYPE_CHECKING:
    import pandas as pd

    from assistant.data.warehouse import Snapshot

#: Distance of predicted and observed share on the test day (as a fraction) from which the level is called off.
LEVEL_OFF = 0.05
#: Customers on the test day below which the exam is called small.
SMALL_EXAM = 200
CUSTOMER_COLUMNS = [
    Column(name="customer_id", label="Customer", unit="id"),
    Column(name="churn_probability", label="Probability of leaving", unit="probability"),
    Column(name="days_since_last_order", label="Since last order", unit="days"),
    Column(name="usual_gap_days", label="Usual gap", unit="days"),
    Column(name="order_count", label="Orders", unit="count"),
    Column(name="yearly_value", label="Net sales, last 12 months", unit="currency"),
    Column(name="value_at_risk", label="Value at risk", unit="currency"),
    Column(name="reason", label="Main reason"),
]


def churn_result(snapshot: Snapshot, request: ChurnRequest, fitted: ChurnModel) -> Result:
    """Customers about to leave, or one customer's probability.

    Args:
        fitted: a model fitted for ``request.horizon_days`` on these data.

    Raises:
        UnknownName: the shop has no such customer; ``valid`` holds the nearest ids.
        NoRows: the customer has never bought a product.
    """
    scores = fitted.predict(snapshot)
    if request.customer_id is not None:
        return _one_customer(snapshot, request, fitted, scores)
    customers = scores[~scores["lapsed"]]
    shown = _shown(customers, request)
    left_out = left_out_of_rfm(snapshot)
    tables = [_summary(customers, scores, left_out, request), _customer_table(shown, customers, fitted),
              _exam_table(fitted), _calibration_table(fitted)]
    tables[1].total_rows = max(int(customers["at_risk"].sum()), len(tables[1].rows))
    return Result(
        kind="churn", title=f"Customers likely to leave within {request.horizon_days} days", currency=snapshot.currency,
        figures=_figures(tables), headline=["at_risk", "value_at_risk"], tables=tables,
        charts=[Chart(kind="bar", table="customers", x="customer_id", y=["value_at_risk"], title="Value at risk")]
        if len(shown) > 1 else [],
        words=_words(fitted, request, customers), caveats=_caveats(tables, fitted, shown, customers),
        evidence=_evidence(snapshot, request, fitted),
        details={
            "customer_ids": shown["customer_id"].tolist(),
            "audience": {
                "filter": InGroup(group="about_to_leave", horizon_days=request.horizon_days).model_dump(mode="json"),
                "words": "customers who are about to leave",
            },
        },
        followups=["Draft a win-back campaign for them", "Split our customers into segments",
                   "How many customers have not ordered for 180 days?"],
    )


def _shown(customers: pd.DataFrame, request: ChurnRequest) -> pd.DataFrame:
    """The first ``k`` of those at risk; of all customers, where nobody is."""
    listed = customers[customers["at_risk"]] if customers["at_risk"].any() else customers
    return listed.sort_values([request.order_by, "customer_id"], ascending=[False, True]).head(request.k)


def _customer_table(shown: pd.DataFrame, customers: pd.DataFrame, fitted: ChurnModel) -> Table:
    rows = _customer_rows(shown, customers, fitted)
    return Table(id="customers", title="Customers about to leave", columns=CUSTOMER_COLUMNS, rows=rows,
                 total_rows=len(rows))


def _customer_rows(shown: pd.DataFrame, customers: pd.DataFrame, fitted: ChurnModel) -> list[list[Scalar]]:
    curve = fitted.lapsed_curve_ if len(shown) and bool(shown["lapsed"].iloc[0]) else fitted.curve_
    reasons = main_reasons(shown, curve, usual(customers)) if len(customers) else [None] * len(shown)
    return [
        [row["customer_id"], float(row["churn_probability"]), int(row["days_since_last_order"]),
         None if row["usual_gap_days"] != row["usual_gap_days"] else float(row["usual_gap_days"]),
         int(row["order_count"]), float(row["yearly_value"]), float(row["value_at_risk"]),
         reason.words if reason else NO_REASON]
        for row, reason in zip(shown.to_dict("records"), reasons, strict=True)
    ]


def _summary(customers: pd.DataFrame, scores: pd.DataFrame, left_out: LeftOut, request: ChurnRequest) -> Table:
    risky = customers[customers["at_risk"]]
    cells: list[tuple[str, str, Unit, Scalar]] = [
        ("at_risk", "Customers about to leave", "count", len(risky)),
        ("share_at_risk", "Share of customers", "percent",
         100 * len(risky) / len(customers) if len(customers) else None),
        ("value_at_risk", "Value at risk", "currency", float(risky["value_at_risk"].sum())),
        ("yearly_value", "Their net sales, last 12 months", "currency", float(risky["yearly_value"].sum())),
        ("expected_leaving", "Expected to leave, of all customers", "count",
         float(customers["churn_probability"].sum())),
        ("customers", "Customers who have not left", "count", len(customers)),
        ("lapsed", "Customers who have already left", "count", int(scores["lapsed"].sum())),
        ("never_bought", "Customers who never bought", "count", left_out.never_bought),
        ("guest_orders", "Orders by guests", "count", left_out.guest_orders),
        ("threshold", "At risk from", "probability", AT_RISK),
        ("horizon", "No order within", "days", request.horizon_days),
    ]
    return _one_row("summary", "In short", cells)


def _one_row(table_id: str, title: str, cells: list[tuple[str, str, Unit, Scalar]]) -> Table:
    return Table(id=table_id, title=title, columns=[Column(name=c[0], label=c[1], unit=c[2]) for c in cells],
                 rows=[[c[3] for c in cells]], total_rows=1)


def _exam_table(fitted: ChurnModel) -> Table:
    exam = fitted.exam_
    columns = [Column(name="method", label="Method"), Column(name="auc", label="AUC", unit="score"),
               Column(name="brier", label="Brier score", unit="score"), Column(name="used", label="Used"),
               Column(name="cut", label="Tested on", unit="date"),
               Column(name="customers", label="Customers tested", unit="count")]
    day, n = exam.cut.isoformat(), exam.customers
    rows: list[list[Scalar]] = [
        ["recency, frequency, rhythm and value", exam.auc, exam.brier, not fitted.uses_rule_, day, n],
        ["recency alone", exam.rule_auc, exam.rule_brier, fitted.uses_rule_, day, n],
        ["the average for everyone", None, exam.base_brier, False, day, n],
    ]
    return Table(id="exam", title="How the prediction did on a later day", columns=columns, rows=rows, total_rows=3)


def _calibration_table(fitted: ChurnModel) -> Table:
    columns = [Column(name="customers", label="Customers", unit="count"),
               Column(name="predicted", label="Expected to leave", unit="probability"),
               Column(name="observed", label="Left", unit="probability")]
    rows: list[list[Scalar]] = [[c.customers, c.predicted, c.observed] for c in fitted.exam_.calibration]
    exam = fitted.exam_
    rows.append([exam.customers, exam.predicted, exam.observed])
    return Table(id="calibration", title="Expected and observed, by fifths; all in the last row", columns=columns,
                 rows=rows, total_rows=len(rows))


def _figures(tables: list[Table]) -> dict[str, Figure]:
    summary = tables[0]
    figures = {c.name: summary.figure(0, c.name) for c in summary.columns if summary.cell(0, c.name) is not None}
    return {**figures, **_exam_figures(tables)}


def _exam_figures(tables: list[Table]) -> dict[str, Figure]:
    exam = next(t for t in tables if t.id == "exam")
    calibration = next(t for t in tables if t.id == "calibration")
    figures = {
        "tested_on": exam.figure(0, "cut"), "tested_customers": exam.figure(0, "customers"),
        "auc": exam.figure(0, "auc", "AUC of the model"), "rule_auc": exam.figure(1, "auc", "AUC of recency alone"),
        "brier": exam.figure(0, "brier", "Brier score of the model"),
        "rule_brier": exam.figure(1, "brier", "Brier score of recency alone"),
        "predicted": calibration.figure(len(calibration.rows) - 1, "predicted", "Expected to leave on the test day"),
        "observed": calibration.figure(len(calibration.rows) - 1, "observed", "Left after the test day"),
    }
    return {name: figure for name, figure in figures.items() if figure.value is not None}


def _words(fitted: ChurnModel, request: ChurnRequest, customers: pd.DataFrame) -> dict[str, str]:
    return {
        "rule_used": "yes" if fitted.uses_rule_ else "",
        "anyone": "yes" if customers["at_risk"].any() else "",
        "order": "value at risk" if request.order_by == "value_at_risk" else "probability of leaving",
    }


def _caveats(tables: list[Table], fitted: ChurnModel, shown: pd.DataFrame, customers: pd.DataFrame) -> list[Caveat]:
    figures = _figures(tables)
    caveats = _exam_caveats(fitted, figures)
    if figures["guest_orders"].value or figures["never_bought"].value:
        caveats.append(Caveat(code="churn_left_out", figures={k: figures[k] for k in ("guest_orders", "never_bought")}))
    if not customers["at_risk"].any():
        caveats.append(Caveat(code="churn_nobody_at_risk", figures={"threshold": figures["threshold"]}))
    elif len(shown) < tables[1].total_rows:
        number = Figure(value=len(shown), unit="count", label="Rows shown",
                        source=Source(table="customers", derivation="number of rows", origin="derived"))
        caveats.append(Caveat(code="truncated", figures={"shown": number, "total": figures["at_risk"]}))
    return caveats


def _exam_caveats(fitted: ChurnModel, figures: dict[str, Figure]) -> list[Caveat]:
    exam = fitted.exam_
    caveats = []
    if abs(exam.predicted - exam.observed) > LEVEL_OFF:
        code = "churn_level_too_high" if exam.predicted > exam.observed else "churn_level_too_low"
        caveats.append(Caveat(code=code, figures={k: figures[k] for k in ("predicted", "observed", "tested_on")}))
    if exam.customers < SMALL_EXAM:
        caveats.append(Caveat(code="churn_small_exam", figures={"tested_customers": figures["tested_customers"]}))
    if len(exam.cuts) == 1:
        caveats.append(Caveat(code="churn_one_cut"))
    if fitted.uses_rule_:
        caveats.append(Caveat(code="churn_rule_used", figures={k: figures[k] for k in ("brier", "rule_brier")}))
    return caveats


def _one_customer(snapshot: Snapshot, request: ChurnRequest, fitted: ChurnModel, scores: pd.DataFrame) -> Result:
    wanted = str(request.customer_id).strip()
    row = scores[scores["customer_id"] == wanted]
    if row.empty:
        refuse_customer(snapshot, wanted, scores["customer_id"].tolist())
    customers = scores[~scores["lapsed"]]
    table = Table(id="customers", title=f"Customer {wanted}", columns=CUSTOMER_COLUMNS, total_rows=1,
                  rows=_customer_rows(row, customers, fitted))
    request_cells: list[tuple[str, str, Unit, Scalar]] = [
        ("horizon", "No order within", "days", request.horizon_days),
        ("threshold", "At risk from", "probability", AT_RISK),
    ]
    summary = _one_row("summary", "Definition", request_cells)
    tables = [table, summary, _exam_table(fitted), _calibration_table(fitted)]
    figures = {c.name: table.figure(0, c.name) for c in CUSTOMER_COLUMNS
               if c.name != "reason" and table.cell(0, c.name) is not None}
    figures |= {c.name: summary.figure(0, c.name) for c in summary.columns} | _exam_figures(tables)
    first = row.iloc[0]
    status = "lapsed" if first["lapsed"] else "at risk" if first["at_risk"] else "staying"
    return Result(
        kind="churn", title=f"Will customer {wanted} leave within {request.horizon_days} days?",
        currency=snapshot.currency, figures=figures, headline=["churn_probability"], tables=tables,
        words={"status": status, "reason": "" if table.cell(0, "reason") == NO_REASON else str(table.cell(0, "reason")),
               "rule_used": "yes" if fitted.uses_rule_ else ""},
        caveats=_exam_caveats(fitted, figures), evidence=_evidence(snapshot, request, fitted),
        followups=[f"What should we recommend to customer {wanted}?", f"Show customer {wanted}",
                   "Who is about to leave?"],
    )


def refuse_customer(snapshot: Snapshot, wanted: str, ids: list[str]) -> None:
    """Raise the right "no" for a customer without a score.

    Args:
        ids: the customers who have one.
    """
    customers = snapshot.table("customers")
    known = snapshot.execute(customers.filter(customers.customer_id == wanted).limit(1)).num_rows
    lines = snapshot.table("order_lines")
    if known or snapshot.execute(lines.filter(lines.customer_id == wanted).limit(1)).num_rows:
        raise NoRows(f"Customer {wanted} has not bought a product up to {snapshot.as_of.isoformat()}, so there is "
                     "nothing to predict from", received=wanted)
    from rapidfuzz import process
    from rapidfuzz.distance import OSA

    near = [match[0] for match in process.extract(wanted, ids, scorer=OSA.normalized_similarity, limit=5)]
    raise UnknownName("The shop has no such customer", received=wanted, valid=near,
                      nearest=["Who is about to leave?", *(f"Will customer {c} leave?" for c in near[:2])])


def _evidence(snapshot: Snapshot, request: ChurnRequest, fitted: ChurnModel) -> Evidence:
    exam, days = fitted.exam_, request.horizon_days
    named = {"auc": exam.auc, "brier": exam.brier, "calibration_error": exam.calibration_error}
    rule = {"auc": exam.rule_auc, "brier": exam.rule_brier}
    quality = rule | {"calibration_error": exam.calibration_error} if fitted.uses_rule_ else named
    who = f"customer {request.customer_id}" if request.customer_id else f"the {request.k} first customers"
    return Evidence(
        plan=request.model_dump(mode="json"),
        plan_words=f"Probability of no order within {days} days of {snapshot.as_of.isoformat()}: {who}, by "
        f"{request.order_by.replace('_', ' ')}",
        snapshot=snapshot.manifest.id, source=snapshot.manifest.source, synthetic=snapshot.manifest.synthetic,
        as_of=snapshot.as_of, window_start=snapshot.manifest.first_day, window_end=snapshot.as_of,
        model=ModelInfo(
            name="recency_rule" if fitted.uses_rule_ else "churn_logistic", version=VERSION,
            parameters={"horizon_days": days, "cuts": [c.isoformat() for c in exam.cuts],
                        "tested_on": exam.cut.isoformat(), "columns": list(fitted.curve_.columns),
                        "levelled": fitted.curve_.levelled},
            quality={k: v for k, v in quality.items() if v is not None},
            baseline={k: v for k, v in rule.items() if v is not None},
        ),
        definitions=_definitions(days, snapshot.as_of.isoformat()),
        assumptions=[
            f"Leaving means no order within {days} days; the shop has no contracts that would end.",
            "Customers who have already left are counted apart and not listed: they need winning back, not keeping.",
            "A customer is worth a year's sales less returns; newer customers count with what they have bought so far.",
            "The probability describes who leaves, not who can be kept by a message.",
        ],
    )


def _definitions(days: int, today: str) -> list[DefinitionUsed]:
    meanings = {
        "leaving": f"placing no order within {days} days after {today}",
        "about to leave": f"not already left, and a probability of leaving of at least {AT_RISK:.0%}",
        "already left": f"silent for more than {days} days and, with {ORDERS_FOR_RHYTHM} or more orders, for more than "
        f"{GAPS_TO_LAPSE:.0f} times the customer's usual gap (at most {LONGEST_SILENCE} days)",
        "value at risk": "probability of leaving × sales less returns of the last 12 months",
    }
    return [DefinitionUsed(term=term, meaning=meaning) for term, meaning in meanings.items()]
