"""Segments: one row each with bars for its shares, its rule and its size; where they lie by orders and recency drawn
below; further charts and the whole table folded."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.results import Column, Result, Table
from assistant.results.format import show
from assistant.results.result import Scalar
from assistant.ui.cards import pieces
from assistant.ui.cards.board import Board
from assistant.ui.markup import esc, tag

#: columns that say in words who is in a segment, and what to do with it
RULE, ADVICE, SIZE = "definition", "advice", "customers"
#: columns that grade the split, not the segments: in the folded table only
GRADES = ("stability",)


def split(board: Board, result: Result, index: int) -> str:
    """The segments, a chart of where they lie, and folded: how sure the split is, who is left out, the full table.

    The first chart of the result has the shares, which the rows draw already.

    A segment gets a button only where one of the answer's follow-ups, which have been checked to run, names it.
    """
    tables = [t for t in result.tables if t.rows]
    main = next((t for t in tables if t.id == "segments" and t.columns[0].unit == "text"), None)
    if main is None:
        return pieces.body(board, result, index)
    names = [str(row[0]) for row in main.rows]
    uses = _uses(names, board.followups)
    widest = _widest(main)
    rows = "".join(_segment(board, result, index, main, r, widest, uses.get(name, [])) for r, name in enumerate(names))
    drawn = tag("ul", rows, class_="segments", aria_label=main.title)
    lying = "".join(pieces.chart(board, result, spec) for spec in result.charts[1:2])
    return drawn + lying + pieces.more(board, result, index, tables, result.charts[2:])


def _segment(
    board: Board, result: Result, index: int, table: Table, row: int, widest: float, uses: Sequence[str]
) -> str:
    values, columns = table.rows[row], table.columns
    by_name = {c.name: v for c, v in zip(columns, values, strict=True)}
    rule, advice = by_name.get(RULE), by_name.get(ADVICE)
    bars, facts, size = "", "", ""
    for column, value in list(zip(columns, values, strict=True))[1:]:
        if column.unit == "percent":
            bars += _bar(result, index, table, row, column, value, widest)
        elif column.name == SIZE:
            size = tag("span", esc(f"{show(value, column.unit)} {column.label.lower()}"), class_="size",
                       data_cell=_cell(index, table, row, column))
        elif column.name not in {RULE, ADVICE, *GRADES} and value is not None:
            facts += tag("span", esc(f"{column.label}: ") + tag("b", esc(show(value, column.unit, result.currency)),
                                                               data_cell=_cell(index, table, row, column)))
    name = tag("strong", esc(values[0]), class_="name", title=rule, data_cell=_cell(index, table, row, columns[0]))
    said = "".join(tag("p", esc(line)) for line in (rule, advice) if line)
    more = said + tag("div", facts, class_="facts")
    folded = pieces.fold(board.texts("card.segment_more"), more, f"segment-{index}-{row}", "fold rule")
    buttons = "".join(tag("button", esc(q), type="button", class_="ask", data_ask=q) for q in uses)
    asks = tag("div", buttons, class_="asks") if buttons else ""
    return tag("li", tag("div", name + size + folded, class_="who") + tag("div", bars, class_="bars") + asks)


def _bar(
    result: Result, index: int, table: Table, row: int, column: Column, value: Scalar, widest: float
) -> str:
    """One share with its number; all bars of the card have one scale."""
    number = tag("b", esc(show(value, column.unit, result.currency)), data_cell=_cell(index, table, row, column))
    css = f"bar bar-{_place(table, column)}"
    return tag("div", tag("span", esc(column.label), class_="what") + pieces.track(value, widest) + number, class_=css)


def _place(table: Table, column: Column) -> int:
    """Which of the shares it is, so that the same share has the same colour in every row."""
    return [c.name for c in table.columns if c.unit == "percent"].index(column.name) % 3


def _widest(table: Table) -> float:
    shares = [i for i, c in enumerate(table.columns) if c.unit == "percent"]
    return pieces.widest_of([row[i] for row in table.rows for i in shares])


def _cell(index: int, table: Table, row: int, column: Column) -> str:
    return f"{index}/{table.id}/{row}/{column.name}"


def _uses(names: Sequence[str], followups: Sequence[str]) -> dict[str, list[str]]:
    """Follow-ups by the segment that they name; the longest name wins (``Potential loyal`` over ``loyal``)."""
    found: dict[str, list[str]] = {}
    for question in followups:
        named = [n for n in names if n and re.search(rf"(?<!\w){re.escape(n)}(?!\w)", question)]
        if named:
            found.setdefault(max(named, key=len), []).append(question)
    return found
