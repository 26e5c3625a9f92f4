"""How much of a measure the largest things bring: Pareto."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from assistant.errors import InvalidPlan
from assistant.plans.studies import ConcentrationStudy
from assistant.query.compile import Scope, check, grouped
from assistant.query.dimensions import dimension
from assistant.query.metrics import metric
from assistant.query.present import metric_label, plan_figure
from assistant.query.rows import fetch
from assistant.query.studies.report import guests_left_out, nothing, report, time_caveats
from assistant.results import Caveat, Chart, Column, Figure, Result, Table
from assistant.results.result import Scalar

if TYPE_CHECKING:
    import ibis

#: shares of things at which the curve is read, in percent
STOPS = (1, 5, 10, 20, 30, 40, 50, 75, 100)
REACHES = (50, 80, 90)


def concentration(scope: Scope, study: ConcentrationStudy) -> Result:
    """Order things by a measure, the largest first, and sum up.

    Returns:
        Result of kind ``concentration``. Tables: ``curve`` (``percent`` of the things, ``things``, ``amount``,
        ``share`` of the measure), ``reaches`` (``reach`` in percent, ``things`` needed, ``percent`` of all things),
        ``asked`` (one row for what was asked: ``things``, ``percent``, ``amount``, ``share``), ``totals``. Figures:
        ``things``, ``percent``, ``amount``, ``share``, ``everything`` and ``total``.

    Raises:
        InvalidPlan: a measure that does not add up over the things. NoRows: nothing was sold.
    """
    period = scope.resolve(study.period)
    check(scope, (study.metric,), (study.of,), study.filter)
    found = metric(study.metric)
    if found.unit not in {"currency", "count"} or not (found.additive or study.metric in {"revenue", "orders"}):
        raise InvalidPlan(
            f"{found.label} does not add up over {dimension(study.of).plural}",
            received=study.metric,
            valid=("revenue", "units", "gross_margin"),
        )
    window = None if period.shape == "all" else (period.start, period.end)
    values = grouped(scope, (study.metric,), (study.of,), study.filter, window, labels=False)
    expression = _summed(values, study)
    head = fetch(scope, expression.aggregate(n=expression.count(), total=expression.value.sum()))[0]
    if not head["n"] or not head["total"]:
        raise nothing(scope, study)
    n, total = int(head["n"]), float(head["total"])
    stops = sorted({*map(float, STOPS), *([study.share_of_things] if study.share_of_things else [])})
    reach = study.reach if study.reach is not None or study.top_percent or study.top else 80.0
    marks = _marks(scope, expression, study, n, total, reach, stops)
    noun, label = dimension(study.of).plural, metric_label(study.metric, scope.options.sales_basis)
    tables = _tables(marks, noun, label, found.unit, n, total)
    figures = _figures(tables, study, reach)
    caveats: list[Caveat] = time_caveats(scope, period)
    if study.of == "customer":
        caveats += guests_left_out(scope, window)
    return report(
        scope,
        study,
        f"Concentration of {label} over {noun}",
        figures=figures,
        headline=["things", "percent"] if reach is not None else ["share", "amount"],
        tables=tables,
        charts=[Chart(kind="line", table="curve", x="percent", y=["share"], title=f"Share of {label}")],
        words={
            "things": noun,
            "metric": label,
            "asked": "reach" if reach is not None else "top",
            "top_percent": "yes" if study.top_percent else "",
        },
        caveats=caveats,
        definitions=[(label, found.formula)],
        assumptions=[
            f"{noun.capitalize()} with {label} in the period, the largest first; "
            "a share of them is rounded up to whole ones"
        ],
        expression=expression,
        period=period,
        followups=[
            "What share of revenue comes from the top 10 % of customers?",
            "How many products make half of the revenue?",
        ],
    )


def _summed(values: ibis.Table, study: ConcentrationStudy) -> ibis.Table:
    """One row per thing: ``place`` (1 is the largest), ``value``, ``running``."""
    import ibis

    kept = values.filter(values[study.metric] > 0)
    kept = kept.select(key=kept[study.of].cast("string"), value=kept[study.metric].cast("float64"))
    order = [ibis.desc(kept.value), ibis.asc(kept.key)]
    placed = kept.mutate(place=ibis.row_number().over(order_by=order) + 1)
    return placed.mutate(
        running=placed.value.sum().over(ibis.window(order_by=placed.place, preceding=None, following=0))
    )


def _marks(
    scope: Scope,
    table: ibis.Table,
    study: ConcentrationStudy,
    n: int,
    total: float,
    reach: float | None,
    stops: list[float],
) -> dict[str, list[tuple[float, int, float]]]:
    """``(mark, things, amount)`` of the curve, of the reaches and of what was asked; one query reads them all."""
    places = {stop: max(1, math.ceil(round(n * stop / 100, 9))) for stop in stops}
    if study.top_percent:
        asked = max(1, math.ceil(round(n * study.top_percent / 100, 9)))
    else:
        asked = min(study.top or 1, n)
    goals = sorted({*map(float, REACHES), *([reach] if reach else [])})
    tolerance = 1e-9 * abs(total)
    values = {f"at_{k}": table.value.sum(where=table.place <= k) for k in {*places.values(), asked}}
    for i, goal in enumerate(goals):
        values[f"needed_{i}"] = table.place.min(where=table.running >= total * goal / 100 - tolerance)
    row = fetch(scope, table.aggregate(**values))[0]
    needed = {goal: int(row[f"needed_{i}"]) for i, goal in enumerate(goals)}
    extra = [k for k in needed.values() if f"at_{k}" not in row]
    if extra:
        more = {f"at_{k}": table.value.sum(where=table.place <= k) for k in set(extra)}
        row |= fetch(scope, table.aggregate(**more))[0]
    found = {
        "curve": [(float(s), k, row[f"at_{k}"]) for s, k in places.items()],
        "reaches": [(g, k, row[f"at_{k}"]) for g, k in needed.items()],
        "asked": [(0.0, asked, row[f"at_{asked}"])],
    }
    if reach is not None:
        found["asked"] = [(reach, needed[reach], row[f"at_{needed[reach]}"])]
    return found


def _tables(marks: dict, noun: str, label: str, unit: str, n: int, total: float) -> list[Table]:
    things = Column(name="things", label=noun, unit="count")
    percent = Column(name="percent", label=f"share of {noun}", unit="percent")
    amount = Column(name="amount", label=label, unit=unit)  # type: ignore[arg-type]
    share = Column(name="share", label=f"share of {label}", unit="percent")

    def table(name: str, title: str, columns: list[Column], rows: list[list[Scalar]]) -> Table:
        return Table(id=name, title=title, columns=columns, rows=rows, total_rows=len(rows))

    return [
        table(
            "curve",
            f"The largest {noun} and their {label}",
            [percent, things, amount, share],
            [[s, k, a, a / total * 100] for s, k, a in marks["curve"]],
        ),
        table(
            "reaches",
            f"How many {noun} are needed",
            [Column(name="reach", label=f"share of {label}", unit="percent"), things, percent, amount],
            [[g, k, k / n * 100, a] for g, k, a in marks["reaches"]],
        ),
        table(
            "asked",
            "What was asked",
            [things, percent, amount, share],
            [[k, k / n * 100, a, a / total * 100] for _, k, a in marks["asked"]],
        ),
        table("totals", f"All {noun}", [things, amount], [[n, total]]),
    ]


def _figures(tables: list[Table], study: ConcentrationStudy, reach: float | None) -> dict[str, Figure]:
    asked, totals = tables[2], tables[3]
    figures = {c.name: asked.figure(0, c.name) for c in asked.columns}
    figures["everything"] = totals.figure(0, "things", f"all {totals.columns[0].label}")
    figures["total"] = totals.figure(0, "amount", f"all {totals.columns[1].label}")
    if reach is not None:
        made = plan_figure(reach, "percent", "share to reach") if study.reach is not None else None
        row = next(i for i, r in enumerate(tables[1].rows) if r[0] == reach)
        figures["reach"] = made or tables[1].figure(row, "reach")
    if study.share_of_things is not None:
        row = next(i for i, r in enumerate(tables[0].rows) if r[0] == study.share_of_things)
        figures["claimed_things"] = plan_figure(study.share_of_things, "percent", "as asked")
        figures["claimed_share"] = tables[0].figure(row, "share", "what they bring")
    if study.top_percent:
        figures["top_percent"] = plan_figure(study.top_percent, "percent", "the largest")
    return figures
