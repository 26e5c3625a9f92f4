"""The check of numbers: every figure in a reply must be a figure or a cell of a result of this turn.

The ledger lists every number that may be printed: cells, figures, plan constants, dates of the evidence, numbers in
definitions and assumptions, and numbers of the question itself when repeated. A reply with any other number is blocked
and rebuilt from the results.
"""

from __future__ import annotations

import calendar
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from assistant.agent.quoting import Quotations
from assistant.results import Figure, NumberInReply, Result, Source
from assistant.results.format import show

_MONTH = "|".join(f"{name}|{name[:3]}" for name in calendar.month_name[1:])
_TOKEN = re.compile(
    rf"""(?P<date>\b\d{{4}}-\d{{2}}-\d{{2}}\b
        |\b\d{{1,2}}\s+(?:{_MONTH})\.?\s+\d{{4}}\b
        |\b(?:{_MONTH})\.?\s+\d{{1,2}},\s+\d{{4}}\b)
      |(?P<number>(?<![\w.,])[-−+]?(?:\d{{1,3}}(?:,\d{{3}})+|\d+)(?:\.\d+)?(?P<suffix>\s?%|[kKmM]\b)?)""",
    re.VERBOSE | re.IGNORECASE,
)
_SIGNS = "+-−"
_WORDS = {"twice": 2, "double": 2, "doubled": 2, "triple": 3, "tripled": 3, "half": 0.5, "halved": 0.5}
_WORD = re.compile(rf"\b({'|'.join(_WORDS)})\b", re.IGNORECASE)
#: digits inside ids and codes ("22423", "C-17", "P1") are words; they are checked as text, not as numbers
_CODE = re.compile(r"\b(?=[\w-]*[A-Za-z])(?=[\w-]*\d)[\w-]+\b")


@dataclass(frozen=True)
class Entry:
    """One number that may be printed."""

    figure: Figure
    result: int
    text: str


class Ledger:
    """Everything the results of a turn allow to be printed."""

    def __init__(self, results: Sequence[Result], question: str = "") -> None:
        self.entries: list[Entry] = []
        for index, result in enumerate(results):
            for figure in _figures(result):
                self.entries.append(Entry(figure, index, show(figure.value, figure.unit, result.currency)))
        self.quotations = Quotations(results, question)
        self._by_date = {str(e.figure.value)[:10]: e for e in self.entries if e.figure.unit == "date"}

    def find(self, token: str, value: float, percent: bool, decimals: int) -> Entry | None:
        """The entry whose value prints as ``token`` does: equal at the precision shown, never looser."""
        for entry in self.entries:
            if _equal(entry.figure, value, percent, decimals):
                return entry
        return None

    def find_date(self, day: str) -> Entry | None:
        return self._by_date.get(day)


def _figures(result: Result) -> Iterable[Figure]:
    yield from result.figures.values()
    for table in result.tables:
        for row in range(len(table.rows)):
            for column in table.columns:
                if isinstance(table.cell(row, column.name), int | float) or column.unit == "date":
                    yield table.figure(row, column.name, _cell_label(table, row, column.label))
        yield Figure(value=table.total_rows, unit="count", label=f"rows of {table.title}",
                     source=Source(table=table.id, origin="derived", derivation="number of rows"))
    for caveat in result.caveats:
        yield from caveat.figures.values()
    evidence = result.evidence
    for label, day in (("as of", evidence.as_of), ("window start", evidence.window_start),
                       ("window end", evidence.window_end)):
        if day is not None:
            yield Figure(value=day.isoformat(), unit="date", label=label, source=Source(origin="evidence"))
    yield from _plan_numbers(evidence.plan, "plan")


def _cell_label(table: object, row: int, label: str) -> str:
    first = table.columns[0]  # type: ignore[attr-defined]
    name = table.rows[row][0]  # type: ignore[attr-defined]
    return f"{label}, {name}" if first.unit in {"text", "id", "date"} and name is not None else label


