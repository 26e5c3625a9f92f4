"""Lexicons as data: ``prompts/lexicon/<language>/*.yaml`` compiled into one phrase tree.

A phrase is a tuple of lemmas (:func:`assistant.llm.planner.normalise.lemma`); an entry says what kind of thing the
phrase
may be (``metric``, ``act``, ``cmp`` …) and which (``revenue``, ``buy``, ``gt`` …). One phrase may have many entries:
which
one is meant is decided by composition, not here.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from assistant.llm.planner.language_files import read_words, read_yaml

Entry = tuple[str, Any]
_SIDE = ("contacts", "nothing", "data_questions", "campaign_list", "marketing", "coverage", "studies")


@dataclass
class PhraseTree:
    """Phrases by their lemmas, longest match by walking."""

    children: dict[str, PhraseTree] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)

    def add(self, lemmas: Iterable[str], entry: Entry) -> None:
        node = self
        for word in lemmas:
            node = node.children.setdefault(word, PhraseTree())
        if node is not self and entry not in node.entries:
            node.entries.append(entry)

    def matches(self, lemmas: list[str], start: int) -> Iterator[tuple[int, list[Entry]]]:
        """All ``(end, entries)`` of phrases that begin at ``start``."""
        node = self
        for position in range(start, len(lemmas)):
            following = node.children.get(lemmas[position])
            if following is None:
                return
            node = following
            if node.entries:
                yield position + 1, node.entries

    def words(self) -> set[str]:
        """Every lemma of every phrase."""
        found = set(self.children)
        for child in self.children.values():
            found |= child.words()
        return found


@dataclass(frozen=True)
class Concept:
    """Something people ask for that orders do not hold."""

    name: str
    add: tuple[str, ...]
    metrics: tuple[str, ...] = ()
    dimensions: tuple[str, ...] = ()
    #: lemmas that mean other things as well
    weak: frozenset[str] = frozenset()
    #: what can be asked instead
    nearest: tuple[str, ...] = ()
    #: key of the reply where it is no lack of data
    say: str = ""
    #: why it is refused, where `say` is used
    reason: str = "not_understood"


class Lexicon:
    """All words of one language that do not depend on the shop."""

    def __init__(self, language: str = "en") -> None:
        self.language = language
        self.words = dict(read_yaml(language, "words"))
        self.terms = read_yaml(language, "terms")
        self.periods = read_yaml(language, "periods")
        self.places: list[list[str]] = read_yaml(language, "places")
        self.wording = read_yaml(language, "wording")
        self.skip: frozenset[str] = frozenset(self.words["skip"].split())
        self.known: frozenset[str] = frozenset(read_words(language, "known"))
        #: real words of the language, which are no misspellings of others
        self.dictionary: frozenset[str] = frozenset(read_words(language, "dictionary"))
        #: lemmas of several words that are read as one, longest first
        self.compounds: list[tuple[tuple[str, ...], str]] = sorted(
            ((self.lemmas(p), one) for one, phrases in self.words["compounds"].items() for p in phrases),
            key=lambda pair: -len(pair[0]),
        )
        self.concepts: dict[str, Concept] = {}
        self.tree = PhraseTree()
        self.absent_words: set[str] = set()
        #: words of the small lexicons that are read on their own: real words, never corrected into others
        self.side_words: frozenset[str] = frozenset(
            word for name in _SIDE for word in self._words_of(read_yaml(language, name))
        )
        #: words of open questions: read on their own, so that they take no word away from other readings
        self.open_words = PhraseTree()
        opening = read_yaml(language, "briefing")
        for kind, phrases in opening["brief"].items():
            for phrase in phrases:
                self.open_words.add(self.lemmas(phrase), ("brief", kind))
        self.time_words: frozenset[str] = frozenset(self._period_words())
        self._spoken: set[str] = set()
        self.known |= self.open_words.words()
        #: words of a change of prices, by what they say
        self.price_words: dict[str, frozenset[str]] = {k: frozenset(v) for k, v in opening["prices"].items()}
        #: words that ask whether a change is noise
        self.noise_words: frozenset[tuple[str, ...]] = frozenset(self.lemmas(w) for w in opening["noise"])
        #: judging words and the direction of a change that they presuppose
        self.verdicts: dict[str, str] = {w: way for way, words in opening["verdicts"].items() for w in words}
        self._fill()
        if self.words.get("unspaced"):
            self.words["pieces"] = self._pieces()
        #: words that only ever speak of what orders do not hold
        self.only_absent = self.absent_words - self._spoken
        spoken = self.tree.words() | {self._one(w) for w in self.skip} | self.skip | self.time_words
        self.vocabulary: frozenset[str] = frozenset(spoken)
        #: words of measures, things and periods, of which one must be in a merged word ("topproducts")
        self.grammar_words: frozenset[str] = frozenset(w for w in self.tree.words() - self.skip if len(w) > 2)

    def _words_of(self, node: Any) -> Iterator[str]:
        """Every lemma of a lexicon file, whatever its shape."""
        if isinstance(node, Mapping):
            node = list(node.values())
        if isinstance(node, list):
            for part in node:
                yield from self._words_of(part)
        elif node is not None:
            yield from self.lemmas(str(node))

    def _pieces(self) -> frozenset[str]:
        """Words of scripts that put no spaces between them, at which a text is cut."""
        scripts = tuple(self.words["unspaced"])
        texts = [self.terms, self.periods, self.places, read_yaml(self.language, "small_words")]
        known = self.tree.words() | self.time_words | {w for text in texts for w in self._words_of(text)}
        return frozenset(w for w in known if unicodedata.name(w[0], "").startswith(scripts))

    def _add_years_earlier(self) -> None:
        """As in "the same week a year ago", "the November before"."""
        raw = self.periods["year_earlier"]
        phrases = [f"{same} {unit} {when}" for same in raw["same"] for unit in raw["units"] for when in raw["when"]]
        months = [name for names in self.periods["months"].values() for name in names]
        phrases += [f"{the} {month} {when}" for the in raw["the"] for month in months for when in raw["before"]]
        self._add("year_earlier", phrases)

    def _period_words(self) -> set[str]:
        """Months, days and seasons, which the period grammar reads."""
        found: set[str] = set()
        for content in self.periods.values():
            groups = content.items() if isinstance(content, dict) else [("", content)]
            for key, phrases in groups:
                for phrase in [str(key), *(phrases if isinstance(phrases, list) else [])]:
                    found.update(self.lemmas(phrase))
        return found

    def _one(self, word: str) -> str:
        from assistant.llm.planner.normalise import lemma

        return lemma(word, self.words)

    def lemmas(self, phrase: str) -> tuple[str, ...]:
        """The phrase as the text reader would see it."""
        from assistant.llm.planner.normalise import tokenise

        return tuple(t.lemma for t in tokenise(str(phrase), self.words, numbers=False) if t.kind != "stop")

    def spelt(self, phrase: str) -> tuple[str, ...]:
        """The phrase with its commas and full stops, as :func:`assistant.llm.planner.spans.read` compares them."""
        from assistant.llm.planner.normalise import tokenise

        tokens = tokenise(str(phrase), self.words, numbers=False)
        return tuple(t.lemma if t.kind != "stop" else f"\x00{t.text}" for t in tokens)

    def tree_of(self, content: Mapping[str, Any]) -> PhraseTree:
        """The phrases of a small lexicon: by kind and value, or by kind alone (its value is then empty)."""
        tree = PhraseTree()
        for kind, node in content.items():
            for value, phrases in (node if isinstance(node, Mapping) else {"": node}).items():
                for phrase in phrases:
                    tree.add(self.lemmas(phrase), (kind, value))
        return tree

    def _add(self, kind: str, groups: Mapping[Any, Iterable[str]] | Iterable[str], value: Any = None) -> None:
        phrases_of = groups.values() if isinstance(groups, Mapping) else [groups]
        if kind != "absent":
            self._spoken.update(w for phrases in phrases_of for p in phrases for w in self.lemmas(p))
        if isinstance(groups, Mapping):
            for key, phrases in groups.items():
                for phrase in phrases:
                    self.tree.add(self.lemmas(phrase), (kind, key))
        else:
            for phrase in groups:
                self.tree.add(self.lemmas(phrase), (kind, value if value is not None else True))

    def _fill(self) -> None:
        for name in ("verbs", "comparators", "measures", "campaign", "dialogue", "models"):
            for kind, content in read_yaml(self.language, name).items():
                self._add(kind, content)
        for item in read_yaml(self.language, "absent"):
            weak = item.get("weak", ())
            concept = Concept(
                item["name"], tuple(item["add"]), tuple(item.get("metrics", ())), tuple(item.get("dimensions", ())),
                frozenset(" ".join(self.lemmas(p)) for p in weak), tuple(item["nearest"]),
                item.get("say", ""),
                item.get("reason", "not_understood"),
            )
            self.concepts[concept.name] = concept
            phrases = [*item["words"], *weak]
            for phrase in phrases:
                self.absent_words.update(self.lemmas(phrase))
            self._add("absent", phrases, concept.name)
        self._add_years_earlier()
        refusals = read_yaml(self.language, "refusals")
        self._add("private", refusals["private"])
        self.outside = frozenset(p for p in refusals["outside"] if " " not in p)
        self._add("outside", [p for p in refusals["outside"] if " " in p])
        self.outside_now = [" ".join(self.lemmas(p)) for p in refusals["outside_now"]]
        opening = read_yaml(self.language, "sentences")
        self.sentence_openers = frozenset(opening["openers"])
        self.personas = tuple(opening["personas"])
        self.wishes = tuple(opening["wishes"])
        segments = read_yaml(self.language, "segments")
        self.segment_names: list[str] = segments["rfm"]
        self.plain_segments = frozenset(segments["plain"])
        for word in (*self.words["money_words"],):
            self.tree.add((word,), ("money", True))


@lru_cache(maxsize=4)
def lexicon(language: str = "en") -> Lexicon:
    """The lexicon of a language, read once."""
    return Lexicon(language)
