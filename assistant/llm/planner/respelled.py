"""Misspelt words put right before a text is rephrased, so that the rules meet the words they know.

Only words of the language are put right here, and only where a rule then applies: names of the shop, and texts that no
rule changes, are left to the reading itself, which counts every correction against it.
"""

from __future__ import annotations

import re
from functools import lru_cache

from assistant.llm.planner.normalise import clean, expand, tokenise
from assistant.llm.planner.rephrase import rephrase, rule_words
from assistant.llm.planner.vocabulary import Vocabulary

_WORD = re.compile(r"(?<![\w'-])[a-z]{5,}(?![\w'-])")


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


def unswapped(text: str, words: Vocabulary) -> str:
    """The text with each unknown word put right that swapping two letters beside each other makes one of the language.

    That slip is plain where it leads to one such word alone, so it is put right before any form of a whole text is
    tried, none of which knows of spelling. Quotations, names with a capital inside a sentence and words that the
    language or the shop knows stay.
    """
    spelt = rule_words(words.lexicon.language)
    pieces = text.split('"')
    for n in range(0, len(pieces), 2):  # what stands between the marks is quoted
        pieces[n] = _WORD.sub(lambda m: _put_right(m.group(), words, spelt), pieces[n])
    return '"'.join(pieces)


def _put_right(word: str, words: Vocabulary, spelt: frozenset[str]) -> str:
    spelling = words.spelling
    forms = {word, word.removesuffix("s")}
    if any(form in pool for form in forms for pool in (spelt, spelling.vocabulary, spelling.known)):
        return word
    swapped = {word[:k] + word[k + 1] + word[k] + word[k + 2 :] for k in range(len(word) - 1)} - {word}
    right = [w for w in sorted(swapped) if w in spelt or w.removesuffix("s") in spelling.grammar]
    return right[0] if len(right) == 1 else word


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
