"""The exam of a propensity as tables, figures and caveats: beside every answer that uses one."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.models.value.over_time import Exam
from assistant.models.value.propensity import INSTALL
from assistant.results import Caveat, Chart, Column, Figure, ModelInfo, Table
from assistant.results.result import Scalar, Unit

#: Distance of predicted and observed share on the test day (as a fraction) from which the level is called off.
LEVEL_OFF = 0.05
#: Customers on the test day below which the exam is called small.
SMALL_EXAM = 200
#: Words of what a model is made of.
MEMBERS = {"logistic": "logistic regression alone", "trees": "boosted trees alone"}


@dataclass(frozen=True)
class ExamWords:
    """How the outcome and the rule are called.

    Attributes:
        rule: the rule: "recency alone"; happened, expected: heads of columns: "Left", "Expected to leave".
        code: prefix of the codes of its caveats.
    """

    rule: str
    happened: str
    expected: str
    code: str


LEAVING = ExamWords("recency alone", "Left", "Expected to leave", "churn")


def exam_table(exam: Exam, uses_rule: bool, words: ExamWords = LEAVING) -> Table:
    """Every method on the test day: AUC, Brier score, which is used."""
    columns = [Column(name="method", label="Method"), Column(name="auc", label="AUC", unit="score"),
               Column(name="brier", label="Brier score", unit="score"), Column(name="used", label="Used"),
               Column(name="cut", label="Tested on", unit="date"),
               Column(name="customers", label="Customers tested", unit="count")]
    day, n = exam.cut.isoformat(), exam.customers
    model = " and ".join(MEMBERS[m].removesuffix(" alone") for m in exam.members) or "the average of the past"
    rows: list[list[Scalar]] = [
        [model + (", averaged" if len(exam.members) > 1 else ""), exam.auc, exam.brier, not uses_rule, day, n],
        [words.rule, exam.rule_auc, exam.rule_brier, uses_rule, day, n],
        ["the average for everyone", None, exam.base_brier, False, day, n],
    ]
    if len(exam.members) > 1:
        rows += [[MEMBERS[m], auc, brier, False, day, n] for m, (auc, brier) in exam.members.items()]
    return Table(id="exam", title="How the prediction did on a later day", columns=columns, rows=rows,
                 total_rows=len(rows))


def calibration_table(exam: Exam, words: ExamWords = LEAVING) -> Table:
    """Expected and observed shares by fifths; all in the last row."""
    columns = [Column(name="customers", label="Customers", unit="count"),
               Column(name="predicted", label=words.expected, unit="probability"),
               Column(name="observed", label=words.happened, unit="probability")]
    rows: list[list[Scalar]] = [[c.customers, c.predicted, c.observed] for c in exam.calibration]
    rows.append([exam.customers, exam.predicted, exam.observed])
    return Table(id="calibration", title="Expected and observed, by fifths; all in the last row", columns=columns,
                 rows=rows, total_rows=len(rows))


def lift_table(exam: Exam, words: ExamWords = LEAVING) -> Table:
    """Tenths of the customers tested, those with the highest predictions first."""
    columns = [Column(name="tenth", label="Tenth", unit="id"),
               Column(name="customers", label="Customers", unit="count"),
               Column(name="happened", label=words.happened, unit="count"),
               Column(name="share", label="Share", unit="percent"), Column(name="lift", label="Lift", unit="ratio"),
               Column(name="captured", label="Found up to here", unit="percent"),
               Column(name="rule_captured", label=f"Found by {words.rule}", unit="percent")]
    rows: list[list[Scalar]] = [
        [str(t.tenth), t.customers, t.happened, 100 * t.share, t.lift, 100 * t.captured, 100 * t.rule_captured]
        for t in exam.lift
    ]
    return Table(id="lift", title="Tenths of the customers tested, the most likely first", columns=columns, rows=rows,
                 total_rows=len(rows))


def lift_charts(exam: Exam) -> list[Chart]:
    """How much of the outcome the first tenths hold, against the rule."""
    if not exam.lift:
        return []
    return [Chart(kind="line", table="lift", x="tenth", y=["captured", "rule_captured"],
                  title="Share of the outcome found by contacting the first tenths")]


def exam_figures(tables: list[Table], words: ExamWords = LEAVING) -> dict[str, Figure]:
    """Named numbers of the tables with ids ``exam``, ``calibration`` and ``lift``, as far as there are any."""
    exam = next(t for t in tables if t.id == "exam")
    levels = next(t for t in tables if t.id == "calibration")
    last = len(levels.rows) - 1
    figures = {
        "tested_on": exam.figure(0, "cut"), "tested_customers": exam.figure(0, "customers"),
        "auc": exam.figure(0, "auc", "AUC of the model"), "rule_auc": exam.figure(1, "auc", f"AUC of {words.rule}"),
        "brier": exam.figure(0, "brier", "Brier score of the model"),
        "rule_brier": exam.figure(1, "brier", f"Brier score of {words.rule}"),
        "base_brier": exam.figure(2, "brier", "Brier score of the average for everyone"),
        "predicted": levels.figure(last, "predicted", f"{words.expected} on the test day"),
        "observed": levels.figure(last, "observed", f"{words.happened} after the test day"),
    }
    lift = next((t for t in tables if t.id == "lift" and t.rows), None)
    if lift is not None:
        figures |= {
            "first_lift": lift.figure(0, "lift", "Lift of the first tenth"),
            "first_share": lift.figure(0, "share", f"{words.happened} of the first tenth"),
            "captured": lift.figure(1, "captured", "Found in the first two tenths"),
            "rule_captured": lift.figure(1, "rule_captured", f"Found there by {words.rule}"),
        }
    return {name: figure for name, figure in figures.items() if figure.value is not None}


def exam_caveats(exam: Exam, uses_rule: bool, figures: dict[str, Figure], words: ExamWords = LEAVING) -> list[Caveat]:
    """What to know before trusting the level or the model."""
    caveats = []
    if abs(exam.predicted - exam.observed) > LEVEL_OFF:
        code = f"{words.code}_level_too_{'high' if exam.predicted > exam.observed else 'low'}"
        caveats.append(Caveat(code=code, figures={k: figures[k] for k in ("predicted", "observed", "tested_on")}))
    if exam.customers < SMALL_EXAM:
        caveats.append(Caveat(code="churn_small_exam", figures={"tested_customers": figures["tested_customers"]}))
    if len(exam.cuts) == 1:
        caveats.append(Caveat(code="churn_one_cut"))
    if uses_rule:
        caveats.append(Caveat(code=f"{words.code}_rule_used",
                              figures={k: figures[k] for k in ("brier", "rule_brier")}))
    return caveats


def model_info(
    exam: Exam, uses_rule: bool, name: str, version: str, level: str, parameters: dict[str, Scalar | list[str]]
) -> ModelInfo:
    """What made the numbers, with its exam and that of the rule."""
    own = {"auc": exam.auc, "brier": exam.brier}
    rule = {"auc": exam.rule_auc, "brier": exam.rule_brier}
    quality = (rule if uses_rule else own) | {"calibration_error": exam.calibration_error}
    how = {"cuts": [c.isoformat() for c in exam.cuts], "tested_on": exam.cut.isoformat(), "level": level,
           "level_rehearsed": {k: round(v, 4) for k, v in exam.rehearsed.items()}, "members": list(exam.members)}
    return ModelInfo(
        name="recency_rule" if uses_rule else name, version=version, parameters={**parameters, **how},
        quality={k: v for k, v in quality.items() if v is not None},
        baseline={k: v for k, v in rule.items() if v is not None},
    )


def without_trees(exam: Exam) -> list[str]:
    """An assumption to show where the trees could not be used."""
    if "trees" in exam.members or not exam.members:
        return []
    return [f"Boosted trees could not be used here, so the regression stands alone; to add them: {INSTALL}"]


def one_row(table_id: str, title: str, cells: list[tuple[str, str, Unit, Scalar]]) -> Table:
    """A table of one row, from (name, label, unit, value)."""
    return Table(id=table_id, title=title, columns=[Column(name=c[0], label=c[1], unit=c[2]) for c in cells],
                 rows=[[c[3] for c in cells]], total_rows=1)
