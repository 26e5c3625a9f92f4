"""A table with an outcome as a result: which rows are likely, why, how good the prediction is, what speaks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.data.outcome_tables import Loaded, OutcomeTable
from assistant.errors import UnknownName
from assistant.models.value.exam_tables import one_row
from assistant.models.value.propensity import INSTALL
from assistant.models.value.table_model import VERSION, TableModel
from assistant.plans import TableScoreRequest
from assistant.plans.reword import reword
from assistant.results import Caveat, Chart, Column, DefinitionUsed, Evidence, Figure, ModelInfo, Result, Table
from assistant.results.result import Scalar

if TYPE_CHECKING:
    import pandas as pd

#: A column is a reason only if setting it to the usual lowers the probability by so much.
SMALLEST_EFFECT = 0.01
MOST_REASONS = 3
NO_REASON = "no single reason stands out"
DRIVERS = 15


def table_result(loaded: Loaded, request: TableScoreRequest, fitted: TableModel) -> Result:
    """Rows by probability, one row, the exam, or the drivers.

    Raises:
        UnknownName: no row of that id.
    """
    exam, table = fitted.exam_, loaded.table
    summary = _summary(loaded, fitted)
    exams = [_exam(fitted), _lift(fitted), _calibration(fitted)]
    if request.about == "drivers":
        first, kind = _drivers(fitted), "table_drivers"
    elif request.about == "exam":
        first, kind = exams.pop(0), "table_exam"
    else:
        first, kind = _rows(loaded, request, fitted), "table_scores"
    tables = [first, summary, *exams] if request.about != "exam" else [first, *exams, summary]
    figures = {c.name: summary.figure(0, c.name) for c in summary.columns if summary.cell(0, c.name) is not None}
    one = request.row_id is not None and request.about == "list"
    if one:
        figures["probability"] = first.figure(0, "probability")
    return Result(
        kind=kind, title=_title(loaded, request), figures=figures, headline=_headline(request), tables=tables,
        charts=_charts(request, first, exams), caveats=_caveats(fitted),
        words={"table": table.name, "outcome": f"{table.outcome} = {table.happened}", "rule": exam.rule,
               "row": str(request.row_id or ""), "reason": str(first.cell(0, "reason")) if one else "",
               "listed": _listed(loaded)},
        evidence=_evidence(loaded, request, fitted),
        followups=_followups(request, bool(fitted.sensitive_)),
    )


def tables_result(known: list[OutcomeTable], request: TableScoreRequest) -> Result:
    """The tables there are, the latest first."""
    columns = [Column(name="table", label="Table"), Column(name="rows", label="Rows", unit="count"),
               Column(name="outcome", label="Outcome"), Column(name="source", label="File")]
    rows: list[list[Scalar]] = [[t.name, t.rows, f"{t.outcome} = {t.happened}", t.source] for t in known]
    table = Table(id="tables", title="Tables with an outcome", columns=columns, rows=rows, total_rows=len(rows))
    return Result(
        kind="table_list", title="Tables with an outcome", tables=[table],
        evidence=Evidence(plan=request.model_dump(mode="json"), plan_words=reword(request),
                          source=", ".join(t.source for t in known)),
        followups=[f"Who is likely to churn in the {known[0].name} table?",
                   f"What drives churn in the {known[0].name} table?"],
    )


def _listed(loaded: Loaded) -> str:
    """Which rows are listed: those whose outcome is not known, else those for whom it has not happened."""
    import numpy as np

    return "unknown" if np.isnan(loaded.outcome).any() else "not yet"


def _rows(loaded: Loaded, request: TableScoreRequest, fitted: TableModel) -> Table:
    import numpy as np

    places = fitted.listed(loaded)
    if request.row_id is not None:
        wanted = request.row_id.strip().casefold()
        places = np.array([i for i, name in enumerate(loaded.ids) if name.casefold() == wanted], dtype=int)
        if not len(places):
            raise UnknownName("The table has no such row", received=request.row_id, valid=loaded.ids[:5])
    order = sorted(places, key=lambda i: (-fitted.scores_[i], loaded.ids[i]))
    shown = order[: request.k]
    why = row_reasons(fitted, shown)
    columns = [Column(name="row", label=loaded.table.row_id or "Row", unit="id"),
               Column(name="probability", label="Probability", unit="probability"),
               Column(name="reason", label="Reasons, the strongest first")]
    rows: list[list[Scalar]] = [[loaded.ids[i], float(fitted.scores_[i]), r] for i, r in zip(shown, why, strict=True)]
    return Table(id="rows", title="Rows by probability", columns=columns, rows=rows, total_rows=len(order))


def row_reasons(fitted: TableModel, places: list[int]) -> list[str]:
    """Columns that raise a row's score most and whose usual value would lower it, in words."""
    frame = fitted.frame_.iloc[places]
    if frame.empty:
        return []
    parts = fitted.model_.contributions(frame)
    before = fitted.model_.predict(frame)
    usual = {c: _usual(fitted.frame_[c]) for c in fitted.columns_}
    drops = {c: before - fitted.model_.predict(frame.assign(**{c: _set(frame[c], usual[c])})) for c in fitted.columns_}
    found = []
    for place in range(len(frame)):
        shares = [(float(parts[c].iloc[place]), c) for c in fitted.columns_]
        raised = sorted(shares, key=lambda pair: (-pair[0], pair[1]))
        words = [w for share, c in raised if share > 0 and drops[c][place] >= SMALLEST_EFFECT
                 and (w := _words(c, frame[c].iloc[place], usual[c]))]
        found.append("; ".join(words[:MOST_REASONS]) or NO_REASON)
    return found


