"""An audience: its conditions as chips that can be taken away or given another number, and who these people are.

A chip sends the words that a person could type ("drop condition 2", "in condition 2 change 300 to 500"), so that the
card changes nothing that the conversation does not hold. Chips of an earlier answer are shown but not offered: those
words would change the rule shown last.
"""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter, ValidationError

from assistant.plans.filters import Filter
from assistant.plans.rule_numbers import conditions, numbers_in, times_said
from assistant.results import Result, Table
from assistant.results.format import show
from assistant.ui.cards import pieces
from assistant.ui.cards.board import Board
from assistant.ui.markup import esc, tag

_RULE: TypeAdapter[Any] = TypeAdapter(Filter)
#: places of conditions that can be named ("condition 9")
_PLACES = 9
#: tables that are drawn open, in this order: who they are, whom one may write to, examples, who is left out
_OPEN = ("profile", "reach", "sample", "left_out")


def chosen(board: Board, result: Result, index: int) -> str:
    """The conditions as chips, the audience against everyone else, examples; the picture of the sizes folded."""
    steps = next((t for t in result.tables if t.id == "waterfall" and len(t.rows) > 1), None)
    parts = _parts(result)
    if steps is None or len(steps.rows) != len(parts) + 1:
        return pieces.body(board, result, index)
    tables = {t.id: t for t in result.tables if t.rows}
    drawn = _chips(board, index, steps, parts)
    drawn += "".join(pieces.table(board, result, index, tables[name]) for name in _OPEN if name in tables)
    rest = [t for t in result.tables if t.rows and t.id not in _OPEN]
    return drawn + pieces.more(board, result, index, rest, result.charts)


def _parts(result: Result) -> list[Filter]:
    try:
        return conditions(_RULE.validate_python(result.details.get("rule")))
    except ValidationError:  # an answer kept from before rules were written down so
        return []


def _chips(board: Board, index: int, steps: Table, parts: list[Filter]) -> str:
    texts = board.texts
    everyone = tag("li", _size(index, steps, 0), class_="everyone")
    several = len(parts) > 1
    rows = "".join(_chip(board, index, steps, row, part, several) for row, part in enumerate(parts, start=1))
    undo = tag("button", esc(texts("audience.undo")), type="button", class_="ask undo",
               data_ask=texts("audience.undo_say"))
    title = tag("h4", esc(texts("audience.conditions")))
    return tag("section", title + tag("ol", everyone + rows) + undo, class_="conditions",
               aria_label=texts("audience.conditions"))


def _chip(board: Board, index: int, steps: Table, row: int, part: Filter, several: bool) -> str:
    """One condition with the size after it, a field for each of its numbers and a button that takes it away."""
    texts, label = board.texts, str(steps.cell(row, "condition"))
    inner = _size(index, steps, row)
    if row <= _PLACES:
        numbers = [n for n in dict.fromkeys(numbers_in(part)) if times_said(part, n) == 1 and n >= 0]
        inner += "".join(_field(board, row, n, label) for n in numbers)
        if several:
            inner += tag("button", "×", type="button", class_="drop", data_ask=texts("audience.drop_say", place=row),
                         title=texts("audience.drop"), aria_label=texts("audience.drop_of", condition=label))
    return tag("li", inner)


def _size(index: int, steps: Table, row: int) -> str:
    words = tag("span", esc(steps.cell(row, "condition")), class_="what",
                data_cell=f"{index}/{steps.id}/{row}/condition")
    size = tag("b", esc(show(steps.cell(row, "customers"), "count")), data_cell=f"{index}/{steps.id}/{row}/customers")
    return words + size


def _field(board: Board, place: int, number: float, label: str) -> str:
    texts, old = board.texts, str(int(number)) if number.is_integer() else str(number)
    box = tag("input", type="number", value=old, min="0", step="any", required=True,
              aria_label=texts("audience.number_of", number=old, condition=label))
    send = tag("button", esc(texts("audience.recount")), type="submit",
               aria_label=texts("audience.recount_of", condition=label))
    return tag("form", box + send, class_="number", data_was=old,
               data_say=texts("audience.number_say", place=place, old=old, new="[new]"))
