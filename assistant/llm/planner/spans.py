"""Typed spans: every stretch of the text with all the things it may mean."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from assistant.llm.planner.heard import heard
from assistant.llm.planner.lexicon import Lexicon
from assistant.llm.planner.normalise import Token, tokenise
from assistant.llm.planner.period_grammar import read_period
from assistant.llm.planner.period_words import PeriodReading
from assistant.llm.planner.season_names import cut_out
from assistant.llm.planner.turn_memory import once
from assistant.llm.planner.vocabulary import Vocabulary

#: verbs that ask for something new, near the beginning of a text
_MAKING = heard("spans.making")


@dataclass(frozen=True)
class Item:
    """A stretch of tokens ``[start, end)`` and what it may be.

    ``alts`` maps a kind (``metric``, ``dim``, ``value``, ``period``, ``act`` …) to its candidates, best first.
    """

    start: int
    end: int
    alts: dict[str, list[Any]]
    tokens: tuple[Token, ...]

    def get(self, kind: str) -> Any:
        """First candidate of a kind, or None."""
        found = self.alts.get(kind)
        return found[0] if found else None

    def has(self, *kinds: str) -> bool:
        return any(k in self.alts for k in kinds)

    @cached_property
    def text(self) -> str:
        return " ".join(t.text for t in self.tokens)

    @cached_property
    def lemma(self) -> str:
        return " ".join(t.lemma for t in self.tokens)

    @property
    def number(self) -> float | None:
        token = self.tokens[0]
        return token.value if token.kind == "number" and len(self.tokens) == 1 else None

    @property
    def singular(self) -> bool:
        """Whether the last word is no plural."""
        return self.tokens[-1].word == self.tokens[-1].lemma

    @property
    def unit(self) -> str | None:
        return self.tokens[0].unit


@dataclass
class Reading:
    """A text as items, ready for composition."""

    text: str
    tokens: list[Token]
    items: list[Item]
    vocabulary: Vocabulary
    skip: frozenset[str] = field(default_factory=frozenset)
    #: what was read of the text once and is needed by several frames
    memo: dict[str, Any] = field(default_factory=dict)

    def having(self, *kinds: str) -> list[int]:
        """Indices of items that may be one of the kinds."""
        return [i for i, item in enumerate(self.items) if item.has(*kinds)]

    def has(self, *kinds: str) -> bool:
        return any(item.has(*kinds) for item in self.items)

    def does(self, *actions: str) -> list[int]:
        """Indices of items that ask for one of the actions."""
        return [i for i, item in enumerate(self.items) if any(a in item.alts.get("do", ()) for a in actions)]

    def has_each(self, i: int) -> bool:
        """Whether every group on its own is asked for, apart from item ``i``."""
        words = self.vocabulary.lexicon.terms["each"]
        return any(t.lemma in words for k, item in enumerate(self.items) if k != i for t in item.tokens)

    def slice(self, start: int, end: int) -> Reading:
        """The same reading of a part of the items."""
        return Reading(self.text, self.tokens, self.items[start:end], self.vocabulary, self.skip)

    def is_skip(self, i: int) -> bool:
        """Whether the item carries no content of its own."""
        item = self.items[i]
        if len(item.tokens) > 1 and item.has("value", "absent"):
            return False  # "in store" names a channel, "page views" what is not held, of words that say nothing alone
        return all(t.kind in {"stop", "symbol"} or t.word in self.skip or t.lemma in self.skip for t in item.tokens)

    def unexplained(self, explained: Iterable[int]) -> list[int]:
        """Items with content that a plan leaves unused."""
        used = set(explained)
        return [i for i in range(len(self.items)) if i not in used and not self.is_skip(i)]


def _entries(lemmas: list[str], start: int, vocabulary: Vocabulary) -> Iterator[tuple[int, list[Any]]]:
    for tree in vocabulary.trees:
        yield from tree.matches(lemmas, start)
    if not _MAKING & set(lemmas[:4]):  # a campaign to be made may be of the same occasion, and is not the past one
        yield from vocabulary.campaigns.matches(lemmas, start)


def _merge(entries: list[Any]) -> dict[str, list[Any]]:
    alts: dict[str, list[Any]] = {}
    for kind, value in entries:
        bucket = alts.setdefault(kind, [])
        if value not in bucket:
            bucket.append(value)
    return alts


def _begins_a_campaign(lemmas: list[str], start: int, end: int, vocabulary: Vocabulary) -> bool:
    """Whether a campaign's name begins here or after small words and reaches beyond the period read there."""
    for at in range(start, end):
        named = any(
            stop >= end and any(kind == "value" and value.dimension == "campaign" for kind, value in entries)
            for stop, entries in _entries(lemmas, at, vocabulary)
        )
        if named:
            return True
        if lemmas[at] not in heard("spans.before_campaign"):
            return False
    return False


