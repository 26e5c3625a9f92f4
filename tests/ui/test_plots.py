"""Every chart kind becomes a figure that Plotly accepts and that shows the table's own numbers."""

from __future__ import annotations

import json
from typing import get_args

import plotly.graph_objects as go
import pytest

from assistant.results import Caveat, Chart, Result, Table
from assistant.ui import plots
from tests.support.hostile import HOSTILE
from tests.support.sample_results import change, every_kind, forecast, query, table

KINDS = get_args(Chart.model_fields["kind"].annotation)


def shop_table(labels: list[str] | None = None) -> Table:
    labels = labels or ["Kitchen", "Garden", "Homeware"]
    return table("t", "By category", [("name", "Category", "text"), ("group", "Group", "text"),
                                      ("revenue", "Revenue", "currency"), ("share", "Share", "percent")],
                 [[label, f"G{i % 2}", 100.0 + i, 10.0 * i] for i, label in enumerate(labels)])


def result_with(spec: Chart, *tables: Table) -> Result:
    return Result(kind="query", title="t", currency="EUR", tables=list(tables), charts=[spec])


def accepted(figure: dict) -> go.Figure:
    """Plotly raises for any property it does not know; the page gets the figure as JSON."""
    json.dumps(figure, allow_nan=False)
    return go.Figure(figure)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_drawn(kind: str):
    spec = Chart(kind=kind, table="t", x="name", y=["revenue"])
    figure = accepted(plots.figure(spec, result_with(spec, shop_table())))
    assert len(figure.data) >= 1


@pytest.mark.parametrize("kind", ["line", "bar", "area", "scatter", "heatmap"])
def test_series_split(kind: str):
    spec = Chart(kind=kind, table="t", x="name", y=["revenue"], series="group")
    figure = accepted(plots.figure(spec, result_with(spec, shop_table())))
    if kind == "heatmap":
        assert list(figure.data[0].y) == ["G0", "G1"]
    else:
        assert [trace.name for trace in figure.data] == ["G0", "G1"]


@pytest.mark.parametrize("result", [r for r in every_kind().values() if r.charts], ids=lambda r: r.kind)
def test_sample_results_are_drawn(result: Result):
    accepted(plots.figure(result.charts[0], result))


def test_bars_carry_the_tables_numbers():
    spec = Chart(kind="bar", table="t", x="name", y=["revenue"])
    figure = plots.figure(spec, result_with(spec, shop_table()))
    assert figure["data"][0]["y"] == [100.0, 101.0, 102.0]
    assert figure["layout"]["yaxis"]["tickprefix"] == "€"
    assert "€101.00" in figure["data"][0]["hovertext"][1]


def test_long_lists_are_cut_and_said():
    spec = Chart(kind="bar", table="t", x="name", y=["revenue"])
    result = result_with(spec, shop_table([f"Product {i}" for i in range(80)]))
    assert len(plots.figure(spec, result)["data"][0]["x"]) == plots.MAX_BARS
    assert plots.drawn_share(spec, result) == (plots.MAX_BARS, 80)


def test_equal_long_labels_stay_apart():
    spec = Chart(kind="bar", table="t", x="name", y=["revenue"])
    result = result_with(spec, shop_table(["A very long product name that goes on and on " + x for x in "abc"]))
    labels = plots.figure(spec, result)["data"][0]["y"]
    assert len(set(labels)) == 3


@pytest.mark.parametrize("unit", ["currency", "count", "number"])
def test_ticks_never_use_milli(unit: str):
    rows = table("s", "S", [("m", "M", "text"), ("v", "V", unit)], [["a", 0.2], ["b", 0.4]])
    spec = Chart(kind="bar", table="s", x="m", y=["v"])
    axis = plots.figure(spec, result_with(spec, rows))["layout"]["yaxis"]
    assert "tickformat" not in axis
    assert axis["exponentformat"] == "B"


def test_the_largest_series_are_drawn():
    rows = table("s", "S", [("m", "M", "text"), ("c", "C", "text"), ("v", "V", "currency")],
                 [["Jan", f"c{i}", float(i)] for i in range(12)])
    spec = Chart(kind="line", table="s", x="m", y=["v"], series="c")
    names = [t["name"] for t in plots.figure(spec, result_with(spec, rows))["data"]]
    assert names == [f"c{i}" for i in range(4, 12)]
    assert plots.drawn_share(spec, result_with(spec, rows)) == (8, 12)


def test_long_labels_take_two_lines_and_no_more():
    label = plots._wrap("the customer last ordered at least ninety days ago and then <b>some more</b> words", 28)
    assert label.count("<br>") == 1
    assert label.endswith("…")
    assert "<b>" not in label
    assert plots._wrap("short", 28) == "short"
    assert plots._wrap("x" * 100, 28) == "x" * 28 + "<br>" + "x" * 27 + "…"


