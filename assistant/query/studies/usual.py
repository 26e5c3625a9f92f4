"""What a measure usually is per unit of time, and how much it varies."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import stdev

from assistant.plans.series import GapStudy, UsualStudy
from assistant.query.compile import Scope
from assistant.query.metrics import metric
from assistant.query.periods import unit_start
from assistant.query.present import derived
from assistant.query.studies.report import nothing, report, time_caveats
from assistant.query.studies.series import Series, counted_words, series_of
from assistant.results import Chart, Column, Figure, Result, Table
from assistant.results.result import Scalar, Unit


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which a share of the values lie, between neighbours in proportion."""
    ordered = sorted(values)
    place = (len(ordered) - 1) * share
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def usual(scope: Scope, study: UsualStudy) -> Result:
    """Median, middle half, mean and spread of a measure per unit of time.

    Returns:
        Result of kind ``usual``. Tables: ``summary`` (one row: ``units``, ``median``, ``low_quarter``,
        ``high_quarter``, ``mean``, ``deviation``, ``variation`` in percent of the mean, ``least``, ``least_at``,
        ``largest``, ``largest_at``, ``idle``), all of them figures, and ``series``.

    Raises:
        NoRows, InvalidPlan: as for :func:`series_of`.
    """
    series = series_of(scope, study)
    table = _summary(series)
    figures = {c.name: table.figure(0, c.name) for c in table.columns}
    return report(
        scope, study, f"Usual {series.label} per {series.grain}",
        figures=figures,
        headline=["deviation", "variation", "median"] if study.asked == "variation" else ["median", "mean"],
        tables=[table, series.table()],
        charts=[Chart(kind="line", table="series", x="unit", y=["value"], title=f"{series.label} by {series.grain}")],
        words={"grain": series.grain, "metric": series.label, "asked": study.asked},
        caveats=time_caveats(scope, series.period),
        definitions=[(series.label, metric(series.metric).formula),
                     ("standard deviation", "of the values of the units about their mean, with n - 1")],
        assumptions=counted_words(series),
        expression=series.expression,
        period=series.period,
        followups=[f"{series.label.capitalize()} by {series.grain}"],
    )


def _summary(series: Series) -> Table:
    values, mean, unit = series.values, series.mean, series.mean_unit
    deviation = stdev(values)
    least, largest = min(values), max(values)
    cells: list[tuple[str, str, Unit, Scalar]] = [
        ("units", f"{series.grain}s", "count", len(values)),
        ("median", "median", unit, quantile(values, 0.5)),
        ("low_quarter", "a quarter are at or below", unit, quantile(values, 0.25)),
        ("high_quarter", "a quarter are at or above", unit, quantile(values, 0.75)),
        ("mean", "mean", unit, mean),
        ("deviation", "standard deviation", "points" if unit == "percent" else unit, deviation),
        ("variation", "standard deviation as a share of the mean", "percent", deviation / mean * 100 if mean else None),
        ("least", "least", series.unit, least),
        ("least_at", "least at", series.time_unit, series.shown(series.days[values.index(least)])),
        ("largest", "largest", series.unit, largest),
        ("largest_at", "largest at", series.time_unit, series.shown(series.days[values.index(largest)])),
        ("idle", f"{series.grain}s without any", "count", series.idle),
    ]
    return one_row("summary", "In a few numbers", cells)


def one_row(name: str, title: str, cells: Sequence[tuple[str, str, Unit, Scalar]]) -> Table:
    """A table of one row, from its columns' names, labels, units and values."""
    columns = [Column(name=n, label=label, unit=unit) for n, label, unit, _ in cells]
    return Table(id=name, title=title, columns=columns, rows=[[value for *_, value in cells]], total_rows=1)


def gap(scope: Scope, study: GapStudy) -> Result:
    """One unit of time against the average of all whole ones.

    Returns:
        Result of kind ``gap``. Tables: ``gap`` (one row: ``unit``, ``value``, ``mean``, ``median``, ``units``,
        ``place`` among them from the highest down) and ``series``. Figures: these, ``difference`` and
        ``difference_percent``, both derived. Words: ``end``, ``way`` (above, below, same).

    Raises:
        NoRows: the unit named lies outside the data. Others as for :func:`series_of`.
    """
    series = series_of(scope, study)
    at = _place(scope, study, series)
    values = series.values
    value, mean = values[at], series.mean
    table = one_row("gap", "Against the average", [
        ("unit", series.grain, series.time_unit, series.shown(series.days[at])),
        ("value", series.label, series.unit, value),
        ("mean", f"average per {series.grain}", series.mean_unit, mean),
        ("median", f"median {series.grain}", series.mean_unit, quantile(values, 0.5)),
        ("units", f"{series.grain}s", "count", len(values)),
        ("place", "place from the highest", "count", 1 + sum(1 for v in values if v > value)),
    ])
    figures: dict[str, Figure] = {c.name: table.figure(0, c.name) for c in table.columns}
    inputs = {"a": figures["value"], "b": figures["mean"]}
    gap_unit: Unit = "points" if series.unit == "percent" else series.mean_unit
    figures["difference"] = derived(value - mean, gap_unit, "difference from the average", "a - b", **inputs)
    if mean and series.unit != "percent":
        figures["difference_percent"] = derived(
            (value / mean - 1) * 100, "percent", "difference from the average in percent", "100 * (a / b - 1)",
            **inputs)
    return report(
        scope, study, f"{series.label.capitalize()} of one {series.grain} against the average",
        figures=figures, headline=["difference_percent", "difference", "value"], tables=[table, series.table()],
        charts=[Chart(kind="line", table="series", x="unit", y=["value"], title=f"{series.label} by {series.grain}")],
        words={"grain": series.grain, "metric": series.label, "end": "named" if study.unit else study.end,
               "way": "above" if value > mean else "below" if value < mean else "same"},
        caveats=time_caveats(scope, series.period),
        definitions=[(series.label, metric(series.metric).formula)],
        assumptions=counted_words(series), expression=series.expression, period=series.period,
        followups=[f"{series.label.capitalize()} by {series.grain}"],
    )


def _place(scope: Scope, study: GapStudy, series: Series) -> int:
    values = series.values
    if study.unit is not None:
        named = scope.resolve(study.unit)
        day = unit_start(named.start, study.grain, 1)
        if day not in series.days:
            raise nothing(scope, study)
        return series.days.index(day)
    if study.end == "latest":
        return len(values) - 1
    return values.index(max(values) if study.end == "highest" else min(values))