def _item_at(tokens: list[Token], lemmas: list[str], start: int, vocabulary: Vocabulary) -> Item:
    """The longest thing that begins here, with every meaning of exactly that stretch."""
    by_end: dict[int, list[Any]] = {}
    for end, entries in _entries(lemmas, start, vocabulary):
        by_end.setdefault(end, []).extend(entries)
    period: PeriodReading | None = read_period(tokens, start, vocabulary.lexicon, vocabulary.status.as_of)
    if period is not None and _begins_a_campaign(lemmas, start, period.end, vocabulary):
        period = None  # "the Spring Win-back campaign"
    if period is not None:
        by_end.setdefault(period.end, []).append((period.kind, period))
    if not by_end:
        return Item(start, start + 1, {}, (tokens[start],))
    end = max(by_end)
    if period is not None and end != period.end and period.end - start >= 2:
        kinds = {kind for kind, _ in by_end[end]}
        if not kinds & {"metric", "compare", "previous", "year_earlier"}:
            end = period.end
    alts = _merge(by_end[end])
    if end == start + 1 and tokens[start].text.lower() in vocabulary.lexicon.terms.get("plural_only", ()):
        alts.pop("dim", None)  # "was May good" asks for no goods
    return Item(start, end, alts, tuple(tokens[start:end]))


def read(text: str, vocabulary: Vocabulary) -> Reading:
    """Tokens → items: longest match from left to right, all meanings kept."""
    tokens, items, _ = once(("read", text, id(vocabulary)), lambda: (*_items(text, vocabulary), vocabulary))
    return Reading(text, list(tokens), list(items), vocabulary, vocabulary.lexicon.skip)


def _items(text: str, vocabulary: Vocabulary) -> tuple[list[Token], list[Item]]:
    lex = vocabulary.lexicon
    tokens = _compounds(vocabulary.spelling.correct(tokenise(text, lex.words)), lex)
    lemmas = [t.lemma if t.kind != "stop" else f"\x00{t.text}" for t in tokens]
    items = _cut(tokens, lemmas, 0, len(tokens), vocabulary)
    items = cut_out(items, lambda item: _begins_with_value(item, lemmas, vocabulary),
                    lambda start, end: _cut(tokens[:end], lemmas, start, end, vocabulary),
                    lambda word: bool(vocabulary.products_with([word])))
    return tokens, _apart(items, lemmas, vocabulary)


def _cut(tokens: list[Token], lemmas: list[str], start: int, end: int, vocabulary: Vocabulary) -> list[Item]:
    """The items between two places, the longest match first."""
    items: list[Item] = []
    while start < end:
        item = _item_at(tokens, lemmas, start, vocabulary)
        items.append(item)
        start = item.end
    return items


def _begins_with_value(item: Item, lemmas: list[str], vocabulary: Vocabulary) -> tuple[int, int, Any] | None:
    """The longest value that an item begins with, after small words; where it begins and ends."""
    for at in range(item.start, item.end):
        found = [(at, stop, value) for stop, entries in _entries(lemmas, at, vocabulary) if stop <= item.end
                 for kind, value in entries if kind == "value" and value.dimension != "campaign"]
        if found:
            return max(found, key=lambda f: f[1])
        if lemmas[at] not in heard("spans.before_campaign"):
            return None
    return None


def _compounds(tokens: list[Token], lex: Lexicon) -> list[Token]:
    """As in "day of the week": words that are one word whatever stands before them."""
    joined: list[Token] = []
    i = 0
    while i < len(tokens):
        for words, one in lex.compounds:
            if tuple(t.lemma for t in tokens[i : i + len(words)]) == words:
                last = tokens[i + len(words) - 1]
                text = " ".join(t.text for t in tokens[i : i + len(words)])
                joined.append(replace(tokens[i], text=text, lemma=one, end=last.end))
                i += len(words)
                break
        else:
            joined.append(tokens[i])
            i += 1
    return joined


def _apart(items: list[Item], lemmas: list[str], vocabulary: Vocabulary) -> list[Item]:
    """As in "which products sold the most": after "which" or a number, the noun and its verb are two things, not the
    name of a measure."""
    found: list[Item] = []
    for item in items:
        before = found[-1] if found else None
        listed = before is not None and (before.number is not None or before.lemma in heard("what_which"))
        if not (listed and len(item.tokens) == 2 and item.has("metric")):
            found.append(item)
            continue
        noun = _item_at(list(item.tokens[:1]), lemmas[item.start : item.start + 1], 0, vocabulary)
        verb = _item_at(list(item.tokens[1:]), lemmas[item.start + 1 : item.end], 0, vocabulary)
        if noun.has("dim") and verb.has("act"):
            for k, part in enumerate((noun, verb)):
                found.append(Item(item.start + k, item.start + k + 1, part.alts, part.tokens))
        else:
            found.append(item)
    return found
