"""One answer against one expectation.

The judge reads what ``ask --json`` prints and nothing else. A number counts only where a reader takes it for the
answer: the first computed number of the reply (of the asked unit), or the first table's right row. A number that turns
up elsewhere is not right.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from datetime import date
from functools import cache
from typing import Any, Literal

from benchmarks.questions.truth import GoldShop, truth_of

Status = Literal["right", "asked", "refused_rightly", "refused_wrongly", "asked_in_vain", "failed", "silently_wrong"]
#: from best to worst: a conversation is as good as its worst turn
ORDER: tuple[Status, ...] = (
    "right", "refused_rightly", "asked", "refused_wrongly", "asked_in_vain", "failed", "silently_wrong")
GOOD: frozenset[Status] = frozenset({"right", "refused_rightly", "asked"})
#: group of the lines for which a dimension holds nothing (guests have no city); it may be shown or left out
UNNAMED = "(not set)"
#: how a reply turns round a direction that the person presupposed
CORRECTION = re.compile(
    r"\bdid not\b|\bdidn't\b|\bin fact\b|\bactually\b|\bcontrary\b|\bthe other way\b|\bnot (?:down|up|fall|rise)", re.I)
#: how a reply says that something is otherwise, or is not there at all
DENIAL = re.compile(
    r"\b(?:did|does|do|is|are|was|were|has|have|had|would) not\b|n't\b|\bin fact\b|\bactually\b|\bcontrary\b|\brather\b"
    r"|\bthe other way\b|\bnot (?:down|up|fall|rise|among|the|one)|\bno (?:such|\w+ (?:called|named))|\bcannot\b"
    r"|\bholds? (?:no|nothing)\b|\bwhich the loaded data\b|\bNothing in the data\b"
    r"|\bthe (?:first|last) day of the data\b",
    re.I)


def judge(expected: dict[str, Any], answer: dict[str, Any], shop: GoldShop) -> tuple[Status, str]:
    """The status of one answer and, where it is not right, what was missed. With ``any`` the best reading counts."""
    readings = expected.get("any", [expected])
    found = [_judge(reading, answer, shop) for reading in readings]
    return min(found, key=lambda verdict: ORDER.index(verdict[0]))


def _judge(expected: dict[str, Any], answer: dict[str, Any], shop: GoldShop) -> tuple[Status, str]:
    outcome, kind = answer["outcome"], expected.get("kind")
    if outcome == "failed":
        return "failed", answer["reply"]
    if outcome == "asked":
        return ("asked", "") if kind == "asked" else ("asked_in_vain", f"asked back: {answer['reply']}")
    if kind == "asked":
        if outcome == "refused":
            return "refused_wrongly", f"{answer['reason']}: {answer['reply'][:200]}"
        return "silently_wrong", f"answered without asking what is meant: {answer['reply'][:160]}"
    if kind == "refused":
        return _refusal(expected, answer)
    if outcome == "refused" and kind != "premise":
        return "refused_wrongly", f"{answer['reason']}: {answer['reply'][:200]}"
    truth = truth_of(shop, expected) if "of" in expected else None
    missed = JUDGES[kind](truth, expected, answer) or _uncharted(expected, answer)
    if not missed:
        return "right", ""
    return ("refused_wrongly" if outcome == "refused" else "silently_wrong"), missed


def _refusal(expected: dict[str, Any], answer: dict[str, Any]) -> tuple[Status, str]:
    """Refused for the right reason, naming what is missing (``names``) where the data lack something."""
    if answer["outcome"] != "refused":
        return "silently_wrong", f"answered what cannot be answered: {answer['reply'][:160]}"
    if answer["reason"] not in expected["reason"]:
        return "refused_wrongly", f"refused as {answer['reason']}, right is {'/'.join(expected['reason'])}"
    if "names" in expected and not re.search(expected["names"], answer["reply"], re.I | re.S):
        return "refused_wrongly", f"does not name {expected['names']!r}: {answer['reply'][:160]}"
    return "refused_rightly", ""


def _uncharted(expected: dict[str, Any], answer: dict[str, Any]) -> str:
    """Where a kind of chart was asked for, that the answer has one."""
    kinds = [chart["kind"] for chart in answer.get("charts", [])]
    return "" if "chart" not in expected or expected["chart"] in kinds else f"no {expected['chart']} chart: {kinds}"


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

# --- shapes beyond one number, one list, one comparison ---


def _cells(answer: dict[str, Any]) -> list[float]:
    return [c for t in answer["tables"] for row in t["rows"] for c in row
            if isinstance(c, int | float) and not isinstance(c, bool)]


def _values(truth: list[float], expected: dict[str, Any], answer: dict[str, Any]) -> str:
    """Every value is a number of a result that the reply holds, or a cell of a table."""
    shown = [n["value"] for n in answer["numbers"] if n["source"]["origin"] in {"cell", "derived"}]
    found = [*shown, *_cells(answer)]
    missing = [v for v in truth if not any(close(x, v) for x in found)]
    return "" if not missing else f"right are {[round(v, 2) for v in truth]}, missing {[round(v, 2) for v in missing]}"


def _all_rows(answer: dict[str, Any]) -> list[list[Any]]:
    return [row for table in answer["tables"] for row in table["rows"]]


def _per_group(truth: list[tuple[str, str, float]], expected: dict[str, Any], answer: dict[str, Any]) -> str:
    """Rows of group, name and value (or a cross table whose row of the one has a column of the other)."""
    rows = _all_rows(answer)
    for group, name, value in truth:
        long = [r for r in rows if _has_label(r, group) and _has_label(r, name) and _has_value(r, value)]
        wide = [r for r in rows if (_has_label(r, group) or _has_label(r, name)) and _has_value(r, value)]
        if not long and not (wide and len(_first_table(answer)["columns"]) > 3):
            return f"{name} of {group} is {value:,.2f}; no row says so"
    total = _first_table(answer)["total_rows"]
    return "" if "n" not in expected or total <= len(truth) else f"{len(truth)} rows are right, the table has {total}"


def _cohorts(truth: list[tuple[str, int, float]], expected: dict[str, Any], answer: dict[str, Any]) -> str:
    """The percent of a cohort so many months later stands in a row of that cohort."""
    for cohort, later, percent in truth:
        rows = [row for row in _all_rows(answer) if _has_label(row, cohort)]
        if not any(_near(cell, percent) or _near(cell, percent / 100) for row in rows for cell in row):
            return f"{percent:.2f} % of {cohort} came back in month {later}; the rows of it have {rows[:2]}"
    return ""


def _near(cell: object, value: float) -> bool:
    """Equal to a printed digit: percents may be kept rounded."""
    return isinstance(cell, int | float) and not isinstance(cell, bool) and abs(cell - value) <= 0.0501 * min(
        1.0, max(abs(value), 0.01))


def _bands(truth: float, expected: dict[str, Any], answer: dict[str, Any]) -> str:
    """Bands of whatever width: at least three, and some column of counts adds up to everybody."""
    for table in answer["tables"]:
        rows = [row for row in table["rows"] if UNNAMED not in row]
        columns = [[row[i] for row in rows] for i in range(len(table["columns"]))]
        for column in columns:
            counts = [c for c in column if isinstance(c, int | float) and not isinstance(c, bool)]
            if len(counts) >= 3 and close(sum(counts), truth):
                return ""
    return f"no bands add up to {truth:,.0f}"


def _forecast(truth: float, expected: dict[str, Any], answer: dict[str, Any]) -> str:
    """The horizon asked for, and the same time a year earlier as the orders say (``truth``)."""
    days = [str(c) for t in answer["tables"][:1] for row in t["rows"] for c in row]
    start, end = expected["start"], expected["end"]
    if start not in days or end not in days:
        return f"{start} to {end} was asked for, the forecast is of {[d for d in days if d[:2] == '20']}"
    if not any(close(cell, truth) for cell in _cells(answer)):
        return f"a year earlier it was {truth:,.2f}, which the forecast does not know"
    return ""


def _plan(truth: object, expected: dict[str, Any], answer: dict[str, Any]) -> str:
    """The tool that ran last, with these arguments among its own; ``truth`` is a number the reply must hold."""
    wanted = expected["tool"] if isinstance(expected["tool"], list) else [expected["tool"]]
    calls = [step for step in answer["plan"] if step["tool"] in wanted]
    if not calls:
        return f"{wanted} should have run, {[step['tool'] for step in answer['plan']]} did"
    missing = [v for v in expected.get("says", []) if str(v).casefold() not in json.dumps(calls).casefold()]
    if missing:
        return f"the plan does not hold {missing}: {json.dumps(calls)[:300]}"
    if isinstance(truth, int | float) and not any(close(x, truth) for x in [*_computed(answer), *_cells(answer)]):
        return f"right is {truth:,.2f}, the answer does not say so"
    return ""


def _said(answer: dict[str, Any]) -> str:
    return "\n".join([answer["reply"], *answer["caveats"], *answer.get("assumptions", [])])


def _says(truth: object, expected: dict[str, Any], answer: dict[str, Any]) -> str:
    """The reply (or what is noted beside it) holds each of these patterns."""
    text = _said(answer)
    missing = [p for p in expected["says"] if not re.search(p, text, re.I | re.S)]
    return f"the reply does not say {missing}" if missing else ""


def _premise(truth: object, expected: dict[str, Any], answer: dict[str, Any]) -> str:
    """What the question takes for granted is false: the reply corrects it, naming what it is about."""
    text = _said(answer)
    if not re.search(expected["about"], text, re.I | re.S):
        return f"the false premise about {expected['about']!r} is passed over: {text[:160]!r}"
    if not DENIAL.search(text):
        return f"the false premise is not corrected: {text[:160]!r}"
    if isinstance(truth, int | float) and not any(close(x, truth) for x in [*_computed(answer), *_cells(answer)]):
        return f"the true value {truth:,.2f} is not given"
    return ""


JUDGES: dict[str, Callable[[Any, dict[str, Any], dict[str, Any]], str]] = {
    "number": _number, "stated": _stated, "day": _day, "ranking": _ranking, "series": _mapping, "compare": _compare,
    "why": _why, "labels": _labels, "customers": _customers, "ids": _customers, "values": _values,
    "per_group": _per_group, "cohorts": _cohorts, "bands": _bands, "forecast": _forecast, "plan": _plan,
    "says": _says, "premise": _premise,
}
