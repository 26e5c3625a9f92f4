"""Cohort table: customers by the unit of time of their first order, followed unit by unit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from assistant.plans.studies import CohortStudy
from assistant.query.compile import Scope
from assistant.query.dimensions import show_time
from assistant.query.filters import customer_set
from assistant.query.periods import ResolvedPeriod, shift, unit_start
from assistant.query.present import evidence_figure
from assistant.query.rows import fetch
from assistant.query.studies.report import guests_left_out, known_lines, nothing, report, time_caveats
from assistant.results import Caveat, Chart, Column, Result, Table
from assistant.results.result import Scalar, Unit

if TYPE_CHECKING:
    import ibis

#: units after the first that the table shows; a single cohort is followed to its end
AGES_SHOWN = {"month": 12, "quarter": 8, "year": 10}
_CODES = {"month": "M", "quarter": "Q", "year": "Y"}


@dataclass(frozen=True)
class Cohort:
    """One cohort: first day of its unit, its customers, and what was counted by age in whole units."""

    start: date
    customers: int
    by_age: dict[int, float]
    last_age: int  # the last unit that the data cover to its end

    def at(self, age: int) -> float | None:
        """What was counted at an age; None where the data do not cover that unit to its end."""
        return None if age > self.last_age else self.by_age.get(age, 0)


def cohorts(scope: Scope, study: CohortStudy) -> Result:
    """Follow cohorts of customers.

    Returns:
        Result of kind ``cohorts``. Tables: ``shares`` (cohort, customers, one column per age, in percent of the
        cohort; for revenue and orders the amount per customer), ``counts`` (the same as customers, or sums), ``ages``
        (age, cohorts, customers, counted, value: all cohorts old enough together), ``cells`` (the shares one by one,
        for the picture). A cell whose unit is not over in the data is empty. Figures: ``cohorts``, ``customers``,
        ``after_1``, ``after_3``, ``after_6``, ``after_12`` where there are that many ages.

    Raises:
        NoRows: no customer first ordered in the period.
    """
    period = scope.resolve(study.period)
    expression = _events(scope, study, period)
    found = _read(scope, study, expression)
    if not found:
        raise nothing(scope, study)
    width = _ages(found, study)
    ages = _ages_table(found, width, study)
    tables = [_wide(found, width, study, share=True), _wide(found, width, study, share=False), ages]
    tables.append(_cells(tables[0], width, study))
    figures = {
        "cohorts": evidence_figure(len(found), "count", "cohorts"),
        "customers": evidence_figure(sum(c.customers for c in found), "count", "customers in the cohorts"),
    }
    for row, cells in enumerate(ages.rows):
        if cells[0] in {1, 3, 6, 12} and cells[4] is not None:
            figures[f"after_{cells[0]}"] = ages.figure(row, "value")
    chart = Chart(
        kind="heatmap", table="cells", x="age", series="cohort", y=["value"], title=f"By {study.grain} of first order"
    )
    single = len(found) == 1
    if single:
        chart = Chart(kind="bar", table="ages", x="age", y=["value"], title=f"{study.grain}s after the first order")
    return report(
        scope,
        study,
        f"Customers by {study.grain} of their first order",
        figures=figures,
        headline=["after_1", "customers"],
        tables=tables,
        charts=[chart] if width else [],
        words={
            "unit": study.grain,
            "measure": study.measure,
            "single": "yes" if single else "",
            "cohort": str(tables[0].rows[0][0]) if single else "",
            "cut": "yes" if max(c.last_age for c in found) > width else "",
        },
        caveats=_caveats(scope, study, period, found),
        definitions=[
            ("cohort", f"customers whose first order ever in the data falls in the same {study.grain}"),
            ("retention", f"share of a cohort's customers with an order in a later {study.grain}"),
        ],
        assumptions=[f"A {study.grain} that is not over in the data has an empty cell"]
        + (["The filter selects customers; all their orders count"] if study.filter is not None else []),
        expression=expression,
        period=period,
        followups=_followups(study),
    )


def _events(scope: Scope, study: CohortStudy, period: ResolvedPeriod) -> ibis.Table:
    """One row per cohort and unit: cohort, unit, customers, orders, revenue."""
    import ibis

    lines = known_lines(scope, ["amount", "first_day"], None)
    if study.filter is not None:
        lines = lines.filter(lines.customer_id.isin(customer_set(scope, study.filter).customer_id))
    if period.shape != "all":
        lines = lines.filter(lines.first_day.between(ibis.literal(period.start), ibis.literal(period.end)))
    code = _CODES[study.grain]
    keyed = lines.mutate(cohort=lines.first_day.truncate(code), unit=lines["at"].date().truncate(code))
    return keyed.group_by("cohort", "unit").aggregate(
        customers=keyed.customer_id.nunique(),
        orders=keyed.order_id.nunique(),
        revenue=keyed.amount.sum().cast("float64"),
    )


def _read(scope: Scope, study: CohortStudy, expression: ibis.Table) -> list[Cohort]:
    rows = fetch(scope, expression.order_by("cohort", "unit"))
    ended = last_whole(scope.snapshot.as_of, study.grain)
    by_start: dict[date, list[dict[str, Any]]] = {}
    for row in rows:
        by_start.setdefault(row["cohort"], []).append(row)
    found = []
    for start, events in by_start.items():
        size = next(e["customers"] for e in events if e["unit"] == start)
        by_age = {_age(start, e["unit"], study.grain): e[study.measure] for e in events}
        found.append(Cohort(start, size, by_age, _age(start, ended, study.grain)))
    return found


def last_whole(as_of: date, grain: str) -> date:
    """First day of the last unit that ends on or before the analysis date."""
    current = unit_start(as_of, grain)
    return current if shift(current, grain, 1) - timedelta(days=1) <= as_of else shift(current, grain, -1)


def _age(start: date, unit: date, grain: str) -> int:
    months = (unit.year - start.year) * 12 + unit.month - start.month
    return months // {"month": 1, "quarter": 3, "year": 12}[grain]


def _ages(found: list[Cohort], study: CohortStudy) -> int:
    """Highest age shown."""
    oldest = max(c.last_age for c in found)
    return max(0, oldest if len(found) == 1 else min(oldest, AGES_SHOWN[study.grain]))


def _unit(study: CohortStudy, share: bool) -> Unit:
    if share:
        return {"customers": "percent", "revenue": "currency", "orders": "number"}[study.measure]  # type: ignore[return-value]
    return "currency" if study.measure == "revenue" else "count"


def _value(study: CohortStudy, counted: float | None, customers: int) -> float | None:
    if counted is None or not customers:
        return None
    return counted / customers * (100 if study.measure == "customers" else 1)


def _wide(found: list[Cohort], width: int, study: CohortStudy, *, share: bool) -> Table:
    first = 1 if study.measure == "customers" else 0
    unit = _unit(study, share)
    columns = [
        Column(name="cohort", label=f"{study.grain} of first order"),
        Column(name="customers", label="customers", unit="count"),
        *(Column(name=f"age_{a}", label=f"+{a}", unit=unit) for a in range(first, width + 1)),
    ]
    rows: list[list[Scalar]] = []
    for c in found:
        cells = [c.at(a) for a in range(first, width + 1)]
        rows.append(
            [show_time(study.grain)(c.start), c.customers]
            + [_value(study, v, c.customers) if share else v for v in cells]
        )
    what = {"customers": "Customers who ordered again", "revenue": "Revenue", "orders": "Orders"}[study.measure]
    how = ("in percent" if study.measure == "customers" else "per customer") if share else "counted"
    return Table(
        id="shares" if share else "counts",
        title=f"{what} by {study.grain}s after the first order, {how}",
        columns=columns,
        rows=rows,
        total_rows=len(rows),
    )


def _ages_table(found: list[Cohort], width: int, study: CohortStudy) -> Table:
    """All cohorts that are old enough, together."""
    columns = [
        Column(name="age", label=f"{study.grain}s after the first order", unit="count"),
        Column(name="cohorts", label="cohorts old enough", unit="count"),
        Column(name="customers", label="customers", unit="count"),
        Column(
            name="counted",
            label={"customers": "ordered again"}.get(study.measure, study.measure),
            unit=_unit(study, False),
        ),
        Column(
            name="value",
            label="share" if study.measure == "customers" else f"{study.measure} per customer",
            unit=_unit(study, True),
        ),
    ]
    rows: list[list[Scalar]] = []
    for age in range(1 if study.measure == "customers" else 0, width + 1):
        old = [c for c in found if c.last_age >= age]
        size, counted = sum(c.customers for c in old), sum(c.at(age) or 0 for c in old)
        rows.append([age, len(old), size, counted, _value(study, counted, size)])
    return Table(id="ages", title="All cohorts together", columns=columns, rows=rows, total_rows=len(rows))


def _cells(shares: Table, width: int, study: CohortStudy) -> Table:
    names = [c for c in shares.columns if c.name.startswith("age_")]
    rows = [[row[0], column.label, row[shares.column_index(column.name)]] for row in shares.rows for column in names]
    columns = [
        Column(name="cohort", label=f"{study.grain} of first order"),
        Column(name="age", label=f"{study.grain}s after"),
        Column(name="value", label="share", unit=_unit(study, True)),
    ]
    return Table(id="cells", title="The table, cell by cell", columns=columns, rows=rows, total_rows=len(rows))


def _caveats(scope: Scope, study: CohortStudy, period: ResolvedPeriod, found: list[Cohort]) -> list[Caveat]:
    caveats = time_caveats(scope, period)
    first_day = scope.snapshot.manifest.first_day
    if found[0].start <= first_day:
        figure = evidence_figure(first_day.isoformat(), "date", "first day of the data")
        caveats.append(Caveat(code="first_cohort_older", figures={"first_day": figure}, words={"unit": study.grain}))
    current = unit_start(scope.snapshot.as_of, study.grain)
    if last_whole(scope.snapshot.as_of, study.grain) != current:
        last = evidence_figure(scope.snapshot.as_of.isoformat(), "date", "last day of the data")
        caveats.append(
            Caveat(
                code="unripe_cells",
                figures={"last_day": last},
                words={"unit": study.grain, "running": show_time(study.grain)(current)},
            )
        )
    return caveats + guests_left_out(scope)


def _followups(study: CohortStudy) -> list[str]:
    other = "quarterly" if study.grain == "month" else "monthly"
    return [
        f"{other.capitalize()} cohort retention table",
        "How many customers made one, two, three or more orders?",
        "How long does it take customers to place a second order?",
    ]
