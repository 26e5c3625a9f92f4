"""Whole-text patterns of a lexicon file: words, alternatives and named slots."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.late_patterns import LatePattern, LatePatterns
from assistant.llm.planner.normalise import clean

_SLOT = re.compile(r"\{(\w+)\}")
_MACRO = re.compile(r"(?<!\?P)<(\w+)>")


class Patterns:
    """Patterns of one lexicon file. ``noun`` in a pattern stands for the file's own ``noun``, ``<name>`` for one of its
    ``macros``.

    Args:
        language: folder of the lexicon.
        file: name of the lexicon file.
    """

    def __init__(self, language: str, file: str) -> None:
        self.raw: dict[str, Any] = read_yaml(language, file)
        self._noun = str(self.raw["noun"])
        self._pronouns = "|".join(self.raw["pronoun"])
        self._compiled: dict[str, LatePatterns[None]] = {}
        self._openers = re.compile(rf"^(?:{'|'.join(self.raw['openers'])})\s+", re.IGNORECASE)
        self._closers = re.compile(rf",?\s+(?:{'|'.join(self.raw['closers'])})$", re.IGNORECASE)

    def bare(self, text: str) -> str:
        """The text without what people say before and after a request."""
        plain = " ".join(clean(text).split()).strip(" .!?;")
        while True:
            shorter = self._closers.sub("", self._openers.sub("", plain)).strip(" .!?;")
            if shorter == plain or not shorter:
                return plain
            plain = shorter

    def fits(self, group: str, text: str, words: Sequence[str] = ()) -> Iterator[dict[str, str]]:
        """Slots of every pattern of a group that fits the whole text, in the file's order.

        Args:
            words: phrases that ``{known_term}`` stands for, and names that a slot for a segment tries first.
        """
        for _, match in self._patterns(group, tuple(words)).fitting(text):
            yield {k: v.strip(" \"'") for k, v in match.groupdict().items() if v is not None}

    def has(self, group: str, text: str) -> bool:
        """Whether one of the group's phrases stands in the text."""
        low = f" {text.lower()} "
        return any(f" {phrase} " in low for phrase in map(str, self.raw[group]))

    def pointed(self, words: str) -> bool:
        """As in "these customers", "this segment": words that only point at somebody spoken of."""
        expression = f"(?:{'|'.join(self.raw['pointing'])}) (?:{'|'.join(self.raw['pointed_at'])}|{self._noun})"
        return bool(re.fullmatch(expression, words, re.IGNORECASE))

    def expression(self, name: str) -> re.Pattern[str]:
        """A single expression of the file."""
        return re.compile(str(self.raw[name]), re.IGNORECASE)

    def _patterns(self, group: str, words: tuple[str, ...]) -> LatePatterns[None]:
        key = group if not words else f"{group} {words}"
        if key not in self._compiled:
            if len(self._compiled) > 200:
                self._compiled.clear()
            self._compiled[key] = LatePatterns((None, self._compile(str(p), words)) for p in self.raw[group])
        return self._compiled[key]

    def _compile(self, pattern: str, words: tuple[str, ...]) -> LatePattern:
        text = _MACRO.sub(lambda m: str(self.raw["macros"][m.group(1)]), pattern)
        text = _MACRO.sub(lambda m: str(self.raw["macros"][m.group(1)]), text)  # a macro may name another one
        text = re.sub(r"\bnoun\b", lambda m: self._noun, text)
        text = _SLOT.sub(lambda m: self._slot(m.group(1), words), text)
        return LatePattern(text.replace(" ", r"\s+").replace(r"\s+?", r"\s*"))

    def _slot(self, name: str, words: tuple[str, ...]) -> str:
        if name in {"segment", "group", "a", "b"}:
            said = f"(?P<{name}_noun>(?:saved )?{self._noun} (?:called |named )?)?"
            known = "".join(f"{re.escape(w)}|".replace(r"\ ", " ") for w in sorted(words, key=len, reverse=True))
            return f"{said}(?P<{name}>{known}.+?)(?P<{name}_after> {self._noun})?"
        if name == "pronoun_who":
            return f"(?P<who>{self._pronouns})"
        if name == "known_term":
            known = "|".join(re.escape(w).replace(r"\ ", " ") for w in sorted(words, key=len, reverse=True))
            return f"(?P<term>{known or '(?!)'})"
        return f"(?P<{name}>.+?)"


@lru_cache(maxsize=64)  # languages × files
def patterns(language: str = "en", file: str = "agreements") -> Patterns:
    """The patterns of a language, read once."""
    return Patterns(language, file)
