"""How good the expected value of customers is: every method on the same later stretch."""

from __future__ import annotations

from assistant.errors import NoRows
from assistant.models.value.lifetime import LEVEL
from assistant.models.value.lifetime_methods import METHODS, REPEAT, SHORTEST_HISTORY
from assistant.models.value.lifetime_parts import Scene, evidence, exam_tables, exam_words, figures_of, row_table
from assistant.results import Caveat, Chart, Result

#: A sum that is off by more than this (percent) is said first.
_FAR = 25.0
#: From so many points above the level that intervals aim at, it is said why they cannot come nearer.
_FLOOR = 1.0


def exam_result(scene: Scene) -> Result:
    """The methods with their errors, which one is used and why, and how often intervals held.

    Raises:
        NoRows: the history is too short for a test.
    """
    exam = scene.model.exam
    tables = exam_tables(scene.model)
    if exam is None or not tables:
        raise NoRows(f"The history is too short to test the expected values: a test needs {SHORTEST_HISTORY} days of "
                     "orders before it", nearest=["Top 20 customers by expected value"])
    gain = row_table("gain", "Against repeating the past", [
        ("less_error", "Smaller error than repeating the past", "percent",
         100 * (1 - exam.of(scene.model.method).mae / exam.of(REPEAT).mae) if exam.of(REPEAT).mae else None),
        ("methods", "Methods tested", "count", len(exam.tried)), ("horizon", "Days ahead", "days", scene.days)])
    figures = figures_of(*tables[1:], gain)
    off = figures["off"].value if "off" in figures else None
    left_out = [METHODS[m] for m in METHODS if m not in {t.method for t in exam.tried}]
    return Result(
        kind="customer_value_exam", title="How good the expected customer value is", currency=scene.snapshot.currency,
        figures=figures, headline=["mae", "repeat_mae", "off"], tables=[*tables, gain],
        charts=[Chart(kind="bar", table="exam", x="method", y=["error"], title="Error per customer")],
        words={**exam_words(scene.model), "left_out": "; ".join(left_out),
               "capped": "yes" if exam.nearest - LEVEL > _FLOOR else "",
               "far": "yes" if isinstance(off, float) and abs(off) > _FAR else ""},
        caveats=[Caveat(code="value_sum_far_off", figures={"off": figures["off"]})]
        if isinstance(off, float) and abs(off) > _FAR else [],
        evidence=evidence(scene), followups=["Top 20 customers by expected value", "How many customers still buy?",
                                             "Expected customer value by segment"],
    )
