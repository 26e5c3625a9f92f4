"""Running totals against a number: when it was reached, and what it takes per day to reach it."""

from __future__ import annotations

from datetime import timedelta
from itertools import accumulate
from typing import TYPE_CHECKING

from assistant.errors import InvalidPlan
from assistant.plans.series import PaceStudy, ReachStudy
from assistant.query.compile import Scope, check, grouped
from assistant.query.daily import adds_over_days
from assistant.query.metrics import metric
from assistant.query.periods import ResolvedPeriod, day_range, shift, unit_start
from assistant.query.present import derived, evidence_figure, metric_label, plan_figure
from assistant.query.rows import fetch
from assistant.query.studies.report import known_lines, nothing, report, time_caveats
from assistant.query.studies.usual import one_row
from assistant.results import Caveat, Chart, Column, Figure, Result, Source, Table
from assistant.results.result import Scalar, Unit

if TYPE_CHECKING:
    from datetime import date

    import ibis

#: customers are counted once, on the day of their first order in the period
_PEOPLE = frozenset({"customers"})
#: mean length of a month in days
_MONTH = 365 / 12


def reach(scope: Scope, study: ReachStudy) -> Result:
    """The first day on which the running total of a measure is at or above a number.

    Returns:
        Result of kind ``reach``. Table ``reach``: one row with ``total`` over the whole period, ``start`` and, where
        the number was reached, ``day``, ``running`` (total on that day) and ``days`` from the start (1: the first day).
        Table ``series``: running total by day. Figures: these and ``target``; ``missing`` where it was not reached.

    Raises:
        InvalidPlan: the measure does not add up over days. NoRows: nothing matches.
    """
    _adds(scope, study.metric)
    period = scope.resolve(study.period)
    expression = _by_day(scope, study, period)
    rows = {r["day"]: float(r["value"] or 0) for r in fetch(scope, expression)}
    if not rows or not period.has_data:
        raise nothing(scope, study)
    length = (period.covered_end - period.covered_start).days + 1
    days = [period.covered_start + timedelta(days=i) for i in range(length)]
    running = list(accumulate(rows.get(day, 0.0) for day in days))
    at = next((i for i, value in enumerate(running) if value >= study.target - 1e-9), None)
    label, unit = metric_label(study.metric, scope.options.sales_basis), metric(study.metric).unit
    table = one_row("reach", f"Running total of {label}", [
        ("total", f"{label} in all", unit, running[-1]),
        ("start", "counted from", "date", days[0].isoformat()),
        ("last", "counted to", "date", days[-1].isoformat()),
        ("day", "reached on", "date", days[at].isoformat() if at is not None else None),
        ("running", f"{label} up to that day", unit, running[at] if at is not None else None),
        ("days", "days from the start", "days", at + 1 if at is not None else None),
    ])
    figures = {c.name: table.figure(0, c.name) for c in table.columns}
    figures["target"] = plan_figure(study.target, unit, "number to reach")
    if at is None:
        figures["missing"] = derived(study.target - running[-1], unit, "still missing", "a - b",
                                     a=figures["target"], b=figures["total"])
    begin = scope.snapshot.manifest.first_day
    caveats = time_caveats(scope, period)
    if days[0] == begin:
        first = evidence_figure(begin.isoformat(), "date", "first day of the data")
        caveats.append(Caveat(code="counted_from_first_day", figures={"first_day": first}))
    course: list[list[Scalar]] = [[day.isoformat(), value] for day, value in zip(days, running, strict=True)]
    series = Table(id="series", title=f"Running total of {label}", rows=course, total_rows=len(course),
                   columns=[Column(name="unit", label="day", unit="date"),
                            Column(name="value", label=f"{label}, running total", unit=unit)])
    return report(
        scope, study, f"When {label} reached a number", figures=figures, headline=["day", "days", "total"],
        tables=[table, series],
        charts=[Chart(kind="line", table="series", x="unit", y=["value"], title=series.title)],
        words={"metric": label, "reached": "yes" if at is not None else ""},
        caveats=caveats, definitions=[(label, metric(study.metric).formula)], expression=expression, period=period,
        followups=[f"Cumulative {label} by month"],
    )


def _adds(scope: Scope, name: str) -> None:
    if name in _PEOPLE:
        return
    found = metric(name)
    if found.kind in {"ratio", "bound"} or found.unit not in {"currency", "count", "number"} or not adds_over_days(
        name, scope.options.sales_basis
    ):
        raise InvalidPlan(
            "A running total needs a measure that adds up over days, such as revenue, orders or units", received=name,
            valid=("revenue", "orders", "units", "new_customers"))


