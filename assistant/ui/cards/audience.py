"""An audience, a saved segment or a list of customers: its conditions as chips that can be taken away or given another
number, a field for one more, and who these people are.

A chip sends the words that a person could type ("drop condition 2", "in condition 2 change 300 to 500", "add a
condition: spent over 500"), so that the card changes nothing that the conversation does not hold. Chips of an earlier
answer are shown but not offered: those words would change the rule shown last.
"""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter, ValidationError

from assistant.plans.filters import Filter
from assistant.plans.reword import reword_filter
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
_OVER_TIME = "history"
_OPEN = ("profile", "reach", "sample", "left_out")


def chosen(board: Board, result: Result, index: int) -> str:
    """The conditions as chips, the audience against everyone else, examples; the picture of the sizes folded."""
    drawn = _with_sizes(board, result, index)
    tables = {t.id: t for t in result.tables if t.rows}
    if not drawn or _OVER_TIME in tables:
        return drawn + pieces.body(board, result, index)
    drawn += "".join(pieces.table(board, result, index, tables[name]) for name in _OPEN if name in tables)
    rest = [t for t in result.tables if t.rows and t.id not in _OPEN]
    return drawn + pieces.more(board, result, index, rest, result.charts)


def listed(board: Board, result: Result, index: int) -> str:
    """A list of customers below the conditions that choose them; any other answer to a question as it is."""
    parts = _parts(result) if result.details.get("rule") is not None else []
    if not parts:
        return pieces.body(board, result, index)
    several = len(parts) > 1
    rows = "".join(
        tag("li", tag("span", esc(words), class_="what") + _changes(board, row, part, words, several))
        for row, (part, words) in enumerate(((p, reword_filter(p)) for p in parts), start=1)
    )
    return _section(board, rows, "audience.conditions_of_list") + pieces.body(board, result, index)


def _with_sizes(board: Board, result: Result, index: int) -> str:
    steps = next((t for t in result.tables if t.id == "waterfall" and len(t.rows) > 1), None)
    parts = _parts(result)
    return _chips(board, index, steps, parts) if steps is not None and len(steps.rows) == len(parts) + 1 else ""


def _parts(result: Result) -> list[Filter]:
    try:
        return conditions(_RULE.validate_python(result.details.get("rule")))
    except ValidationError:  # an answer kept from before rules were written down so
        return []


def _chips(board: Board, index: int, steps: Table, parts: list[Filter]) -> str:
    everyone = tag("li", _size(index, steps, 0), class_="everyone")
    several = len(parts) > 1
    rows = "".join(
        tag("li", _size(index, steps, row) + _changes(board, row, part, str(steps.cell(row, "condition")), several))
        for row, part in enumerate(parts, start=1)
    )
    return _section(board, everyone + rows, "audience.conditions")


def _section(board: Board, rows: str, title: str) -> str:
    texts = board.texts
    undo = tag("button", esc(texts("audience.undo")), type="button", class_="ask undo",
               data_ask=texts("audience.undo_say"))
    return tag("section", tag("h4", esc(texts(title))) + tag("ol", rows) + _one_more(board) + undo, class_="conditions",
               aria_label=texts(title))


def _one_more(board: Board) -> str:
    """A field for one more condition, in words."""
    texts = board.texts
    box = tag("input", type="text", required=True, maxlength="200", placeholder=texts("audience.add_like"),
              aria_label=texts("audience.add_what"))
    send = tag("button", esc(texts("audience.add")), type="submit")
    return tag("form", box + send, class_="number add", data_was="", data_say=texts("audience.add_say", new="[new]"))


def _changes(board: Board, row: int, part: Filter, label: str, several: bool) -> str:
    """A field for each number of a condition, and a button that takes it away."""
    texts = board.texts
    if row > _PLACES:
        return ""
    numbers = [n for n in dict.fromkeys(numbers_in(part)) if times_said(part, n) == 1 and n >= 0]
    inner = "".join(_field(board, row, n, label) for n in numbers)
    if several:
        inner += tag("button", "×", type="button", class_="drop", data_ask=texts("audience.drop_say", place=row),
                     title=texts("audience.drop"), aria_label=texts("audience.drop_of", condition=label))
    return inner


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
