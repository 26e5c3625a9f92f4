"""Cards of models: their exam stands beside their output."""

from __future__ import annotations

from assistant.results import Result
from assistant.ui.cards import pieces
from assistant.ui.cards.board import Board

#: tables that hold the exam of a model against simpler ones, and tables that only feed a picture or a sentence
EXAMS = ("backtest", "models", "exam", "calibration")
BEHIND = ("course", "summary", "curve", "fifths")


def examined(board: Board, result: Result, index: int) -> str:
    """Forecasts and churn: the picture, the numbers, then how the model did on past data."""
    tables = [t for t in result.tables if t.rows]
    exams = [t for t in tables if t.id in EXAMS]
    main = [t for t in tables if t.id not in EXAMS and t.id not in BEHIND][:1]
    drawn = [pieces.chart(board, result, spec) for spec in result.charts[:1]]
    drawn += [pieces.table(board, result, index, t) for t in main]
    drawn += [pieces.table(board, result, index, t) for t in exams[:1]] or [pieces.exam(board, result)]
    rest = [t for t in tables if t not in exams[:1] and t not in main]
    return "".join(drawn) + pieces.more(board, result, index, rest, result.charts[1:])