def _usual(values: pd.Series) -> float | str | None:
    import pandas as pd

    known = values.dropna()
    if known.empty:
        return None
    return float(known.median()) if pd.api.types.is_numeric_dtype(values) else str(known.mode().iloc[0])


def _set(values: pd.Series, usual: float | str | None) -> pd.Series:
    import pandas as pd

    kind = "float64" if pd.api.types.is_numeric_dtype(values) else "string"
    return pd.Series([usual] * len(values), index=values.index, dtype=kind)


def _words(column: str, value: object, usual: float | str | None) -> str | None:
    """The value of a category, or that a number is above or below the usual; None where it is that."""
    import pandas as pd

    if pd.isna(value):
        return f"{column} is not known"
    if isinstance(usual, float):
        number = float(str(value))
        return None if number == usual else f"{column} is {'higher' if number > usual else 'lower'} than for most"
    return f"{column}: {value}"


def _drivers(fitted: TableModel) -> Table:
    """Mean size of each column's contribution over all rows, and what raises the score."""
    import numpy as np
    import pandas as pd

    parts = fitted.model_.contributions(fitted.frame_)
    size = parts.abs().mean()
    total = float(size.sum()) or 1.0
    rows: list[list[Scalar]] = []
    for column in size.sort_values(ascending=False, kind="stable").index[:DRIVERS]:
        values = fitted.frame_[column]
        if pd.api.types.is_numeric_dtype(values):
            known = values.notna().to_numpy()
            rank = np.corrcoef(values[known].rank(), parts[column][known])[0, 1] if known.sum() > 2 else 0.0
            raises = f"{'higher' if rank > 0 else 'lower'} values"
        else:
            by = parts[column].groupby(values.fillna("not known").to_numpy()).mean()
            raises = str(by.idxmax())
        rows.append([str(column), 100 * float(size[column]) / total, raises])
    columns = [Column(name="column", label="Column"),
               Column(name="weight", label="Share of all influence", unit="percent"),
               Column(name="raises", label="Raised most by")]
    return Table(id="drivers", title="What speaks for and against the outcome", columns=columns, rows=rows,
                 total_rows=len(fitted.columns_))


def _summary(loaded: Loaded, fitted: TableModel) -> Table:
    exam, places = fitted.exam_, fitted.listed(loaded)
    first = exam.lift[0] if exam.lift else None
    return one_row("summary", "In short", [
        ("scored", "Rows listed", "count", len(places)),
        ("expected", "Expected among them", "count", float(fitted.scores_[places].sum())),
        ("tested", "Rows with a known outcome", "count", exam.customers),
        ("observed", "With the outcome", "probability", exam.observed),
        ("auc", "AUC on rows not seen", "score", exam.auc), ("brier", "Brier score", "score", exam.brier),
        ("rule_auc", "AUC of the best single column", "score", exam.rule_auc),
        ("rule_brier", "Brier score of the best single column", "score", exam.rule_brier),
        ("base_brier", "Brier score of the average", "score", exam.base_brier),
        ("calibration_error", "Mean distance of expected and observed", "probability", exam.calibration_error),
        ("first_lift", "Lift of the first tenth", "ratio", first.lift if first else None),
        ("captured", "Found in the first two tenths", "percent", 100 * exam.lift[1].captured if first else None),
        ("columns", "Columns used", "count", len(fitted.columns_)),
    ])


def _exam(fitted: TableModel) -> Table:
    exam = fitted.exam_
    columns = [Column(name="method", label="Method"), Column(name="auc", label="AUC", unit="score"),
               Column(name="brier", label="Brier score", unit="score"),
               Column(name="customers", label="Rows tested", unit="count")]
    rows: list[list[Scalar]] = [
        [" and ".join({"logistic": "logistic regression", "trees": "boosted trees"}[m] for m in fitted.model_.members_),
         exam.auc, exam.brier, exam.customers],
        [f"{exam.rule} alone", exam.rule_auc, exam.rule_brier, exam.customers],
        ["the average for everyone", None, exam.base_brier, exam.customers],
    ]
    return Table(id="exam", title="How the prediction did on rows it had not seen", columns=columns, rows=rows,
                 total_rows=3)


