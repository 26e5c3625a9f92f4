"""A measured figure with so many percent more or less: plain arithmetic, and said to be no more."""

from __future__ import annotations

from assistant.errors import InvalidPlan
from assistant.plans.filters import And
from assistant.plans.reword import phrase
from assistant.plans.series import ScaledStudy
from assistant.query.compile import Scope, check, grouped
from assistant.query.metrics import metric
from assistant.query.present import derived, metric_label, plan_figure
from assistant.query.rows import fetch
from assistant.query.spoken import speak
from assistant.query.studies.report import nothing, report, time_caveats
from assistant.query.studies.usual import one_row
from assistant.results import Figure, Result

#: a measure after returns, and what was returned of it
_AFTER_RETURNS = {
    "revenue": ("net_revenue", "returned_value"), "net_revenue": ("net_revenue", "returned_value"),
    "gross_revenue": ("net_revenue", "returned_value"), "units": ("net_units", "units_returned"),
    "net_units": ("net_units", "units_returned"),
}


def scaled(scope: Scope, study: ScaledStudy) -> Result:
    """What a figure would be with so many percent more or less of itself or of its returns.

    Returns:
        Result of kind ``scaled``. Table ``now``: one row with the measured figure ``value`` and, for returns,
        ``returned``. Figures: these, ``percent``, ``changed`` and ``difference`` (derived). Words: ``way`` (more,
        less), ``part``.

    Raises:
        InvalidPlan: a measure without returns, or one that has no sum. NoRows: nothing matches.
    """
    found = metric(study.metric)
    if found.unit not in {"currency", "count", "number"}:
        raise InvalidPlan("So many percent more is arithmetic on amounts and counts", received=study.metric,
                          valid=("revenue", "orders", "units", "average_order_value"))
    of_returns = study.part == "returns"
    if of_returns and study.metric not in _AFTER_RETURNS:
        raise InvalidPlan("Returns are taken off revenue and units", received=study.metric, valid=("revenue", "units"))
    name, part = _AFTER_RETURNS[study.metric] if of_returns else (study.metric, "")
    names = (name, part) if part else (name,)
    check(scope, names, (), study.filter)
    period = scope.resolve(study.period)
    window = None if period.shape == "all" else (period.start, period.end)
    expression = grouped(scope, names, (), study.filter, window)
    row = fetch(scope, expression)[0]
    if not row[name]:
        raise nothing(scope, study)
    label = metric_label(name, scope.options.sales_basis)
    cells = [("value", label, metric(name).unit, float(row[name]))]
    if study.only is not None:
        both = study.only if study.filter is None else And(parts=(study.filter, study.only))
        check(scope, (name,), (), both)
        some = float(fetch(scope, grouped(scope, (name,), (), both, window))[0][name] or 0)
        cells.append(("returned", f"{label} of that part", metric(name).unit, some))
    elif part:
        cells.append(("returned", metric(part).label, metric(part).unit, float(row[part] or 0)))
    table = one_row("now", label.capitalize(), cells)
    figures: dict[str, Figure] = {c.name: table.figure(0, c.name) for c in table.columns}
    rate = plan_figure(study.percent, "percent", "change")
    figures["percent"] = rate
    share = study.percent / 100
    if study.only is not None:
        step = some * share
        unit = "number" if found.unit == "count" else found.unit
        figures["difference"] = derived(step, unit, "difference", "r * p / 100", r=figures["returned"], p=rate)
        figures["changed"] = derived(float(row[name]) + step, unit, f"{label} then", "v + r * p / 100",
                                     v=figures["value"], r=figures["returned"], p=rate)
    elif part:
        step = -float(row[part] or 0) * share
        figures["difference"] = derived(step, metric(name).unit, "difference", "- r * p / 100",
                                        r=figures["returned"], p=rate)
        figures["changed"] = derived(float(row[name]) + step, metric(name).unit, f"{label} then", "v - r * p / 100",
                                     v=figures["value"], r=figures["returned"], p=rate)
    else:
        step = float(row[name]) * share
        unit = "number" if found.unit == "count" else found.unit
        figures["difference"] = derived(step, unit, "difference", "v * p / 100", v=figures["value"], p=rate)
        figures["changed"] = derived(float(row[name]) + step, unit, f"{label} then", "v * (1 + p / 100)",
                                     v=figures["value"], p=rate)
    result = report(
        scope, study, f"{label.capitalize()} with so many percent {'more' if share > 0 else 'less'}",
        figures=figures, headline=["changed", "difference"], tables=[table],
        words={"metric": label, "way": "more" if share > 0 else "less",
               "part": "named" if study.only is not None else study.part,
               "driver": metric_label(study.driver, scope.options.sales_basis) if study.driver else ""},
        caveats=time_caveats(scope, period), definitions=[(label, metric(name).formula)],
        assumptions=["Plain arithmetic on the measured figure, everything else as it was: not a prediction"],
        expression=expression, period=period, followups=[f"{label.capitalize()} by month"],
    )
    if study.only is not None:
        speak(result, "which", phrase(study.only))
    return result
