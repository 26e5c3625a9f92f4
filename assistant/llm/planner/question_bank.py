"""Questions that are known, each with ways in which people ask it, for texts that the grammar cannot read.

The bank is data (``prompts/lexicon/<language>/questions/*.yaml``): entries with ``ask``, a question in the words of the
grammar, and ``said``, other wordings of it. Both may have slots ("{goods}", "{place}", "{number}"), which a text
fills with what it names. ``after`` names what must have been answered just before; without it a question stands alone.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from assistant.llm.planner.language_files import read_folder, read_yaml

_SLOT = re.compile(r"\{([a-z]+)(\d?)\}")
#: forms of one slot that differ only in number
_SAME = {"dims": "dim"}

Signature = tuple[tuple[str, int], ...]
"""Kinds of slots with how many of each, in the order of their names."""


@dataclass(frozen=True)
class KnownQuestion:
    """One entry of the bank.

    Attributes:
        ask: the question in the words of the grammar, slots included.
        said: other wordings; slots as in ``ask``.
        after: what must have been answered just before; empty where the question stands alone.
        source: name of the file.
    """

    ask: str
    said: tuple[str, ...]
    after: str = ""
    source: str = ""

    @property
    def wordings(self) -> tuple[str, ...]:
        return (self.ask, *self.said)


def signature(text: str) -> Signature:
    """The slots of a wording."""
    return tuple(sorted(Counter(_SAME.get(kind, kind) for kind, _ in _SLOT.findall(text)).items()))


def filled(text: str, values: Mapping[str, list[str]]) -> str:
    """A wording with its slots filled; the number of a slot is the place of its value, counted from one.

    Raises:
        KeyError: a slot has no value.
    """
    def value(found: re.Match[str]) -> str:
        kind, place = _SAME.get(found[1], found[1]), int(found[2] or 1) - 1
        have = values.get(kind, [])
        if place >= len(have):
            raise KeyError(found[0])
        return have[place]

    return _SLOT.sub(value, text)


@lru_cache(maxsize=4)
def known_questions(language: str) -> tuple[KnownQuestion, ...]:
    """All entries of a language, in the order of the files; none where it has no bank.

    Entries that ask the same after the same are one, with the wordings of all.

    Raises:
        ValueError: an entry has other keys, no wording, or slots that its question does not have.
    """
    found: dict[tuple[str, str], KnownQuestion] = {}
    for name, content in read_folder(language, "questions"):
        for raw in content or ():
            entry = _entry(raw, name)
            key = (entry.ask.casefold(), entry.after)
            known = found.get(key, replace(entry, said=()))
            said = dict.fromkeys([*known.said, *(w for w in entry.wordings if w != known.ask)])
            found[key] = replace(known, said=tuple(said))
    return tuple(found.values())


def _entry(raw: Mapping[str, Any], source: str) -> KnownQuestion:
    if not set(raw) <= {"ask", "said", "after"} or not raw.get("ask"):
        raise ValueError(f"questions/{source}: an entry has 'ask', 'said' and perhaps 'after', not {sorted(raw)}")
    said = tuple(str(s) for s in raw.get("said") or ())
    entry = KnownQuestion(str(raw["ask"]), said, str(raw.get("after", "")), source)
    own = dict(signature(entry.ask))
    for wording in entry.said:
        unfit = {k for k, n in own.items() if dict(signature(wording)).get(k, 0) < n}
        if unfit:
            raise ValueError(f"questions/{source}: {wording!r} does not name {sorted(unfit)} of {entry.ask!r}")
    return entry


@lru_cache(maxsize=4)
def bank_words(language: str) -> Mapping[str, Any]:
    """Examples that stand for slots, words that lead a thing that is named, and words that narrow."""
    return dict(read_yaml(language, "question_bank"))


def as_example(text: str, language: str) -> str:
    """A wording with an example in each slot, as it is compared."""
    return filled(text, bank_words(language)["examples"])
