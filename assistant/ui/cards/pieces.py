"""Pieces that every kind of card uses: headline, chart, table, caveats, follow-ups."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.results import Chart, Figure, Result, Table
from assistant.results.format import show
from assistant.results.result import Scalar, Unit
from assistant.ui import plots
from assistant.ui.cards.board import TABLE_ROWS, Board
from assistant.ui.markup import esc, tag
from assistant.ui.texts import Texts

_TEXT_UNITS: frozenset[Unit] = frozenset({"text", "id", "date"})
LONG_TEXT = 32
"""Cells with more characters than this get a wide column."""
_CHANGE_WORDS = ("change", "growth", "difference", "delta", "lift")


def duration(milliseconds: float) -> str:
    """``340 ms`` or ``2.1 s``."""
    return f"{milliseconds:,.0f} ms" if milliseconds < 1000 else f"{milliseconds / 1000:,.1f} s"


def brain_words(texts: Texts, name: str, kind: str | None = None) -> str:
    """Who answers, for people: ``builtin:planner`` → ``built-in planner``, ``ollama:x`` → ``local model: x``.

    Args:
        name: ``provider:model`` as in the settings.
        kind: one of the kinds of :class:`assistant.plans.brain.Brain`; None where only the name was kept.
    """
    provider, _, model = name.partition(":")
    if provider == "builtin" or kind == "built-in planner":
        return texts("brain.builtin")
    kept = model or name
    key = {"local model": "brain.local", "hosted model": "brain.hosted"}.get(kind or "", "brain.other")
    return texts(key, model=kept)


def headline(result: Result) -> str:
    """The figures that the result wants shown large."""
    tiles = [_tile(name, result.figures[name], result) for name in result.headline if name in result.figures]
    return tag("dl", "".join(tiles), class_="headline") if tiles else ""


def _tile(name: str, figure: Figure, result: Result) -> str:
    printed = show(figure.value, figure.unit, result.currency)
    direction = None
    value = figure.value
    if isinstance(value, int | float) and not isinstance(value, bool) and any(w in name for w in _CHANGE_WORDS):
        direction = "up" if value > 0 else "down" if value < 0 else "flat"
        printed = f"+{printed}" if value > 0 else printed
    size = "long" if len(printed) > 14 else None
    number = tag("dd", esc(printed), class_=" ".join(filter(None, ["figure", direction, size])))
    return tag("div", tag("dt", esc(figure.label)) + number, class_="tile")


def chart(board: Board, result: Result, spec: Chart) -> str:
    """One picture with its caption. Nothing where there are fewer than two points to draw."""
    table = result.table(spec.table)
    if len(table.rows) < 2:
        return ""
    name = board.add_plot(plots.figure(spec, result))
    title = spec.title or table.title
    notes = [esc(title)]
    shown, total = plots.drawn_share(spec, result)
    if shown < total:
        notes.append(esc(board.texts("card.chart_part", shown=shown, total=total)))
    if any(plots.incomplete_rows(spec, result)):
        notes.append(esc(board.texts("card.chart_incomplete")))
    caption = tag("figcaption", notes[0] + "".join(tag("span", n, class_="note") for n in notes[1:]))
    label = board.texts("card.chart_of", title=title)
    height = board.plots[name]["layout"]["height"]
    plot = tag("div", "", class_="plot", id=name, role="img", aria_label=label, style=f"min-height:{int(height)}px")
    return tag("figure", caption + plot, class_="chart")


def table(board: Board, result: Result, index: int, spec: Table, *, caption: bool = True) -> str:
    """First rows, how many there are, and the export of all."""
    numeric = [column.unit not in _TEXT_UNITS for column in spec.columns]
    head = "".join(
        tag("th", esc(column.label), scope="col", class_="n" if n else None)
        for column, n in zip(spec.columns, numeric, strict=True)
    )
    rows = []
    for r, row in enumerate(spec.rows[:TABLE_ROWS]):
        cells = "".join(
            tag("td", esc(show(value, column.unit, result.currency)), class_=_cell_class(value, column.unit),
                data_cell=f"{index}/{spec.id}/{r}/{column.name}")
            for value, column in zip(row, spec.columns, strict=True)
        )
        rows.append(tag("tr", cells))
    grid = tag("table", tag("thead", tag("tr", head)) + tag("tbody", "".join(rows)))
    title = tag("span", esc(spec.title), class_="table-title") if caption else ""
    foot = tag("div", title + tag("span", esc(row_count(board, spec)), class_="count") + _export(board, index, spec),
               class_="table-bar")
    beyond = len(spec.rows) - TABLE_ROWS
    grid += tag("p", esc(board.texts("card.table_beyond", n=f"{beyond:,}")), class_="beyond") if beyond > 0 else ""
    scroll = tag("div", grid, class_="scroll", tabindex="0", role="region", aria_label=spec.title)
    return tag("div", foot + scroll, class_="table")


def _cell_class(value: Scalar, unit: Unit) -> str | None:
    kind = {"date": "d", "id": "i", "text": _width(str(value))}.get(unit, "n")
    return " ".join(filter(None, [kind, "empty" if value is None else ""])) or None


def _width(text: str) -> str:
    return "long" if len(text) > LONG_TEXT else "mid" if len(text) > LONG_TEXT // 2 else ""


def row_count(board: Board, spec: Table) -> str:
    """``50 of 1,240 rows``; what is on the page, of what was found."""
    shown = min(len(spec.rows), TABLE_ROWS)
    if shown < spec.total_rows:
        return board.texts("card.table_rows", shown=f"{shown:,}", total=f"{spec.total_rows:,}")
    return board.texts("card.table_row_one") if shown == 1 else board.texts("card.table_all", total=f"{shown:,}")


def _export(board: Board, index: int, spec: Table) -> str:
    if not spec.rows:
        return ""
    part = len(spec.rows) < spec.total_rows
    words = board.texts("card.csv_part", n=f"{len(spec.rows):,}") if part else board.texts("card.csv")
    return tag("a", esc(words), href=board.table_url(index, spec.id), download=True, class_="export",
               aria_label=board.texts("card.csv_of", title=spec.title))


def track(value: Scalar, widest: float) -> str:
    """A bar of a value beside the widest one; the number itself stands in text beside it."""
    known = isinstance(value, int | float) and widest > 0
    width = max(0.0, 100 * float(value) / widest) if known else 0.0  # type: ignore[arg-type]
    return tag("span", tag("i", "", style=f"width:{width:.1f}%"), class_="track", aria_hidden="true")


def widest_of(values: Sequence[Scalar]) -> float:
    """The largest number among values; 0 where there is none."""
    return max((float(v) for v in values if isinstance(v, int | float)), default=0.0)


def exam(board: Board, result: Result) -> str:
    """How the model did on past data, beside the simple method."""
    model = result.evidence.model
    if model is None or not model.quality:
        return ""
    texts = board.texts
    rows = ""
    for name, value in model.quality.items():
        base = model.baseline.get(name)
        rows += tag("tr", tag("th", esc(metric_label(board, name)), scope="row")
                    + tag("td", esc(f"{value:,.3g}"), class_="n")
                    + tag("td", esc("–" if base is None else f"{base:,.3g}"), class_="n"))
    head = tag("tr", tag("td", "") + tag("th", esc(model.name), scope="col", class_="n")
               + tag("th", esc(texts("card.simple_method")), scope="col", class_="n"))
    title = tag("h4", esc(texts("how.quality")))
    return tag("div", title + tag("table", tag("thead", head) + tag("tbody", rows)), class_="exam")


def metric_label(board: Board, name: str) -> str:
    """Words for a quality measure; its own name where there are none."""
    return board.texts.get(f"metrics.{name}", name.replace("_", " "))


def caveats(board: Board, lines: Sequence[str]) -> str:
    if not lines:
        return ""
    items = "".join(tag("li", esc(line)) for line in dict.fromkeys(lines))
    return tag("section", tag("h4", esc(board.texts("card.caveats"))) + tag("ul", items), class_="caveats",
               aria_label=board.texts("card.caveats"))


def choices(title: str, questions: Sequence[str], css: str) -> str:
    """Questions as buttons; pressing one sends it."""
    if not questions:
        return ""
    buttons = "".join(
        tag("button", esc(q), type="button", class_="ask", data_ask=q) for q in dict.fromkeys(questions)
    )
    return tag("nav", tag("h4", esc(title)) + tag("div", buttons, class_="asks"), class_=css, aria_label=title)


def fold(title: str, inner: str, key: str, css: str = "fold") -> str:
    """A part that stays closed until asked for; ``key`` lets the page keep it open across updates."""
    return tag("details", tag("summary", esc(title)) + tag("div", inner, class_="folded"), class_=css, data_key=key)


def body(board: Board, result: Result, index: int) -> str:
    """The generic picture of a result: first chart, first table, the rest folded."""
    drawn = [chart(board, result, spec) for spec in result.charts[:1]]
    tables = [t for t in result.tables if t.rows]
    main = result.charts[0].table if result.charts else (tables[0].id if tables else None)
    first = [t for t in tables if t.id == main][:1] or tables[:1]
    if result.headline and not result.charts and all(len(t.rows) == 1 for t in first):
        first = []  # its one row is the headline
    parts = drawn + [table(board, result, index, t) for t in first]
    return "".join(parts) + more(board, result, index, [t for t in tables if t not in first], result.charts[1:])


def more(board: Board, result: Result, index: int, tables: Sequence[Table], charts: Sequence[Chart] = ()) -> str:
    """Further tables and charts, folded."""
    inner = "".join(chart(board, result, c) for c in charts) + "".join(table(board, result, index, t) for t in tables)
    if not inner:
        return ""
    names = ", ".join(t.title for t in tables)
    label = board.texts("card.more_tables") + (f": {names}" if names else "")
    return fold(label, inner, f"more-{index}", "fold more")