def _by_day(scope: Scope, study: ReachStudy, period: ResolvedPeriod) -> ibis.Table:
    """One row per day: ``day``, ``value``; customers on the first day that they ordered in the period."""
    check(scope, (study.metric,), ("day",), study.filter)
    window = None if period.shape == "all" else (period.start, period.end)
    if study.metric in _PEOPLE:
        lines = known_lines(scope, [], study.filter, window)
        first = lines.group_by("customer_id").aggregate(day=lines["at"].min().date())
        return first.group_by("day").aggregate(value=first.count())
    table = grouped(scope, (study.metric,), ("day",), study.filter, window)
    return table.select(day=table.day, value=table[study.metric])


def pace(scope: Scope, study: PaceStudy) -> Result:
    """What is needed per day, week or month until the end of the current stretch to reach a target.

    Returns:
        Result of kind ``pace``. Table ``pace``: one row with ``so_far``, ``days_gone``, ``days_left``, ``target`` and
        the label ``target_period`` it comes from. Figures: these, ``left``, ``needed`` and ``so_far_per`` (per unit
        asked for), all derived. Words: ``state`` (open, reached, over).

    Raises:
        InvalidPlan: the measure does not add up over days. NoRows: nothing matches.
    """
    _adds(scope, study.metric)
    if study.metric in _PEOPLE:
        raise InvalidPlan("Customers do not add up over days; new customers do", received=study.metric,
                          valid=("new_customers",))
    check(scope, (study.metric,), (), study.filter)
    fiscal, as_of = scope.options.fiscal_year_start, scope.snapshot.as_of
    start = unit_start(as_of, study.of, fiscal)
    end = shift(start, study.of, 1) - timedelta(days=1)
    base = (start - timedelta(days=1), shift(start, study.of, -1)) if study.before else (
        shift(end + timedelta(days=1), "month", -12) - timedelta(days=1), shift(start, "month", -12))
    base_end, base_start = base
    so_far, expression = _sum(scope, study, start, as_of)
    label, unit = metric_label(study.metric, scope.options.sales_basis), metric(study.metric).unit
    target = study.target if study.target is not None else _sum(scope, study, base_start, base_end)[0]
    if not target:
        raise nothing(scope, study)
    gone, left_days = (as_of - start).days + 1, (end - as_of).days
    mean_unit: Unit = "number" if unit == "count" else unit
    table = one_row("pace", f"{label.capitalize()} towards the target", [
        ("so_far", f"{label} so far", unit, so_far),
        ("start", "from", "date", start.isoformat()),
        ("last", "to", "date", as_of.isoformat()),
        ("end", "end", "date", end.isoformat()),
        ("days_gone", "days gone", "days", gone),
        ("days_left", "days left", "days", left_days),
        ("target", f"{label} to reach", unit, target),
        ("left", "still needed", unit, target - so_far),
    ])
    figures: dict[str, Figure] = {c.name: table.figure(0, c.name) for c in table.columns}
    length = {"day": 1.0, "week": 7.0, "month": _MONTH}[study.grain]
    figures["so_far_per"] = derived(so_far / gone * length, mean_unit, f"{label} per {study.grain} so far",
                                    "a / b * length of the unit in days", a=figures["so_far"], b=figures["days_gone"])
    if left_days and target > so_far:
        figures["needed"] = derived((target - so_far) / left_days * length, mean_unit,
                                    f"{label} needed per {study.grain}", "a / b * length of the unit in days",
                                    a=figures["left"], b=figures["days_left"])
    if study.target is None:
        figures["base_days"] = Figure(value=day_range(base_start, base_end), unit="text", label="stretch to match",
                                      source=Source(origin="evidence"))
    caveats = []
    if study.target is None and base_start < scope.snapshot.manifest.first_day:
        first = evidence_figure(scope.snapshot.manifest.first_day.isoformat(), "date", "first day of the data")
        caveats.append(Caveat(code="target_starts_late", figures={"first_day": first}))
    month = ["A month is counted as a twelfth of a year"] if study.grain == "month" else []
    return report(
        scope, study, f"{label.capitalize()} needed to reach the target", figures=figures,
        headline=["needed", "left", "so_far"], tables=[table],
        words={"metric": label, "grain": study.grain, "of": study.of, "own": "yes" if study.target is not None else "",
               "state": "reached" if so_far > target else "open" if left_days else "over"},
        caveats=caveats, definitions=[(label, metric(study.metric).formula)],
        assumptions=["Plain arithmetic, spread evenly over the days left: no forecast, no season", *month],
        expression=expression, period=scope.resolve(None),
        followups=[f"Forecast {label} for the next 8 weeks"],
    )


def _sum(scope: Scope, study: PaceStudy, start: date, end: date) -> tuple[float, ibis.Table]:
    table = grouped(scope, (study.metric,), (), study.filter, (start, end))
    return float(fetch(scope, table)[0][study.metric] or 0), table
