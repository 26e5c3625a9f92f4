"""What undefined words were taken to mean: built-in assumptions, overridden by what the shop has agreed on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from importlib.resources import files
from typing import Any

from pydantic import TypeAdapter

from assistant.plans.filters import And, Filter
from assistant.results import DefinitionUsed
from assistant.yaml_files import safe_load

_FILTER: TypeAdapter[Filter] = TypeAdapter(Filter)


@dataclass(frozen=True)
class Definition:
    """A term, its meaning in words and as a filter.

    Attributes:
        words: other ways to say it.
        filter: the customers it stands for; None for a term that ranks (``rank_by`` names the metric).
        author, decided_on: who agreed on it and when; built-in ones are assumptions.
    """

    term: str
    meaning: str
    filter: Filter | None
    words: tuple[str, ...] = ()
    rank_by: str | None = None
    author: str = "built-in"
    decided_on: date | None = None

    @property
    def assumed(self) -> bool:
        return self.author == "built-in"

    def used(self) -> DefinitionUsed:
        """For the evidence of an answer."""
        return DefinitionUsed(
            term=self.term, meaning=self.meaning, author=self.author, decided_on=self.decided_on, assumed=self.assumed,
            words=list(self.words), rank_by=self.rank_by,
        )


def _key(term: str) -> str:
    return " ".join(term.casefold().replace("-", " ").replace("’", "'").split())


_PEOPLE = frozenset(["customer", "customers", "buyer", "buyers", "shopper", "shoppers", "client", "clients"])


def _stem(term: str) -> str:
    """A term without "customers" behind it and without a plural: "VIP", "VIPs" and "VIP customers" are one."""
    words = _key(term).split()
    if len(words) > 1 and words[-1] in _PEOPLE:
        words = words[:-1]
    return " ".join(words).removesuffix("s")


@lru_cache(maxsize=1)
def builtin_definitions() -> tuple[Definition, ...]:
    """The meanings shipped with the program."""
    raw = safe_load(files("assistant.query").joinpath("definitions.yaml").read_text(encoding="utf-8"))
    return tuple(
        Definition(
            term=entry["term"],
            meaning=entry["meaning"],
            words=tuple(entry.get("words", ())),
            filter=None if entry["filter"] is None else _FILTER.validate_python(entry["filter"]),
            rank_by=entry.get("rank_by"),
        )
        for entry in raw
    )


@dataclass(frozen=True)
class Definitions:
    """Agreed definitions over the built-in ones; an agreed term hides the built-in one of the same name or word."""

    agreed: Sequence[Definition] = ()
    _by_word: dict[str, Definition] = field(init=False, repr=False, compare=False)
    _owned: dict[str, Definition] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_word: dict[str, Definition] = {}
        for definition in builtin_definitions():
            for word in (definition.term, *definition.words):
                by_word[_key(word)] = definition
        for definition in self.agreed:  # a redefined term keeps the other words of the built-in one
            by_word.update((w, definition) for w, d in list(by_word.items()) if _stem(d.term) == _stem(definition.term))
        owned = {_stem(w): d for d in self.agreed for w in (*d.words, d.term)}
        by_word.update((w, owned[_stem(w)]) for w in by_word if _stem(w) in owned)
        by_word.update((_key(w), d) for d in self.agreed for w in (*d.words, d.term))
        object.__setattr__(self, "_by_word", by_word)
        object.__setattr__(self, "_owned", owned)

    def all(self) -> list[Definition]:
        """Every definition in force, each once, by term."""
        found = [self._by_word[_key(d.term)] for d in (*builtin_definitions(), *self.agreed)]
        return sorted({d.term: d for d in found}.values(), key=lambda d: d.term)

    def find(self, term: str) -> Definition | None:
        """The definition of a term or of one of its words, ignoring case, hyphens and a plural s."""
        key = _key(term)
        return self._by_word.get(key) or self._owned.get(_stem(term)) or self._by_word.get(key.removesuffix("s"))

    def used(self, *terms: str) -> list[DefinitionUsed]:
        """Definitions of the terms given, or of all, for the evidence of an answer."""
        if not terms:
            return [d.used() for d in self.all()]
        found = [self.find(t) for t in terms]
        return [d.used() for d in found if d is not None]

    def cited(self, condition: Filter | None) -> list[DefinitionUsed]:
        """Definitions whose whole meaning stands in a filter, for the evidence of an answer that used it."""
        if condition is None:
            return []
        stands = [_bare(c) for c in _conditions(condition)]
        return [
            d.used() for d in self.all()
            if d.filter is not None and all(_bare(c) in stands for c in _conditions(d.filter))
        ]

    def definition_filter(self, term: str) -> dict[str, Any] | None:
        """The filter a term stands for as plan JSON; None without a definition, or for one that ranks."""
        found = self.find(term)
        if found is None or found.filter is None:
            return None
        return found.filter.model_copy(update={"term": found.term}).model_dump(mode="json", exclude_defaults=False)


def _bare(condition: Filter) -> str:
    """The condition whatever word it stands for."""
    return condition.model_dump_json(exclude={"term"})


def _conditions(rule: Filter) -> list[Filter]:
    """Conditions that all have to hold, as far as they do not stand for a word: that word is cited then."""
    if rule.term is not None:
        return []
    return [c for part in rule.parts for c in _conditions(part)] if isinstance(rule, And) else [rule]
