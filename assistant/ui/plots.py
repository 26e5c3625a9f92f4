"""Chart specifications → Plotly figures, as plain JSON-ready dictionaries.

The page draws them with the Plotly script that ships inside the ``plotly`` package, served by this program; colours of
text and grid come from the page's theme at that moment, so one figure serves light and dark. Series colours are of
middle lightness (at least 3:1 on both backgrounds) and stay apart under the common colour-vision deficiencies; after
Okabe & Ito, "Color Universal Design" (2008).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from assistant.results import Chart, Column, Result, Table
from assistant.results.format import money_prefix, show
from assistant.results.result import Scalar, Unit

Figure = dict[str, Any]

PALETTE = ("#3b6fe0", "#d9761a", "#138a6b", "#b8519b", "#3d8fc9", "#8a7400", "#cc4b5c", "#7a7f87")
UP, DOWN, TOTAL = "#2f7fc1", "#d9761a", "#7a7f87"
MAX_SERIES, MAX_BARS, MAX_SLICES, MAX_POINTS = 8, 30, 8, 2000
LABEL_LENGTH = 28
#: columns by which a room says that a period is only partly in the data
INCOMPLETE_COLUMNS = ("incomplete", "is_incomplete", "partial")
COMPLETE_COLUMNS = ("complete", "is_complete")
_DASHED, _DOTTED = ("forecast", "expected", "prediction"), ("naive", "baseline", "previous", "before", "comparison")


#: 20k, 3M, 1B; never the "m" of SI prefixes, which reads as millions
_SHORT = {"exponentformat": "B", "minexponent": 3, "separatethousands": True}


def plain(value: object) -> str:
    """Text for Plotly, which reads a few HTML tags in labels: none of the data's own survive."""
    return str(value).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def figure(chart: Chart, result: Result) -> Figure:
    """The Plotly figure of a chart of ``result``.

    Raises:
        KeyError: the chart names a table or column that the result does not have.
    """
    table = result.table(chart.table)
    drawn = _DRAW[chart.kind](chart, table, result)
    drawn["layout"] = {**_layout(), **drawn["layout"]}
    return drawn


def drawn_share(chart: Chart, result: Result) -> tuple[int, int]:
    """How many categories or series the picture shows, of how many."""
    table = result.table(chart.table)
    if chart.series and chart.kind != "heatmap":
        total = len(_distinct(table, chart.series))
        return min(total, MAX_SERIES), total
    limit = {"bar": MAX_BARS, "pie": MAX_SLICES, "scatter": MAX_POINTS}.get(chart.kind, len(table.rows))
    if chart.kind == "bar" and _column(table, chart.x).unit == "date":
        limit = len(table.rows)
    return min(len(table.rows), limit), len(table.rows)


def incomplete_rows(chart: Chart, result: Result) -> list[bool]:
    """For each row of the chart's table: is this period only partly in the data, by a column or by a caveat?"""
    table = result.table(chart.table)
    names = {c.name: i for i, c in enumerate(table.columns)}
    for name in INCOMPLETE_COLUMNS:
        if name in names:
            return [bool(row[names[name]]) for row in table.rows]
    for name in COMPLETE_COLUMNS:
        if name in names:
            return [row[names[name]] is False for row in table.rows]
    x = names[chart.x]
    if "incomplete_periods" in result.details:
        named = {str(period) for period in result.details["incomplete_periods"]}
        return [str(row[x]) in named for row in table.rows]
    periods = {c.words.get("period", "") for c in result.caveats if c.code == "incomplete_period"}
    return [any(period.endswith(str(row[x])) for period in periods) for row in table.rows]


def _layout() -> dict[str, Any]:
    return {
        "margin": {"l": 8, "r": 12, "t": 12, "b": 8}, "height": 320, "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)", "showlegend": False, "colorway": list(PALETTE), "hovermode": "closest",
        "legend": {"orientation": "h", "traceorder": "normal", "y": 1.02, "yanchor": "bottom", "x": 0,
                   "xanchor": "left"},
        "xaxis": {"automargin": True, "showgrid": False, "zeroline": False},
        "yaxis": {"automargin": True, "rangemode": "tozero", "zeroline": True},
        "dragmode": False,
    }


def _column(table: Table, name: str) -> Column:
    return table.columns[table.column_index(name)]


