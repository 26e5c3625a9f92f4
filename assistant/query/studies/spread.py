"""Things by bands of a measure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from assistant.errors import InvalidPlan
from assistant.plans.studies import SpreadStudy
from assistant.query.compile import Scope, check, grouped
from assistant.query.dimensions import dimension
from assistant.query.metrics import metric
from assistant.query.periods import ResolvedPeriod
from assistant.query.present import metric_label
from assistant.query.rows import fetch
from assistant.query.studies.bands import Sketch, labels, round_edges
from assistant.query.studies.report import guests_left_out, known_lines, nothing, report, time_caveats
from assistant.results import Chart, Column, Result, Table
from assistant.results.result import Scalar, Unit

if TYPE_CHECKING:
    import ibis

#: what a single order's measure is called, where people speak of an average over orders
_OF_ONE_ORDER = {
    "average_order_value": "revenue",
    "median_order_value": "revenue",
    "items_per_order": "units",
    "lines_per_order": "order_line_count",
}
GAP = "gap"


def spread(scope: Scope, study: SpreadStudy) -> Result:
    """Count things by bands of a measure.

    Returns:
        Result of kind ``spread``. Tables: ``bands`` (``band``, ``things``, ``share``, and for sums ``amount`` and
        ``amount_share``), ``summary`` (one row: ``things``, ``mean``, ``median``, ``low_tenth``, ``high_tenth``,
        ``low_quarter``, ``high_quarter``, ``deviation``,
        ``least``, ``largest``); the columns of ``summary`` are the figures, with ``fullest`` (label of the fullest
        band) and ``fullest_share``.

    Raises:
        NoRows: there is nothing to count. InvalidPlan: a date or a measure that single things do not have.
    """
    period = scope.resolve(study.period)
    name = _OF_ONE_ORDER.get(study.metric, study.metric) if study.of == "order" else study.metric
    values = _gaps(scope, study, period) if study.of == GAP else _values(scope, study, name, period)
    values = values.filter(values.value.notnull())
    summary = _summary(scope, values)
    if not summary["things"]:
        raise nothing(scope, study)
    unit: Unit = "days" if study.of == GAP else metric(name).unit
    whole = unit == "count" or study.of == GAP or (unit == "days" and bool(summary["whole"]))
    sketch = Sketch(summary["least"], summary["largest"], summary["low"], summary["median"], summary["high"], whole)
    edges = tuple(float(e) for e in (study.edges or round_edges(sketch, unit)))
    whole = whole and all(e.is_integer() for e in edges)
    adds = unit in {"currency", "count"} and study.of != GAP and metric(name).kind != "ratio"
    expression = _banded(values, edges)
    noun, label = _words(scope, study, name)
    bands = _bands_table(scope, fetch(scope, expression), edges, replace(sketch, whole=whole), unit, label, noun, adds)
    table = _summary_table(summary, unit, noun, label)
    figures = {c.name: table.figure(0, c.name) for c in table.columns}
    counts = [r[1] for r in bands.rows]
    fullest = counts.index(max(counts))  # type: ignore[type-var]
    figures["fullest"] = bands.figure(fullest, "band", "fullest band")
    figures["fullest_share"] = bands.figure(fullest, "share", "share in the fullest band")
    known_only = study.of in {"customer", GAP}
    title = f"{noun.capitalize()} by {label}"
    return report(
        scope,
        study,
        title,
        figures=figures,
        headline=["median", "mean", "things"],
        tables=[bands, table],
        charts=[Chart(kind="bar", table="bands", x="band", y=["things"], title=title)],
        words={"things": noun, "metric": label, "adds": "yes" if adds else ""},
        caveats=time_caveats(scope, period) + (guests_left_out(scope) if known_only else []),
        definitions=[
            (label, "days from one order day of a customer to the next" if study.of == GAP else metric(name).formula)
        ],
        assumptions=["A band begins at its lower limit and ends just below the upper one"]
        + ([] if study.edges else ["Limits are round numbers chosen from how the values lie"]),
        expression=expression,
        period=period,
        followups=[
            "How many customers bring 80 % of revenue?",
            "How many customers made one, two, three or more orders?",
        ],
    )


def _words(scope: Scope, study: SpreadStudy, name: str) -> tuple[str, str]:
    if study.of == GAP:
        return "repeat orders", "days since the order before"
    label = metric_label(name, scope.options.sales_basis)
    if study.of == "order" and name == "revenue":
        label = "order value"
    return dimension(study.of).plural, label


def _values(scope: Scope, study: SpreadStudy, name: str, period: ResolvedPeriod) -> ibis.Table:
    """One row per thing: ``value``."""
    if metric(name).unit == "date":
        raise InvalidPlan(
            "Dates have no bands; ask for days since instead",
            received=name,
            valid=("days_since_last_order", "lifetime_days"),
        )
    if dimension(study.of).role == "time":
        raise InvalidPlan("Bands are made of things such as customers, orders or products", received=study.of)
    check(scope, (name,), (study.of,), study.filter)
    window = None if period.shape == "all" else (period.start, period.end)
    table = grouped(scope, (name,), (study.of,), study.filter, window, labels=False)
    return table.select(value=table[name].cast("float64"))


def _gaps(scope: Scope, study: SpreadStudy, period: ResolvedPeriod) -> ibis.Table:
    """Days from one order day of a customer to the next; the later one lies in the period."""
    import ibis

    lines = known_lines(scope, [], study.filter)
    days = lines.select("customer_id", day=lines["at"].date()).distinct()
    before = days.mutate(before=days.day.lag().over(group_by=days.customer_id, order_by=days.day))
    gaps = before.filter(before.before.notnull())
    if period.shape != "all":
        gaps = gaps.filter(gaps.day.between(ibis.literal(period.start), ibis.literal(period.end)))
    return gaps.select(value=gaps.day.delta(gaps.before, unit="day").cast("float64"))


def _summary(scope: Scope, values: ibis.Table) -> dict:
    value = values.value
    return fetch(
        scope,
        values.aggregate(
            things=value.count(),
            mean=value.mean(),
            median=value.quantile(0.5),
            low=value.quantile(0.05),
            high=value.quantile(0.95),
            low_tenth=value.quantile(0.1),
            high_tenth=value.quantile(0.9),
            low_quarter=value.quantile(0.25),
            high_quarter=value.quantile(0.75),
            deviation=value.std(how="sample"),
            least=value.min(),
            largest=value.max(),
            whole=(value == value.round()).all(),
        ),
    )[0]


def _banded(values: ibis.Table, edges: tuple[float, ...]) -> ibis.Table:
    """One row per band that holds something: ``place``, ``things``, ``amount``."""
    import ibis

    place = ibis.cases(*((values.value < edge, i) for i, edge in enumerate(edges)), else_=len(edges))
    placed = values.mutate(place=place)
    return placed.group_by("place").aggregate(things=placed.count(), amount=placed.value.sum()).order_by("place")


def _bands_table(
    scope: Scope,
    rows: list[dict],
    edges: tuple[float, ...],
    sketch: Sketch,
    unit: Unit,
    label: str,
    noun: str,
    adds: bool,
) -> Table:
    by_place = {r["place"]: r for r in rows}
    everything, amount = sum(r["things"] for r in rows), sum(r["amount"] for r in rows)
    named = labels(edges, unit, scope.snapshot.currency, whole=sketch.whole, least=sketch.least)
    cells: list[list[Scalar]] = []
    for place, name in enumerate(named):
        found = by_place.get(place, {"things": 0, "amount": 0})
        row: list[Scalar] = [name, found["things"], found["things"] / everything * 100]
        if adds:
            row += [found["amount"], found["amount"] / amount * 100 if amount else None]
        cells.append(row)
    if not cells[0][1] and sketch.least >= edges[0]:
        cells = cells[1:]  # nothing lies below the first limit
    columns = [
        Column(name="band", label=label),
        Column(name="things", label=noun, unit="count"),
        Column(name="share", label=f"share of {noun}", unit="percent"),
    ]
    if adds:
        columns += [
            Column(name="amount", label=f"their {label}", unit=unit),
            Column(name="amount_share", label=f"share of {label}", unit="percent"),
        ]
    title = f"{noun.capitalize()} by {label}"
    return Table(id="bands", title=title, columns=columns, rows=cells, total_rows=len(cells))


def _summary_table(summary: dict, unit: Unit, noun: str, label: str) -> Table:
    mean_unit: Unit = "number" if unit == "count" else unit
    columns = [
        Column(name="things", label=noun, unit="count"),
        Column(name="mean", label=f"mean {label}", unit=mean_unit),
        Column(name="median", label=f"median {label}", unit=mean_unit),
        Column(name="low_tenth", label="a tenth are at or below", unit=mean_unit),
        Column(name="high_tenth", label="a tenth are at or above", unit=mean_unit),
        Column(name="low_quarter", label="a quarter are at or below", unit=mean_unit),
        Column(name="high_quarter", label="a quarter are at or above", unit=mean_unit),
        Column(name="deviation", label="standard deviation", unit="points" if mean_unit == "percent" else mean_unit),
        Column(name="least", label="least", unit=mean_unit),
        Column(name="largest", label="largest", unit=mean_unit),
    ]
    rows: list[list[Scalar]] = [[summary[c.name] for c in columns]]
    return Table(id="summary", title="In a few numbers", columns=columns, rows=rows, total_rows=1)
