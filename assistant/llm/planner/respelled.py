"""Misspelt words put right before a text is rephrased, so that the rules meet the words they know.

Only words of the language are put right here, and only where a rule then applies: names of the shop, and texts that no
rule changes, are left to the reading itself, which counts every correction against it.
"""

from __future__ import annotations

from functools import lru_cache

from assistant.llm.planner.normalise import clean, expand, tokenise
from assistant.llm.planner.rephrase import rephrase, rule_words
from assistant.llm.planner.vocabulary import Vocabulary


def rephrased(text: str, words: Vocabulary) -> str:
    """The text in the words of the grammar, misspelt words put right where that lets a rule apply."""
    lex = words.lexicon
    plain = expand(clean(text), lex.words)
    corrected = _corrected(plain, words)
    if corrected != plain:
        said = rephrase(corrected, lex.words, lex.language)
        if said != corrected:
            return said
    return rephrase(text, lex.words, lex.language)


def _corrected(plain: str, words: Vocabulary) -> str:
    lex = words.lexicon
    known = rule_words(lex.language)
    tokens = [t for t in tokenise(plain, lex.words, numbers=False) if t.word not in known or t.kind != "word"]
    fixed = words.spelling.correct(tokens)
    for token in reversed(fixed):
        if token.misspelt and token.kind == "word" and _plain(token.lemma, lex.grammar_words, known):
            plural = "s" if token.word.endswith("s") and not token.lemma.endswith("s") else ""
            plain = f"{plain[: token.start]}{token.lemma}{plural}{plain[token.end :]}"
    return plain


@lru_cache(maxsize=2048)
def _plain(word: str, grammar: frozenset[str], known: frozenset[str]) -> bool:
    """Whether a word is one of the language or of its rules."""
    return word in grammar or word in known