def _plan_numbers(value: object, label: str) -> Iterable[Figure]:
    if isinstance(value, bool):
        return
    if isinstance(value, int | float):
        yield Figure(value=value, unit="number", label=label, source=Source(origin="plan"))
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from _plan_numbers(part, f"{label}.{key}")
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _plan_numbers(part, label)
    elif isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        yield Figure(value=value, unit="date", label=label, source=Source(origin="plan"))


def _equal(figure: Figure, value: float, percent: bool, decimals: int) -> bool:
    stored = figure.value
    if isinstance(stored, bool) or not isinstance(stored, int | float) or not math.isfinite(stored):
        return False
    if percent:
        if figure.unit not in {"percent", "probability", "number"}:
            return False
        stored = stored * 100 if figure.unit == "probability" else stored
    elif figure.unit == "probability":
        return False
    exact = decimals == 0 and float(stored).is_integer()
    if exact:
        return abs(stored) == abs(value)
    return abs(abs(round(stored, decimals)) - abs(value)) < 10 ** -(decimals + 6)


@dataclass
class Grounded:
    """The numbers of a reply with their sources, and those without one."""

    numbers: list[NumberInReply]
    untraced: list[str]

    @property
    def ok(self) -> bool:
        return not self.untraced


def check(
    reply: str, results: Sequence[Result], question: str = "", known: Sequence[NumberInReply] = (), *,
    composed: bool = False,
) -> Grounded:
    """Trace every number of a reply.

    Args:
        reply: the text as it would be shown.
        results: results of the turn.
        question: the person's own words; their numbers may be repeated.
        known: numbers whose place and source the composer registered; each is verified against the text and the
            result it names. One that does not hold blocks the reply: another true value in its place is no excuse.
        composed: the reply comes from our templates, which register what they print (so wherever ``known`` is given):
            any other number in it can only be quoted.
    """
    composed = composed or bool(known)
    ledger = Ledger(results, question)
    numbers = [found for n in known if (found := _placed(n, reply, results))]
    taken = [(n.start, n.end) for n in numbers]
    untraced = [reply[n.start : n.end] for n in known if (n.start, n.end) not in taken]
    codes = [m.span() for m in _CODE.finditer(reply)]
    quoted = ledger.quotations.spans(reply)
    for match in _TOKEN.finditer(reply):
        start, end = match.span()
        start += reply[start] in _SIGNS and _within(start + 1, end, taken)
        if _within(start, end, [*taken, *quoted]) or _in_known_code(start, end, reply, codes, ledger):
            continue
        if composed and not match.group("date"):
            untraced += [] if _is_quoted(match, reply, codes, ledger) else [match.group().strip()]
            continue
        entry = _trace(match, ledger)
        if entry is not None:
            numbers.append(_number(match.group().strip(), start, entry))
        elif not _is_quoted(match, reply, codes, ledger):
            untraced.append(match.group().strip())
    if results:
        untraced += _unknown_codes(reply, codes, [*taken, *quoted], ledger)
    for match in _WORD.finditer(reply):
        if results and not _within(*match.span(), quoted) and not _word_allowed(match, reply, ledger):
            untraced.append(match.group(1))
    return Grounded(sorted(numbers, key=lambda n: n.start), untraced)


def _unknown_codes(
    reply: str, codes: list[tuple[int, int]], spans: list[tuple[int, int]], ledger: Ledger
) -> Iterable[str]:
    """Ids and codes ("SO200008") that nothing names; with digits first ("30-day") they are checked as numbers."""
    for start, end in codes:
        word = reply[start:end]
        if word[0].isdigit() or _within(start, end, spans) or ledger.quotations.names_code(word):
            continue
        if ledger.quotations.allows(reply, start, end):
            continue
        yield word


