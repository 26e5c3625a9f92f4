"""One customer: what is known, what they spent most on, their latest orders."""

from __future__ import annotations

from assistant.results import Result, Table
from assistant.results.format import show
from assistant.ui.cards import pieces
from assistant.ui.cards.board import Board
from assistant.ui.markup import esc, tag

SHOWN_ROWS = 5
#: tables of one row that are facts, and lists that are shown first
FACTS = ("customer", "outlook", "habits")
TOPS = ("interests", "products", "categories", "brands")


def profile(board: Board, result: Result, index: int) -> str:
    """Facts as tiles, then the first list with bars; further lists folded."""
    tables = [t for t in result.tables if t.rows]
    facts = [t for t in tables if t.id in FACTS] or [t for t in tables if len(t.rows) == 1][:1]
    lists = [t for t in tables if t not in facts]
    lists.sort(key=lambda t: TOPS.index(t.id) if t.id in TOPS else len(TOPS))
    drawn = "".join(_facts(result, index, t) for t in facts)
    drawn += "".join(pieces.chart(board, result, spec) for spec in result.charts[:1])
    sides = "".join(_top(result, index, t) for t in lists[:4])
    drawn += tag("div", sides, class_="tops") if sides else ""
    return drawn + pieces.more(board, result, index, tables, result.charts[1:])


def _facts(result: Result, index: int, table: Table) -> str:
    """Every known fact that is not the headline already."""
    large = {figure.source.column for name in result.headline if (figure := result.figures.get(name))}
    tiles = ""
    for column, value in zip(table.columns, table.rows[0], strict=True):
        if value is None or column.name in large:
            continue
        number = tag("dd", esc(show(value, column.unit, result.currency)),
                     data_cell=f"{index}/{table.id}/0/{column.name}")
        tiles += tag("div", tag("dt", esc(column.label)) + number)
    return tag("dl", tiles, class_="facts-grid") if tiles else ""


def _top(result: Result, index: int, table: Table) -> str:
    """First rows of a list: a name, its first amount, and a bar of it."""
    ids = {c.name for c in table.columns if c.unit == "id"}
    name = next((i for i, c in enumerate(table.columns) if c.unit == "text" and c.name not in ids), None)
    amount = next((i for i, c in enumerate(table.columns) if c.unit in {"currency", "count", "number", "ratio"}), None)
    if name is None or amount is None:
        return ""
    column = table.columns[amount]
    widest = pieces.widest_of([row[amount] for row in table.rows[:SHOWN_ROWS]])
    rows = ""
    for r, row in enumerate(table.rows[:SHOWN_ROWS]):
        value = row[amount]
        number = tag("b", esc(show(value, column.unit, result.currency)),
                     data_cell=f"{index}/{table.id}/{r}/{column.name}")
        rows += tag("li", tag("span", esc(row[name]), class_="what") + number + pieces.track(value, widest))
    return tag("section", tag("h4", esc(table.title)) + tag("ol", rows), class_="top")
