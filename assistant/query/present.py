"""Answer → tables, figures, chart. What is shown follows from the shape of the plan, by rule."""

from __future__ import annotations

import math
import statistics
from datetime import date
from typing import Any

from assistant.plans.query import QueryPlan
from assistant.query.compile import KNOWN_ONLY, Scope
from assistant.query.dimensions import dimension
from assistant.query.metrics import base_metrics, metric
from assistant.query.rows import Answer, decoded, incomplete_units, is_ranked, time_dimension
from assistant.results import Chart, Column, Figure, Source, Table
from assistant.results.format import show
from assistant.results.result import Scalar, Unit

SHARED = "result"
TOTALS = "totals"
_BASE_WORDS = {"rest": "the rest", "total": "everything"}
#: a reply lists all rows of a table up to so many; of a longer one the first so many (``replies/<language>/query.j2``)
MOST_READ_OUT, MOST_RANKED_READ_OUT, ROWS_READ_OUT = 12, 25, 10


def jsonable(value: Any) -> Scalar:
    """Dates as ISO text; everything else is plain already."""
    return value.isoformat() if isinstance(value, date) else value


def derived(value: Scalar, unit: Unit, label: str, formula: str, /, **inputs: Figure) -> Figure:
    """A figure computed from other figures by a declared formula."""
    return Figure(
        value=value,
        unit=unit,
        label=label,
        source=Source(derivation=formula, inputs={k: f.source for k, f in inputs.items()}, origin="derived"),
    )


def evidence_figure(value: Scalar, unit: Unit, label: str) -> Figure:
    """A fact about the data themselves, such as their last day."""
    return Figure(value=value, unit=unit, label=label, source=Source(origin="evidence"))


def plan_figure(value: Scalar, unit: Unit, label: str) -> Figure:
    """A number that the person's own request holds."""
    return Figure(value=value, unit=unit, label=label, source=Source(origin="plan"))


def base_words(found: Answer) -> str:
    """What the figures are set against, in words."""
    if found.base_period is not None:
        return found.base_period.label
    return _BASE_WORDS.get(found.plan.compare.kind, "") if found.plan.compare else ""


def metric_label(name: str, sales_basis: str = "gross") -> str:
    """Label of a metric, where "revenue" says so when the shop counts it after returns."""
    return "revenue after returns" if name == "revenue" and sales_basis == "net" else metric(name).label


def columns_for(found: Answer, scope: Scope, shares: tuple[str, ...]) -> list[Column]:
    """Columns of the main table: dimensions, metrics, then what was computed from them."""
    basis = scope.options.sales_basis
    columns: list[Column] = []
    for name in found.plan.dimensions:
        dim = dimension(name)
        has_label = dim.role == "entity" and any(f"{name}_label" in r for r in found.rows)
        columns.append(Column(name=name, label=f"{dim.label} id" if has_label else dim.label, unit=dim.unit))
        if has_label:
            columns.append(Column(name=f"{name}_label", label=dim.label, unit="text"))
    columns += [Column(name=a.column, label=a.label, unit=metric(a.metric).unit) for a in found.asked]
    narrower = {a.metric for a in found.asked if found.plan.period is None}
    for name in found.metrics:
        label = metric_label(name, basis) + (" in all" if name in narrower else "")
        columns.append(Column(name=name, label=label, unit=metric(name).unit))
        whole = _of_whom(name, metric_label(name, basis), found, scope)
        columns.extend(_computed_column(c, name, found, basis) for c in found.columns if c.startswith(f"{name}__"))
        if name in shares:
            column = _computed_column(f"{name}__share", name, found, basis)
            columns.append(column.model_copy(update={"label": f"share of {whole}"}))
    return columns


def _computed_column(column: str, name: str, found: Answer, basis: str) -> Column:
    label, unit = metric_label(name, basis), metric(name).unit
    what = column.partition("__")[2]
    point_unit: Unit = "points" if unit == "percent" else unit
    labels: dict[str, tuple[str, Unit]] = {
        "base": (f"{label}, {base_words(found)}", unit),
        "change": ("change" if len(found.plan.metrics) == 1 else f"change in {label}", point_unit),
        "change_pct": ("change in percent", "percent"),
        "share": (f"share of {label}", "percent"),
        "cumulative": (f"{label}, running total", unit),
        "cumulative_share": ("running share", "percent"),
        "average": (f"{label}, moving average", unit),
        "growth": (f"{label}, change on the one before", "percent"),
        "step": (f"{label}, difference to the one before", point_unit),
    }
    text, shown = labels[what]
    return Column(name=column, label=text, unit=shown)


