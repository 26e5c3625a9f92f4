"""Words of product names: what says the kind of a product, and what only says colour, size or packaging."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

import numpy as np

from assistant.yaml_files import safe_load

_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")


@dataclass(frozen=True)
class WordLists:
    """Word lists of one language.

    Attributes:
        dropped: glue, sizes, colours and styles: not compared at all.
        no_kinds: true of products, but no kind of product: never a name by themselves.
        mass: words without a plural.
        describing: endings of longer words that describe.
        other: name of the group of what fits nowhere; ``joiner`` stands between two words of a name.
    """

    dropped: frozenset[str]
    no_kinds: frozenset[str]
    mass: frozenset[str]
    other: str
    joiner: str
    describing: tuple[str, ...] = ()

    def can_name(self, word: str) -> bool:
        """Whether a word may stand in a group's name by itself."""
        describes = len(word) > 5 and word.endswith(self.describing)
        return len(word) > 2 and word not in self.no_kinds and word not in self.dropped and not describes


@lru_cache(maxsize=4)
def word_lists(language: str = "en") -> WordLists:
    """The lists of a language, read once."""

    path = files("assistant.models.taxonomy").joinpath(f"words_{language}.yaml")
    raw: dict[str, Any] = safe_load(path.read_text(encoding="utf-8"))
    dropped = frozenset(str(w) for part in ("glue", "sizes", "colours", "styles") for w in raw[part])
    return WordLists(dropped, frozenset(map(str, raw["materials"])), frozenset(map(str, raw["mass"])),
                     str(raw["other"]), str(raw["and"]), tuple(map(str, raw["describing_endings"])))


def words_of(name: str) -> list[str]:
    """Words of a name in lower case, without digits, accents and possessive endings."""
    plain = unicodedata.normalize("NFKD", name).casefold()
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    plain = re.sub(r"['’]s\b", "", plain).replace("'", "").replace("’", "")
    return [w for w in _WORD.findall(plain) if w]


@dataclass(frozen=True)
class Names:
    """Product names taken apart.

    Attributes:
        words: [n] words of each name that may say its kind, plurals as singulars; all its words where none is left.
        cleaned: [n] the same as texts, plurals kept, for embedding; empty where a name has no letters.
        heads: [n] the word of each name that names kinds most often; empty where there is none.
        headness: word → share of the names with it that it ends (0–1): "mug" is high, "glass" low.
        counts: word → number of names that hold it.
    """

    words: list[tuple[str, ...]]
    cleaned: list[str]
    heads: list[str]
    headness: dict[str, float]
    counts: dict[str, int]


def take_apart(names: Sequence[str], language: str = "en") -> Names:
    """Words, cleaned texts and head words of product names."""
    lists = word_lists(language)
    kept: list[list[str]] = []
    for name in names:
        spoken = words_of(name)
        kept.append([w for w in spoken if w not in lists.dropped and len(w) > 1] or spoken)
    known = {w for words in kept for w in words}
    singular = {w: _singular(w, known) for w in known}
    lemmas = [tuple(singular[w] for w in words) for words in kept]
    counts = Counter(w for words in lemmas for w in set(words))
    last = Counter(words[-1] for words in lemmas if words)
    headness = {w: last[w] / n for w, n in counts.items()}
    heads = [max(words, key=lambda w: (np.log1p(counts[w]) * headness[w], w)) if words else "" for words in lemmas]
    return Names(lemmas, [" ".join(words) for words in kept], heads, headness, dict(counts))


def _singular(word: str, known: set[str]) -> str:
    """The singular, where it is a word of the catalogue too or the ending leaves no doubt."""
    if len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    for ending, rest in (("ies", "y"), ("ches", "ch"), ("shes", "sh"), ("xes", "x"), ("sses", "ss"), ("s", "")):
        if word.endswith(ending) and word[: -len(ending)] + rest in known:
            return word[: -len(ending)] + rest
    return word


def plural(word: str, lists: WordLists) -> str:
    """The plural of a word by the rules of English; words without one stay."""
    last = word.split()[-1]
    if last in lists.mass or last.endswith("s") and not last.endswith("ss"):
        return word
    if last.endswith("y") and last[-2:-1] not in "aeiou":
        return f"{word[:-1]}ies"
    if last.endswith(("ss", "x", "ch", "sh", "z")):
        return f"{word}es"
    if last.endswith("shelf"):
        return f"{word[:-1]}ves"
    return f"{word}s"
