"""What the answers about the value of customers share: the scene, small tables, the exam, the evidence."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from assistant.errors import NoRows
from assistant.models.value.boosted import can_boost
from assistant.models.value.lifetime import LEVEL, VERSION, LifetimeModel
from assistant.models.value.lifetime_methods import METHODS, REPEAT
from assistant.models.value.money import Margin, margin_of, present_value
from assistant.plans import ValueRequest
from assistant.plans.reword import reword
from assistant.results import Caveat, Column, DefinitionUsed, Evidence, Figure, ModelInfo, Table
from assistant.results.result import Scalar, Unit

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from assistant.data.warehouse import Snapshot

    Floats = np.ndarray[Any, np.dtype[np.float64]]

Cell = tuple[str, str, Unit, Scalar]


@dataclass(frozen=True)
class Scene:
    """One question about value, with everything its answers need.

    Attributes:
        model: for ``request.horizon_days`` on the data of ``snapshot``.
    """

    snapshot: Snapshot
    request: ValueRequest
    model: LifetimeModel = field(repr=False)

    @property
    def days(self) -> int:
        """The horizon."""
        return self.request.horizon_days

    @cached_property
    def margin(self) -> Margin | None:
        """What is left of sales, if that was asked for."""
        return margin_of(self.snapshot, self.request)

    @property
    def discounted(self) -> bool:
        """Whether later money counts less."""
        return self.request.discount_percent > 0

    @property
    def restated(self) -> bool:
        """Whether values are asked for as something else than sales."""
        return self.margin is not None or self.discounted

    @cached_property
    def everyone(self) -> pd.DataFrame:
        """Every customer who has bought, with ``expected_value``, ``expected_days``, ``alive`` and ``worth`` (what is
        expected as margin and discounted, where asked), the highest expectation first."""
        frame = self.model.learnt.frame.copy()
        frame["expected_value"] = self.model.expected_value(frame, self.days)
        frame["expected_days"] = self.model.expected_days(frame, self.days)
        frame["alive"] = self.model.alive(frame)
        frame["worth"] = self._worth(frame)
        frame = frame.sort_values(["expected_value", "customer_id"], ascending=[False, True])
        return frame.reset_index(drop=True)

    @cached_property
    def chosen(self) -> pd.DataFrame:
        """Those whom the filter selects.

        Raises:
            NoRows: nobody of them has bought.
        """
        if self.request.filter is None:
            return self.everyone
        from assistant.query.audience import customer_ids

        wanted = set(customer_ids(self.snapshot, self.request.filter))
        frame = self.everyone[self.everyone["customer_id"].isin(wanted)].reset_index(drop=True)
        if frame.empty:
            raise NoRows("No customer of this selection has an order, so there is no value to expect")
        return frame

    def _worth(self, frame: pd.DataFrame) -> Floats:
        import numpy as np

        rate = self.margin.rate if self.margin is not None else 1.0
        expected = frame["expected_value"].to_numpy(dtype=float)
        if not self.discounted:
            return expected * rate
        learnt = self.model.learnt
        course = "pareto_nbd"  # how the sum comes in over time
        whole = np.maximum(learnt.expected_value(frame, self.days, course), 1e-9)
        now = present_value(lambda d: learnt.expected_value(frame, d, course), self.days, self.request.discount_percent)
        return expected * rate * now / whole


def row_table(table_id: str, title: str, cells: list[Cell]) -> Table:
    """A table of one row."""
    return Table(id=table_id, title=title, columns=[Column(name=c[0], label=c[1], unit=c[2]) for c in cells],
                 rows=[[c[3] for c in cells]], total_rows=1)


def figures_of(*tables: Table) -> dict[str, Figure]:
    """The cells of the first rows by column name, ids and empty cells left out."""
    return {c.name: t.figure(0, c.name) for t in tables for c in t.columns
            if c.name != "customer_id" and t.rows and t.cell(0, c.name) is not None}


def money_cells(scene: Scene) -> list[Cell]:
    """Margin rate, discount and horizon as cells, where they matter."""
    cells: list[Cell] = [("horizon", "Days ahead", "days", scene.days)]
    if scene.margin is not None:
        cells.append(("margin_rate", "Margin of sales", "percent", 100 * scene.margin.rate))
    if scene.discounted:
        cells.append(("discount", "Discount a year", "percent", scene.request.discount_percent))
    return cells


def exam_tables(model: LifetimeModel) -> list[Table]:
    """How every method did on the test stretch; the one used first. Empty without an exam."""
    exam = model.exam
    if exam is None:
        return []
    columns = [
        Column(name="method", label="Method"), Column(name="error", label="Error per customer", unit="currency"),
        Column(name="predicted_sum", label="Predicted of all", unit="currency"),
        Column(name="actual_sum", label="Actual of all", unit="currency"),
        Column(name="sum_off", label="Sum off by", unit="percent"), Column(name="used", label="Used"),
    ]
    order = sorted(exam.tried, key=lambda t: (t.method != model.method, t.mae))
    rows: list[list[Scalar]] = [
        [METHODS[t.method], t.mae, t.predicted, exam.actual, _percent(exam.off(t.method)),
         "yes" if t.method == model.method else ""] for t in order
    ]
    used, past = exam.of(order[0].method), exam.of(REPEAT)
    cells: list[Cell] = [
        ("cut", "Tested from", "date", exam.cut.isoformat()), ("days", "Days tested", "days", exam.days),
        ("tested", "Customers tested", "count", exam.customers),
        ("mae", "Error per customer", "currency", used.mae),
        ("repeat_mae", "Error per customer, repeating the past", "currency", past.mae),
        ("predicted", "Predicted of all", "currency", used.predicted),
        ("actual", "Actual of all", "currency", exam.actual), ("off", "Sum off by", "percent",
                                                                _percent(exam.off(used.method))),
        ("held", "Customers within their interval", "percent", exam.held),
        ("level", "Aimed at", "percent", LEVEL),
        ("nearest", "Nearest to it that whole purchases allow", "percent", exam.nearest),
    ]
    return [Table(id="exam", title="How the methods did on a later stretch", columns=columns, rows=rows,
                  total_rows=len(rows)), row_table("tested", "The method used, tested", cells)]


def tested_shorter(scene: Scene, figures: dict[str, Figure]) -> list[Caveat]:
    """A caveat where the horizon is longer than what could be tested."""
    exam = scene.model.exam
    if exam is None or scene.days <= exam.days * 1.1 or not {"horizon", "days"} <= set(figures):
        return []
    return [Caveat(code="value_tested_shorter", figures={k: figures[k] for k in ("horizon", "days")})]


def _percent(ratio: float | None) -> float | None:
    return None if ratio is None else 100 * ratio


def exam_words(model: LifetimeModel) -> dict[str, str]:
    """For reply templates: which method, and whether it was tested."""
    return {"repeats": "yes" if model.repeats else "", "tested": "yes" if model.exam is not None else "",
            "method": METHODS[model.method]}


def evidence(scene: Scene, extra: list[DefinitionUsed] | None = None, assumptions: list[str] | None = None) -> Evidence:
    """How the answer was got."""
    model, snapshot, request = scene.model, scene.snapshot, scene.request
    exam, learnt = model.exam, model.learnt
    tried = {} if exam is None else {t.method: t for t in exam.tried}
    quality: dict[str, float] = {}
    if exam is not None and model.method in tried:
        off = exam.off(model.method) or 0.0
        quality = {"mae": round(tried[model.method].mae, 4), "sum_off_percent": round(100 * off, 2)}
    baseline = {"mae": round(tried[REPEAT].mae, 4)} if tried else {}
    parameters = {**learnt.pareto.parameters, **learnt.values.parameters}
    named = {k: round(v, 6) for k, v in parameters.items()}
    if learnt.season is not None and model.method.endswith("_season"):
        named["season"] = round(learnt.season, 4)
    return Evidence(
        plan=request.model_dump(mode="json"), plan_words=reword(request), snapshot=snapshot.manifest.id,
        source=snapshot.manifest.source, synthetic=snapshot.manifest.synthetic, as_of=snapshot.as_of,
        window_start=snapshot.manifest.first_day, window_end=snapshot.as_of,
        model=ModelInfo(name=METHODS[model.method], version=VERSION, parameters=named, quality=quality,
                        baseline=baseline),
        definitions=[*_definitions(scene), *(extra or [])],
        assumptions=[*_assumptions(scene), *(assumptions or [])],
    )


def _definitions(scene: Scene) -> list[DefinitionUsed]:
    meanings = {
        "sales to date": "product sales before returns, all orders up to the analysis date",
        "expected sales": f"product sales before returns expected in the {scene.days} days after the analysis date; "
        "not discounted",
        "still buys": "has not stopped for good, by Pareto/NBD on the days with orders; nobody can see it",
        "interval": f"what is expected to hold in {LEVEL} of 100 cases; those of sums and means are at least as wide "
        "as the errors of the sum in past stretches of that length call for",
    }
    if scene.margin is not None:
        meanings["margin"] = "expected sales × " + (
            "the margin that was said" if scene.margin.said else
            f"gross margin rate of the last 365 days (purchase cost known for {scene.margin.covered:.0%} of sales)")
    if scene.discounted:
        meanings["discounted"] = f"each month's part at its middle, at {scene.request.discount_percent:g} % a year"
    return [DefinitionUsed(term=term, meaning=meaning) for term, meaning in meanings.items()]


def _assumptions(scene: Scene) -> list[str]:
    model = scene.model
    said = ["Several orders on one day count as one purchase.",
            "Values are sales before returns; delivery, advertising and returns are not taken off."]
    if scene.margin is None:
        said.insert(0, "Costs are not taken off: the value is sales, not profit.")
    if model.exam is not None:
        said.append("Of the methods tested on the same later stretch, the one with the smallest error per customer is "
                    "used, if its sum was off by at most a quarter; so the error shown is a little flattering.")
    correlation = model.learnt.values.correlation_
    if correlation is not None and abs(correlation) >= 0.3:
        said.append("How often and how much customers buy go together here "
                    f"(correlation {correlation:.2f}); the models take them for independent.")
    missing = can_boost()
    if missing is not None:
        said.append(f"{missing}; the boosted correction was not tried.")
    return said
