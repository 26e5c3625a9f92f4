"""Customers chosen by something else, each with the probability of leaving: "our 20 best and who of them may leave"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.errors import NoRows
from assistant.models.close_inputs import proxy_caveats
from assistant.models.value.churn import AT_RISK, ChurnModel
from assistant.models.value.exam_tables import calibration_table, exam_caveats, exam_figures, exam_table, one_row
from assistant.models.value.report import CUSTOMER_COLUMNS, churn_evidence, customer_rows
from assistant.plans import And, ChurnRequest, Compare, InGroup
from assistant.plans.reword import phrase
from assistant.query.spoken import speak
from assistant.results import Caveat, Chart, Column, Figure, Result, Source, Table

if TYPE_CHECKING:
    import pandas as pd

    from assistant.data.warehouse import Snapshot
    from assistant.results.result import Scalar

#: Customers that are named one by one in a sentence.
_NAMED = 3
#: How somebody stands, in words of the table.
LEAVING, GONE, STAYING = "about to leave", "has already left", "expected to stay"


def standing_result(snapshot: Snapshot, request: ChurnRequest, fitted: ChurnModel, scores: pd.DataFrame) -> Result:
    """Every customer of the filter with the probability, those with most sales to date first.

    Args:
        scores: of :meth:`ChurnModel.predict`.

    Raises:
        NoRows: nobody whom the filter selects can be scored.
    """
    from assistant.query.audience import customer_ids

    assert request.filter is not None
    wanted = set(customer_ids(snapshot, request.filter))
    chosen = scores[scores["customer_id"].isin(wanted)]
    if chosen.empty:
        raise NoRows("No customer of this selection has an order, so there is nothing to predict from")
    chosen = chosen.assign(sales=chosen["mean_order_value"] * chosen["order_count"])
    chosen = chosen.sort_values(["sales", "customer_id"], ascending=[False, True])
    shown = chosen.head(request.k)
    customers = _customers(shown, scores[~scores["lapsed"]], fitted)
    summary = _summary(request, chosen, len(wanted))
    tables = [customers, summary, exam_table(fitted.exam_, fitted.uses_rule_),
              calibration_table(fitted.exam_)]
    customers.total_rows = len(chosen)
    figures = {c.name: summary.figure(0, c.name) for c in summary.columns if summary.cell(0, c.name) is not None}
    figures |= exam_figures(tables)
    figures["shown"] = Figure(value=len(shown), unit="count", label="Customers shown",
                              source=Source(table="customers", derivation="number of rows", origin="derived"))
    leaving = And(parts=(request.filter, InGroup(group="about_to_leave", horizon_days=request.horizon_days)))
    result = Result(
        kind="churn_standing", title=f"Who of them will leave within {request.horizon_days} days?",
        currency=snapshot.currency, figures=figures, headline=["at_risk", "lapsed"], tables=tables,
        charts=[Chart(kind="bar", table="customers", x="customer_id", y=["churn_probability"],
                      title="Probability of leaving")] if len(shown) > 1 else [],
        words={"rule_used": "yes" if fitted.uses_rule_ else "",
               "unscored": "yes" if figures["unscored"].value else "",
               "some": "yes" if len(shown) < len(chosen) else ""},
        caveats=[*exam_caveats(fitted.exam_, fitted.uses_rule_, figures), *proxy_caveats(fitted.proxies_),
                 *_truncated(figures)],
        evidence=churn_evidence(snapshot, request, fitted),
        details={"customer_ids": shown["customer_id"].tolist(),
                 "audience": {"filter": leaving.model_dump(mode="json"),
                              "words": "those of them who are about to leave"}},
        followups=["Draft a win-back campaign for them", "Who is about to leave?", "Is the churn model any good?"],
    )
    if isinstance(request.filter, Compare) and len(request.filter.values) > _NAMED:
        result.words["where"] = ""  # a list of customers is better called by what it is
    else:
        speak(result, "where", phrase(request.filter))
    return result


def _truncated(figures: dict[str, Figure]) -> list[Caveat]:
    if figures["shown"].value == figures["scored"].value:
        return []
    return [Caveat(code="truncated", figures={"shown": figures["shown"], "total": figures["scored"]})]


def _customers(shown: pd.DataFrame, usual: pd.DataFrame, fitted: ChurnModel) -> Table:
    """One row each; reasons are told for those who have not left and for those who have by their own curve."""
    rows: dict[str, list[Scalar]] = {}
    for gone in (False, True):
        part = shown[shown["lapsed"] == gone]
        told = customer_rows(part, usual, fitted) if len(part) else []
        for row, (_, person) in zip(told, part.iterrows(), strict=True):
            standing = GONE if person["lapsed"] else LEAVING if person["at_risk"] else STAYING
            why = row[-1] if standing != STAYING else ""
            rows[str(row[0])] = [row[0], standing, row[1], float(person["sales"]), *row[2:-1], why]
    columns = [CUSTOMER_COLUMNS[0], Column(name="standing", label="Standing"), CUSTOMER_COLUMNS[1],
               Column(name="sales", label="Sales to date", unit="currency"), *CUSTOMER_COLUMNS[2:]]
    return Table(id="customers", title="Probability of leaving, most sales to date first", columns=columns,
                 rows=[rows[str(c)] for c in shown["customer_id"]], total_rows=len(shown))


def _summary(request: ChurnRequest, chosen: pd.DataFrame, wanted: int) -> Table:
    active = chosen[~chosen["lapsed"]]
    risky = chosen[chosen["at_risk"]]
    return one_row("summary", "In short", [
        ("selected", "Customers selected", "count", wanted), ("scored", "Of them scored", "count", len(chosen)),
        ("unscored", "Not scored", "count", wanted - len(chosen)),
        ("at_risk", "About to leave", "count", len(risky)),
        ("lapsed", "Have already left", "count", int(chosen["lapsed"].sum())),
        ("staying", "Expected to stay", "count", len(active) - len(risky)),
        ("expected_leaving", "Expected to leave, of those who have not", "number",
         float(active["churn_probability"].sum())),
        ("value_at_risk", "Value at risk of those about to leave", "currency", float(risky["value_at_risk"].sum())),
        ("horizon", "No order within", "days", request.horizon_days),
        ("threshold", "At risk from", "probability", AT_RISK),
    ])
