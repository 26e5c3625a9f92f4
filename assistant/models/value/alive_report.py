"""How many customers still buy, as far as their orders tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.models.value.lifetime_interval import alive_sums
from assistant.models.value.lifetime_parts import Cell, Scene, evidence, exam_words, figures_of, row_table
from assistant.results import Caveat, Chart, Column, DefinitionUsed, Result, Table
from assistant.results.result import Scalar

if TYPE_CHECKING:
    import pandas as pd

#: From here on a customer is called likely to still buy.
LIKELY = 0.5
_BANDS = ((0.9, 1.01), (0.7, 0.9), (0.5, 0.7), (0.3, 0.5), (0.1, 0.3), (0.0, 0.1))
#: Distance of expected and actual days with orders from which the level is doubted.
_FAR = 0.15


def alive_result(scene: Scene) -> Result:
    """The sum of the probabilities, its interval, the customers by bands of probability, and by group where asked."""
    import numpy as np

    frame = scene.chosen
    fits, zero = scene.model.fits, np.zeros(len(frame), dtype=np.int64)
    lower, upper = alive_sums(fits, frame, zero, 1)
    alive, n = float(frame["alive"].sum()), len(frame)
    likely = int((frame["alive"] >= LIKELY).sum())
    cells: list[Cell] = [
        ("customers", "Customers who have bought", "count", n),
        ("alive", "Still buy, expected", "count", round(alive)),
        ("alive_share", "Share still buying", "percent", 100 * alive / n),
        ("lower", "At least", "count", int(np.floor(lower[0]))), ("upper", "At most", "count", int(np.ceil(upper[0]))),
        ("likely", "Rather still buy than not", "count", likely), ("threshold", "Likely from", "probability", LIKELY),
        ("gone", "Have probably stopped", "count", n - likely),
        ("alive_value", "Sales to date of those who rather still buy", "currency",
         float(frame.loc[frame["alive"] >= LIKELY, "value"].sum())),
    ]
    summary = row_table("summary", "In short", cells)
    tables = [_bands(frame), summary]
    if scene.request.by is not None:
        tables.insert(0, _by_group(scene, frame, scene.request.by))
    exam = scene.model.exam
    if exam is not None:
        tables.append(row_table("purchases", "The purchase model, tested", [
            ("cut", "Tested from", "date", exam.cut.isoformat()), ("days", "Days tested", "days", exam.days),
            ("came", "Days with orders", "count", int(exam.came)),
            ("expected_came", "Expected", "count", round(exam.expected_came)),
            ("came_off", "Off by", "percent", 100 * (exam.expected_came / exam.came - 1) if exam.came else None)]))
    figures = figures_of(*[t for t in tables if t.id not in {"bands", "groups"}])
    far = exam is not None and exam.came and abs(exam.expected_came / exam.came - 1) > _FAR
    return Result(
        kind="customers_alive", title="Customers who still buy", currency=scene.snapshot.currency, figures=figures,
        headline=["alive", "alive_share"], tables=tables,
        charts=[Chart(kind="bar", table="bands", x="band", y=["customers"], title="Customers by probability")],
        words={"by": "yes" if scene.request.by else "", **exam_words(scene.model)},
        caveats=[Caveat(code="value_alive_level", figures={k: figures[k] for k in ("came", "expected_came", "cut")})]
        if far else [],
        evidence=evidence(scene, [DefinitionUsed(
            term="alive", meaning="the same as “still buys”: from how often and how lately somebody bought, by "
            "Pareto/NBD; a shop without contracts never sees the moment of leaving")]),
        followups=["How many customers still buy by country?", "Top 20 customers by expected value",
                   "What will a new customer bring?"],
    )


def _bands(frame: pd.DataFrame) -> Table:
    rows: list[list[Scalar]] = []
    for low, high in _BANDS:
        part = frame[(frame["alive"] >= low) & (frame["alive"] < high)]
        least, most = f"{100 * low:.0f}", f"{100 * high:.0f} %"
        name = f"{least} % or more" if high > 1 else f"{least} to {most}" if low else f"under {most}"
        rows.append([name, len(part), 100 * len(part) / len(frame), float(part["value"].sum()),
                     float(part["expected_value"].sum())])
    columns = [Column(name="band", label="Probability to still buy"),
               Column(name="customers", label="Customers", unit="count"),
               Column(name="share", label="Share", unit="percent"),
               Column(name="value", label="Sales to date", unit="currency"),
               Column(name="expected_value", label="Expected sales ahead", unit="currency")]
    return Table(id="bands", title="Customers by probability to still buy", columns=columns, rows=rows,
                 total_rows=len(rows))


def _by_group(scene: Scene, frame: pd.DataFrame, by: str) -> Table:
    import numpy as np

    from assistant.models.value.value_groups import MOST_GROUPS, SMALL, WORDS, group_names

    names, codes = np.unique(group_names(scene.snapshot, frame, by).astype(str), return_inverse=True)
    lower, upper = alive_sums(scene.model.fits, frame, codes, len(names))
    count = np.bincount(codes, minlength=len(names))
    alive = np.bincount(codes, weights=frame["alive"].to_numpy(dtype=float), minlength=len(names))
    order = np.argsort(names) if by.startswith("first_") else np.lexsort((names, -alive / count, count < SMALL))
    rows: list[list[Scalar]] = [
        [str(names[g]), int(count[g]), round(float(alive[g])), 100 * float(alive[g]) / int(count[g]),
         int(np.floor(lower[g])), int(np.ceil(upper[g]))] for g in order[:MOST_GROUPS]
    ]
    columns = [Column(name="group", label=WORDS[by][0]), Column(name="customers", label="Customers", unit="count"),
               Column(name="alive", label="Still buy", unit="count"),
               Column(name="alive_share", label="Share", unit="percent"),
               Column(name="lower", label="At least", unit="count"),
               Column(name="upper", label="At most", unit="count")]
    return Table(id="groups", title=f"By {WORDS[by][0].lower()}", columns=columns, rows=rows, total_rows=len(names))
