"""Where a thing stands in a ranking, and how large a measure is at a place of it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from assistant.errors import InvalidPlan, NoRows
from assistant.plans.filters import And, Filter
from assistant.plans.reword import phrase
from assistant.plans.studies import StandingStudy
from assistant.query.compile import Scope, check, grouped
from assistant.query.dimensions import dimension
from assistant.query.metrics import metric
from assistant.query.present import evidence_figure, metric_label, plan_figure
from assistant.query.rows import decoded, fetch
from assistant.query.spoken import speak
from assistant.query.studies.report import guests_left_out, nothing, report, time_caveats
from assistant.results import Column, Figure, Result, Table
from assistant.results.result import Scalar

if TYPE_CHECKING:
    import ibis

#: shares of things, from the top, whose smallest value is told beside the one asked for
STOPS = (1.0, 5.0, 10.0, 20.0, 25.0, 50.0)
#: fewer things than this have no percentiles
_PERCENTILES_FROM = 20
_SHOWN = 20
#: what is known by a number, which says nothing alone
_BY_NUMBER = frozenset({"customer", "order"})


def standing(scope: Scope, study: StandingStudy) -> Result:
    """Rank things by a measure, and tell the place of some of them or the value at a place.

    Returns:
        Result of kind ``standing``. Tables: ``places`` (the things asked about: ``thing``, ``place``, ``value``,
        ``top`` percent, ``ahead`` of so many percent) or ``limits`` (``percent`` of the things, ``things``, ``value``
        of the last of them). Figures: ``everything``; of a place ``place``, ``value``, ``top``, ``ahead``,
        ``above`` (value of the next better one) and ``below``; of a limit ``limit``, ``things``, ``below``, ``middle``.

    Raises:
        InvalidPlan: a date, or a measure that single things do not have. NoRows: nothing is ranked, or none of the
            things asked about.
    """
    period = scope.resolve(study.period)
    check(scope, (study.metric,), (study.of,), study.filter)
    found = metric(study.metric)
    if found.unit == "date":
        raise InvalidPlan("Dates are not ranked here; ask for days since instead", received=study.metric,
                          valid=("days_since_last_order", "lifetime_days"))
    window = None if period.shape == "all" else (period.start, period.end)
    values = grouped(scope, (study.metric,), (study.of,), study.filter, window)
    expression = _placed(values, study)
    everything = int(fetch(scope, expression.aggregate(n=expression.count()))[0]["n"])
    if not everything:
        raise nothing(scope, study)
    noun, label = dimension(study.of).plural, metric_label(study.metric, scope.options.sales_basis)
    label = "order value" if (study.of, study.metric) == ("order", "revenue") else label
    asked = study.things is not None
    rows = _rows(scope, expression, study, window, everything) if asked else _at(scope, expression, study, everything)
    table, figures = (_places if asked else _limits)(scope, study, rows, everything, noun, label)
    figures["everything"] = evidence_figure(everything, "count", f"{noun} ranked")
    for name in ("top_percent", "top_n"):
        value = getattr(study, name)
        if value is not None:
            figures[f"asked_{name}"] = plan_figure(value, "percent" if name == "top_percent" else "count", "as asked")
    within = _within(study, rows, everything)
    result = report(
        scope, study, f"{noun.capitalize()} by {label}", figures=figures,
        headline=["place", "everything"] if asked else ["limit", "things"], tables=[table],
        words={"things": noun, "one": dimension(study.of).label if study.of in _BY_NUMBER else "", "metric": label,
               "asked": "place" if asked else "limit",
               "order": "lowest first" if study.lowest_first else "", "within": within,
               "tied": "yes" if not asked and rows[0]["below"] == rows[0]["value"] else "",
               "percentiles": "yes" if everything >= _PERCENTILES_FROM else ""},
        caveats=time_caveats(scope, period) + (guests_left_out(scope, window) if study.of == "customer" else []),
        definitions=[(label, found.formula)],
        assumptions=[f"{noun.capitalize()} with the same {label} share the better place"] if asked else
        [f"A share of {noun} is rounded up to whole ones"],
        expression=expression, period=period,
        followups=["What share of revenue comes from the top 10 % of customers?"],
    )
    if study.things is not None:
        speak(result, "named", phrase(study.things))
    return result



def _placed(values: ibis.Table, study: StandingStudy) -> ibis.Table:
    """One row per thing: ``key``, ``shown``, ``value``, ``row`` (1 is the first), ``place`` (ties share the better)."""
    import ibis

    kept = values.filter(values[study.metric].notnull() & values[study.of].notnull())
    name = f"{study.of}_label" if f"{study.of}_label" in kept.columns else study.of
    kept = kept.select(key=kept[study.of], shown=kept[name], value=kept[study.metric].cast("float64"))
    order = [kept.value if study.lowest_first else ibis.desc(kept.value)]
    return kept.mutate(
        row=ibis.row_number().over(order_by=[*order, ibis.asc(kept.key)]) + 1,
        place=ibis.rank().over(order_by=order) + 1,
    )


def _rows(
    scope: Scope, placed: ibis.Table, study: StandingStudy, window: tuple | None, everything: int
) -> list[dict]:
    """The things asked about, best first, with the value of the next better and the next worse one."""
    assert study.things is not None
    both: Filter = study.things if study.filter is None else And(parts=(study.filter, study.things))
    keys = grouped(scope, (study.metric,), (study.of,), both, window, labels=False)
    rows = fetch(scope, placed.filter(placed.key.isin(keys[study.of])).order_by("row").limit(_SHOWN + 1))
    if not rows:
        raise NoRows(f"None of the {dimension(study.of).plural} that are ranked is the one asked about: "
                     f"{phrase(study.things).text}", nearest=[])
    first = rows[0]["value"]
    better, worse = placed.value > first, placed.value < first
    if study.lowest_first:
        better, worse = worse, better
    least, most = (placed.value.max, placed.value.min) if study.lowest_first else (placed.value.min, placed.value.max)
    beside = fetch(scope, placed.aggregate(above=least(where=better), below=most(where=worse)))[0]
    rows[0] |= beside
    counts = fetch(scope, placed.aggregate(**{
        f"behind_{i}": placed.count(where=(placed.value > r["value"]) if study.lowest_first
                                    else (placed.value < r["value"])) for i, r in enumerate(rows)}))[0]
    for i, row in enumerate(rows):
        row["shown"] = decoded(study.of, row["shown"], scope)
        row["top"] = math.ceil(row["place"] / everything * 1000) / 10  # first of many is among the top 0.1 %
        row["ahead"] = math.floor(counts[f"behind_{i}"] / everything * 1000) / 10
    return rows


def _at(scope: Scope, placed: ibis.Table, study: StandingStudy, everything: int) -> list[dict]:
    """The value at the place asked for, first, then at the shares of :data:`STOPS`."""
    def held(percent: float) -> int:
        return max(1, math.ceil(round(everything * percent / 100, 9)))

    many = held(study.top_percent) if study.top_percent is not None else min(study.top_n or 1, everything)
    stops = [(s, held(s)) for s in STOPS if everything >= _PERCENTILES_FROM]
    wanted = {many, many + 1, (everything + 1) // 2, *(k for _, k in stops)}
    at = {int(r["row"]): r for r in fetch(scope, placed.filter(placed.row.isin(sorted(wanted))))}
    first = {"percent": many / everything * 100, "things": many, "value": at[many]["value"],
             "below": at[many + 1]["value"] if many + 1 in at else None}
    return [first, *({"percent": s, "things": k, "value": at[k]["value"]} for s, k in stops if k != many)]


def _within(study: StandingStudy, rows: list[dict], everything: int) -> str:
    """Whether the thing asked about is among the first so many: yes, no, or nothing where that is not asked."""
    if study.things is None or (study.top_n is None and study.top_percent is None):
        return ""
    many = study.top_n if study.top_n is not None else math.ceil(round(everything * study.top_percent / 100, 9))  # type: ignore[operator]
    return "yes" if rows[0]["place"] <= many else "no"


def _places(
    scope: Scope, study: StandingStudy, rows: list[dict], everything: int, noun: str, label: str
) -> tuple[Table, dict[str, Figure]]:
    unit = metric(study.metric).unit
    shown = rows[:_SHOWN]
    columns = [
        Column(name="thing", label=dimension(study.of).label), Column(name="place", label="place", unit="count"),
        Column(name="value", label=label, unit=unit), Column(name="top", label="among the top", unit="percent"),
        Column(name="ahead", label=f"ahead of {noun}", unit="percent"),
    ]
    cells: list[list[Scalar]] = [[str(r["shown"]), r["place"], r["value"], r["top"], r["ahead"]] for r in shown]
    table = Table(id="places", title=f"Place by {label}", columns=columns, rows=cells, total_rows=len(rows))
    figures = {c.name: table.figure(0, c.name) for c in columns[1:]}
    for name, words in (("above", "the next better one"), ("below", "the next one behind")):
        if rows[0].get(name) is not None:
            figures[name] = evidence_figure(rows[0][name], unit, f"{label} of {words}")
    return table, figures


def _limits(
    scope: Scope, study: StandingStudy, rows: list[dict], everything: int, noun: str, label: str
) -> tuple[Table, dict[str, Figure]]:
    unit = metric(study.metric).unit
    columns = [
        Column(name="percent", label=f"share of {noun}", unit="percent"),
        Column(name="things", label=noun, unit="count"), Column(name="value", label=f"{label} of the last", unit=unit),
    ]
    cells: list[list[Scalar]] = [[r["percent"], r["things"], r["value"]] for r in rows]
    table = Table(id="limits", title=f"{label} it takes", columns=columns, rows=cells, total_rows=len(cells))
    figures = {"limit": table.figure(0, "value"), "things": table.figure(0, "things")}
    if rows[0]["below"] is not None:
        figures["below"] = evidence_figure(rows[0]["below"], unit, f"{label} of the next one behind")
    return table, figures
