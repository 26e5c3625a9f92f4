"""Customers of one period in a later one."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from assistant.errors import InvalidPlan
from assistant.plans.periods import Period
from assistant.plans.studies import ReturnStudy
from assistant.query.compile import Scope
from assistant.query.dimensions import show_time
from assistant.query.periods import ResolvedPeriod, shift
from assistant.query.rows import fetch
from assistant.query.spoken import speak_period
from assistant.query.studies.cohorts import last_whole
from assistant.query.studies.report import SMALL_SAMPLE, guests_left_out, known_lines, nothing, report, time_caveats
from assistant.results import Caveat, Chart, Column, Result, Table
from assistant.results.result import Scalar

if TYPE_CHECKING:
    import ibis

_CODES = {"month": "M", "quarter": "Q", "year": "Y"}


def returning(scope: Scope, study: ReturnStudy) -> Result:
    """Count how many customers of a period ordered in a later one.

    Returns:
        Result of kind ``returning``. With two periods, table ``returning`` has one row: ``customers``, ``back``,
        ``share``, ``away``, ``revenue`` and ``orders`` (of those who came back, in the later period) and
        ``revenue_per_customer`` (over all of the base's customers); every column is a figure. With a grain, table
        ``units`` has one row per unit: customers of the unit before, how many of them ordered, share; figures
        ``share`` (all units together) and ``latest``.

    Raises:
        NoRows: nobody ordered in the base period. InvalidPlan: the later period does not follow the base.
    """
    return _by_unit(scope, study) if study.grain is not None else _two_periods(scope, study)


def _two_periods(scope: Scope, study: ReturnStudy) -> Result:
    base = scope.resolve(study.base)
    later = _later(scope, study, base)
    expression = _counts(scope, study, base, later)
    row = fetch(scope, expression)[0]
    if not row["customers"]:
        raise nothing(scope, study)
    columns = [
        Column(name="customers", label="customers", unit="count"),
        Column(name="back", label="ordered again", unit="count"),
        Column(name="share", label="share who ordered again", unit="percent"),
        Column(name="away", label="did not order again", unit="count"),
        Column(name="away_share", label="share who did not", unit="percent"),
        Column(name="orders", label="their orders", unit="count"),
        Column(name="revenue", label="their revenue", unit="currency"),
        Column(name="revenue_per_customer", label="revenue per customer of the group", unit="currency"),
        Column(name="revenue_per_back", label="revenue per customer who ordered again", unit="currency"),
    ]
    size, back, revenue = row["customers"], row["back"], row["revenue"]
    cells: list[Scalar] = [
        size,
        back,
        back / size * 100,
        size - back,
        (size - back) / size * 100,
        row["orders"],
        revenue,
        revenue / size,
    ]
    cells.append(revenue / back if back else None)
    title = f"Customers of {base.label} who ordered in {later.label}"
    table = Table(id="returning", title=title, columns=columns, rows=[cells], total_rows=1)
    figures = {c.name: table.figure(0, c.name) for c in columns}
    caveats = time_caveats(scope, base, later) + guests_left_out(scope)
    if size < SMALL_SAMPLE:
        caveats.append(Caveat(code="few_customers", figures={"n": figures["customers"]}))
    result = report(
        scope,
        study,
        title,
        figures=figures,
        headline={"back": ["back", "share"], "away": ["away", "away_share"], "spent": ["revenue", "back"]}[study.asked],
        tables=[table],
        words={"first_only": "yes" if study.first_only else "", "by": "", "asked": study.asked},
        caveats=caveats,
        definitions=[
            ("customer of a period", "known customer with a product order in it"),
            *([("first order", "first order ever in the data")] if study.first_only else []),
        ],
        assumptions=["The filter narrows the orders of the first period; any later order counts"]
        if study.filter is not None
        else [],
        expression=expression,
        period=base,
        followups=["Retention by cohort", "How many customers made one, two, three or more orders?"],
    )
    speak_period(result, "later", later)
    return result


def _later(scope: Scope, study: ReturnStudy, base: ResolvedPeriod) -> ResolvedPeriod:
    if study.later is not None:
        later = scope.resolve(study.later)
        if later.start <= base.end:
            raise InvalidPlan(
                "The later period must begin after the first one ends", received=f"{base.label}, then {later.label}"
            )
        return later
    after = base.end + timedelta(days=1)
    if after > scope.snapshot.as_of:
        raise InvalidPlan(
            "There are no days after that period in the data", received=base.label, valid=("an earlier period",)
        )
    return scope.resolve(Period(kind="absolute", start=after))


def _buyers(scope: Scope, study: ReturnStudy, base: ResolvedPeriod) -> ibis.Table:
    import ibis

    columns = ["first_day"] if study.first_only else []
    lines = known_lines(scope, columns, study.filter, (base.start, base.end))
    if study.first_only:
        lines = lines.filter(lines.first_day.between(ibis.literal(base.start), ibis.literal(base.end)))
    return lines.select("customer_id").distinct()


def _counts(scope: Scope, study: ReturnStudy, base: ResolvedPeriod, later: ResolvedPeriod) -> ibis.Table:
    """One row: customers, back, orders, revenue."""
    buyers = _buyers(scope, study, base)
    lines = known_lines(scope, ["amount"], None, (later.start, later.end))
    after = lines.group_by(later_id=lines.customer_id).aggregate(
        orders=lines.order_id.nunique(), revenue=lines.amount.sum().cast("float64")
    )
    both = buyers.left_join(after, buyers.customer_id == after.later_id)
    return both.aggregate(
        customers=both.customer_id.count(),
        back=both.later_id.count(),
        orders=both.orders.sum().fill_null(0),
        revenue=both.revenue.sum().fill_null(0.0),
    )


def _by_unit(scope: Scope, study: ReturnStudy) -> Result:
    assert study.grain is not None
    code = _CODES[study.grain]
    lines = known_lines(scope, [], study.filter)
    units = lines.select("customer_id", unit=lines["at"].date().truncate(code)).distinct()
    step = {"month": 1, "quarter": 3, "year": 12}[study.grain]
    import ibis

    moved = units.select(moved_id=units.customer_id, moved=(units.unit + ibis.interval(months=step)).cast("date"))
    kept = units.inner_join(moved, (units.customer_id == moved.moved_id) & (units.unit == moved.moved))
    sizes = units.group_by("unit").aggregate(customers=units.count())
    backs = kept.group_by(back_unit=kept.unit).aggregate(back=kept.count())
    joined = sizes.left_join(backs, sizes.unit == backs.back_unit)
    expression = joined.select("unit", "customers", back=joined.back.fill_null(0)).order_by("unit")
    rows = fetch(scope, expression)
    last = last_whole(scope.snapshot.as_of, study.grain)
    first = scope.snapshot.manifest.first_day
    size = {r["unit"]: r["customers"] for r in rows}
    cells = _unit_rows(study.grain, rows, size, first, last)
    if not cells:
        raise nothing(scope, study)
    columns = [
        Column(name="unit", label=study.grain),
        Column(name="customers", label=f"customers of the {study.grain} before", unit="count"),
        Column(name="back", label="of these ordered again", unit="count"),
        Column(name="share", label="share", unit="percent"),
    ]
    title = f"Customers of one {study.grain} who ordered in the next"
    table = Table(id="units", title=title, columns=columns, rows=cells, total_rows=len(cells))
    before, again = sum(int(r[1]) for r in cells), sum(int(r[2]) for r in cells)  # type: ignore[arg-type]
    whole = Table(
        id="totals",
        title=f"All {study.grain}s together",
        columns=columns[1:],
        rows=[[before, again, again / before * 100]],
        total_rows=1,
    )
    at_end = len(cells) - 1
    return report(
        scope,
        study,
        title,
        figures={"share": whole.figure(0, "share"), "latest": table.figure(at_end, "share", "latest")},
        headline=["latest", "share"],
        tables=[table, whole],
        charts=[Chart(kind="line", table="units", x="unit", y=["share"], title=title)],
        words={"by": study.grain, "latest_unit": str(cells[at_end][0]), "first_only": "", "later": ""},
        caveats=guests_left_out(scope),
        definitions=[("retention rate", f"share of the customers of a {study.grain} with an order in the next one")],
        assumptions=[f"Only {study.grain}s that the data cover to their end"],
        expression=expression,
        followups=["Retention by cohort"],
    )


def _unit_rows(grain: str, rows: list[dict], size: dict[date, int], first: date, last: date) -> list[list[Scalar]]:
    cells: list[list[Scalar]] = []
    for row in rows:
        unit = row["unit"]
        before = shift(unit, grain, -1)
        if unit > last or before < first or not size.get(before):
            continue
        cells.append([show_time(grain)(unit), size[before], row["back"], row["back"] / size[before] * 100])
    return cells
