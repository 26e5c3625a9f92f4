"""Products by their words: weighted coverage of the query, tolerant of spelling, plurals and split words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from assistant.retrieval.catalogue import Product
from assistant.yaml_files import safe_load

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Numbers and letters are words of their own: "10ft" is "10 ft", "12x12" is "12 x 12".
_WORD = re.compile(r"\d+(?:\.\d+)?|[^\W\d_]+(?:['’][^\W\d_]+)?")
#: Words that carry no product meaning in a search request.
_STOP = """
a an and any are as at be but by can could do does for from give got have i in is it its like me my no of on or our
please product products item items show find search similar some something than that the them these this those to us
want we what which with you your
"""
STOP_WORDS = frozenset(_STOP.split())
#: A word in the name says what a product is; one in the description only touches it.
FIELD_WEIGHTS = {"name": 1.0, "category": 0.5, "brand": 0.7, "description": 0.5}
#: Least similarity (1 − edits / length) for a mistyped word, by length of the word.
SPELLING_CUTOFF = {4: 0.75, 5: 0.74}
SPELLING_CUTOFF_LONG = 0.7
#: A word replaced by its best spelling still counts a little less than the word itself.
SPELLING_WEIGHT = 0.95
#: What the same first letter, and ten times as many products, add to the similarity of a spelling.
FIRST_LETTER, FREQUENCY = 0.05, 0.03
#: How much the share of the name that the query explains adds to the share of the query that the product explains.
PRECISION_SHARE = 0.15
#: Power of the inverse document frequency: below 1, a rare word outweighs the common ones beside it a little less.
RARITY = 0.8

#: A compound counts a little less than the word itself: "cake stand" finds "cakestand", after "cake stand".
COMPOUND_WEIGHT = 0.95


def words(text: str) -> list[str]:
    """Lower-case words without accents and plural endings, in one spelling, stop words left out."""
    return [stem for stem, _ in stems(text)]


def stems(text: str) -> list[tuple[str, str]]:
    """The same with each word as it was written: (stem, word)."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return [(_stem(w), w) for w in _WORD.findall(plain) if w not in STOP_WORDS]


def _stem(word: str) -> str:
    stem = _singular(word)
    return spellings().get(stem, stem)


@lru_cache(maxsize=1)
def spellings() -> dict[str, str]:
    """British spelling → American spelling, of words that product names hold (singular)."""
    text = Path(__file__).with_name("spellings_en.yaml").read_text(encoding="utf-8")
    stored: dict[str, str] = safe_load(text)
    return stored


