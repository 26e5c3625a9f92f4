"""Cards of models: their exam beside their output."""

from __future__ import annotations

from assistant.results import Result
from assistant.ui.cards import pieces
from assistant.ui.cards.board import Board


def examined(board: Board, result: Result, index: int) -> str:
    """Forecasts and churn: the picture, then how the model did on past data beside the simple method."""
    drawn = [pieces.chart(board, result, spec) for spec in result.charts[:1]]
    tables = [t for t in result.tables if t.rows]
    main = [t for t in tables if result.charts and t.id == result.charts[0].table] or tables[:1]
    drawn.append(pieces.exam(board, result))
    drawn += [pieces.table(board, result, index, t) for t in main]
    return "".join(drawn) + pieces.more(board, result, index, [t for t in tables if t not in main], result.charts[1:])


def recommendation(board: Board, result: Result, index: int) -> str:
    """The list matters more than its picture: table first, chart folded."""
    tables = [t for t in result.tables if t.rows]
    first = "".join(pieces.table(board, result, index, t) for t in tables[:1])
    return first + pieces.exam(board, result) + pieces.more(board, result, index, tables[1:], result.charts)