def main_table(found: Answer, scope: Scope, title: str, shares: tuple[str, ...]) -> Table:
    """Rows of the answer."""
    columns = columns_for(found, scope, shares)
    rows = []
    for row in found.rows:
        cells: list[Scalar] = []
        for column in columns:
            value = row.get(column.name)
            if column.name in found.plan.dimensions:
                value = decoded(column.name, value, scope)
            elif column.name.endswith("_label") and value is None:
                value = str(row.get(column.name.removesuffix("_label")))
            elif column.name.endswith("__share") and column.name not in row:
                total = found.totals.get(column.name.removesuffix("__share"))
                part = row.get(column.name.removesuffix("__share"))
                value = part / total * 100 if total and part is not None else None
            cells.append(jsonable(value))
        rows.append(cells)
    return Table(id=SHARED, title=title, columns=columns, rows=rows, total_rows=max(found.all_groups, len(rows)))


#: how rows are put into one figure, and what that is called
_OVER_ROWS = {
    "mean": ("average", statistics.fmean),
    "median": ("median", statistics.median),
    "sum": ("sum", math.fsum),
    "least": ("lowest", min),
    "largest": ("highest", max),
}


def summary_table(found: Answer, table: Table) -> Table | None:
    """One row over the rows shown, for a plan that asks for it; rows without a value do not count."""
    if found.plan.summary is None:
        return None
    word, function = _OVER_ROWS[found.plan.summary]
    columns, cells = [], []
    kept = _whole_rows(found, table)
    for name in found.plan.metrics:
        column = table.columns[table.column_index(name)]
        values = [table.rows[i][table.column_index(name)] for i in kept]
        numbers = [float(v) for v in values if isinstance(v, int | float)]
        unit = "number" if column.unit == "count" and word in {"average", "median"} else column.unit
        columns.append(Column(name=name, label=f"{word} {column.label}", unit=unit))
        cells.append(function(numbers) if numbers else None)
    columns.append(Column(name="rows", label="rows", unit="count"))
    cells.append(len(kept))
    title = f"{word.capitalize()} over these rows"
    return Table(id="summary", title=title, columns=columns, rows=[cells], total_rows=1)


def _whole_rows(found: Answer, table: Table) -> list[int]:
    """Rows that count for a figure over all of them: of months, weeks or days only those that the data cover whole."""
    grain = found.plan.dimensions[0]
    every = list(range(len(table.rows)))
    if dimension(grain).role != "time" or found.plan.limit is not None:
        return every
    partial = set(incomplete_units(found, grain))
    return [i for i in every if found.rows[i][grain] not in partial] or every


def totals_table(found: Answer, scope: Scope) -> Table:
    """One exact row over all groups, whatever the table shows."""
    basis = scope.options.sales_basis
    names = list(dict.fromkeys((*found.metrics, *found.beside)))
    names = [n for n in names if n in found.totals]
    labels = {n: _of_whom(n, metric_label(n, basis), found, scope) for n in names}
    columns = [Column(name=n, label=labels[n], unit=metric(n).unit) for n in names]
    cells = [jsonable(found.totals[n]) for n in names]
    if found.plan.dimensions:
        columns.append(Column(name="groups", label=groups_label(found.plan), unit="count"))
        cells.append(found.all_groups)
        for name in _compared(found):
            columns.append(
                Column(name=f"{name}__base", label=f"{metric(name).label}, {base_words(found)}", unit=metric(name).unit)
            )
            cells.append(jsonable((found.base_totals or {})[name]))
    columns.append(Column(name="rows_read", label="rows counted", unit="count"))
    cells.append(found.totals.get("rows_read"))
    return Table(id=TOTALS, title="Totals", columns=columns, rows=[cells], total_rows=1)


def _compared(found: Answer) -> list[str]:
    """Metrics whose total on the other side is known."""
    return [n for n in found.plan.metrics if n in (found.base_totals or {})] if found.plan.compare else []


def groups_label(plan: QueryPlan) -> str:
    """What the rows are: "customers", "products"; "groups" for combinations."""
    return dimension(plan.dimensions[0]).plural if len(plan.dimensions) == 1 else "groups"


def whole_label(found: Answer, scope: Scope) -> str:
    """What the total of the first metric is called: without guests it is not all of it."""
    name = found.plan.metrics[0]
    return _of_whom(name, metric_label(name, scope.options.sales_basis), found, scope)


