"""Numbers that are words: digits inside names, ids and phrases of the results, quoted where they stand.

A digit in a product's name is evidence for that name and for nothing else: "Set of 99" may be written out, but "99
customers" is a count that no cell holds. So a number without a figure passes only as part of something quoted whole
(a name, a title, a message), as a phrase of a definition or an assumption ("90 days"), as an id where an id is due
("customer 17850"), or as the year of a period that was looked at.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable, Sequence

from assistant.results import Result

_WORD = re.compile(r"\w+(?:[-.,]\w+)*")
_LETTER = re.compile(r"[^\W\d_]")
#: a number with an ending is a number, not a code: "5k", "3x", "4th"
_NUMBERLIKE = re.compile(r"\d[\d.,]*(?:k|m|bn|x|st|nd|rd|th|p|pct)?", re.IGNORECASE)
_ID_NOUN_LIST = (
    "customer customers product products order orders item items article code sku id ids no number nr draft campaign "
    "client clients invoice"
)
_ID_NOUNS = frozenset(_ID_NOUN_LIST.split())
_FUNCTION_WORD_LIST = (
    "a about above all an and any are as at be below between but by for from had has have in into is it its least less "
    "made more most no not of on only or out over per such than that the their then these this those to under up was "
    "were which who with within without you your"
)
_FUNCTION_WORDS = frozenset(_FUNCTION_WORD_LIST.split())
_MONTHS = [m.lower() for m in (*calendar.month_name, *calendar.month_abbr) if m]
_BEFORE_YEAR = frozenset([*_MONTHS, "in", "since", "during", "until", "year", "q1", "q2", "q3", "q4"])
_MULTIPLE = re.compile(r"\b(?:twice|doubled?|tripled?|half|halved)\b", re.IGNORECASE)
_QUOTED = re.compile(r"[“\"'‘]([^”\"'’\n]{1,200})[”\"'’]")
_LEFT_TRIM = " *_`\"'“‘#"


class Quotations:
    """What the results of a turn, and the person's question, allow to be quoted.

    Args:
        results: results of the turn.
        question: the person's words.
    """

    def __init__(self, results: Sequence[Result], question: str = "") -> None:
        self._question = question.casefold()
        whole = {t.casefold() for r in results for t in (*_names(r), *_sentences(r)) if _has_number(t)}
        self._whole = sorted((t for t in whole if _LETTER.search(t)), key=len, reverse=True)
        self._labels = {t.casefold() for r in results for t in _cells(r) if _LETTER.search(t)}
        self._ids = {t for t in whole if not _LETTER.search(t)} | set(re.findall(r"\b\d+\b", question))
        #: ids that a refusal offers instead of an unknown one
        self._offered = {t.casefold() for r in results if r.refusal for t in (*r.refusal.nearest, *r.refusal.valid)}
        self._codes = {w.casefold() for t in (*whole, question) for w in re.findall(r"[\w-]+", t) if _is_code(w)}
        names = sorted({t.casefold() for r in results for t in _names(r) if _has_number(t)}, key=len, reverse=True)
        self._pairs = {p for r in results for t in _sentences(r) for p in _pairs(_without(t.casefold(), names))}
        self._years = {str(d.year) for r in results for d in (
            r.evidence.window_start, r.evidence.window_end, r.evidence.as_of) if d is not None}

    def spans(self, reply: str) -> list[tuple[int, int]]:
        """Places of the reply where something is quoted whole."""
        text = reply.casefold()
        if len(text) != len(reply):  # a character that folds to two would shift every place
            text = reply.lower() if len(reply.lower()) == len(reply) else reply
        found = [
            (m.start(), m.end()) for phrase in self._whole if phrase in text
            for m in re.finditer(rf"(?<!\w){re.escape(phrase)}(?!\w)", text)
        ]
        return found + [m.span(1) for m in _QUOTED.finditer(reply) if m.group(1).casefold() in self._question]

    def allows(self, reply: str, start: int, end: int) -> bool:
        """Whether the number at a place is an id where an id is due, a phrase of the results, or a year looked at."""
        before, after = _last_word(reply[:start]), _next_word(reply[end:])
        token = reply[start:end].strip().rstrip("%").strip().casefold()
        if token in self._offered:
            return True
        if (token, after) in self._pairs or (before not in _FUNCTION_WORDS and (before, token) in self._pairs):
            return True
        if token in self._years and before in _BEFORE_YEAR:
            return True
        return token in self._ids and self._id_is_due(reply, start, end, before)

    def names_code(self, word: str) -> bool:
        """Whether a word of letters and digits ("HW-1042") is one of the results or of the question."""
        return word.casefold() in self._codes

    def _id_is_due(self, reply: str, start: int, end: int, before: str) -> bool:
        left, right = reply[:start].rstrip(_LEFT_TRIM), reply[end:].lstrip("*_`\"'”’")
        if before in _ID_NOUNS and left[-len(before):].casefold() == before:
            return True
        if left.endswith("(") and right.startswith(")"):
            return any(left[:-1].rstrip(_LEFT_TRIM).casefold().endswith(label) for label in self._labels)
        listed = re.search(r"(\w+)[*_`\"'”’]*\s*(?:,|\band\b|\bor\b|, and\b)$", left)
        if listed and listed.group(1) in self._ids:
            return self._id_is_due(reply, listed.start(1), listed.end(1), _last_word(reply[: listed.start(1)]))
        begins = not left or left.endswith(("\n", "\n-", "|", "\n•")) or left in {"-", "•"}
        return begins and bool(re.match(r"\s*(?:[|:·–—(,]|$|\n)", right))


def _is_code(word: str) -> bool:
    return bool(re.search(r"\d", word) and _LETTER.search(word)) and not _NUMBERLIKE.fullmatch(word)


def _has_number(text: str) -> bool:
    return any(c.isdigit() for c in text) or bool(_MULTIPLE.search(text))


def _cells(result: Result) -> Iterable[str]:
    for table in result.tables:
        yield from (value for row in table.rows for value in row if isinstance(value, str))


def _names(result: Result) -> Iterable[str]:
    """Texts that come from the data: cells, and the words that a template prints."""
    yield from _cells(result)
    yield from result.words.values()
    for caveat in result.caveats:
        yield from caveat.words.values()


def _sentences(result: Result) -> Iterable[str]:
    """Texts that we worded: titles, labels, definitions, assumptions, plans, refusals, questions back."""
    yield result.title
    for table in result.tables:
        yield table.title
        yield from (column.label for column in table.columns)
    for definition in result.evidence.definitions:
        yield from (definition.term, definition.meaning)
    yield from result.evidence.assumptions
    yield result.evidence.plan_words
    if result.refusal:
        yield result.refusal.message
        yield from (*result.refusal.valid, *result.refusal.nearest, *result.refusal.missing)
    if result.question:
        yield result.question.text
        yield from result.question.options


def _without(text: str, names: Sequence[str]) -> str:
    """The sentence without the names it holds: their digits belong to them."""
    for name in names:
        if name != text and name in text:
            text = text.replace(name, " | ")
    return text


def _pairs(text: str) -> Iterable[tuple[str, str]]:
    words = [m.group() for m in re.finditer(r"\w+(?:[-.,]\w+)*|\|", text)]
    for left, right in zip(words, words[1:], strict=False):
        if "|" not in (left, right) and (_has_number(left) or _has_number(right)):
            yield left, right


def _last_word(text: str) -> str:
    words = _WORD.findall(text[-80:].casefold())
    return words[-1] if words else ""


def _next_word(text: str) -> str:
    match = _WORD.search(text[:80].casefold())
    return match.group() if match else ""
