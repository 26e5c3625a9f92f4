"""Tables of an uplift model's exam: learners against each other, groups and fifths as observed, the Qini curve."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.models.uplift.evidence import GROUP_WORDS
from assistant.models.uplift.exam import ORDERS, TOP_SHARE, UpliftExam
from assistant.models.uplift.scores import qini_curve
from assistant.results import Column, Table
from assistant.results.result import Scalar

if TYPE_CHECKING:
    from assistant.models.uplift.fitted import Checked, ShopUplift

#: Points of the drawn curve.
POINTS = 20


def exam_table(exam: UpliftExam) -> Table:
    """Every learner and the orders to compare with, the best Qini score first; the orders last."""
    columns = [
        Column(name="method", label="Method"), Column(name="qini", label="Qini score", unit="ratio"),
        Column(name="lower", label="Qini, lower bound", unit="ratio"),
        Column(name="upper", label="Qini, upper bound", unit="ratio"),
        Column(name="at_top", label=f"Effect among the first {TOP_SHARE:.0%}", unit="points"),
        Column(name="difference", label="Qini less that of the default", unit="ratio"),
        Column(name="difference_lower", label="Difference, lower bound", unit="ratio"),
        Column(name="difference_upper", label="Difference, upper bound", unit="ratio"),
        Column(name="used", label="Used"),
    ]
    learners = sorted((g for g in exam.graded if g.name not in ORDERS), key=lambda g: -g.qini.mean)
    rows: list[list[Scalar]] = []
    for g in [*learners, *(exam.of(name) for name in ORDERS)]:
        d = g.against_default
        rows.append([g.words, *(round(v, 4) for v in (g.qini.mean, g.qini.lower, g.qini.upper)),
                     round(100 * g.uplift_at_top.mean, 2),
                     *((None, None, None) if d is None else (round(v, 4) for v in (d.mean, d.lower, d.upper))),
                     g.name == exam.used])
    return Table(id="exam", title=f"The exam: {exam.splits} splits of the customers into halves", columns=columns,
                 rows=rows, total_rows=len(rows))


def measured_table(checked: Checked, with_costs: bool) -> Table:
    """What past campaigns changed in each group, predicted without having seen the customers."""
    gain = "margin" if with_costs else "sales"
    columns = [
        Column(name="group", label="Kind, as it would have been predicted"),
        Column(name="contacted", label="Contacted", unit="count"),
        Column(name="held_out", label="Held out", unit="count"),
        Column(name="lift", label="Effect on ordering", unit="points"),
        Column(name="lower", label="Lower bound", unit="points"),
        Column(name="upper", label="Upper bound", unit="points"),
        Column(name="gain", label=f"Effect on {gain} per customer", unit="currency"),
        Column(name="gain_lower", label=f"{gain}, lower bound".capitalize(), unit="currency"),
        Column(name="gain_upper", label=f"{gain}, upper bound".capitalize(), unit="currency"),
    ]
    rows: list[list[Scalar]] = []
    for group, money in zip(checked.by_group.groups, checked.margin_by_group.groups, strict=True):
        lifts = [None if v is None else round(100 * v, 2) for v in (group.lift, group.lower, group.upper)]
        gains = [None if v is None else round(v, 2) for v in (money.lift, money.lower, money.upper)]
        rows.append([GROUP_WORDS[group.group], group.contacted, group.held_out, *lifts, *gains])
    return Table(id="measured", title="What past campaigns bear out (customers not learnt from)", columns=columns,
                 rows=rows, total_rows=len(rows))


def fifths_table(checked: Checked) -> Table:
    """Observed effect by fifths of the predicted one, the lowest first."""
    columns = [
        Column(name="fifth", label="Fifth by predicted change"),
        Column(name="contacted", label="Contacted", unit="count"),
        Column(name="held_out", label="Held out", unit="count"),
        Column(name="lift", label="Effect on ordering", unit="points"),
        Column(name="lower", label="Lower bound", unit="points"),
        Column(name="upper", label="Upper bound", unit="points"),
    ]
    names = {"1": "lowest", "2": "second", "3": "middle", "4": "fourth", "5": "highest"}
    rows: list[list[Scalar]] = [
        [names[g.group], g.contacted, g.held_out, *(None if v is None else round(100 * v, 2)
                                                    for v in (g.lift, g.lower, g.upper))]
        for g in checked.by_fifth.groups
    ]
    return Table(id="fifths", title="Effect by fifths of the prediction", columns=columns, rows=rows,
                 total_rows=len(rows))


def qini_table(model: ShopUplift) -> Table:
    """The Qini curve of predictions for customers not learnt from, and the line of a random order."""
    import numpy as np

    e = model.experiment_
    x, y = qini_curve(e.outcome, model.raw_, e.treatment, e.weight)
    shares = np.linspace(0.0, 1.0, POINTS + 1)
    gained = np.interp(shares * x[-1], x, y)
    columns = [Column(name="share", label="Share contacted", unit="percent"),
               Column(name="gained", label="Orders won, best first", unit="number"),
               Column(name="random", label="Orders won, random order", unit="number")]
    rows: list[list[Scalar]] = [[round(100 * float(s), 1), round(float(g), 1), round(float(s * y[-1]), 1)]
                                for s, g in zip(shares, gained, strict=True)]
    return Table(id="curve", title="Qini curve", columns=columns, rows=rows, total_rows=len(rows))