def _of_whom(name: str, label: str, found: Answer, scope: Scope) -> str:
    """The label, saying so where a dimension that guests have no value for leaves their sales out."""
    on_lines = any(b.grain == "lines" for b in base_metrics(name, scope.options.sales_basis))
    if not on_lines or metric(name).known_customers_only or name in {"guest_revenue", "known_revenue"}:
        return label
    return f"{label} of known customers" if any(d in KNOWN_ONLY for d in found.plan.dimensions) else label


def incomplete_labels(found: Answer, scope: Scope) -> list[str]:
    """Units of the time axis that the period or the data cover only in part, as the table shows them."""
    grain = time_dimension(found.plan)
    if grain is None:
        return []
    return [str(jsonable(decoded(grain, unit, scope))) for unit in incomplete_units(found, grain)]


def shown_shares(found: Answer) -> tuple[str, ...]:
    """Metrics whose share of the total stands beside them: sums over one set of groups without a comparison."""
    plan = found.plan
    simple = plan.compare is None and plan.transform is None and len(plan.dimensions) == 1 and not plan.having
    if not simple or dimension(plan.dimensions[0]).role == "time" or plan.dimensions[0] == "order":
        return ()
    return tuple(m for m in plan.metrics if metric(m).additive and found.totals.get(m))


def chart_for(found: Answer, table: Table) -> tuple[Chart | None, str | None]:
    """The picture, by rule, and the code of a caveat when the one asked for would mislead."""
    plan = found.plan
    if plan.chart in {"table", "none"} or not plan.dimensions or len(table.rows) < 2 or plan.within:
        return None, None
    first = plan.metrics[0]
    if metric(first).unit == "date":
        return None, None
    y = _plotted(plan, first)
    time = time_dimension(plan) or next((d for d in plan.dimensions if dimension(d).role == "time"), None)
    others = [d for d in plan.dimensions if d != time]
    if time is not None and is_ranked(found):
        kind = "line" if plan.chart == "line" else "bar"
        return Chart(kind=kind, table=table.id, x=time, y=y, title=table.title), None
    if time is not None:
        kind = "area" if plan.chart == "area" else "bar" if plan.chart == "bar" else "line"
        series = _axis(others[0], table) if others else None
        return Chart(
            kind=kind, table=table.id, x=time, y=y[:1] if series else y, series=series, title=table.title
        ), None
    axis = _axis(others[0], table)
    series = _axis(others[1], table) if len(others) > 1 else None
    if plan.chart == "pie":
        if (
            metric(first).unit in {"currency", "count"}
            and metric(first).additive
            and series is None
            and len(table.rows) <= 8
        ):
            return Chart(kind="pie", table=table.id, x=axis, y=[first], title=table.title), None
        return Chart(kind="bar", table=table.id, x=axis, y=y[:1], series=series, title=table.title), "pie_misleads"
    if len(table.rows) > (
        40 if series or plan.chart != "auto" else 12 if dimension(others[0]).role != "ordered" else 31
    ):
        return None, None
    kind = plan.chart if plan.chart in {"line", "area"} else "bar"
    return Chart(kind=kind, table=table.id, x=axis, y=y[:1] if series else y, series=series, title=table.title), None


def _plotted(plan: QueryPlan, first: str) -> list[str]:
    if plan.transform == "share":
        return [f"{first}__share"]
    if plan.transform == "cumulative":
        return [f"{first}__cumulative"]
    if plan.transform == "growth":
        return [f"{first}__growth"]
    if plan.transform == "moving_average":
        return [first, f"{first}__average"]
    unit = metric(first).unit
    if plan.compare is not None:
        return [first, f"{first}__base"] if plan.compare.kind != "total" else [first]
    return [m for m in plan.metrics if metric(m).unit == unit]


def _axis(name: str, table: Table) -> str:
    return f"{name}_label" if any(c.name == f"{name}_label" for c in table.columns) else name


def headline_figures(found: Answer, table: Table, totals: Table) -> dict[str, Figure]:
    """Named numbers that the reply may print."""
    plan = found.plan
    figures = {c.name: totals.figure(0, c.name) for c in totals.columns if c.name != "rows_read"}
    if not plan.dimensions:
        for column in table.columns:
            figures[column.name] = table.figure(0, column.name)
        return figures
    first = plan.metrics[0]
    shown = [i for i, r in enumerate(found.rows) if r.get(first) is not None]
    if plan.compare is not None and found.base_totals is not None:
        figures.update(_compared_totals(found, totals, figures))
    if not shown:
        return figures
    if plan.limit == 1:
        cell = table.figure(shown[0], _axis(plan.dimensions[0], table))
        name = show(cell.value, cell.unit)
        figures["top"] = table.figure(shown[0], first, f"{metric(first).label}, {name}")
    if time_dimension(plan) and len(plan.dimensions) == 1 and not is_ranked(found):
        figures.update(_series_figures(found, table, shown, first))
    elif metric(first).additive and found.totals.get(first) and len(plan.dimensions) == 1:
        figures.update(_share_figures(found, table, totals, shown, first))
    return figures


