"""Ask the gold questions and judge the answers.

The judge reads what ``ask --json`` prints and nothing else. A number counts only where a reader takes it for the
answer: the first computed number of the reply (of the asked unit), or the first table's right row. A number that turns
up elsewhere is not right.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Literal, Protocol

import yaml

from tests.support.gold import ANSWERS, GoldShop, Split, split_of

HERE = Path(__file__).parent
Status = Literal["right", "asked", "refused_rightly", "refused_wrongly", "asked_in_vain", "failed", "silently_wrong"]
#: from best to worst: a conversation is as good as its worst turn
ORDER: tuple[Status, ...] = (
    "right", "refused_rightly", "asked", "refused_wrongly", "asked_in_vain", "failed", "silently_wrong")
GOOD: frozenset[Status] = frozenset({"right", "refused_rightly", "asked"})
#: group of the lines for which a dimension holds nothing (guests have no city); it may be shown or left out
UNNAMED = "(not set)"
#: how a reply corrects what the person presupposed
CORRECTION = re.compile(
    r"\bdid not\b|\bdidn't\b|\bin fact\b|\bactually\b|\bcontrary\b|\bthe other way\b|\bnot (?:down|up|fall|rise)", re.I)


class Answering(Protocol):
    """What is examined: one conversation per thread, one JSON answer per turn."""

    def answer(self, thread: str, text: str) -> dict[str, Any]: ...

    def forget(self, thread: str) -> None: ...


@dataclass(frozen=True)
class Case:
    """A conversation and what each of its turns should give (``None``: not looked at)."""

    id: str
    shop: str
    turns: tuple[str, ...]
    expected: tuple[dict[str, Any] | None, ...]
    family: str

    @property
    def split(self) -> Split:
        return split_of(self.family)


@dataclass(frozen=True)
class Verdict:
    """How a case went; ``answers`` are those of its turns, ``why`` says what was missed."""

    case: Case
    status: Status
    why: str
    answers: tuple[dict[str, Any], ...]

    @property
    def good(self) -> bool:
        return self.status in GOOD


def load_cases(shop: str, split: Split | None = None) -> list[Case]:
    """Cases of a shop (``demo`` or ``online_retail``), of one split or all. Raises ``ValueError`` for double ids."""
    entries = yaml.safe_load((HERE / f"questions_{shop}.yaml").read_text(encoding="utf-8"))
    cases = [case for entry in entries for case in _cases(shop, _texts(entry))]
    if len({c.id for c in cases}) < len(cases):
        raise ValueError(f"ids of {shop} are not unique")
    return [c for c in cases if split in {None, c.split}]


def _cases(shop: str, entry: dict[str, Any]) -> Iterator[Case]:
    expected = entry["expected"]
    if "wordings" in entry:
        for number, text in enumerate(entry["wordings"], start=1):
            yield Case(f"{entry['family']}-{number}", shop, (text,), (expected,), entry["family"])
        return
    turns = tuple(entry["turns"])
    listed = tuple(expected) if isinstance(expected, list) else (None,) * (len(turns) - 1) + (expected,)
    if len(listed) != len(turns):
        raise ValueError(f"{entry['id']}: {len(turns)} turns, {len(listed)} expectations")
    yield Case(entry["id"], shop, turns, listed, entry["id"])


def _texts(value: Any) -> Any:
    """YAML dates as ISO text, all the way down."""
    if isinstance(value, dict):
        return {k: _texts(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_texts(v) for v in value]
    return value.isoformat() if isinstance(value, date) else value


# --- asking ---


def examine(case: Case, assistant: Answering, shop: GoldShop) -> Verdict:
    """Hold one conversation and judge every turn that has an expectation."""
    thread = f"gold-{case.id}"
    answers: list[dict[str, Any]] = []
    worst: tuple[Status, str] = ("right", "")
    for position, (text, expected) in enumerate(zip(case.turns, case.expected, strict=True)):
        answers.append(assistant.answer(thread, text))
        if expected is None:
            continue
        status, why = judge(expected, answers[-1], shop)
        if status == "asked_in_vain" and _an_option_helps(case, position, answers[-1], assistant, shop):
            status, why = "asked", "an option gives the answer"
        if ORDER.index(status) > ORDER.index(worst[0]) or worst[0] == "right":
            worst = (status, f"turn {position + 1}: {why}" if why and len(case.turns) > 1 else why)
    assistant.forget(thread)
    return Verdict(case, *worst, tuple(answers))


def _an_option_helps(case: Case, position: int, asked: dict[str, Any], assistant: Answering, shop: GoldShop) -> bool:
    expected = case.expected[position]
    for number, option in enumerate(asked["options"]):
        thread = f"gold-{case.id}-option-{position}-{number}"
        for text in case.turns[: position + 1]:
            assistant.answer(thread, text)
        followed = assistant.answer(thread, option)
        assistant.forget(thread)
        if expected and judge(expected, followed, shop)[0] in {"right", "refused_rightly"}:
            return True
    return False


def judge(expected: dict[str, Any], answer: dict[str, Any], shop: GoldShop) -> tuple[Status, str]:
    """One answer against one expectation: the status and, where it is not right, what was missed."""
    outcome = answer["outcome"]
    if outcome == "failed":
        return "failed", answer["reply"]
    if outcome == "asked":
        return "asked_in_vain", f"asked back: {answer['reply']}"
    if expected.get("kind") == "refused":
        if outcome != "refused":
            return "silently_wrong", f"answered what cannot be answered: {answer['reply'][:160]}"
        if answer["reason"] in expected["reason"]:
            return "refused_rightly", ""
        return "refused_wrongly", f"refused as {answer['reason']}, right is {'/'.join(expected['reason'])}"
    if outcome == "refused":
        return "refused_wrongly", f"{answer['reason']}: {answer['reply'][:200]}"
    readings = expected.get("any", [expected])
    misses = [_missed(reading, answer, shop) for reading in readings]
    return ("right", "") if "" in misses else ("silently_wrong", misses[0])


def _missed(expected: dict[str, Any], answer: dict[str, Any], shop: GoldShop) -> str:
    """What the answer lacks; empty when it is right."""
    arguments = {k: v for k, v in expected.items() if k not in {"kind", "of", "unit", "claimed"}}
    truth = ANSWERS[expected["of"]](shop, **arguments)
    return JUDGES[expected["kind"]](truth, expected, answer)


# --- judging one kind of expectation each ---


def close(a: object, b: float) -> bool:
    """Equal but for the order of float additions."""
    return isinstance(a, int | float) and not isinstance(a, bool) and math.isclose(a, b, rel_tol=1e-6, abs_tol=0.006)


def _computed(answer: dict[str, Any], unit: str | None = None) -> list[float]:
    """Computed numbers of the reply in reading order: no dates or ids, nothing repeated from the question."""
    return [
        n["value"] for n in answer["numbers"]
        if (n["source"]["origin"] == "cell" or n["source"]["inputs"]) and n["unit"] not in {"date", "id", "text"}
        and (unit is None or n["unit"] == unit)
    ]


def _first_table(answer: dict[str, Any]) -> dict[str, Any]:
    return answer["tables"][0] if answer["tables"] else {"columns": [], "rows": [], "total_rows": 0}


def _number(truth: float, expected: dict[str, Any], answer: dict[str, Any]) -> str:
    found = _computed(answer, expected.get("unit"))
    if found and close(found[0], truth):
        return ""
    return f"right is {truth:,.2f}, the answer says {found[0] if found else 'no number'}"


def _stated(truth: float, expected: dict[str, Any], answer: dict[str, Any]) -> str:
    """For a sum of listed rows: it follows the rows, and must be in the reply itself."""
    found = _computed(answer, expected.get("unit"))
    return "" if any(close(x, truth) for x in found) else f"right is {truth:,.2f}, the reply does not say so"


def _day(truth: str, expected: dict[str, Any], answer: dict[str, Any]) -> str:
    first = _first_table(answer)["rows"][:1]
    stated = [n["value"] for n in answer["numbers"] if n["unit"] == "date" and n["source"]["origin"] == "cell"]
    found = truth in stated or any(truth in row for row in first)
    return "" if found else f"right is {truth}, the answer says {stated}"


@cache
def _names(cell: str) -> frozenset[str]:
    """Ways a label may be meant: as written, and as the first day of the time it names."""
    import pandas as pd

    text = re.sub(r"\s*\(.*\)$", "", cell).strip()
    found = {cell.casefold(), text.casefold()}
    if match := re.fullmatch(r"Q([1-4]) (\d{4})", text):
        found.add(f"{match[2]}-{3 * int(match[1]) - 2:02}-01")
    elif match := re.fullmatch(r"(\d{4})-?W(\d{1,2})|W(?:eek )?(\d{1,2})[ ,]+(\d{4})", text):
        found.add(date.fromisocalendar(int(match[1] or match[4]), int(match[2] or match[3]), 1).isoformat())
    elif match := re.fullmatch(r"(\d{1,2}):00(?:.*)", text):
        found.add(str(int(match[1])))
    else:
        bare = re.sub(r"^(?:week of|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),?) (?=\d)", "", text)
        stamp = pd.to_datetime(bare, errors="coerce", dayfirst=not re.match(r"\d{4}", bare))
        if not pd.isna(stamp):
            found.add(f"{stamp:%Y-%m-%d}")
    return frozenset(found)


def _has_label(row: list[Any], label: str) -> bool:
    return any(label.casefold() in _names(str(cell)) for cell in row if cell is not None)


def _has_value(row: list[Any], value: float) -> bool:
    return any(close(cell, value) for cell in row) or (math.isnan(value) and None in row)


def _ranking(truth: list[tuple[str, float]], expected: dict[str, Any], answer: dict[str, Any]) -> str:
    """In order where so many were asked for, else in any order; rows of equal value may change places."""
    rows = _first_table(answer)["rows"]
    if "n" not in expected:
        return _mapping(dict(truth), expected, answer)
    for place, (label, value) in enumerate(truth):
        if place >= len(rows) or not _has_value(rows[place], value):
            return f"place {place + 1} is {label} with {value:,.2f}, the table has {rows[place : place + 1]}"
        if not _has_label(rows[place], label) and sum(close(v, value) for _, v in truth) == 1:
            return f"place {place + 1} is {label}, the table has {rows[place]}"
    if "n" in expected and expected["n"] > 1 and len(rows) > len(truth) and not close(truth[-1][1], _last(rows, truth)):
        return f"{expected['n']} rows were asked for, the table has {len(rows)}"
    return ""


def _last(rows: list[list[Any]], truth: list[tuple[str, float]]) -> float:
    """Value of the first row too many, taken from the column that held the value before."""
    column = next(i for i, cell in enumerate(rows[len(truth) - 1]) if close(cell, truth[-1][1]))
    return float(rows[len(truth)][column] or 0)


def _mapping(truth: dict[str, float], expected: dict[str, Any], answer: dict[str, Any]) -> str:
    named = [row for row in _first_table(answer)["rows"] if UNNAMED not in row]
    if len(named) != len(truth):
        return f"{len(truth)} rows are right, the table has {len(named)}"
    for label, value in truth.items():
        rows = [row for row in named if _has_label(row, label)]
        if not any(_has_value(row, value) for row in rows):
            return f"{label} is {value:,.2f}, the table has {rows[:1] or 'no such row'}"
    return ""


def _customers(truth: set[str], expected: dict[str, Any], answer: dict[str, Any]) -> str:
    table = _first_table(answer)
    columns = [i for i, c in enumerate(table["columns"]) if c["unit"] == "id"]
    if not columns:
        return f"{len(truth)} are right, the first table lists none"
    listed = {str(row[columns[0]]) for row in table["rows"]}
    if table["total_rows"] != len(truth):
        return f"{len(truth)} are right, the answer has {table['total_rows']}"
    strange = listed - truth
    if strange or (len(table["rows"]) == table["total_rows"] and truth - listed):
        return f"other ones are listed: {sorted(strange)[:5]}, missing {sorted(truth - listed)[:5]}"
    return ""


def _labels(truth: set[str], expected: dict[str, Any], answer: dict[str, Any]) -> str:
    """Exactly these groups, in any order."""
    rows = _first_table(answer)["rows"]
    missing = [label for label in truth if not any(_has_label(row, label) for row in rows)]
    return "" if not missing and len(rows) == len(truth) else f"{sorted(truth)} are right, the table has {rows[:5]}"


def _compare(truth: dict[str, float], expected: dict[str, Any], answer: dict[str, Any]) -> str:
    """Both values and the change between them, in the first row of the first table; or the two as rows."""
    rows = _first_table(answer)["rows"]
    if len(rows) == 2 and all(any(_has_value(row, truth[k]) for row in rows) for k in ("value", "base")):
        return ""
    row = rows[0] if rows else []
    missing = [k for k in ("value", "base", "change", "percent") if not _has_value(row, truth[k])]
    told = _computed(answer)
    if not missing and told and close(told[0], truth["value"]):
        return ""
    return f"right is {', '.join(f'{k} {v:,.2f}' for k, v in truth.items())}; the table has {row}"


def _why(truth: dict[str, float], expected: dict[str, Any], answer: dict[str, Any]) -> str:
    """The change itself, its parts in a second table, and a correction where the presumed direction is wrong."""
    if missed := _compare(truth, expected, answer):
        return missed
    if len(answer["tables"]) < 2:
        return "nothing is said about what the change is made of"
    claimed, actual = expected.get("claimed"), "up" if truth["change"] > 0 else "down"
    corrects = bool(CORRECTION.search(answer["reply"] + " ".join(answer["caveats"])))
    if claimed and (claimed != actual) != corrects:
        return f"claimed {claimed}, true {actual}, corrected: {corrects}"
    return ""


JUDGES: dict[str, Callable[[Any, dict[str, Any], dict[str, Any]], str]] = {
    "number": _number, "stated": _stated, "day": _day, "ranking": _ranking, "series": _mapping, "compare": _compare,
    "why": _why, "labels": _labels, "customers": _customers, "ids": _customers,
}


# --- what is examined ---


class InProcess:
    """The program on a home folder, as ``python app.py ask --json`` would answer."""

    def __init__(self, home: Path) -> None:
        from app import compose
        from assistant.settings import load_settings

        self.workspace, self._session = compose(load_settings(home), remember=False)

    def answer(self, thread: str, text: str) -> dict[str, Any]:
        from app import answer_json

        return answer_json(self._session.answer(thread, text))

    def forget(self, thread: str) -> None:
        self._session.delete(thread)
