"""Words of campaigns beyond a single message, matched apart from the grammar of questions (``journeys.yaml``)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from assistant.llm.planner.heard import heard
from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.lexicon import Lexicon, PhraseTree
from assistant.llm.planner.spans import Reading


@dataclass(frozen=True)
class Said:
    """A phrase of a kind at the tokens ``[start, end)``."""

    kind: str
    start: int
    end: int


@lru_cache(maxsize=4)
def _tree(lex: Lexicon) -> PhraseTree:
    return lex.tree_of(read_yaml(lex.language, "journeys"))


def said(reading: Reading) -> list[Said]:
    """Every phrase of ``journeys.yaml`` in a text; of one kind the longest."""
    lemmas = [_plain(t.lemma) for t in reading.tokens]
    tree = _tree(reading.vocabulary.lexicon)
    found: list[Said] = []
    for start in range(len(lemmas)):
        longest: dict[str, int] = {}
        for end, entries in tree.matches(lemmas, start):
            for kind, _ in entries:
                longest[kind] = end
        found += [Said(kind, start, end) for kind, end in longest.items()]
    return found


def _plain(lemma: str) -> str:
    """As in "n't", which a text may hold for "not"."""
    return "not" if lemma in heard("campaign_words.never") else lemma


def places(reading: Reading, *kinds: str) -> list[Said]:
    """Phrases of these kinds."""
    return [one for one in said(reading) if one.kind in kinds]


def items_of(reading: Reading, found: list[Said]) -> set[int]:
    """Items that the phrases stand in."""
    return {i for i, item in enumerate(reading.items) for one in found if item.start < one.end and item.end > one.start}


def text_of(reading: Reading, start: int, end: int | None = None) -> str:
    """The person's own words from token to token."""
    return " ".join(t.text for t in reading.tokens[start:end]).strip(" ,.;:!?")


def costs_something(reading: Reading) -> bool:
    """As in "cross-sell candles to …, but keep costs under 100": what it may cost, and no price of a product."""
    return reading.has("goal") and bool(places(reading, "budget"))
