"""Categories: one row each with its size, its share of sales and its best sellers; its subcategories folded below."""

from __future__ import annotations

from assistant.results import Result, Table
from assistant.results.format import show
from assistant.ui.cards import pieces
from assistant.ui.cards.board import Board
from assistant.ui.markup import esc, tag


def tree(board: Board, result: Result, index: int) -> str:
    """The tree; the full tables folded."""
    tops = next((t for t in result.tables if t.id == "categories" and t.rows), None)
    if tops is None:
        return pieces.body(board, result, index)
    subs = next((t for t in result.tables if t.id == "subcategories"), None)
    share = tops.column_index("revenue_share")
    widest = pieces.widest_of([row[share] for row in tops.rows])
    rows = "".join(_category(board, result, index, tops, subs, r, widest) for r in range(len(tops.rows)))
    drawn = tag("ul", rows, class_="segments categories", aria_label=tops.title)
    return drawn + pieces.more(board, result, index, [t for t in result.tables if t.rows])


def _category(
    board: Board, result: Result, index: int, tops: Table, subs: Table | None, row: int, widest: float
) -> str:
    name = str(tops.cell(row, "category"))
    head = tag("strong", esc(name), class_="name", data_cell=_cell(index, tops, row, "category"))
    head += tag("span", esc(f"{show(tops.cell(row, 'products'), 'count')} {tops.columns[1].label.lower()}"),
                class_="size", data_cell=_cell(index, tops, row, "products"))
    examples = tops.cell(row, "examples")
    lines = tag("p", esc(examples)) if examples else ""
    if subs is not None:
        lines += "".join(_subcategory(index, subs, r) for r, values in enumerate(subs.rows) if values[0] == name)
    folded = pieces.fold(board.texts("card.segment_more"), lines, f"category-{index}-{row}", "fold rule")
    column = tops.columns[tops.column_index("revenue_share")]
    number = tag("b", esc(show(tops.cell(row, column.name), column.unit, result.currency)),
                 data_cell=_cell(index, tops, row, column.name))
    bar = tag("div", tag("span", esc(column.label), class_="what")
              + pieces.track(tops.cell(row, column.name), widest) + number, class_="bar bar-0")
    return tag("li", tag("div", head + folded, class_="who") + tag("div", bar, class_="bars"))


def _subcategory(index: int, subs: Table, row: int) -> str:
    name = tag("b", esc(subs.cell(row, "subcategory")), data_cell=_cell(index, subs, row, "subcategory"))
    size = tag("span", esc(f" {show(subs.cell(row, 'products'), 'count')} · "),
               data_cell=_cell(index, subs, row, "products"))
    return tag("p", name + size + esc(subs.cell(row, "examples") or ""))


def _cell(index: int, table: Table, row: int, column: str) -> str:
    return f"{index}/{table.id}/{row}/{column}"
