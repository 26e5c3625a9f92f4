"""Spelling: misspelt, merged and split words are read as the nearest words that the program or the shop knows.

A word written with a capital inside a sentence is a name: it is only ever read as another name, so that a brand the
shop does not have is not turned into an everyday word.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from assistant.llm.planner.normalise import Token

_SHORT, _LONG = 4, 8
"""Letters from which a word may be one edit off, and from which it may be two; a word of the shop's own is not read
where two letters are others."""


@dataclass(frozen=True)
class Spelling:
    """What words are known.

    Attributes:
        grammar: words of the language itself, one of which every merged word must hold.
        vocabulary: lemmas that a misspelling may stand for.
        known: real words, left as they are.
        names: lemmas of the shop's names, months and days; the only readings of a capitalised word.
        products: product names that hold all of some lemmas.
        product_words: lemma → product names.
        light: words without content of their own, of which no merged word is made ("wholesale").
    """

    grammar: Collection[str]
    vocabulary: Collection[str]
    known: Collection[str]
    names: Collection[str]
    product_words: dict[str, set[str]]
    products: Callable[[list[str]], set[str]]
    light: Collection[str] = ()

    def correct(self, tokens: Sequence[Token]) -> list[Token]:
        """The tokens with the lemmas of misspelt words replaced, and merged or split words put right."""
        fixed: list[Token] = []
        titled = _all_titled(tokens)
        i = 0
        while i < len(tokens):
            token = tokens[i]
            if token.kind != "word" or self._real(token):
                fixed.append(token)
                i += 1
                continue
            capital = any(c.isupper() for c in token.text) and not token.text.isupper()
            named = capital and not titled and _inside(tokens, i)
            pool = self.names if named else self.vocabulary
            joined = self._joined(tokens, i) if not named else None
            if joined is not None:
                fixed.append(joined)
                i += 2
                continue
            best = self._nearest(token.lemma, pool, far=not named)
            if best is None and not named:
                parts = self._split(token)
                if parts:
                    fixed += parts
                    i += 1
                    continue
                best = self._short(tokens, i)
            fixed.append(replace(token, lemma=best[0], misspelt=best[1]) if best else token)
            i += 1
        return fixed

    def _real(self, token: Token) -> bool:
        word = token.lemma
        known = word in self.vocabulary or word in self.known or token.word in self.known
        return known or not word.isalpha()

    def _nearest(self, word: str, pool: Collection[str], *, far: bool) -> tuple[str, int] | None:
        """One edit from four letters, two from eight; the first letter may be wrong in words of the language of six and
        more."""
        from rapidfuzz import process
        from rapidfuzz.distance import OSA

        if len(word) < _SHORT:
            return None
        limit = 1 if len(word) < _LONG else 2
        near = [v for v in pool if v[:1] == word[0] and abs(len(v) - len(word)) <= limit and len(v) > 3]
        near = [v for v in near if v in self.grammar or not _two_replaced(word, v)]
        near.sort(key=self._likelier)
        best = process.extractOne(word, near, scorer=OSA.distance, score_cutoff=limit) if near else None
        if best is None and far and len(word) >= 6:
            # "bedding" is no slip of "wedding": a word of the shop begins as it is written
            others = [v for v in pool if v[:1] != word[0] and abs(len(v) - len(word)) <= 1 and len(v) > 4
                      and v in self.grammar]
            others.sort(key=self._likelier)
            best = process.extractOne(word, others, scorer=OSA.distance, score_cutoff=1) if others else None
        return (best[0], int(best[1])) if best else None

    def _likelier(self, word: str) -> tuple[bool, int, str]:
        """Of words equally near, words of the language first, then those of which a letter was left out."""
        return word not in self.grammar, -len(word), word

    def _split(self, token: Token) -> list[Token] | None:
        """As in "topproducts": two known words without the space between them."""
        word = token.word
        for cut in range(3, len(word) - 2):
            left, right = word[:cut], word[cut:]
            lemmas = [self._known_form(left), self._known_form(right)]
            light = any(len(w) > _SHORT - 1 and w in self.light for w in (left, right))
            if all(lemmas) and not light and (left in self.grammar or right in self.grammar):
                at = token.start + cut
                return [
                    replace(token, text=token.text[:cut], lemma=str(lemmas[0]), end=at, misspelt=1),
                    replace(token, text=token.text[cut:], lemma=str(lemmas[1]), start=at),
                ]
        return None

    def _known_form(self, word: str) -> str | None:
        singular = word[:-1] if word.endswith("s") and len(word) > 4 else word
        return next((w for w in (word, singular) if w in self.vocabulary), None)

    def _joined(self, tokens: Sequence[Token], i: int) -> Token | None:
        """As in "reve nue": two pieces that are no words and together are one."""
        after = tokens[i + 1] if i + 1 < len(tokens) else None
        if after is None or after.kind != "word" or self._real(after):
            return None
        form = self._known_form(tokens[i].word + after.word)
        if form is None:
            return None
        return replace(tokens[i], text=f"{tokens[i].text} {after.text}", lemma=form, end=after.end, misspelt=1)

    def _short(self, tokens: Sequence[Token], i: int) -> tuple[str, int] | None:
        """As in "rd mug": a short word beside a product word that together with it names products."""
        from rapidfuzz.distance import OSA

        word = tokens[i].lemma
        beside = [tokens[k].lemma for k in (i - 1, i + 1) if 0 <= k < len(tokens)]
        beside = [w for w in beside if w in self.product_words]
        if not 2 <= len(word) < _SHORT or not beside:
            return None
        near = [
            (len(names), v)
            for v, names in self.product_words.items()
            if v[:1] == word[0] and len(v) > 2 and OSA.distance(word, v) == 1
        ]
        fitting = [v for _, v in sorted(near, reverse=True) if any(self.products([v, other]) for other in beside)]
        return (fitting[0], 1) if fitting else None


def _two_replaced(word: str, other: str) -> bool:
    """As "homeware" and "homemade": words of one length with two other letters are two words, not a slip."""
    from rapidfuzz.distance import OSA

    return len(word) == len(other) and OSA.distance(word, other) == 2 == sum(
        a != b for a, b in zip(word, other, strict=True))


def _inside(tokens: Sequence[Token], i: int) -> bool:
    return i > 0 and tokens[i - 1].text not in {".", "!", "?", ":"}


def _all_titled(tokens: Sequence[Token]) -> bool:
    """Whether The Whole Text Is Written Like This."""
    words = [t for t in tokens if t.kind == "word" and len(t.text) > 3]
    return len(words) > 1 and all(t.text[:1].isupper() for t in words)
