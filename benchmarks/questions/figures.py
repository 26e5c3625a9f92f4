"""A second reading of every figure in a reply, written apart from the program's own check of numbers.

It sees what ``ask --json`` prints. A figure stands if it is a cell of a table at the precision printed, a declared
derivation that comes out when computed again from its cells, the number of rows of a table, part of a name or phrase
that stands whole in the results, part of a day the results hold, or a number of the request itself.
"""

from __future__ import annotations

import ast
import calendar
import json
import operator
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from benchmarks.questions.truth import GoldShop

_NUMBER = re.compile(r"(?<![\w.])[-−+]?\d{1,3}(?:,\d{3})+(?:\.\d+)?|(?<![\w.])[-−+]?\d+(?:\.\d+)?")
_ISO = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})")
_MONTHS = {name.lower(): i for i, name in enumerate(calendar.month_name) if name}
_MONTHS |= {name.lower(): i for i, name in enumerate(calendar.month_abbr) if name}
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_DAY = re.compile(
    rf"\b(?:(\d{{1,2}})(?:\s*[–-]\s*(\d{{1,2}}))?\s+)?({_MONTH})\b\.?(?:\s*[–-]\s*(?:(\d{{1,2}})\s+)?({_MONTH})\b\.?)?"
    r"(?:,?\s+(\d{4}))?", re.I)
_QUARTER = re.compile(r"\bQ([1-4])\s+(\d{4})\b")
_MULTIPLES = {"twice": 2.0, "double": 2.0, "doubled": 2.0, "triple": 3.0, "tripled": 3.0}
_FORMULA = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}
_FUNCTIONS: dict[str, Callable[[list[float]], float]] = {"abs": lambda v: abs(v[0]), "min": min, "max": max, "sum": sum}
_DRAFT = re.compile(r"\bc-\d+\b")


@dataclass(frozen=True)
class Known:
    """What any reply about a shop may name: the first and last day of its data, its ids and how many rows it has."""

    days: frozenset[date] = frozenset()
    ids: frozenset[str] = frozenset()


def known_of(shop: GoldShop) -> Known:
    """Days and ids of a shop, read from its tables."""
    ids = {str(i) for table, column in (("customers", "customer_id"), ("products", "product_id"))
           for i in shop.tables[table][column]}
    return Known(frozenset({shop.lines["day"].min().date(), shop.as_of}), frozenset(ids))


@dataclass(frozen=True)
class Reading:
    """Figures of a reply: how many there are, how many only a stated derivation stands for, and which nothing does."""

    figures: int
    stated: int
    untraceable: tuple[str, ...]


def read_figures(answer: dict[str, Any], known: Known | None = None) -> Reading:
    """Look every figure of the reply up again.

    A figure that no cell holds may rest on a derivation that the answer states but that cannot be computed again from
    its tables (the spread of forty earlier months, say): it is counted apart.
    """
    reply, known = answer["reply"], known or Known()
    sure = [*_days(reply, _known_days(answer) | known.days), *_quoted(reply, _texts(answer)), *_declared(reply, answer)]
    sure += [m.span() for m in _DRAFT.finditer(reply)]
    sure += [m.span() for m in re.finditer(r"\b[\w-]*\d[\w-]*\b", reply) if m.group() in known.ids]
    stated = list(_stated(reply, answer))
    values = [*_cells(answer), *(float(t["total_rows"]) for t in answer["tables"]), *_plan_numbers(answer)]
    found = [(m, _is_shown(m.group(), values)) for m in _NUMBER.finditer(reply)]
    found += [(m, any(abs(v - _MULTIPLES[m.group().lower()]) < 0.05 for v in values))
              for m in re.finditer(r"\b[A-Za-z]+\b", reply) if m.group().lower() in _MULTIPLES]
    open_ones = [m for m, shown in found if not shown and not _inside(m, sure)]
    missing = tuple(m.group() for m in open_ones if not _inside(m, stated))
    return Reading(len(found), len(open_ones) - len(missing), missing)