def _distinct(table: Table, column: str) -> list[Scalar]:
    index = table.column_index(column)
    return list(dict.fromkeys(row[index] for row in table.rows))


def _value_axis(unit: Unit, currency: str | None) -> dict[str, Any]:
    """Tick format of an axis that carries values of a unit."""
    axis: dict[str, Any] = {"automargin": True, "rangemode": "tozero", "zeroline": True}
    if unit == "currency":
        axis |= {"tickprefix": money_prefix(currency), **_SHORT}
    elif unit == "percent":
        axis |= {"ticksuffix": " %"}
    elif unit == "probability":
        axis |= {"tickformat": ".0%"}
    elif unit in {"days", "weeks"}:
        axis |= {"ticksuffix": f" {unit}"}
    elif unit in {"count", "number"}:
        axis |= _SHORT
    return axis


def _label_axis(table: Table, name: str) -> dict[str, Any]:
    unit = _column(table, name).unit
    kind = "date" if unit == "date" else "category" if unit in {"text", "id"} else "-"
    return {"automargin": True, "showgrid": False, "zeroline": False, "type": kind}


def _x_values(rows: Sequence[Sequence[Scalar]], table: Table, name: str, limit: int = 200) -> list[Any]:
    index, unit = table.column_index(name), _column(table, name).unit
    if unit in {"text", "id"}:
        return [_wrap("" if row[index] is None else str(row[index]), limit) for row in rows]
    return [row[index] for row in rows]


def _hover(
    rows: Sequence[Sequence[Scalar]], table: Table, x: str, y: str, currency: str | None, prefix: str = ""
) -> list[str]:
    ix, iy = table.column_index(x), table.column_index(y)
    cx, cy = table.columns[ix], table.columns[iy]
    head = f"{plain(prefix)}<br>" if prefix else ""
    return [
        f"{head}{plain(show(row[ix], cx.unit, currency))}<br>{plain(cy.label)}: "
        f"{plain(show(row[iy], cy.unit, currency))}"
        for row in rows
    ]


def _traces(
    chart: Chart, table: Table, rows: list[list[Scalar]], result: Result, make: Callable[..., Figure]
) -> list[Figure]:
    """One trace per ``y`` column, or per value of ``series``."""
    if chart.series:
        index = table.column_index(chart.series)
        groups = _largest_groups(chart, table)
        return [
            make([r for r in rows if r[index] == group], chart.y[0], str(group), PALETTE[i])
            for i, group in enumerate(groups)
        ]
    return [make(rows, y, _column(table, y).label, PALETTE[i % len(PALETTE)]) for i, y in enumerate(chart.y)]


def _largest_groups(chart: Chart, table: Table) -> list[Scalar]:
    """Values of the series column, in their own order; the largest ones where there are too many to tell apart."""
    groups = _distinct(table, str(chart.series))
    if len(groups) <= MAX_SERIES:
        return groups
    index, y = table.column_index(str(chart.series)), table.column_index(chart.y[0])
    size: dict[Scalar, float] = dict.fromkeys(groups, 0.0)
    for row in table.rows:
        value = row[y]
        size[row[index]] += abs(value) if isinstance(value, int | float) else 0.0
    kept = set(sorted(groups, key=lambda g: -size[g])[:MAX_SERIES])
    return [g for g in groups if g in kept]


def _line(chart: Chart, table: Table, result: Result) -> Figure:
    unit = _column(table, chart.y[0]).unit
    partial = dict(zip(map(id, table.rows), incomplete_rows(chart, result), strict=True))
    several = bool(chart.series) or len(chart.y) > 1

    def make(rows: list[list[Scalar]], y: str, name: str, colour: str) -> Figure:
        index = table.column_index(y)
        dash = "dash" if y.startswith(_DASHED) else "dot" if y.startswith(_DOTTED) else "solid"
        trace: Figure = {
            "type": "scatter", "mode": "lines+markers" if len(rows) <= 60 else "lines", "name": plain(name),
            "x": _x_values(rows, table, chart.x), "y": [row[index] for row in rows],
            "line": {"color": colour, "width": 2.5, "dash": dash},
            "marker": {"size": 6, "color": colour},
            "hoverinfo": "text",
            "text": _hover(rows, table, chart.x, y, result.currency, name if chart.series else ""),
        }
        if chart.kind == "area":
            trace |= {"stackgroup": "all"} if several else {"fill": "tozeroy", "fillcolor": _pale(colour)}
        return trace

    drawn = _traces(chart, table, table.rows, result, make)
    traces = _band(chart, table) + (drawn if chart.kind == "area" else _pale_ends(drawn, chart, table, partial))
    return {
        "data": traces,
        "layout": {"xaxis": _label_axis(table, chart.x), "yaxis": _value_axis(unit, result.currency),
                   "showlegend": several or bool(chart.lower)},
    }


