"""Units of time that meet a condition: how many, and how many in a row."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from assistant.plans.series import RunsStudy
from assistant.query.compile import Scope
from assistant.query.metrics import metric
from assistant.query.periods import shift
from assistant.query.present import plan_figure
from assistant.query.studies.report import report, time_caveats
from assistant.query.studies.series import Series, counted_words, series_of
from assistant.query.studies.usual import one_row
from assistant.results import Column, Result, Table
from assistant.results.result import Scalar

#: so many of the longest runs are listed
LISTED = 5
_CHANGES = {"grew": 1, "fell": 1, "grew_on_year": 0, "fell_on_year": 0}


def runs(scope: Scope, study: RunsStudy) -> Result:
    """Which whole units of time meet a condition, and their runs.

    Returns:
        Result of kind ``runs``. Tables: ``count`` (one row: ``units`` that could be judged, ``met``, ``share``,
        ``longest``, ``current`` run that ends with the last unit, ``last_unit``, ``mean``), ``runs`` (longest first:
        ``first``, ``last``, ``length``), ``met`` (the latest first: ``unit``, ``value``). Figures: those of ``count``,
        ``bound`` where the plan has one. Words: ``condition``, ``asked``, ``several`` (more than one longest run).

    Raises:
        NoRows, InvalidPlan: as for :func:`series_of`.
    """
    series = series_of(scope, study, least=1)
    judged = _judged(series, study)
    found = _runs([ok for _, _, ok in judged])
    met = [(day, value) for day, value, ok in judged if ok]
    longest = max((length for _, length in found), default=0)
    current = found[-1][1] if found and sum(found[-1]) == len(judged) else 0
    table = one_row("count", f"{series.grain.capitalize()}s that meet the condition", [
        ("units", f"{series.grain}s looked at", "count", len(judged)),
        ("met", f"{series.grain}s that meet it", "count", len(met)),
        ("share", f"share of {series.grain}s", "percent", len(met) / len(judged) * 100 if judged else None),
        ("longest", "longest run", "count", longest),
        ("current", "run up to the last one", "count", current),
        ("last_unit", f"last whole {series.grain}", series.time_unit, series.shown(series.days[-1])),
        ("mean", f"average per {series.grain}", series.mean_unit, series.mean),
    ])
    figures = {c.name: table.figure(0, c.name) for c in table.columns}
    if study.value is not None:
        figures["bound"] = plan_figure(study.value, metric(series.metric).unit, "bound")
    listed = sorted(found, key=lambda r: (-r[1], -r[0]))[:LISTED]
    rows: list[list[Scalar]] = [
        [series.shown(judged[at][0]), series.shown(judged[at + n - 1][0]), n] for at, n in listed]
    spans = Table(
        id="runs", title="Longest runs", rows=rows, total_rows=len(found),
        columns=[Column(name="first", label="from", unit=series.time_unit),
                 Column(name="last", label="to", unit=series.time_unit),
                 Column(name="length", label=f"{series.grain}s in a row", unit="count")])
    listed_units: list[list[Scalar]] = [[series.shown(d), v] for d, v in reversed(met)]
    units = Table(
        id="met", title=f"The {series.grain}s that meet it", rows=listed_units, total_rows=len(met),
        columns=[Column(name="unit", label=series.grain, unit=series.time_unit),
                 Column(name="value", label=series.label, unit=series.unit)])
    return report(
        scope, study, f"{series.grain.capitalize()}s in a row" if study.asked == "run" else table.title,
        figures=figures, headline=["longest", "current"] if study.asked == "run" else ["met", "share"],
        tables=[spans, units, table] if study.asked == "run" else [units, table, spans],
        words={"grain": series.grain, "metric": series.label, "condition": study.condition, "asked": study.asked,
               "several": "yes" if sum(1 for _, n in found if n == longest) > 1 else ""},
        caveats=time_caveats(scope, series.period),
        definitions=[(series.label, metric(series.metric).formula)],
        assumptions=counted_words(series), expression=series.expression, period=series.period,
        followups=[f"{series.label.capitalize()} by {series.grain}"],
    )


def _judged(series: Series, study: RunsStudy) -> list[tuple[date, float, bool]]:
    """Every unit that the condition can be judged of, with its value and whether it meets it."""
    by_day = dict(zip(series.days, series.values, strict=True))
    mean, bound = series.mean, study.value or 0.0
    alone: dict[str, Callable[[float], bool]] = {
        "over": lambda v: v > bound, "at_least": lambda v: v >= bound, "under": lambda v: v < bound,
        "at_most": lambda v: v <= bound, "above_average": lambda v: v > mean, "below_average": lambda v: v < mean,
        "none": lambda v: v == 0, "some": lambda v: v > 0,
    }
    if study.condition in alone:
        return [(day, value, alone[study.condition](value)) for day, value in by_day.items()]
    up = study.condition.startswith("grew")
    found = []
    for place, (day, value) in enumerate(by_day.items()):
        if _CHANGES[study.condition]:  # the unit before among those that count: of Mondays, the Monday before
            before = series.values[place - 1] if place else None
        else:
            before = by_day.get(_year_before(day, series.grain))
        if before is not None:
            found.append((day, value, value > before if up else value < before))
    return found


def _year_before(day: date, grain: str) -> date:
    """The same unit a year before; of weeks and days the one on the same weekday."""
    return shift(day, "week", -52) if grain in {"day", "week"} else shift(day, "month", -12)


def _runs(met: list[bool]) -> list[tuple[int, int]]:
    """Where each run of units that meet the condition begins, and its length, in order of time."""
    found: list[tuple[int, int]] = []
    for place, ok in enumerate(met):
        if ok and found and sum(found[-1]) == place:
            found[-1] = (found[-1][0], found[-1][1] + 1)
        elif ok:
            found.append((place, 1))
    return found
