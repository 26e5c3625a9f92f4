"""What a newly won customer brings, and when what winning one cost is paid back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assistant.errors import NoRows
from assistant.features.purchase_days import PurchaseDays
from assistant.models.value.lifetime_parts import Cell, Scene, evidence, figures_of, row_table
from assistant.models.value.money import Margin, discount_factor, shop_margin
from assistant.models.value.value_curve import FEWEST_SEEN, ValueCurve, value_curve
from assistant.models.value.value_groups import MOST_GROUPS, WORDS, group_names
from assistant.results import Caveat, Chart, Column, DefinitionUsed, Figure, Result, Table
from assistant.results.result import Scalar

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    Floats = np.ndarray[Any, np.dtype[np.float64]]


#: Days from the beginning of the data in which a first order says little, and days of data from which that is minded.
OPENING, SHORTEST = 90, 270


@dataclass(frozen=True)
class _Reading:
    """A curve in the money that was asked for: per age what is left of the sales, discounted."""

    curve: ValueCurve
    left: Floats
    left_lower: Floats
    left_upper: Floats

    def paid_back(self, cost: float | None) -> int | None:
        """First age at which what is left covers the cost; None where it does not, as far as was seen."""
        if cost is None:
            return None
        return next((e for e, v in zip(self.curve.edges, self.left, strict=True) if v >= cost), None)


def new_customer_result(scene: Scene) -> Result:
    """The course of a newly won customer's sales by age, as seen; the model's view beside it; payback; by group.

    Raises:
        NoRows: too few customers have been seen.
    """
    days = PurchaseDays.of(scene.snapshot)
    frame = _newly_won(scene.chosen, days)
    before = len(scene.chosen) - len(frame)
    curve = value_curve(days, frame["row"].to_numpy(), scene.days) if len(frame) else None
    if curve is None:
        raise NoRows(f"Fewer than {FEWEST_SEEN} such customers have been seen, too few to say what one brings")
    margin = scene.margin or shop_margin(scene.snapshot)
    reading = _read(scene, curve, margin)
    last = len(curve.edges) - 1
    course = _course_table(reading, margin)
    tables = [course, row_table("summary", "In short", [*_cells(scene, reading, margin), *_before(before)])]
    words = {"whole": "yes" if curve.edges[last] >= scene.days else "", "margin": "yes" if margin else "",
             "said": "yes" if margin and margin.said else "", "discounted": "yes" if scene.discounted else "",
             "cost": "yes" if scene.request.acquisition_cost else "",
             "never": "yes" if scene.request.acquisition_cost and reading.paid_back(scene.request.acquisition_cost)
             is None else "", "by": "", "best": "", "filtered": "yes" if scene.request.filter is not None else ""}
    more: dict[str, Figure] = {}
    if scene.request.by is not None:
        groups = _groups(scene, frame, days, margin)
        tables.insert(0, groups)
        words["by"] = WORDS[scene.request.by][0].lower()
        if groups.rows:
            words["best"] = str(groups.cell(0, "group"))
            more["best_value"] = groups.figure(0, "value")
    figures = figures_of(*[t for t in tables if t.id == "summary"]) | more
    return Result(
        kind="new_customers", title="What a newly won customer brings", currency=scene.snapshot.currency,
        figures=figures, headline=["new_value"], tables=tables,
        charts=[Chart(kind="line", table="course", x="age", y=["mean"], lower="lower", upper="upper",
                      title="Sales per newly won customer by days since the first order")],
        words=words, caveats=_caveats(scene, figures, words),
        evidence=evidence(scene, [DefinitionUsed(
            term="newly won customer", meaning="the mean course of all customers by days since their first order, over "
            "those seen for that long (mean cumulative function); guests are not in it")],
            ["Customers won from now on are taken to be like those won so far."]),
        followups=_followups(scene, margin),
    )


def _newly_won(frame: pd.DataFrame, days: PurchaseDays) -> pd.DataFrame:
    """Without those who first ordered in the first :data:`OPENING` days of the data, where there is enough after them:
    many of these were customers before the data begin."""
    if days.now < SHORTEST:
        return frame
    return frame[days.now - frame["age_days"] >= OPENING]


def _before(left_out: int) -> list[Cell]:
    return [("before", "Left out, first seen early", "count", left_out),
            ("opening", "Days called early", "days", OPENING)] if left_out else []


def _read(scene: Scene, curve: ValueCurve, margin: Margin | None) -> _Reading:
    import numpy as np

    rate = margin.rate if margin is not None else 1.0
    middles = np.array([0.0, *[(a + b) / 2 for a, b in zip(curve.edges, curve.edges[1:], strict=False)]])
    factors = np.array([discount_factor(float(m), scene.request.discount_percent) for m in middles])

    def left(sums: Floats) -> Floats:
        return np.cumsum(np.diff(sums, prepend=0.0) * factors) * rate

    return _Reading(curve, left(curve.mean), left(curve.lower), left(curve.upper))


def _cells(scene: Scene, reading: _Reading, margin: Margin | None) -> list[Cell]:
    curve, learnt = reading.curve, scene.model.learnt
    last = len(curve.edges) - 1
    reached = curve.edges[last]
    day = float(learnt.values.expected_value([0], [0.0])[0])
    again = learnt.pareto.expected_of_new(reached)
    cells: list[Cell] = [
        ("horizon", "Days since the first order", "days", reached), ("asked", "Days asked for", "days", scene.days),
        ("customers", "Customers seen", "count", curve.customers),
        ("seen", "Seen for all those days", "count", curve.seen[last]),
        ("first_value", "On the day of the first order", "currency", float(curve.mean[0])),
        ("new_value", "Sales of a newly won customer", "currency", float(curve.mean[last])),
        ("new_lower", "At least", "currency", float(curve.lower[last])),
        ("new_upper", "At most", "currency", float(curve.upper[last])),
        ("model_value", "By the purchase model", "currency", day * (1 + again)),
        ("again", "Further days with orders, by the purchase model", "number", again),
    ]
    if margin is not None:
        cells += [("margin_rate", "Margin of sales", "percent", 100 * margin.rate),
                  ("left", "Margin of a newly won customer", "currency", float(reading.left[last])),
                  ("left_lower", "Margin, at least", "currency", float(reading.left_lower[last])),
                  ("left_upper", "Margin, at most", "currency", float(reading.left_upper[last]))]
    if scene.discounted:
        cells.append(("discount", "Discount a year", "percent", scene.request.discount_percent))
    cost = scene.request.acquisition_cost
    if cost is not None:
        cells += [("cost", "Cost of winning a customer", "currency", cost),
                  ("paid_back", "Paid back after", "days", reading.paid_back(cost)),
                  ("ratio", "Margin for each unit of cost", "ratio", float(reading.left[last]) / cost)]
    return cells


def _course_table(reading: _Reading, margin: Margin | None) -> Table:
    curve = reading.curve
    columns = [
        Column(name="age", label="Days since the first order", unit="count"),
        Column(name="mean", label="Sales so far", unit="currency"),
        Column(name="lower", label="At least", unit="currency"), Column(name="upper", label="At most", unit="currency"),
        *([Column(name="left", label="Margin so far", unit="currency")] if margin is not None else []),
        Column(name="seen", label="Customers seen so long", unit="count"),
    ]
    rows: list[list[Scalar]] = [
        [e, float(curve.mean[i]), float(curve.lower[i]), float(curve.upper[i]),
         *([float(reading.left[i])] if margin is not None else []), curve.seen[i]] for i, e in enumerate(curve.edges)
    ]
    return Table(id="course", title="By days since the first order", columns=columns, rows=rows, total_rows=len(rows))


def _groups(scene: Scene, frame: pd.DataFrame, days: PurchaseDays, margin: Margin | None) -> Table:
    """Groups by what a newly won customer of theirs brings, the most first; those seen too little are left out."""
    by = str(scene.request.by)
    names = group_names(scene.snapshot, frame, by)
    found = []
    for name in sorted(set(names)):
        curve = value_curve(days, frame["row"].to_numpy()[names == name], scene.days)
        if curve is not None and (len(curve.edges) > 1 or scene.days == 0):
            found.append((name, _read(scene, curve, margin)))
    reached = max((r.curve.edges[-1] for _, r in found), default=0)
    whole = [(n, r) for n, r in found if r.curve.edges[-1] == reached]
    short = [(n, r) for n, r in found if r.curve.edges[-1] != reached]
    order = sorted(whole, key=lambda f: -f[1].curve.mean[-1]) + sorted(short, key=lambda f: -f[1].curve.edges[-1])
    if by.startswith("first_"):
        order = found
    cost = scene.request.acquisition_cost
    columns = [
        Column(name="group", label=WORDS[by][0]), Column(name="customers", label="Customers", unit="count"),
        Column(name="first_value", label="First order", unit="currency"),
        Column(name="value", label="Sales of a newly won customer", unit="currency"),
        Column(name="lower", label="At least", unit="currency"), Column(name="upper", label="At most", unit="currency"),
        Column(name="within", label="Within", unit="days"),
        *([Column(name="left", label="Margin", unit="currency")] if margin is not None else []),
        *([Column(name="paid_back", label="Paid back after", unit="days")] if cost is not None else []),
    ]
    rows: list[list[Scalar]] = [
        [name, r.curve.customers, float(r.curve.mean[0]), float(r.curve.mean[-1]), float(r.curve.lower[-1]),
         float(r.curve.upper[-1]), r.curve.edges[-1], *([float(r.left[-1])] if margin is not None else []),
         *([r.paid_back(cost)] if cost is not None else [])] for name, r in order[:MOST_GROUPS]
    ]
    return Table(id="groups", title=f"By {WORDS[by][0].lower()}", columns=columns, rows=rows,
                 total_rows=len(set(names)))


def _caveats(scene: Scene, figures: dict[str, Figure], words: dict[str, str]) -> list[Caveat]:
    found = []
    if not words["whole"]:
        found.append(Caveat(code="value_not_seen_so_long", figures={k: figures[k] for k in ("asked", "horizon")}))
    if scene.request.by == "segment":
        found.append(Caveat(code="value_segment_known_later"))
    if scene.request.by is not None and scene.request.by.startswith("first_"):
        found.append(Caveat(code="value_cohorts_differ_in_age"))
    return found


def _followups(scene: Scene, margin: Margin | None) -> list[str]:
    asked = ["What will a new customer bring by acquisition channel?", "What will a new customer bring by country?",
             "Top 20 customers by expected value"]
    if margin is None:
        asked.insert(0, "What will a new customer bring at 40 % margin?")
    elif scene.request.acquisition_cost is None:
        asked.insert(0, "When does a new customer pay back an acquisition cost of 30?")
    return asked
