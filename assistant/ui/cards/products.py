"""Recommended products: name, price and reason first; what was left out, the models and the full table folded."""

from __future__ import annotations

from assistant.results import Result, Table
from assistant.results.format import show
from assistant.ui.cards import pieces
from assistant.ui.cards.board import Board
from assistant.ui.markup import esc, tag

SHOWN = 10
NAMES = ("name", "product_name", "product")
REASONS = ("reason", "because", "why")
#: what is said beside the name, where the table has it
ASIDE = ("category", "price_source", "customers", "share")


def recommendation(board: Board, result: Result, index: int) -> str:
    """The list of products; everything that explains it is folded, with its counts."""
    tables = [t for t in result.tables if t.rows]
    main = tables[0] if tables else None
    name = _position(main, NAMES) if main is not None else None
    if main is None or name is None:
        return pieces.body(board, result, index)
    items = "".join(_product(result, index, main, row, name) for row in range(min(SHOWN, len(main.rows))))
    drawn = tag("ol", items, class_="products", aria_label=main.title)
    if len(main.rows) > SHOWN or main.total_rows > len(main.rows):
        words = board.texts("card.first_of", shown=min(SHOWN, len(main.rows)), total=f"{main.total_rows:,}")
        drawn += tag("p", esc(words), class_="first-of")
    left_out = [t for t in tables if t.id == "left_out"]
    drawn += "".join(pieces.fold(t.title, pieces.table(board, result, index, t), f"left-{index}", "fold left-out")
                     for t in left_out)
    return drawn + pieces.more(board, result, index, [t for t in tables if t not in left_out], result.charts)


def _position(table: Table, names: tuple[str, ...]) -> int | None:
    """Where the first of these columns is."""
    columns = [c.name for c in table.columns]
    return next((columns.index(n) for n in names if n in columns), None)


def _product(result: Result, index: int, table: Table, row: int, name: int) -> str:
    def cell(name: str) -> str:
        return f"{index}/{table.id}/{row}/{name}"

    values, columns = table.rows[row], table.columns
    price, reason = _position(table, ("price",)), _position(table, REASONS)
    aside = ""
    for i, column in enumerate(columns):
        if column.name in ASIDE and values[i] is not None:
            printed = show(values[i], column.unit, result.currency)
            words = printed if column.unit == "text" else f"{column.label}: {printed}"
            aside += tag("span", esc(words), data_cell=cell(column.name))
    title = tag("span", tag("strong", esc(values[name]), data_cell=cell(columns[name].name))
                + (tag("span", aside, class_="aside") if aside else ""), class_="what")
    cost = ""
    if price is not None:
        printed = show(values[price], columns[price].unit, result.currency)
        cost = tag("b", esc(printed), class_="price", data_cell=cell("price"))
    why = ""
    if reason is not None and values[reason]:
        why = tag("p", esc(values[reason]), class_="reason", data_cell=cell(columns[reason].name))
    return tag("li", title + cost + why)