def _inside(match: re.Match[str], spans: list[tuple[int, int]]) -> bool:
    return any(start <= match.start() and match.end() <= end for start, end in spans)


def _stated(reply: str, answer: dict[str, Any]) -> Iterator[tuple[int, int]]:
    """Numbers that the answer lists, printed as their value prints, with a source in words."""
    for number in (*answer["numbers"], *answer.get("quotes", ())):
        source = number["source"]
        if reply[number["start"] : number["end"]] != number["text"] or source["inputs"] or source["table"]:
            continue
        found = _NUMBER.search(number["text"])
        value = number["value"]
        if isinstance(value, str) or (found and isinstance(value, int | float) and _is_shown(found.group(), [value])):
            yield number["start"], number["end"]


def _is_shown(token: str, values: list[float]) -> bool:
    bare = token.replace(",", "").replace("−", "-").lstrip("+-")
    places, shown = len(bare.partition(".")[2]), float(bare)
    slack = 0.5 * 10**-places + 1e-9 * max(1.0, shown)
    return any(abs(abs(v) * scale - shown) <= slack for v in values for scale in (1, 100))


def _cells(answer: dict[str, Any]) -> Iterator[float]:
    for table in answer["tables"]:
        for row in table["rows"]:
            for cell in row:
                if isinstance(cell, int | float) and not isinstance(cell, bool):
                    yield float(cell)


def _plan_numbers(answer: dict[str, Any]) -> Iterator[float]:
    """Numbers of the request: they may be said back."""
    text = json.dumps([answer["plan"], [e.get("plan") for e in answer.get("evidence", [])]])
    yield from (float(x) for x in re.findall(r"(?<![\d-])\d+(?:\.\d+)?(?![\d-])", text))


# --- declared numbers: the cell that is named holds it, or its formula gives it ---


def _declared(reply: str, answer: dict[str, Any]) -> Iterator[tuple[int, int]]:
    for number in (*answer["numbers"], *answer.get("quotes", ())):
        tables = {t["id"]: t for t in answer["tables"] if t["result"] == number["result"]}
        value = _resolve(number["source"], tables)
        if reply[number["start"] : number["end"]] == number["text"] and value is not None:
            if isinstance(value, str):
                yield number["start"], number["end"]
                continue
            found = _NUMBER.search(number["text"])
            if found and _is_shown(found.group(), [value]):
                yield number["start"], number["end"]


def _resolve(source: dict[str, Any], tables: dict[str, Any]) -> Any:
    """The value a source leads to, or None where it leads nowhere."""
    if source["table"] and source["row"] is not None and source["column"]:
        table = tables.get(source["table"])
        names = [c["name"] for c in table["columns"]] if table else []
        if source["column"] not in names or source["row"] >= len(table["rows"]):
            return None
        return table["rows"][source["row"]][names.index(source["column"])]
    if source["inputs"] and source["derivation"]:
        return _compute(source, tables)
    return None


def _compute(source: dict[str, Any], tables: dict[str, Any]) -> float | None:
    inputs = {name: _resolve(part, tables) for name, part in source["inputs"].items()}
    try:
        tree = ast.parse(source["derivation"], mode="eval").body
        return _value(tree, inputs)
    except (SyntaxError, TypeError, KeyError, ZeroDivisionError, ValueError):
        return None


def _value(node: ast.expr, inputs: dict[str, Any]) -> float:
    """Evaluate plus, minus, times, over, numbers and names; anything else raises ``ValueError``."""
    total = 0.0
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):  # a sum may run over thousands of rows
        total, node = total + _value(node.right, inputs), node.left
    if total:
        return total + _value(node, inputs)
    if isinstance(node, ast.BinOp) and type(node.op) in _FORMULA:
        return float(_FORMULA[type(node.op)](_value(node.left, inputs), _value(node.right, inputs)))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_value(node.operand, inputs)
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return float(node.value)
    if isinstance(node, ast.Name):
        return float(inputs[node.id])
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _FUNCTIONS:
        return float(_FUNCTIONS[node.func.id]([_value(a, inputs) for a in node.args]))
    raise ValueError(ast.dump(node))