def _singular(word: str) -> str:
    """A crude English stem: plural endings and possessives only, applied to query and product alike."""
    word = re.sub(r"['’]s?$", "", word).replace("'", "").replace("’", "")
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("ches", "shes", "sses", "xes", "zes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


@dataclass(frozen=True)
class Reading:
    """How a query was read: its words, each with the catalogue words it stands for, and what was respelled."""

    terms: tuple[tuple[str, tuple[tuple[str, float], ...]], ...]  # query word → (catalogue word, weight), best first
    corrections: dict[str, str] = field(default_factory=dict)
    text: str = ""  # the query with its corrections, for the embedder

    @property
    def unknown(self) -> list[str]:
        """Words of the query that stand for no word of the catalogue."""
        return [word for word, expansions in self.terms if not expansions]

    @property
    def known(self) -> bool:
        """Whether any word of the query occurs in the catalogue."""
        return any(expansions for _, expansions in self.terms)


def _same_start(typed: str, word: str) -> bool:
    """Whether the first letters agree, or one was left out, put in or swapped: "bedding" is no "wedding"."""
    return typed[0] == word[0] or typed[1:2] == word[0] or word[1:2] == typed[0]


def _field_weights(products: Sequence[Product]) -> tuple[dict[tuple[int, str], float], list[set[str]]]:
    """Weight of each word in each product (row, word), and the words of each name.

    A compound that the catalogue also writes as two words ("cakestand", "cake stand") counts as both, either way round.
    """
    weights: dict[tuple[int, str], float] = {}
    names: list[set[str]] = []
    pairs: dict[str, tuple[str, str]] = {}
    sequences: list[tuple[int, float, list[str]]] = []
    for row, product in enumerate(products):
        fields = {"name": product.name, "category": f"{product.category} {product.subcategory}",
                  "brand": product.brand, "description": product.description}
        for name, weight in FIELD_WEIGHTS.items():
            sequence = words(fields[name])
            sequences.append((row, weight, sequence))
            pairs.update({a + b: (a, b) for a, b in pairwise(sequence) if len(a) > 2 and len(b) > 2})
        names.append(set(words(product.name)))
    vocabulary = {word for _, _, sequence in sequences for word in sequence}
    compounds = {joined: parts for joined, parts in pairs.items() if joined in vocabulary}
    for row, weight, sequence in sequences:
        found = [(word, weight) for word in sequence]
        found += [(part, COMPOUND_WEIGHT * weight) for word in sequence for part in compounds.get(word, ())]
        found += [(a + b, COMPOUND_WEIGHT * weight) for a, b in pairwise(sequence) if a + b in compounds]
        for word, value in found:
            weights[row, word] = max(value, weights.get((row, word), 0.0))
    return weights, names


class LexicalIndex:
    """Inverted index of a catalogue.

    A product scores the share of the query's information that its words cover (each word weighted by its inverse
    document frequency, Robertson and Spärck Jones 1976), plus a little for short names, so that a score lies in 0–1
    and does not depend on the length of the query.

    Args:
        products: the catalogue.
        known: words of the language, lower case: one that the catalogue lacks is no misspelling of one that it has.
    """

    def __init__(self, products: Sequence[Product], known: frozenset[str] = frozenset()) -> None:
        from scipy.sparse import csc_matrix

        weights, names = _field_weights(products)
        self._language = known
        self.vocabulary = sorted({word for _, word in weights})
        self._column = {word: i for i, word in enumerate(self.vocabulary)}
        self._rows = len(products)
        rows = [row for row, _ in weights]
        columns = [self._column[word] for _, word in weights]
        self._weights = csc_matrix((list(weights.values()), (rows, columns)), (len(products), len(self.vocabulary)))
        frequency = np.bincount(columns, minlength=len(self.vocabulary))
        self._frequency = np.maximum(frequency, 1)
        self._idf = np.log1p((self._rows - frequency + 0.5) / (frequency + 0.5)) ** RARITY
        self._unknown_idf = float(np.log1p(2 * self._rows + 1)) ** RARITY
        self._name_total = np.array([sum(self._idf[self._column[w]] for w in name) or 1.0 for name in names])
        self._in_name = self._weights >= COMPOUND_WEIGHT * FIELD_WEIGHTS["name"]

    def read(self, query: str) -> Reading:
        """Match the words of a query with the catalogue's."""
        tokens = list({stem: (stem, word) for stem, word in reversed(stems(query))}.values())[::-1]  # each word once
        terms: list[tuple[str, tuple[tuple[str, float], ...]]] = []
        corrections: dict[str, str] = {}
        position = 0
        while position < len(tokens):
            token, written = tokens[position]
            following = tokens[position + 1][0] if position + 1 < len(tokens) else ""
            if following and token + following in self._column and not {token, following} <= self._column.keys():
                terms.append((token + following, ((token + following, 1.0),)))
                position += 2
                continue
            for term in self._expand(token, written):
                terms.append(term)
                if term[1] and term[1][0][0] != term[0] and not term[1][0][0].startswith(term[0]):
                    corrections[term[0]] = term[1][0][0]
            position += 1
        text = query
        for wrong, right in corrections.items():
            text = re.sub(rf"\b{re.escape(wrong)}\w{{0,2}}\b", right, text, flags=re.IGNORECASE)
        return Reading(tuple(terms), corrections, text)

    def _expand(self, token: str, written: str) -> list[tuple[str, tuple[tuple[str, float], ...]]]:
        """The catalogue words that a query word stands for; a glued word may come back as two."""
        if token in self._column:
            return [(token, ((token, 1.0),))]
        for cut in range(3, len(token) - 2):
            left, right = _singular(token[:cut]), _singular(token[cut:])
            if left in self._column and right in self._column:
                return [(left, ((left, 1.0),)), (right, ((right, 1.0),))]
        if len(token) < 4 or token[0].isdigit() or {token, written} & self._language:
            return [(token, ())]
        begun = [(w, 0.8) for w in self.vocabulary if w.startswith(token) and len(w) <= 2 * len(token)]
        return [(token, tuple(self._respelled(token) or begun))]

    def _respelled(self, token: str) -> list[tuple[str, float]]:
        from rapidfuzz import process
        from rapidfuzz.distance import DamerauLevenshtein

        cutoff = SPELLING_CUTOFF.get(len(token), SPELLING_CUTOFF_LONG)
        near = process.extract(token, self.vocabulary, scorer=DamerauLevenshtein.normalized_similarity,
                               score_cutoff=cutoff, limit=10)
        # people rarely mistype the first letter, and more often mean a frequent word than a rare one
        ranked = sorted(
            ((score + FIRST_LETTER * (word[0] == token[0]) + FREQUENCY * float(np.log10(self._frequency[column])), word)
             for word, score, column in near if _same_start(token, word)), key=lambda m: (-m[0], m[1]))
        if not ranked:
            return []
        best = ranked[0][0]
        return [(word, SPELLING_WEIGHT * score / best) for score, word in ranked if score >= best - 0.05][:3]

    def scores(self, reading: Reading) -> NDArray[np.float64]:
        """Score of every product [n] for a query, 0–1."""
        coverage, explained = self._covered(reading)
        precision = np.minimum(explained / self._name_total, 1.0)
        return coverage * (1 - PRECISION_SHARE + PRECISION_SHARE * precision)

    def coverage(self, reading: Reading) -> NDArray[np.float64]:
        """Share of a query's information that each product's words cover [n], 0–1, whatever else it is called."""
        return self._covered(reading)[0]

    def holding(self, reading: Reading) -> NDArray[np.bool_]:
        """Products [n] whose words, of any field, hold every word of a query, each read as its likeliest spelling."""
        held = np.ones(self._rows, dtype=bool)
        for _, expansions in reading.terms:
            columns = [self._column[word] for word, _ in expansions[:1]]
            held &= np.asarray(self._weights[:, columns].sum(axis=1)).ravel() > 0 if columns else False
        return held

    def _covered(self, reading: Reading) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        total, covered = 0.0, np.zeros(self._rows)
        explained = np.zeros(self._rows)
        for _, expansions in reading.terms:
            if not expansions:
                total += self._unknown_idf
                continue
            columns = [self._column[word] for word, _ in expansions]
            idf = float(self._idf[columns].max())
            total += idf
            factors = np.array([weight for _, weight in expansions])
            block = self._weights[:, columns].toarray() * factors
            covered += idf * block.max(axis=1)
            explained += (self._in_name[:, columns].toarray() * self._idf[columns]).max(axis=1)
        return (covered / total if total else covered), explained
