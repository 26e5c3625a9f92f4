"""Who is about to leave, as a result: how many, who, why, what is at stake, and how far to trust it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.data.objectors import objectors
from assistant.errors import NoRows, NotPermitted, UnknownName
from assistant.features.rfm import LeftOut, left_out_of_rfm
from assistant.models.close_inputs import proxy_caveats
from assistant.models.value.behaviour import (
    GAPS_TO_LAPSE,
    LONGEST_SILENCE,
    ORDERS_FOR_RHYTHM,
)
from assistant.models.value.churn import AT_RISK, VERSION, ChurnModel
from assistant.models.value.exam_tables import (
    calibration_table,
    exam_caveats,
    exam_figures,
    exam_table,
    lift_table,
    model_info,
    one_row,
    without_trees,
)
from assistant.models.value.reasons import NO_REASON, in_words, proven_reasons, usual
from assistant.plans import And, ChurnRequest, Compare, Filter, InGroup
from assistant.plans.reword import reword
from assistant.results import (
    Caveat,
    Chart,
    Column,
    DefinitionUsed,
    Evidence,
    Figure,
    Result,
    Source,
    Table,
)
from assistant.results.result import Scalar, Unit

if TYPE_CHECKING:
    import pandas as pd

    from assistant.data.warehouse import Snapshot

CUSTOMER_COLUMNS = [
    Column(name="customer_id", label="Customer", unit="id"),
    Column(name="churn_probability", label="Probability of leaving", unit="probability"),
    Column(name="days_since_last_order", label="Since last order", unit="days"),
    Column(name="usual_gap_days", label="Usual gap", unit="days"),
    Column(name="order_count", label="Orders", unit="count"),
    Column(name="yearly_value", label="Net sales, last 12 months", unit="currency"),
    Column(name="value_at_risk", label="Value at risk", unit="currency"),
    Column(name="reason", label="Reasons, the strongest first"),
]


def churn_result(snapshot: Snapshot, request: ChurnRequest, fitted: ChurnModel) -> Result:
    """Customers about to leave, or one customer's probability.

    Args:
        fitted: a model fitted for ``request.horizon_days`` on these data.

    Raises:
        UnknownName: the shop has no such customer; ``valid`` holds the nearest ids.
        NoRows: the customer has never bought a product.
        NotPermitted: the customer objected to marketing.
    """
    scores = fitted.predict(snapshot)
    if request.customer_id is not None:
        return _one_customer(snapshot, request, fitted, scores)
    if request.everyone:
        from assistant.models.value.churn_standing import standing_result

        return standing_result(snapshot, request, fitted, scores)
    if request.by is not None or request.against is not None:
        from assistant.models.value.churn_groups import churn_groups_result

        return churn_groups_result(snapshot, request, fitted, scores)
    everyone = scores[~scores["lapsed"]]  # what is usual is what is usual among all
    scores = _selected(snapshot, request, scores)
    customers = scores[~scores["lapsed"]]
    shown = _shown(customers, request)
    left_out = left_out_of_rfm(snapshot)
    summary = _summary(customers, scores, left_out, len(objectors(snapshot)), request)
    tables = [summary, _customer_table(shown, everyone, fitted),
              exam_table(fitted.exam_, fitted.uses_rule_), lift_table(fitted.exam_), calibration_table(fitted.exam_)]
    tables[1].total_rows = max(int(customers["at_risk"].sum()), len(tables[1].rows))
    return Result(
        kind="churn", title=f"Customers likely to leave within {request.horizon_days} days", currency=snapshot.currency,
        figures=_figures(tables), headline=["at_risk", "value_at_risk"], tables=tables,
        charts=[Chart(kind="bar", table="customers", x="customer_id", y=["value_at_risk"], title="Value at risk")]
        if len(shown) > 1 else [],
        words=_words(fitted, request, customers), caveats=_caveats(tables, fitted, shown, customers),
        evidence=churn_evidence(snapshot, request, fitted),
        details={
            "customer_ids": shown["customer_id"].tolist(),
            "audience": {"filter": _audience(request, customers).model_dump(mode="json"),
                         "words": "customers who are about to leave"},
        },
        followups=["Draft a win-back campaign for them", "Split our customers into segments",
                   "How many customers have not ordered for 180 days?"],
    )


def _selected(snapshot: Snapshot, request: ChurnRequest, scores: pd.DataFrame) -> pd.DataFrame:
    chosen = scores
    if request.filter is not None:
        from assistant.query.audience import customer_ids

        chosen = scores[scores["customer_id"].isin(set(customer_ids(snapshot, request.filter)))]
    for column, over in (("yearly_value", request.yearly_value_over), ("value_at_risk", request.value_at_risk_over)):
        chosen = chosen if over is None else chosen[chosen[column] > over]
    if chosen.empty:
        raise NoRows("No customer of this selection has an order, so there is nothing to predict from")
    return chosen


def _audience(request: ChurnRequest, customers: pd.DataFrame) -> Filter:
    """The rule of those at risk; by name where they were chosen by what the model makes of their value."""
    if request.yearly_value_over is not None or request.value_at_risk_over is not None:
        ids = tuple(customers.loc[customers["at_risk"], "customer_id"].astype(str)) or ("",)
        return Compare(field="customer", op="in" if len(ids) > 1 else "eq", values=ids)
    leaving = InGroup(group="about_to_leave", horizon_days=request.horizon_days)
    return leaving if request.filter is None else And(parts=(request.filter, leaving))


def _shown(customers: pd.DataFrame, request: ChurnRequest) -> pd.DataFrame:
    """The first ``k`` of those at risk; of all customers, where nobody is."""
    listed = customers[customers["at_risk"]] if customers["at_risk"].any() else customers
    return listed.sort_values([request.order_by, "customer_id"], ascending=[False, True]).head(request.k)


def _customer_table(shown: pd.DataFrame, customers: pd.DataFrame, fitted: ChurnModel) -> Table:
    rows = customer_rows(shown, customers, fitted)
    return Table(id="customers", title="Customers about to leave", columns=CUSTOMER_COLUMNS, rows=rows,
                 total_rows=len(rows))


def customer_rows(shown: pd.DataFrame, customers: pd.DataFrame, fitted: ChurnModel) -> list[list[Scalar]]:
    """Rows of :data:`CUSTOMER_COLUMNS`; ``customers`` are those against whom reasons are told."""
    curve = fitted.lapsed_curve_ if len(shown) and bool(shown["lapsed"].iloc[0]) else fitted.curve_
    reasons = proven_reasons(shown, curve, usual(customers)) if len(customers) else [[] for _ in range(len(shown))]
    return [
        [row["customer_id"], float(row["churn_probability"]), int(row["days_since_last_order"]),
         None if row["usual_gap_days"] != row["usual_gap_days"] else float(row["usual_gap_days"]),
         int(row["order_count"]), float(row["yearly_value"]), float(row["value_at_risk"]),
         in_words(reason)]
        for row, reason in zip(shown.to_dict("records"), reasons, strict=True)
    ]


def _summary(
    customers: pd.DataFrame, scores: pd.DataFrame, left_out: LeftOut, objected: int, request: ChurnRequest
) -> Table:
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
        ("objected", "Customers who objected to marketing", "count", objected),
        ("threshold", "At risk from", "probability", AT_RISK),
        ("horizon", "No order within", "days", request.horizon_days),
    ]
    return one_row("summary", "In short", cells)


def _figures(tables: list[Table]) -> dict[str, Figure]:
    summary = tables[0]
    figures = {c.name: summary.figure(0, c.name) for c in summary.columns if summary.cell(0, c.name) is not None}
    return {**figures, **exam_figures(tables)}


def _words(fitted: ChurnModel, request: ChurnRequest, customers: pd.DataFrame) -> dict[str, str]:
    return {
        "rule_used": "yes" if fitted.uses_rule_ else "",
        "anyone": "yes" if customers["at_risk"].any() else "",
        "order": "value at risk" if request.order_by == "value_at_risk" else "probability of leaving",
    }


def _caveats(tables: list[Table], fitted: ChurnModel, shown: pd.DataFrame, customers: pd.DataFrame) -> list[Caveat]:
    figures = _figures(tables)
    caveats = [*exam_caveats(fitted.exam_, fitted.uses_rule_, figures), *proxy_caveats(fitted.proxies_)]
    if figures["objected"].value:
        caveats.append(Caveat(code="objectors_left_out", figures={"n": figures["objected"]}))
    if figures["guest_orders"].value or figures["never_bought"].value:
        caveats.append(Caveat(code="churn_left_out", figures={k: figures[k] for k in ("guest_orders", "never_bought")}))
    if not customers["at_risk"].any():
        caveats.append(Caveat(code="churn_nobody_at_risk", figures={"threshold": figures["threshold"]}))
    elif len(shown) < tables[1].total_rows:
        number = Figure(value=len(shown), unit="count", label="Rows shown",
                        source=Source(table="customers", derivation="number of rows", origin="derived"))
        caveats.append(Caveat(code="truncated", figures={"shown": number, "total": figures["at_risk"]}))
    return caveats


def _one_customer(snapshot: Snapshot, request: ChurnRequest, fitted: ChurnModel, scores: pd.DataFrame) -> Result:
    wanted = str(request.customer_id).strip()
    row = scores[scores["customer_id"] == wanted]
    if row.empty:
        refuse_customer(snapshot, wanted, scores["customer_id"].tolist())
    customers = scores[~scores["lapsed"]]
    table = Table(id="customers", title=f"Customer {wanted}", columns=CUSTOMER_COLUMNS, total_rows=1,
                  rows=customer_rows(row, customers, fitted))
    request_cells: list[tuple[str, str, Unit, Scalar]] = [
        ("horizon", "No order within", "days", request.horizon_days),
        ("threshold", "At risk from", "probability", AT_RISK),
    ]
    summary = one_row("summary", "Definition", request_cells)
    tables = [table, summary, exam_table(fitted.exam_, fitted.uses_rule_), calibration_table(fitted.exam_)]
    figures = {c.name: table.figure(0, c.name) for c in CUSTOMER_COLUMNS
               if c.name != "reason" and table.cell(0, c.name) is not None}
    figures |= {c.name: summary.figure(0, c.name) for c in summary.columns} | exam_figures(tables)
    first = row.iloc[0]
    status = "lapsed" if first["lapsed"] else "at risk" if first["at_risk"] else "staying"
    return Result(
        kind="churn", title=f"Will customer {wanted} leave within {request.horizon_days} days?",
        currency=snapshot.currency, figures=figures, headline=["churn_probability"], tables=tables,
        words={"status": status, "reason": "" if table.cell(0, "reason") == NO_REASON else str(table.cell(0, "reason")),
               "rule_used": "yes" if fitted.uses_rule_ else ""},
        caveats=[*exam_caveats(fitted.exam_, fitted.uses_rule_, figures), *proxy_caveats(fitted.proxies_)],
        evidence=churn_evidence(snapshot, request, fitted),
        followups=[f"What should we recommend to customer {wanted}?", f"Show customer {wanted}",
                   "Who is about to leave?"],
    )


def refuse_customer(snapshot: Snapshot, wanted: str, ids: list[str]) -> None:
    """Raise the right "no" for a customer without a score.

    Args:
        ids: the customers who have one.
    """
    if wanted in objectors(snapshot):
        raise NotPermitted(
            f"Customer {wanted} objected to marketing, and is neither scored nor listed", received=wanted,
            nearest=[f"Show customer {wanted}", "Who is about to leave?"])
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


def churn_evidence(snapshot: Snapshot, request: ChurnRequest, fitted: ChurnModel) -> Evidence:
    """Plan, model, definitions and assumptions of an answer about leaving."""
    days = request.horizon_days
    return Evidence(
        plan=request.model_dump(mode="json"),
        plan_words=reword(request),
        snapshot=snapshot.manifest.id, source=snapshot.manifest.source, synthetic=snapshot.manifest.synthetic,
        as_of=snapshot.as_of, window_start=snapshot.manifest.first_day, window_end=snapshot.as_of,
        model=model_info(
            fitted.exam_, fitted.uses_rule_, "churn_ensemble", VERSION, fitted.curve_.level,
            {"horizon_days": days, "columns": list(fitted.rule_columns_ if fitted.uses_rule_ else fitted.columns_)},
        ),
        definitions=_definitions(days, snapshot.as_of.isoformat()),
        assumptions=[
            f"Leaving means no order within {days} days; the shop has no contracts that would end.",
            "Customers who have already left are counted apart and not listed: they need winning back, not keeping.",
            "A customer is worth a year's sales less returns; newer customers count with what they have bought so far.",
            "The probability describes who leaves, not who can be kept by a message.",
            *without_trees(fitted.exam_),
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