def _lift(fitted: TableModel) -> Table:
    columns = [Column(name="tenth", label="Tenth", unit="id"), Column(name="customers", label="Rows", unit="count"),
               Column(name="happened", label="With the outcome", unit="count"),
               Column(name="share", label="Share", unit="percent"), Column(name="lift", label="Lift", unit="ratio"),
               Column(name="captured", label="Found up to here", unit="percent"),
               Column(name="rule_captured", label=f"Found by {fitted.exam_.rule}", unit="percent")]
    rows: list[list[Scalar]] = [
        [str(t.tenth), t.customers, t.happened, 100 * t.share, t.lift, 100 * t.captured, 100 * t.rule_captured]
        for t in fitted.exam_.lift]
    return Table(id="lift", title="Tenths of the rows, the most likely first", columns=columns, rows=rows,
                 total_rows=len(rows))


def _calibration(fitted: TableModel) -> Table:
    columns = [Column(name="customers", label="Rows", unit="count"),
               Column(name="predicted", label="Expected", unit="probability"),
               Column(name="observed", label="Observed", unit="probability")]
    rows: list[list[Scalar]] = [[c.customers, c.predicted, c.observed] for c in fitted.exam_.calibration]
    return Table(id="calibration", title="Expected and observed, by fifths", columns=columns, rows=rows,
                 total_rows=len(rows))


def _charts(request: TableScoreRequest, first: Table, exams: list[Table]) -> list[Chart]:
    if request.about == "drivers":
        return [Chart(kind="bar", table="drivers", x="column", y=["weight"], title=first.title)]
    if request.about == "exam":
        return [Chart(kind="line", table="lift", x="tenth", y=["captured", "rule_captured"],
                      title="Share of the outcome found in the first tenths")] if exams[0].rows else []
    return [Chart(kind="bar", table="rows", x="row", y=["probability"], title="Probability")] \
        if len(first.rows) > 1 else []


def _headline(request: TableScoreRequest) -> list[str]:
    if request.about != "list":
        return ["auc"]
    return ["probability"] if request.row_id else ["scored", "expected"]


def _title(loaded: Loaded, request: TableScoreRequest) -> str:
    outcome = loaded.table.outcome
    asked = {"exam": f"How well {outcome} is foreseen", "drivers": f"What speaks for {outcome}",
             "list": f"Probability of {outcome}"}
    return f"{asked[request.about]}: {loaded.table.name}"


def _caveats(fitted: TableModel) -> list[Caveat]:
    proxies = [f"{p.column} (for {p.of})" for p in fitted.proxies_]
    named = {"table_leaks": [leak.column for leak in fitted.leaks_], "table_sensitive": list(fitted.sensitive_),
             "table_proxies": proxies, "table_unusable": list(map(str, fitted.unusable_))}
    return [Caveat(code=code, words={"columns": ", ".join(columns)}) for code, columns in named.items() if columns]


def _followups(request: TableScoreRequest, sensitive: bool) -> list[str]:
    table = f" in the {request.table} table" if request.table else " in the table"
    asked = {"list": f"Who is likely to churn{table}?", "exam": f"How good is the prediction{table}?",
             "drivers": f"What drives churn{table}?"}
    kept = [words for about, words in asked.items() if about != request.about or request.row_id]
    return [*kept, f"Is the prediction{table} fair?"] if sensitive else kept


def _evidence(loaded: Loaded, request: TableScoreRequest, fitted: TableModel) -> Evidence:
    exam, model = fitted.exam_, fitted.model_
    table = loaded.table
    leaks: dict[str, Figure | float] = {leak.column: round(leak.auc, 3) for leak in fitted.leaks_}
    return Evidence(
        plan=request.model_dump(mode="json"), plan_words=reword(request), source=table.source,
        rows_scanned=table.rows,
        model=ModelInfo(
            name="table_ensemble", version=VERSION,
            parameters={"columns": list(fitted.columns_), "members": list(model.members_),
                        "strength": model.settings_.strength, "trees": list(model.settings_.shape),
                        "left out as leaks": leaks, "left out as sensitive": list(fitted.sensitive_)},
            quality={"auc": exam.auc, "brier": exam.brier, "calibration_error": exam.calibration_error},
            baseline={"auc": exam.rule_auc, "brier": exam.rule_brier},
        ),
        definitions=[DefinitionUsed(term="the outcome", meaning=f"the column {table.outcome} says {table.happened}")],
        assumptions=[
            "Rows are taken for independent of each other and of time: the table says nothing of when.",
            "Every row is scored by models that had not seen it; only settings, slope and level were chosen on all.",
            "The probability says for whom it happens, not whom a message would move.",
            *([] if "trees" in model.members_ else [f"Boosted trees could not be used; to add them: {INSTALL}"]),
        ],
    )