def test_percent_and_probability_axes():
    spec = Chart(kind="line", table="t", x="name", y=["share"])
    assert plots.figure(spec, result_with(spec, shop_table()))["layout"]["yaxis"]["ticksuffix"] == " %"


def test_band_lies_below_the_lines():
    result = forecast()
    traces = plots.figure(result.charts[0], result)["data"]
    assert traces[1]["fill"] == "tonexty"
    assert traces[0]["y"][0] == 18500.0
    assert traces[-1]["line"]["dash"] == "dash"


def test_incomplete_last_period_is_pale():
    result = query()
    whole, rest = plots.figure(result.charts[0], result)["data"]
    assert len(whole["x"]) == 9
    assert rest["line"]["dash"] == "dot"
    assert rest["y"][-1] == 9120.0


def test_incomplete_period_named_by_a_caveat():
    rows = table("m", "By month", [("month", "Month", "text"), ("revenue", "Revenue", "currency")],
                 [["January 2026", 5.0], ["February 2026", 6.0], ["March 2026", 1.0]])
    spec = Chart(kind="bar", table="m", x="month", y=["revenue"])
    result = result_with(spec, rows)
    result.caveats = [Caveat(code="incomplete_period", words={"period": "March 2026"})]
    colours = plots.figure(spec, result)["data"][0]["marker"]["color"]
    assert colours[0] == colours[1] != colours[2]


def test_waterfall_knows_start_and_end():
    result = change()
    assert plots.figure(result.charts[0], result)["data"][0]["measure"][0] == "absolute"
    assert plots.figure(result.charts[0], result)["data"][0]["measure"][-1] == "total"


def test_whiskers_around_bars():
    rows = table("p", "Pairs", [("pair", "Pair", "text"), ("lift", "Lift", "ratio"), ("lo", "Lower", "ratio"),
                                ("hi", "Upper", "ratio")], [["a + b", 2.0, 1.5, 3.0], ["a + c", 1.2, None, None]])
    spec = Chart(kind="bar", table="p", x="pair", y=["lift"], lower="lo", upper="hi")
    bars = plots.figure(spec, result_with(spec, rows))["data"][0]["error_y"]
    assert bars["array"] == [1.0, 0]
    assert bars["arrayminus"] == [0.5, 0]


@pytest.mark.parametrize("kind", KINDS)
def test_hostile_labels_keep_no_tag(kind: str):
    spec = Chart(kind=kind, table="t", x="name", y=["revenue"])
    printed = json.dumps(plots.figure(spec, result_with(spec, shop_table(list(HOSTILE)))))
    assert "<script" not in printed
    assert "<img" not in printed
    assert "<a " not in printed


def test_unknown_column_is_an_error():
    spec = Chart(kind="bar", table="t", x="nothing", y=["revenue"])
    with pytest.raises(KeyError, match="nothing"):
        plots.figure(spec, result_with(spec, shop_table()))


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("paper", ["#ffffff", "#1d1f23"])
@pytest.mark.parametrize("colour", plots.PALETTE)
def test_colours_stand_out_on_both_backgrounds(colour: str, paper: str):
    """WCAG 2.2, 1.4.11: graphics at least 3 to 1."""
    light, dark = sorted([luminance(colour), luminance(paper)], reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 3


def test_incomplete_periods_at_both_ends_and_in_every_series_are_pale():
    months = ["Nov 2025", "Dec 2025", "Jan 2026", "Feb 2026"]
    rows = table("m", "By month", [("month", "Month", "text"), ("shop", "Shop", "text"), ("revenue", "R", "currency")],
                 [[month, shop, 5.0] for month in months for shop in ("A", "B")])
    spec = Chart(kind="line", table="m", x="month", y=["revenue"], series="shop")
    result = result_with(spec, rows)
    result.details["incomplete_periods"] = ["Nov 2025", "Feb 2026"]
    traces = plots.figure(spec, result)["data"]
    assert [(t["name"], t["x"], t["line"]["dash"]) for t in traces[:3]] == [
        ("A", months[1:3], "solid"), ("A", months[:2], "dot"), ("A", months[2:], "dot")]
    assert traces[1]["marker"]["size"] == [8, 0]
    assert len(traces) == 6


def test_incomplete_labels_are_matched_whole():
    rows = table("y", "By year", [("year", "Year", "text"), ("revenue", "R", "currency")],
                 [["2025", 5.0], ["2026", 1.0]])
    spec = Chart(kind="bar", table="y", x="year", y=["revenue"])
    result = result_with(spec, rows)
    result.caveats = [Caveat(code="incomplete_period", words={"period": "June 2026"})]
    result.details["incomplete_periods"] = ["2025"]
    assert plots.incomplete_rows(spec, result) == [True, False]