def _in_known_code(start: int, end: int, reply: str, codes: list[tuple[int, int]], ledger: Ledger) -> bool:
    """Whether the digits are part of a name or id of the results ("c-5", "HW-1042"), and so no number at all."""
    return any(s <= start and end <= e and ledger.quotations.names_code(reply[s:e]) for s, e in codes)


def _within(start: int, end: int, spans: Iterable[tuple[int, int]]) -> bool:
    return any(s <= start and end <= e for s, e in spans)


def _word_allowed(match: re.Match[str], reply: str, ledger: Ledger) -> bool:
    """A multiple in words needs a ratio that says so; a count that happens to be two is no evidence for "twice"."""
    value = _WORDS[match.group(1).lower()]
    ratios = [e for e in ledger.entries if e.figure.unit == "ratio" and _equal(e.figure, value, False, 1)]
    return bool(ratios) or ledger.quotations.allows(reply, *match.span())


def _trace(match: re.Match[str], ledger: Ledger) -> Entry | None:
    if match.group("date"):
        return ledger.find_date(_iso(match.group("date")))
    token = match.group("number").strip()
    percent = token.endswith("%")
    digits = token.rstrip("%kKmM ").replace(",", "").replace("−", "-").lstrip("+")
    if token[-1] in "kKmM":
        return None  # rounded to thousands or millions: no cell prints so
    decimals = len(digits.partition(".")[2])
    return ledger.find(token, float(digits), percent, decimals)


def _is_quoted(match: re.Match[str], reply: str, codes: list[tuple[int, int]], ledger: Ledger) -> bool:
    start, end = match.span()
    if _within(start, end, codes):
        return False  # a code that no result names
    return ledger.quotations.allows(reply, start, end)


def _iso(text: str) -> str:
    text = text.replace(".", "").replace(",", "")
    for pattern in ("%Y-%m-%d", "%d %B %Y", "%d %b %Y", "%B %d %Y", "%b %d %Y"):
        try:
            return datetime.strptime(text, pattern).date().isoformat()
        except ValueError:
            continue
    return date.min.isoformat()


def _number(text: str, start: int, entry: Entry) -> NumberInReply:
    figure = entry.figure
    return NumberInReply(text=text, start=start, end=start + len(text), value=figure.value, unit=figure.unit,
                         label=figure.label, source=figure.source, result=entry.result)


def _placed(number: NumberInReply, reply: str, results: Sequence[Result]) -> NumberInReply | None:
    """The number with the result that holds it: the one it names, or else another (replies put refusals last)."""
    for index in (number.result, *range(len(results))):
        candidate = number.model_copy(update={"result": index})
        if _verified(candidate, reply, results):
            return candidate
    return None


def _verified(number: NumberInReply, reply: str, results: Sequence[Result]) -> bool:
    """A registered number counts only if the text shows it and the cell it names still prints so."""
    if reply[number.start : number.end] != number.text or number.result >= len(results):
        return False
    result, source = results[number.result], number.source
    printed = {show(number.value, number.unit, result.currency)}
    if isinstance(number.value, int | float) and not isinstance(number.value, bool):
        printed.add(show(abs(number.value), number.unit, result.currency))
        if number.value > 0:
            printed.add(f"+{show(number.value, number.unit, result.currency)}")
    if number.text not in printed:
        return False
    if source.origin == "cell" and source.table is not None and source.row is not None and source.column is not None:
        try:
            return _same(result.table(source.table).cell(source.row, source.column), number.value)
        except (KeyError, IndexError):
            return False
    known = [*result.figures.values(), *(f for c in result.caveats for f in c.figures.values())]
    return any(_same(figure.value, number.value) and figure.unit == number.unit for figure in known) or any(
        _same(figure.value, number.value) for figure in _figures(result)
    )


def _same(a: object, b: object) -> bool:
    if isinstance(a, int | float) and isinstance(b, int | float):
        return abs(a) == abs(b)
    return a == b
