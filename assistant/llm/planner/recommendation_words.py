"""Stretches of a text about recommendations, and which words of it may be left over.

A word that is neither cue nor name may pass where it is ordinary, stands alone, and neither describes what is named
after it nor is named by a word before it: "is the recommender any better than *merely* showing bestsellers".
"""

from __future__ import annotations

from dataclasses import dataclass

from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.normalise import Token
from assistant.llm.planner.vocabulary import Vocabulary

PLAIN, LOST = "plain", "lost"
#: so many words may be left over
_MOST = 2
#: what a word right before it would describe
_THINGS = frozenset({"goods", "product", "category", "people", "customer", "group", "newcomer", "takers", "basket",
                     "bundle", "model", "family", "stock", "number", LOST})


@dataclass(frozen=True)
class Piece:
    """A stretch of words: what it may be, and the name it stands for."""

    start: int
    end: int
    tags: frozenset[str]
    name: str = ""


def without_passing(pieces: list[Piece], tokens: list[Token], words: Vocabulary) -> tuple[list[Piece], list[str]]:
    """The pieces without those that may pass, and their words; all of them where too many would."""
    left = [n for n, p in enumerate(pieces) if LOST in p.tags and _passes(n, pieces, tokens, words)]
    if not 0 < len(left) <= _MOST:
        return pieces, []
    return [p for n, p in enumerate(pieces) if n not in left], [tokens[pieces[n].start].text for n in left]


def _passes(n: int, pieces: list[Piece], tokens: list[Token], words: Vocabulary) -> bool:
    piece = pieces[n]
    token = tokens[piece.start]
    lex = words.lexicon
    ordinary = piece.end - piece.start == 1 and token.text.isalpha() and {token.text.lower(), token.lemma} & lex.known
    if not ordinary or token.lemma in words.names | words.product_words.keys() | lex.vocabulary:
        return False
    if {token.text.lower(), token.lemma} & frozenset(read_yaml(lex.language, "second_reading")["telling"]):
        return False  # a denial or a statistic always changes what is asked
    if n + 1 < len(pieces) and pieces[n + 1].tags & _THINGS:
        return False
    return n == 0 or tokens[pieces[n - 1].end - 1].lemma not in read_yaml(lex.language, "recommendation_cues")["before"]


__all__ = ["LOST", "PLAIN", "Piece", "without_passing"]