def _compared_totals(found: Answer, totals: Table, figures: dict[str, Figure]) -> dict[str, Figure]:
    """Totals of the other side, and the change from them."""
    from assistant.query.rows import change_of

    made: dict[str, Figure] = {}
    kind = found.plan.compare.kind if found.plan.compare else ""
    for name in _compared(found):
        base = (found.base_totals or {})[name]
        unit = metric(name).unit
        made[f"{name}__base"] = totals.figure(0, f"{name}__base")
        formulas = {
            "change": "value - base",
            "change_pct": "(value - base) / abs(base) * 100",
            "share": "value / base * 100",
        }
        for column, value in change_of(name, found.totals.get(name), base, kind).items():
            what = column.partition("__")[2]
            shown: Unit = "percent" if what != "change" else "points" if unit == "percent" else unit
            made[column] = derived(
                value,
                shown,
                f"{what.replace('_pct', ' in percent')} of {metric(name).label}",
                formulas[what],
                value=figures[name],
                base=made[f"{name}__base"],
            )
    return made


def _series_figures(found: Answer, table: Table, shown: list[int], first: str) -> dict[str, Figure]:
    """Highest, lowest and latest whole unit of a time series, and the step to the latest one."""
    grain = found.plan.dimensions[0]
    partial = set(incomplete_units(found, grain))
    whole = [i for i in shown if found.rows[i][grain] not in partial] or shown
    values = {i: found.rows[i][first] for i in whole}
    forward = sorted(whole, key=lambda i: found.rows[i][grain])
    high, low, last = max(forward, key=lambda i: values[i]), min(forward, key=lambda i: values[i]), forward[-1]
    figures = {}
    for name, row in (("highest", high), ("lowest", low), ("latest", last), ("earliest", forward[0])):
        figures[name] = table.figure(row, first, f"{name} {metric(first).label}")
        figures[f"{name}_when"] = table.figure(row, grain)
    if len(forward) > 1 and _summable(first):
        cells = {f"r{i}": table.figure(i, first) for i in forward}
        figures["mean"] = derived(
            sum(values[i] for i in forward) / len(forward),
            "number" if metric(first).unit == "count" else metric(first).unit,
            f"average {metric(first).label}",
            f"({' + '.join(cells)}) / {len(cells)}",
            **cells,
        )
        figures["mean_of"] = evidence_figure(len(forward), "count", "whole ones averaged")
    if len(forward) > 1 and metric(first).unit not in {"percent", "points", "date"}:
        before = found.rows[forward[-2]][first]
        if before:
            figures["latest_change_pct"] = derived(
                (values[last] - before) / abs(before) * 100,
                "percent",
                "change on the one before",
                "(b - a) / abs(a) * 100",
                a=table.figure(forward[-2], first),
                b=figures["latest"],
            )
    return figures


def _summable(name: str) -> bool:
    """Whether a mean over equal stretches of time is one of sums or counts, not of averages."""
    found = metric(name)
    return found.zero_when_empty and found.unit in {"currency", "count"}


def _share_figures(found: Answer, table: Table, totals: Table, shown: list[int], first: str) -> dict[str, Figure]:
    total = totals.figure(0, first)
    whole = found.totals[first]
    top = table.figure(shown[0], first)
    figures = {
        "top_share": derived(
            found.rows[shown[0]][first] / whole * 100,
            "percent",
            "share of the first",
            "a / total * 100",
            a=top,
            total=total,
        )
    }
    most = MOST_READ_OUT if found.plan.limit is None else MOST_RANKED_READ_OUT
    shown = shown[: ROWS_READ_OUT if len(table.rows) > most else most]
    if len(shown) > 1 and len(shown) < found.all_groups:
        cells = {f"r{i}": table.figure(i, first) for i in shown}
        value = sum(found.rows[i][first] for i in shown)
        figures["shown_share"] = derived(
            value / whole * 100,
            "percent",
            "share of the rows shown",
            " + ".join(cells).join("()") + " / total * 100",
            total=total,
            **cells,
        )
    return figures