# --- days ---


def _known_days(answer: dict[str, Any]) -> set[date]:
    text = json.dumps([answer["tables"], answer.get("evidence", []), answer["plan"], answer["numbers"]], default=str)
    days = set()
    for year, month, day in _ISO.findall(text):
        if 1 <= int(month) <= 12 and 1 <= int(day) <= calendar.monthrange(int(year), int(month))[1]:
            days.add(date(int(year), int(month), int(day)))
    for year in re.findall(r'"(?:year|label)": "?(\d{4})\b', text):
        days |= {date(int(year), 1, 1), date(int(year), 12, 31)}
    return days


def _days(reply: str, days: set[date]) -> Iterator[tuple[int, int]]:
    """Places of days, months, quarters and years that the results hold."""
    months, years = {(d.year, d.month) for d in days}, {d.year for d in days}
    for match in _DAY.finditer(reply):
        first, last, month, until, other, year = match.groups()
        of = [_MONTHS[m.lower()] for m in (month, other) if m]
        if year and int(year) not in years:
            continue
        numbers = [(int(d), _MONTHS[m.lower()]) for d, m in ((first, month), (last, month), (until, other)) if d]
        if all(any(d.day == day and d.month == m for d in days) for day, m in numbers) and (
                numbers or any((y, m) in months or _spanned(y, m, days) for m in of for y in years)):
            yield match.span()
    for match in _QUARTER.finditer(reply):
        if int(match[2]) in years:
            yield match.span()
    for match in re.finditer(r"\b(?:19|20)\d{2}\b(?![.,]\d)", reply):
        if int(match.group()) in years or (days and min(days).year <= int(match.group()) <= max(days).year):
            yield match.span()


def _spanned(year: int, month: int, days: set[date]) -> bool:
    return bool(days) and min(days) <= date(year, month, 28) <= max(days)


# --- names and phrases ---


def _texts(answer: dict[str, Any]) -> set[str]:
    """Texts with digits that may stand in the reply as a whole: cells, definitions, assumptions, words of the plan."""
    found = {str(c) for t in answer["tables"] for row in t["rows"] for c in row if isinstance(c, str)}
    found |= {column["label"] for t in answer["tables"] for column in t["columns"]}
    found |= set(_strings([answer["definitions"], answer["assumptions"], answer["plan_words"], answer["options"]]))
    found |= set(_strings([answer["plan"], [answer.get("evidence", [])]]))
    found |= set(re.findall(r"[\w][\w./-]*\d[\w./-]*", answer["question"]))
    telling = re.compile(rf"\d|\b(?:{'|'.join(_MULTIPLES)})\b", re.I)
    plain = {t for t in found if telling.search(t) and not t.replace(".", "").isdigit()}
    ids = {str(c) for t in answer["tables"] for row in t["rows"] for c in row if isinstance(c, str) and c.isdigit()}
    return plain | ids | set(re.findall(r"\b[\w-]*\d[\w-]*\b", answer["question"]))


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for part in value.values():
            yield from _strings(part)
    elif isinstance(value, list):
        for part in value:
            yield from _strings(part)
    elif isinstance(value, str):
        yield value


def _quoted(reply: str, texts: set[str]) -> Iterator[tuple[int, int]]:
    folded = reply.lower()
    if len(folded) != len(reply):
        folded = reply
    for text in texts:
        start = folded.find(text.lower())
        while start >= 0:
            end = start + len(text)
            if not folded[max(start - 1, 0) : start].isdigit() and not folded[end : end + 1].isdigit():
                yield start, end
            start = folded.find(text.lower(), start + 1)
