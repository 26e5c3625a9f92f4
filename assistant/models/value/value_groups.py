"""What customers are worth by how they came, where they live, when they first bought, or which segment they are in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assistant.errors import MissingData
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
from assistant.results import Caveat, Chart, Column, Figure, Result, Source, Table

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from assistant.data.warehouse import Snapshot

#: Words of what a group is, and of several groups.
WORDS = {
    "acquisition_channel": ("Acquisition channel", "acquisition channels"), "country": ("Country", "countries"),
    "city": ("City", "cities"), "segment": ("Segment", "segments"),
    "first_month": ("First order in", "months of first order"),
    "first_quarter": ("First order in", "quarters of first order"),
    "first_year": ("First order in", "years of first order"),
}
NOT_SET = "(not set)"
#: Most groups that are shown, and customers below which a group is not compared with others.
MOST_GROUPS, SMALL = 40, 30


def group_names(snapshot: Snapshot, frame: pd.DataFrame, by: str) -> np.ndarray[Any, Any]:
    """The group of each customer, as text.

    Raises:
        MissingData: the data do not hold it.
    """
    import numpy as np

    if by.startswith("first_"):
        return _first_order(snapshot, frame, by.removeprefix("first_"))
    ids = frame["customer_id"].to_numpy()
    if by == "segment":
        from assistant.models.segment.report import assign
        from assistant.plans import SegmentRequest

        found = assign(snapshot, SegmentRequest())
        names = dict(zip(found["customer_id"].astype(str), found["segment"].astype(str), strict=True))
        return np.array([names.get(i, NOT_SET) for i in ids], dtype=object)
    if not snapshot.has("customers", by):
        raise MissingData(f"The data do not hold the {WORDS[by][0].lower()} of customers", received=f"customers.{by}",
                          nearest=["Expected customer value by segment", "Expected customer value by quarter of the "
                                   "first order"])
    customers = snapshot.table("customers")
    rows = snapshot.execute(customers.select("customer_id", by)).to_pylist()
    names = {str(r["customer_id"]): r[by] for r in rows}
    return np.array([names.get(i) or NOT_SET for i in ids], dtype=object)


def _first_order(snapshot: Snapshot, frame: pd.DataFrame, grain: str) -> np.ndarray[Any, Any]:
    import numpy as np
    import pandas as pd

    first = pd.Timestamp(snapshot.as_of) - pd.to_timedelta(frame["age_days"].to_numpy(), unit="D")
    code = {"month": "M", "quarter": "Q", "year": "Y"}[grain]
    periods = pd.DatetimeIndex(first).to_period(code)
    said = {"month": lambda p: f"{p.year}-{p.month:02d}", "quarter": lambda p: f"{p.year} Q{p.quarter}",
            "year": lambda p: str(p.year)}[grain]
    return np.array([said(p) for p in periods], dtype=object)


def groups_result(scene: Scene) -> Result:
    """One row per group: value to date, expectation with its interval, share still buying."""
    import numpy as np

    by = str(scene.request.by)
    frame = scene.chosen.copy()
    frame["group"] = group_names(scene.snapshot, frame, by)
    names, codes = np.unique(frame["group"].to_numpy().astype(str), return_inverse=True)
    table = _table(scene, frame, names, codes, by)
    cells: list[Cell] = [
        *money_cells(scene), ("customers", "Customers", "count", len(frame)),
        ("value_average", "Sales to date per customer", "currency", float(frame["value"].mean())),
        ("expected_average", "Expected per customer", "currency", float(frame["expected_value"].mean())),
        ("groups", "Groups", "count", len(names)),
    ]
    summary = row_table("summary", "All of them", cells)
    tables = [table, summary, *exam_tables(scene.model)]
    figures = figures_of(*tables[1:])
    figures["shown"] = Figure(value=len(table.rows), unit="count", label="Groups shown",
                              source=Source(table="groups", derivation="number of rows", origin="derived"))
    words, more = _verdict(scene, table)
    return Result(
        kind="customer_value_groups", title=f"Customer value by {WORDS[by][0].lower()}",
        currency=scene.snapshot.currency, figures=figures | more, headline=[], tables=tables,
        charts=[Chart(kind="bar", table="groups", x="group", y=["expected_average"], title="Expected per customer")]
        if len(table.rows) > 1 else [],
        words={"by": WORDS[by][0].lower(), "groups_word": WORDS[by][1], "margin": "yes" if scene.margin else "",
               "discounted": "yes" if scene.discounted else "", "time": "yes" if by.startswith("first_") else "",
               **words, **exam_words(scene.model)},
        caveats=[*_caveats(table), *tested_shorter(scene, figures)], evidence=evidence(scene),
        followups=["What will a new customer bring?", "Top 20 customers by expected value",
                   "How good is the expected customer value?", *_next(scene, by)],
    )


def _next(scene: Scene, by: str) -> list[str]:
    other = {"acquisition_channel": "What will a new customer bring by acquisition channel?",
             "country": "What will a new customer bring by country?"}.get(by)
    return [other] if other else ["Expected customer value by country"]


def _table(scene: Scene, frame: pd.DataFrame, names: np.ndarray[Any, Any], codes: np.ndarray[Any, Any], by: str
           ) -> Table:
    import numpy as np

    count = np.bincount(codes, minlength=len(names)).astype(float)

    def sums(column: str) -> np.ndarray[Any, Any]:
        return np.bincount(codes, weights=frame[column].to_numpy(dtype=float), minlength=len(names))

    expected, value, alive, worth = sums("expected_value"), sums("value"), sums("alive"), sums("worth")
    lower, upper = value_sums(scene.model, scene.model.fits, frame, codes, len(names), scene.days)
    known = not scene.model.repeats or bool(scene.model.past_off)  # else nothing says how far it may be off
    order = np.argsort(names) if by.startswith("first_") else np.lexsort((names, -expected / count, count < SMALL))
    columns = [
        Column(name="group", label=WORDS[by][0]), Column(name="customers", label="Customers", unit="count"),
        Column(name="value_average", label="Sales to date, each", unit="currency"),
        Column(name="expected_average", label="Expected, each", unit="currency"),
        Column(name="lower", label="At least", unit="currency"), Column(name="upper", label="At most", unit="currency"),
        Column(name="expected_total", label="Expected of all", unit="currency"),
        Column(name="alive_share", label="Still buy", unit="percent"),
        *([Column(name="worth_average", unit="currency",
                  label="Expected margin, each" if scene.margin else "Expected, each, worth today")]
          if scene.restated else []),
    ]
    rows = []
    for g in order[-MOST_GROUPS:] if by.startswith("first_") else order[:MOST_GROUPS]:
        n = count[g]
        rows.append([str(names[g]), int(n), float(value[g] / n), float(expected[g] / n),
                     float(lower[g] / n) if known else None, float(upper[g] / n) if known else None,
                     float(expected[g]),
                     float(100 * alive[g] / n), *([float(worth[g] / n)] if scene.restated else [])])
    return Table(id="groups", title=f"By {WORDS[by][0].lower()}", columns=columns, rows=rows, total_rows=len(names))


def _verdict(scene: Scene, table: Table) -> tuple[dict[str, str], dict[str, Figure]]:
    """The best and the worst group of a size that can be compared, and whether their intervals are apart."""
    places = [i for i, row in enumerate(table.rows) if int(row[1]) >= SMALL and row[0] != NOT_SET]  # type: ignore[arg-type]
    if len(places) < 2:
        return {"best": "", "worst": "", "apart": ""}, {}
    best = max(places, key=lambda i: float(table.cell(i, "expected_average")))  # type: ignore[arg-type]
    worst = min(places, key=lambda i: float(table.cell(i, "expected_average")))  # type: ignore[arg-type]
    apart = float(table.cell(best, "lower")) > float(table.cell(worst, "upper"))  # type: ignore[arg-type]
    words = {"best": str(table.cell(best, "group")), "worst": str(table.cell(worst, "group")),
             "apart": "yes" if apart else ""}
    return words, {"best_average": table.figure(best, "expected_average"),
                   "worst_average": table.figure(worst, "expected_average")}


def _caveats(table: Table) -> list[Caveat]:
    small = [i for i, row in enumerate(table.rows) if int(row[1]) < SMALL]  # type: ignore[arg-type]
    if not small:
        return []
    count = Figure(value=len(small), unit="count", label="Small groups",
                   source=Source(table="groups", derivation=f"rows with fewer than {SMALL} customers",
                                 origin="derived"))
    return [Caveat(code="value_small_groups", figures={"small_groups": count})]