def _pale_ends(traces: list[Figure], chart: Chart, table: Table, partial: dict[int, bool]) -> list[Figure]:
    """Lines go from the first complete period to the last; the ways to incomplete ends are drawn pale and dotted."""
    whole = {x for row, x in zip(table.rows, _x_values(table.rows, table, chart.x), strict=True)
             if not partial[id(row)]}
    drawn = []
    for trace in traces:
        solid = [i for i, x in enumerate(trace["x"]) if x in whole]
        if not solid:
            drawn.append(trace)
            continue
        first, last = solid[0], solid[-1]
        drawn.append(_stretch(trace, first, last + 1))
        if first > 0:
            drawn.append(_pale_stretch(trace, 0, first + 1, whole))
        if last < len(trace["x"]) - 1:
            drawn.append(_pale_stretch(trace, last, len(trace["x"]), whole))
    return drawn


def _stretch(trace: Figure, start: int, stop: int) -> Figure:
    return {**trace, **{key: trace[key][start:stop] for key in ("x", "y", "text")}}


def _pale_stretch(trace: Figure, start: int, stop: int, whole: set[Any]) -> Figure:
    """A pale, dotted part of a line; open circles mark its incomplete periods."""
    colour = trace["line"]["color"]
    return {
        **_stretch(trace, start, stop), "showlegend": False, "mode": "lines+markers",
        "line": {"color": _pale(colour, 0.55), "width": 2, "dash": "dot"},
        "marker": {"size": [0 if x in whole else 8 for x in trace["x"][start:stop]], "color": colour,
                   "symbol": "circle-open"},
    }


def _band(chart: Chart, table: Table) -> list[Figure]:
    """The interval between ``lower`` and ``upper``, drawn below everything else."""
    if not (chart.lower and chart.upper):
        return []
    low, high = table.column_index(chart.lower), table.column_index(chart.upper)
    rows = [row for row in table.rows if row[low] is not None and row[high] is not None]
    x = _x_values(rows, table, chart.x)
    colour = PALETTE[min(len(chart.y), 2) - 1]
    edge = {"type": "scatter", "mode": "lines", "x": x, "line": {"width": 0, "color": colour}, "hoverinfo": "skip"}
    name = f"{table.columns[low].label} – {table.columns[high].label}"
    return [
        {**edge, "y": [row[low] for row in rows], "showlegend": False},
        {**edge, "y": [row[high] for row in rows], "fill": "tonexty", "fillcolor": _pale(colour), "name": plain(name)},
    ]


def _pale(colour: str, alpha: float = 0.18) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha})"


def _bar(chart: Chart, table: Table, result: Result) -> Figure:
    over_time = _column(table, chart.x).unit == "date"
    rows = table.rows if over_time or chart.series else table.rows[:MAX_BARS]
    labels = [str(v) for v in _distinct(table, chart.x)]
    partial = dict(zip(map(id, table.rows), incomplete_rows(chart, result), strict=True))
    flat = not over_time and not chart.series and (len(rows) > 8 or max(map(len, labels), default=0) > 14)
    unit = _column(table, chart.y[0]).unit

    def make(rows: list[list[Scalar]], y: str, name: str, colour: str) -> Figure:
        values = [row[table.column_index(y)] for row in rows]
        x = _x_values(rows, table, chart.x, LABEL_LENGTH)
        if flat:
            x = _unique_labels([str(label) for label in x])
        along = {"x": values, "y": x, "orientation": "h"} if flat else {"x": x, "y": values}
        return {
            "type": "bar", "name": plain(name), **along, "hoverinfo": "text", "textposition": "none",
            "marker": {"color": [_pale(colour, 0.45) if partial[id(row)] else colour for row in rows],
                       "cornerradius": 3},
            "hovertext": _hover(rows, table, chart.x, y, result.currency, name if chart.series else ""),
            **_error_bars(chart, table, rows, values, flat=flat),
        }

    value_axis, label_axis = _value_axis(unit, result.currency), _label_axis(table, chart.x)
    layout: dict[str, Any] = {"xaxis": label_axis, "yaxis": value_axis, "bargap": 0.25, "barmode": "group",
                              "showlegend": bool(chart.series) or len(chart.y) > 1}
    if flat:
        layout |= {"xaxis": value_axis, "yaxis": {**label_axis, "autorange": "reversed", "type": "category"},
                   "height": max(220, 60 + (36 if any("<br>" in str(x) for x in _x_values(
                      rows, table, chart.x, LABEL_LENGTH)) else 26) * len(rows))}
    return {"data": _traces(chart, table, rows, result, make), "layout": layout}


