"""A text with everything that has a meaning of its own in brackets: ``who bought ‹G3:kitchen› ‹P4:in 2025›``.

The letters before the number say what it may be: C country, Y city, G goods, H sales channel, S acquisition channel,
F an agreed term, V a saved segment, P period, D length of time, A so long ago, U so long ahead, N number, M money,
Q percent, T times ("twice"). What the words around them mean is left to expressions (``people_clauses.yaml``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from assistant.llm.planner.filters import ConditionReader
from assistant.llm.planner.form_places import put_in
from assistant.llm.planner.heard import heard
from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.period_grammar import read_period
from assistant.llm.planner.period_words import PeriodReading, period_words
from assistant.llm.planner.spans import Item, Reading, read
from assistant.llm.planner.vocabulary import Value, Vocabulary

_LETTERS = {
    "country": "C", "city": "Y", "category": "G", "subcategory": "G", "brand": "G", "product": "G", "channel": "H",
    "acquisition_channel": "S",
}
_UNITS = {None: "N", "money": "M", "percent": "Q"}
_PATTERNS = ("no_term", "no_number", "no_time", "before_goods", "after_goods")
_SLOT = re.compile(r"‹[A-Z]+(\d+):[^›]*›")


@dataclass(frozen=True)
class Slotted:
    """A text in brackets, and what each of them holds.

    Attributes:
        text: in small letters, single spaces, marks as words of their own.
        places: for each piece, where it stands in ``text`` and in what was said.
    """

    text: str
    said: str
    reading: Reading
    places: tuple[tuple[int, int, int, int], ...]

    def items(self, piece: str) -> list[Item]:
        """What the brackets of a stretch hold."""
        return [self.reading.items[int(n)] for n in _SLOT.findall(piece)]

    def source(self, start: int, end: int) -> str:
        """What was said between two places of the text."""
        inside = [(a, b) for at, stop, a, b in self.places if at < end and stop > start]
        return self.said[inside[0][0]:inside[-1][1]] if inside else ""

    def source_place(self, at: int) -> int:
        """Where the piece at or after a place begins in what was said; its end where nothing follows."""
        return next((a for start, stop, a, b in self.places if stop > at), len(self.said))


def slotted(text: str, words: Vocabulary) -> Slotted:
    """Put the brackets in."""
    raw = _raw(words.lexicon.language)
    for said, instead in raw["contractions"].items():
        text = re.sub(said, instead, text, flags=re.IGNORECASE)
    reading = _times_apart(read(text, words))
    pieces: list[str] = []
    places: list[tuple[int, int, int, int]] = []
    at = covered = 0
    for n, item in enumerate(reading.items):
        if n < covered:
            continue
        item = reading.items[n] = _goods_of_a_season(item, pieces, reading, raw)
        first, last = item.tokens[0], item.tokens[-1]
        plain = " ".join(text[first.start:last.end].lower().split())
        spelt = " ".join(t.text.lower() for t in item.tokens) if any(t.misspelt for t in item.tokens) else plain
        letters = _letters(item, spelt, raw)
        named = None if letters or reading.is_skip(n) else _goods_at(n, " ".join(pieces), reading, raw)
        if named is not None:
            letters, covered, last = "G", named, reading.items[named - 1].tokens[-1]
            spelt = " ".join(text[first.start:last.end].lower().split())
        said = f"‹{letters}{n}:{spelt.replace('›', '')}›" if letters else spelt
        pieces.append(said)
        places.append((at, at + len(said), first.start, last.end))
        at += len(said) + 1
    return Slotted(" ".join(pieces), text, reading, tuple(places))


def _times_apart(reading: Reading) -> Reading:
    """As in "and in 2025": the small word belongs to the time after it, also where both words are one entry."""
    items: list[Item] = []
    for item in reading.items:
        if items and item.end <= items[-1].end:
            continue
        unit = period_words(reading.vocabulary.lexicon).units.get(item.lemma)
        if items and unit and items[-1].lemma in heard("one_of") and not items[-1].alts.keys() - {"content"}:
            one = items.pop()  # "a year"
            length = PeriodReading("duration", one.start, item.end, count=1, unit=unit)
            items.append(Item(one.start, item.end, {"duration": [length]}, (*one.tokens, *item.tokens)))
            continue
        at = item.end - 1
        period = None if len(item.tokens) < 2 or item.has("period", "value", "duration", "ago", "definition") else (
            read_period(reading.tokens, at, reading.vocabulary.lexicon, reading.vocabulary.status.as_of))
        if period is None or period.end <= item.end:
            items.append(item)
            continue
        items.append(Item(item.start, at, {}, item.tokens[:-1]))
        items.append(Item(at, period.end, {period.kind: [period]}, tuple(reading.tokens[at:period.end])))
    reading.items = items
    return reading


@lru_cache(maxsize=4)
def _raw(language: str) -> dict[str, Any]:
    raw = dict(read_yaml(language, "people_clauses"))
    if not raw:
        return {"contractions": {}} | dict.fromkeys(_PATTERNS, re.compile("(?!)"))
    macros = {name: f"(?:{body})" for name, body in raw["macros"].items()}
    return raw | {name: re.compile(raw[name]) for name in ("no_term", "no_number", "no_time")} | {
        name: re.compile(put_in(raw[name], macros)) for name in ("before_goods", "after_goods")}


def _goods_of_a_season(item: Item, pieces: list[str], reading: Reading, raw: dict[str, Any]) -> Item:
    """As in "bought nothing from Christmas": right after a word for buying, goods and not their season.

    The small word before the name is put with the words before."""
    if not item.has("period") or len(item.tokens) < 2 or not raw["no_time"].search(" ".join(pieces)):
        return item
    lemmas = [t.lemma for t in item.tokens]
    values = [value for end, entries in reading.vocabulary.trees[1].matches(lemmas, 1) if end == len(lemmas)
              for kind, value in entries if kind == "value" and _LETTERS.get(value.dimension) == "G"]
    return Item(item.start, item.end, {"value": values}, item.tokens) if values else item


def _goods_at(n: int, before: str, reading: Reading, raw: dict[str, Any]) -> int | None:
    """Where words of a product's name end that begin at an item, right after a word for buying or other goods."""
    if not any(re.search(raw[name], before) for name in ("before_goods", "after_goods")):
        return None
    found = ConditionReader(reading)._object(n)
    return found[1] if found is not None else None


def _of_all_times(item: Item) -> bool:
    """As in "ever": no time at all."""
    period = getattr(item.get("period"), "period", None)
    return period is not None and period.kind == "all"


def _letters(item: Item, spelt: str, raw: dict[str, Any]) -> str:
    """What an item may be; nothing where it is only a word."""
    if item.number is not None and not raw["no_number"].fullmatch(spelt):
        return _UNITS.get(item.unit, "")
    if item.has("times"):
        return "T"
    found = ""
    for value in item.alts.get("value", ()):
        if isinstance(value, Value) and _LETTERS.get(value.dimension, "") not in found:
            found += _LETTERS[value.dimension]
    if item.tokens[0].kind == "quote":
        found += "G"
    for kind, letter in (("period", "P"), ("duration", "D"), ("ago", "A"), ("future", "U")):
        if item.has(kind) and not found and not _of_all_times(item):
            found += letter
    for kind, letter in (("definition", "F"), ("saved", "V")):
        if item.has(kind) and not raw["no_term"].match(spelt):
            found += letter
    return found
