"""How good the churn prediction is, and what speaks for leaving over all customers, as results."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.models.close_inputs import proxy_caveats
from assistant.models.value.churn import VERSION, ChurnModel
from assistant.models.value.exam_tables import (
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
from assistant.models.value.reasons import SIDES, by_side, neutralised, usual
from assistant.plans import ChurnExamRequest
from assistant.plans.reword import reword
from assistant.results import Chart, Column, DefinitionUsed, Evidence, Result, Table
from assistant.results.result import Scalar

if TYPE_CHECKING:
    import pandas as pd

    from assistant.data.warehouse import Snapshot

#: What a side of the ordering is called, and the column whose growth its direction is told by.
SIDE_WORDS: dict[str, tuple[str, str, str]] = {
    "silence": ("time since the last order", "longer", "shorter"),
    "frequency": ("how often they have ordered", "more orders", "fewer orders"),
    "lately": ("recent orders", "more", "fewer"),
    "slowing": ("the latest gap between orders", "longer", "shorter"),
    "season": ("orders at this time last year", "more", "fewer"),
    "value": ("what they spent in the last year", "more", "less"),
    "basket": ("products per order", "more", "fewer"),
    "returns": ("what they send back", "more", "less"),
    "discounts": ("buying with discounts", "more often", "less often"),
}


def churn_exam_result(snapshot: Snapshot, request: ChurnExamRequest, fitted: ChurnModel) -> Result:
    """The exam of the churn model beside simpler rules, with lift and calibration; or its drivers."""
    exam = fitted.exam_
    exams = [exam_table(exam, fitted.uses_rule_), lift_table(exam), calibration_table(exam)]
    summary = one_row("summary", "In short", [
        ("calibration_error", "Mean distance of expected and left", "probability", exam.calibration_error),
        ("horizon", "No order within", "days", request.horizon_days),
        ("cuts", "Past days learnt from", "count", len(exam.cuts)),
    ])
    drivers = request.about == "drivers"
    first = [_drivers(snapshot, fitted)] if drivers else []
    tables = [*first, *exams, summary]
    figures = {c.name: summary.figure(0, c.name) for c in summary.columns} | exam_figures(tables)
    charts = [Chart(kind="bar", table="drivers", x="side", y=["weight"], title="Share of all influence")] \
        if drivers and len(first[0].rows) > 1 else [] if drivers else lift_charts(exam)
    followups = ["Who is about to leave?", "How good is the churn prediction?" if drivers else "What drives churn?",
                 "Who will order in the next 30 days?"]
    return Result(
        kind="churn_drivers" if drivers else "churn_exam",
        title="What speaks for leaving" if drivers else "How good the churn prediction is",
        currency=snapshot.currency, figures=figures, headline=["auc"] if "auc" in figures else [], tables=tables,
        charts=charts, words={"rule_used": "yes" if fitted.uses_rule_ else "",
                              "calibrated": "yes" if exam.calibration_error <= CALIBRATED else ""},
        caveats=[*exam_caveats(exam, fitted.uses_rule_, figures), *proxy_caveats(fitted.proxies_)],
        evidence=_evidence(snapshot, request, fitted),
        followups=followups,
    )


#: Mean distance of expected and observed shares up to which the level is called good.
CALIBRATED = 0.05


def _drivers(snapshot: Snapshot, fitted: ChurnModel) -> Table:
    """Each side by the mean size of its contribution to the log-odds, over customers who have not left.

    ``tested``: share of the customers for whom a side raises the probability whom setting it to the usual brings down.
    """
    scores = fitted.predict(snapshot)
    customers = scores[~scores["lapsed"]].reset_index(drop=True)
    sides = by_side(fitted.curve_, customers) if len(customers) else {}
    medians, before = usual(customers), fitted.curve_.predict(customers)
    sizes = {side: float(abs(values).mean()) for side, values in sides.items()}
    total = sum(sizes.values()) or 1.0
    rows: list[list[Scalar]] = []
    for side in sorted(sizes, key=lambda s: (-sizes[s], s)):
        drop = before - fitted.curve_.predict(neutralised(customers, side, medians))
        raised = sides[side] > 0
        words, more, less = SIDE_WORDS[side]
        rows.append([words, 100 * sizes[side] / total, more if _rises(customers, side, sides[side]) else less,
                     100 * float(raised.mean()),
                     100 * float((drop[raised] > 0).mean()) if raised.any() else None])
    columns = [Column(name="side", label="Side of the ordering"),
               Column(name="weight", label="Share of all influence", unit="percent"),
               Column(name="towards", label="Speaks for leaving"),
               Column(name="raised", label="Customers for whom it does", unit="percent"),
               Column(name="tested", label="Of them confirmed by removing it", unit="percent")]
    return Table(id="drivers", title="What speaks for leaving, over all customers", columns=columns, rows=rows,
                 total_rows=len(rows))


def _rises(customers: pd.DataFrame, side: str, contributions: object) -> bool:
    """Whether more of the side's first column goes with a higher score (rank correlation)."""
    import numpy as np

    values = customers[SIDES[side][0]]
    known = values.notna().to_numpy()
    if known.sum() < 3 or values[known].nunique() < 2:
        return True
    return bool(np.corrcoef(values[known].rank(), np.asarray(contributions)[known])[0, 1] > 0)


def _evidence(snapshot: Snapshot, request: ChurnExamRequest, fitted: ChurnModel) -> Evidence:
    days = request.horizon_days
    return Evidence(
        plan=request.model_dump(mode="json"), plan_words=reword(request), snapshot=snapshot.manifest.id,
        source=snapshot.manifest.source, synthetic=snapshot.manifest.synthetic, as_of=snapshot.as_of,
        window_start=snapshot.manifest.first_day, window_end=snapshot.as_of,
        model=model_info(
            fitted.exam_, fitted.uses_rule_, "churn_ensemble", VERSION, fitted.curve_.level,
            {"horizon_days": days, "columns": list(fitted.rule_columns_ if fitted.uses_rule_ else fitted.columns_)}),
        definitions=[
            DefinitionUsed(term="leaving", meaning=f"placing no order within {days} days"),
            DefinitionUsed(term="AUC", meaning="the chance that a customer who left was rated higher than one who "
                                               "stayed; 0.5 is guessing"),
            DefinitionUsed(term="Brier score", meaning="mean squared distance of probability and outcome; smaller is "
                                                       "better"),
            DefinitionUsed(term="lift", meaning="share that left in a tenth over the share that left of all"),
        ],
        assumptions=[
            "Examined on customers who had not already left on the test day, learnt only from what was known then.",
            "Influence says what the prediction goes by, not what causes leaving.",
            *without_trees(fitted.exam_),
        ],
    )
