"""One forecast for each of the largest values of a dimension: "growth prediction by region", "forecast per category".

Every value is a series of its own with its own exam; the whole shop is forecast by itself beside them. Forecasts made
separately need not add up, and the result says by how much the parts and the whole differ where the parts are complete.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assistant.errors import InvalidPlan, NoRows
from assistant.features.demand import SalesBasis
from assistant.models.forecast.report import LABELS, forecast_result, metric_words
from assistant.plans import ForecastRequest, QueryPlan, Sort
from assistant.plans.filters import And, Compare, Filter
from assistant.plans.periods import Period
from assistant.results import Caveat, Chart, Column, Evidence, Figure, Result, Source, Table

if TYPE_CHECKING:
    from assistant.data.warehouse import Snapshot

#: Days before the analysis date by which the largest values are chosen.
DAYS_TO_RANK = 365
GRAINS = frozenset({"day", "week", "month", "quarter", "year", "weekday", "hour", "month_of_year", "season_of_year"})


@dataclass(frozen=True)
class Part:
    """One value and its forecast; ``figures`` is None where there was too little to forecast from."""

    value: str
    label: str
    figures: dict[str, Figure] | None
    method: str = ""


def split_result(snapshot: Snapshot, request: ForecastRequest, basis: SalesBasis = "gross") -> Result:
    """Forecasts of the largest values of ``request.split_by``, and of everything.

    Raises:
        InvalidPlan: the dimension is a stretch of time; or nothing can be forecast for any value.
        UnknownName, MissingData: the dimension is unknown, or its column is not loaded.
        NoRows: nothing was sold that the filter selects.
    """
    dimension = request.split_by or ""
    if dimension in GRAINS:
        raise InvalidPlan("A forecast by time is one series", received=dimension,
                          hint=f"Ask for the forecast by {dimension} without a split.")
    values, count = _largest(snapshot, request, basis)
    whole = forecast_result(snapshot, request.model_copy(update={"split_by": None, "target": None}), basis)
    parts = [_part(snapshot, request, basis, dimension, value, label) for value, label in values]
    if all(part.figures is None for part in parts):
        raise InvalidPlan(f"No {dimension} has enough history for a tested forecast so far ahead",
                          received=str(request.horizon), hint="Ask for fewer periods ahead.")
    table = _table(parts, whole, request, dimension, basis)
    figures = _figures(table, whole, count, len(values))
    forecast_rows = [i for i in range(len(parts)) if parts[i].figures is not None]
    best = max(forecast_rows, key=lambda i: table.cell(i, "change_year") or -1e18)
    worst = min(forecast_rows, key=lambda i: table.cell(i, "change_year") if table.cell(i, "change_year") is not None
                else 1e18)
    return Result(
        kind="forecast_split", title=f"{LABELS[request.metric]} by {dimension}: forecast", currency=snapshot.currency,
        figures=figures, headline=["whole"], tables=[table],
        charts=[Chart(kind="bar", table="split", x="label", y=["forecast"], lower="lower", upper="upper",
                      title=f"Forecast by {dimension}")],
        words={"metric": metric_words(request.metric, basis), "dimension": dimension.replace("_", " "),
               "per": request.grain if request.metric == "customers" else "",
               "best": str(best), "worst": str(worst) if best != worst else "",
               "complete": "yes" if len(forecast_rows) == count else "",
               "growth_known": "yes" if table.cell(best, "change_year") is not None else ""},
        caveats=[Caveat(code="forecast_parts_apart")], evidence=_evidence(whole.evidence, request, dimension),
        followups=[f"Show {request.metric} by {dimension.replace('_', ' ')}",
                   f"Forecast {request.metric} for the next 8 weeks"],
    )


def _largest(snapshot: Snapshot, request: ForecastRequest, basis: str) -> tuple[list[tuple[str, str]], int]:
    """The values that sold most in the last year, with their labels; and how many there are."""
    from assistant.query.compile import QueryOptions
    from assistant.query.engine import run_query

    plan = QueryPlan(
        metrics=(request.metric,), dimensions=(request.split_by or "",), filter=request.filter,
        period=Period(kind="rolling", unit="day", count=DAYS_TO_RANK), sort=Sort(by=request.metric),
    )
    answer = run_query(snapshot, plan, options=QueryOptions(sales_basis=basis))
    table = next(t for t in answer.tables if any(c.name == request.split_by for c in t.columns))
    names = [c.name for c in table.columns]
    key = names.index(request.split_by or "")
    shown = names.index(f"{request.split_by}_label") if f"{request.split_by}_label" in names else key
    rows = [(str(row[key]), str(row[shown])) for row in table.rows if row[key] is not None]
    if not rows:
        raise NoRows("Nothing was sold in the last year, so there is nothing to forecast from",
                     received=request.split_by or "")
    return rows[: request.top], max(table.total_rows - (len(table.rows) - len(rows)), len(rows))


def _part(
    snapshot: Snapshot, request: ForecastRequest, basis: SalesBasis, dimension: str, value: str, label: str
) -> Part:
    own = Compare(field=dimension, values=(value,))
    condition: Filter = own if request.filter is None else And(parts=(request.filter, own))
    asked = request.model_copy(update={"split_by": None, "target": None, "filter": condition})
    try:
        result = forecast_result(snapshot, asked, basis)
    except (InvalidPlan, NoRows):  # too short a history for this value alone; its row says so
        return Part(value, label, None)
    figures = dict(result.figures)
    backtest = result.table("backtest")
    used = next(i for i in range(len(backtest.rows)) if backtest.cell(i, "used"))
    figures["wape"] = backtest.figure(used, "wape")
    return Part(value, label, figures, result.words["method"])


def _table(parts: list[Part], whole: Result, request: ForecastRequest, dimension: str, basis: str) -> Table:
    unit = "currency" if request.metric == "revenue" else "count"
    total = "total" if "total" in whole.figures else "average"
    names = (total, f"{total}_lower", f"{total}_upper", "year_earlier", "change_year", "wape")
    rows: list[list[Any]] = []
    for part in parts:
        known = part.figures or {}
        rows.append([part.value, part.label, *(known[n].value if n in known else None for n in names),
                     part.method or "too little history"])
    columns = [Column(name=dimension, label=dimension.replace("_", " "), unit="id"),
               Column(name="label", label=dimension.replace("_", " ").capitalize()),
               Column(name="forecast", label="Forecast", unit=unit), Column(name="lower", label="Lower", unit=unit),
               Column(name="upper", label="Upper", unit=unit),
               Column(name="year_earlier", label="A year earlier", unit=unit),
               Column(name="change_year", label="Change from a year earlier", unit="percent"),
               Column(name="wape", label="Error in rehearsals (WAPE)", unit="percent"),
               Column(name="method", label="Method")]
    return Table(id="split", title=f"Forecast by {dimension.replace('_', ' ')}", columns=columns, rows=rows,
                 total_rows=len(rows))


def _figures(table: Table, whole: Result, count: int, shown: int) -> dict[str, Figure]:
    total = "total" if "total" in whole.figures else "average"
    figures: dict[str, Figure] = {}
    for name, of in (("whole", total), ("whole_lower", f"{total}_lower"), ("whole_upper", f"{total}_upper"),
                     ("whole_change", "change_year"), ("level", "level"), ("first_day", "first_period"),
                     ("first_day", "first_day"), ("last_day", "last_day")):
        if of in whole.figures:
            source = Source(origin="derived", derivation=f"forecast of everything: {of}")
            figures[name] = whole.figures[of].model_copy(update={"source": source})
    unit = "currency" if table.columns[2].unit == "currency" else "count"
    summed = sum(float(row[2]) for row in table.rows if row[2] is not None)
    figures["parts_total"] = Figure(value=summed, unit=unit, label="Forecasts of the parts together",  # type: ignore[arg-type]
                                    source=Source(table="split", origin="derived", derivation="sum of forecast"))
    figures["values"] = Figure(value=count, unit="count", label="Values in the last year",  # more than the table holds
                               source=Source(origin="evidence", derivation="values with sales in the last year"))
    figures["shown"] = Figure(value=shown, unit="count", label="Forecast here",
                              source=Source(table="split", origin="derived", derivation="number of rows"))
    return figures


def _evidence(whole: Evidence, request: ForecastRequest, dimension: str) -> Evidence:
    evidence = whole.model_copy(deep=True)
    evidence.plan = request.model_dump(mode="json")
    evidence.plan_words = f"{whole.plan_words}; the same for each of the {request.top} largest values of {dimension}"
    evidence.assumptions.append(
        f"The largest values of {dimension} are those that sold most in the last {DAYS_TO_RANK} days; each is forecast "
        "from its own history, and forecasts made separately need not add up to that of the whole."
    )
    return evidence