def _error_bars(
    chart: Chart, table: Table, rows: list[list[Scalar]], values: list[Any], *, flat: bool
) -> dict[str, Any]:
    """Whiskers from ``lower`` to ``upper`` around single bars."""
    if not (chart.lower and chart.upper) or chart.series or len(chart.y) > 1:
        return {}
    low, high = table.column_index(chart.lower), table.column_index(chart.upper)
    known = [None not in (value, row[low], row[high]) for value, row in zip(values, rows, strict=True)]
    up = [row[high] - v if k else 0 for v, row, k in zip(values, rows, known, strict=True)]  # type: ignore[operator]
    down = [v - row[low] if k else 0 for v, row, k in zip(values, rows, known, strict=True)]  # type: ignore[operator]
    bars = {"type": "data", "symmetric": False, "array": up, "arrayminus": down, "color": "rgba(127,127,127,0.9)",
            "thickness": 1.5, "width": 4}
    return {"error_x" if flat else "error_y": bars}


def _wrap(label: str, limit: int) -> str:
    """A label on one line, or on two of at most ``limit`` characters; what does not fit is cut and marked."""
    if len(label) <= limit:
        return plain(label)
    cut = label.rfind(" ", limit // 2, limit)
    cut = cut if cut > 0 else limit
    first, rest = label[:cut].rstrip(), label[cut:].strip()
    rest = rest if len(rest) <= limit else rest[: limit - 1].rstrip() + "…"
    return f"{plain(first)}<br>{plain(rest)}"


def _unique_labels(labels: list[str]) -> list[str]:
    """Equal labels would be drawn as one bar: number the later ones with invisible joiners."""
    seen: dict[str, int] = {}
    unique = []
    for label in labels:
        seen[label] = seen.get(label, 0) + 1
        unique.append(label + "\u200b" * (seen[label] - 1))
    return unique


def _scatter(chart: Chart, table: Table, result: Result) -> Figure:
    rows = table.rows[:MAX_POINTS]

    def make(rows: list[list[Scalar]], y: str, name: str, colour: str) -> Figure:
        index = table.column_index(y)
        return {
            "type": "scatter", "mode": "markers", "name": plain(name), "x": _x_values(rows, table, chart.x),
            "y": [row[index] for row in rows], "marker": {"color": colour, "size": 9, "opacity": 0.8},
            "hoverinfo": "text", "text": _hover(rows, table, chart.x, y, result.currency, name if chart.series else ""),
        }

    x_column, y_column = _column(table, chart.x), _column(table, chart.y[0])
    x_axis = _label_axis(table, chart.x) if x_column.unit in {"text", "id", "date"} else _value_axis(
        x_column.unit, result.currency)
    return {
        "data": _traces(chart, table, rows, result, make),
        "layout": {"xaxis": {**x_axis, "title": {"text": plain(x_column.label)}},
                   "yaxis": {**_value_axis(y_column.unit, result.currency), "title": {"text": plain(y_column.label)}},
                   "showlegend": bool(chart.series) or len(chart.y) > 1},
    }


def _pie(chart: Chart, table: Table, result: Result) -> Figure:
    rows = table.rows[:MAX_SLICES]
    index = table.column_index(chart.y[0])
    return {
        "data": [{
            "type": "pie", "hole": 0.58, "labels": _unique_labels(_x_values(rows, table, chart.x)), "sort": False,
            "direction": "clockwise", "values": [row[index] for row in rows], "textinfo": "none", "hoverinfo": "text",
            "marker": {"colors": list(PALETTE), "line": {"width": 1, "color": "rgba(127,127,127,0.3)"}},
            "hovertext": _hover(rows, table, chart.x, chart.y[0], result.currency),
        }],
        "layout": {"showlegend": True, "legend": {"orientation": "v", "x": 1, "y": 0.5, "yanchor": "middle"}},
    }


def _waterfall(chart: Chart, table: Table, result: Result) -> Figure:
    rows, index = table.rows, table.column_index(chart.y[0])
    unit = table.columns[index].unit
    names = {c.name: i for i, c in enumerate(table.columns)}
    kind = names.get("measure", names.get("kind"))
    measures = ["relative"] * len(rows)
    if kind is not None:
        measures = [{"total": "total", "start": "absolute", "absolute": "absolute", "end": "total"}.get(
            str(row[kind]), "relative") for row in rows]
    labels = _unique_labels([str(x) for x in _x_values(rows, table, chart.x, LABEL_LENGTH)])
    flat = len(rows) > 6 or max(map(len, labels), default=0) > 16
    values = [row[index] for row in rows]
    label_axis = {"automargin": True, "showgrid": False, "zeroline": False, "type": "category"}
    value_axis = {**_value_axis(unit, result.currency), "rangemode": "normal"}
    return {
        "data": [{
            "type": "waterfall", "measure": measures, "hoverinfo": "text", "textposition": "none",
            "hovertext": _hover(rows, table, chart.x, chart.y[0], result.currency),
            "increasing": {"marker": {"color": UP}}, "decreasing": {"marker": {"color": DOWN}},
            "totals": {"marker": {"color": TOTAL}},
            "connector": {"line": {"width": 1, "color": "rgba(127,127,127,0.5)"}},
            **({"x": values, "y": labels, "orientation": "h"} if flat else {"x": labels, "y": values}),
        }],
        "layout": {"xaxis": value_axis, "yaxis": {**label_axis, "autorange": "reversed"},
                   "height": max(220, 60 + 32 * len(rows))} if flat else {"xaxis": label_axis, "yaxis": value_axis},
    }


def _heatmap(chart: Chart, table: Table, result: Result) -> Figure:
    """``x`` across; down either the values of ``series`` (z is ``y[0]``) or one row per ``y`` column."""
    if chart.series:
        across, down = _distinct(table, chart.x), _distinct(table, chart.series)
        ix, iy, iz = (table.column_index(n) for n in (chart.x, chart.series, chart.y[0]))
        cells = {(row[ix], row[iy]): row[iz] for row in table.rows}
        z = [[cells.get((x, y)) for x in across] for y in down]
        rows_label = [plain("" if y is None else y) for y in down]
    else:
        across = [row[table.column_index(chart.x)] for row in table.rows]
        z = [[row[table.column_index(y)] for row in table.rows] for y in chart.y]
        rows_label = [plain(_column(table, y).label) for y in chart.y]
    column = _column(table, chart.y[0])
    hover = [[f"{plain(x)} · {y}<br>{plain(column.label)}: {plain(show(value, column.unit, result.currency))}"
              for x, value in zip(across, line, strict=True)] for y, line in zip(rows_label, z, strict=True)]
    return {
        "data": [{
            "type": "heatmap", "x": [plain(x) for x in across], "y": rows_label, "z": z, "hoverinfo": "text",
            "hovertext": hover, "xgap": 1, "ygap": 1, "colorscale": [[0, _pale(PALETTE[0], 0.08)], [1, PALETTE[0]]],
            "colorbar": {"thickness": 10, "outlinewidth": 0},
        }],
        "layout": {"xaxis": {"type": "category", "automargin": True, "showgrid": False},
                   "yaxis": {"type": "category", "automargin": True, "autorange": "reversed", "showgrid": False},
                   "height": max(220, 90 + 28 * len(rows_label))},
    }


_DRAW: dict[str, Callable[[Chart, Table, Result], Figure]] = {
    "line": _line, "area": _line, "bar": _bar, "scatter": _scatter, "pie": _pie, "waterfall": _waterfall,
    "heatmap": _heatmap,
}
