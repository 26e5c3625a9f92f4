"""Small words that the grammar looks for beside what it reads ("the", "and", "who"), named by what they are for.

Code names a set, ``item.lemma in heard("articles")``, or an expression, ``expression("several.weak").split(text)``;
which words are in it is data (``small_words.yaml`` and ``expressions.yaml`` of a language). The language is the one in
which the question at hand is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Set
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache

from assistant.llm.planner.language_files import BASE, read_yaml

_LANGUAGE: ContextVar[str] = ContextVar("language of the question", default="en")


@contextmanager
def hearing(language: str) -> Iterator[None]:
    """Read in this language inside the block."""
    token = _LANGUAGE.set(language)
    try:
        yield
    finally:
        _LANGUAGE.reset(token)


def language() -> str:
    """The language of the question."""
    return _LANGUAGE.get()


@lru_cache(maxsize=4)
def _sets(language: str) -> dict[str, frozenset[str]]:
    """Every set of a language by its name: ``name`` for shared ones, ``section.name`` for those of one reading."""
    found: dict[str, frozenset[str]] = {}
    for section, sets in read_yaml(language, "small_words").items():
        for name, words in sets.items():
            found[name if section == "shared" else f"{section}.{name}"] = frozenset(map(str, words))
    return found


class Heard(Set[str]):
    """A set of words that follows the language in which the question is read."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def _now(self) -> frozenset[str]:
        return _sets(_LANGUAGE.get())[self.name]

    @classmethod
    def _from_iterable(cls, it: Iterable[str]) -> frozenset[str]:  # type: ignore[override]
        return frozenset(it)

    def __contains__(self, word: object) -> bool:
        return word in self._now()

    def __iter__(self) -> Iterator[str]:
        return iter(self._now())

    def __len__(self) -> int:
        return len(self._now())

    def within(self, text: str) -> bool:
        """Whether one of the words stands anywhere in the text, as a part of a word too."""
        return any(word in text for word in self._now())

    def begins(self, text: str) -> bool:
        """Whether the text begins with one of the words."""
        return text.startswith(tuple(self._now()))

    def ends(self, text: str) -> bool:
        """Whether the text ends in one of the words."""
        return text.endswith(tuple(self._now()))


@lru_cache(maxsize=1024)
def heard(name: str) -> Heard:
    """The set of that name. Using it raises ``KeyError`` where the language does not have it."""
    return Heard(name)


_MACRO = re.compile(r"<(\w+)>")


@lru_cache(maxsize=4)
def _expressions(language: str) -> dict[str, str]:
    """Every expression of a language by ``section.name``, its macros put in."""
    # what a language has no expression for is not found in it; the groups stay, for code asks for them
    found = {} if language == BASE else {name: f"(?!)(?:{body})" for name, body in _expressions(BASE).items()}
    sections = dict(read_yaml(language, "expressions"))
    macros = sections.pop("macros", {})
    for section, bodies in sections.items():
        for name, body in bodies.items():
            found[f"{section}.{name}"] = _MACRO.sub(lambda m: macros.get(m.group(1), m.group()), str(body))
    return found


@lru_cache(maxsize=1024)
def _compiled(language: str, name: str, words: tuple[str, ...]) -> re.Pattern[str]:
    alternatives = "|".join(re.escape(w) for w in sorted(words, key=len, reverse=True))
    return re.compile(_expressions(language)[name].replace("<words>", alternatives), re.IGNORECASE)


def expression(name: str, words: Iterable[str] = ()) -> re.Pattern[str]:
    """The expression of that name in the language of the question, capitals ignored.

    Args:
        name: ``section.name`` of ``expressions.yaml``.
        words: what ``<words>`` in the expression stands for.

    Raises:
        KeyError: the language has no such expression.
    """
    return _compiled(_LANGUAGE.get(), name, tuple(words))
