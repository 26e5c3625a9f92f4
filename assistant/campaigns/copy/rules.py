"""What free text may not say, per language; the words and limits of a language come from ``prompts/copy/<language>``.

A text is read as a reader would: full-width and styled letters count as plain ones, invisible signs are no hiding
place, and letters of a foreign script inside a word are refused.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

import yaml

from assistant.campaigns.copy.template import FILLED, Template, parse
from assistant.errors import InvalidPlan, NotPermitted

LANGUAGES = ("en", "zh")
_SPELT_OUT = re.compile(r"(?<!\w)(?:\w[\s.\-_*·|/]{1,2}){3,}\w(?!\w)")


@lru_cache(maxsize=8)
def language_file(name: str, language: str) -> dict[str, Any]:
    """A file of ``prompts/copy/<language>``.

    Raises:
        InvalidPlan: copy is not written in this language.
    """
    if language not in LANGUAGES:
        raise InvalidPlan("Copy is not written in this language", received=language, valid=LANGUAGES)
    return yaml.safe_load(files("prompts").joinpath("copy", language, f"{name}.yaml").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Rules:
    """The compiled rules of one language."""

    forbidden: tuple[tuple[re.Pattern[str], str], ...]
    scripts: tuple[str, ...]
    why: dict[str, str]

    def of(self, text: str) -> list[str]:
        """What is wrong with one reading of a text, each once."""
        found = [self.why["sign"]] if any(unicodedata.category(c) in {"Cf", "Co", "Cs"} for c in text) else []
        plain = _plain(text)
        readings = [plain] + [re.sub(r"[\W_]", "", m.group()) for m in _SPELT_OUT.finditer(plain)]
        found += [self.why["apart"]] if _SPELT_OUT.search(plain) else []
        found += [self.why["number"]] if any(_is_number(c) for c in text) else []
        found += [self.why["script"]] if any(not self._own(c) for c in plain) else []
        found += [why for pattern, why in self.forbidden if any(pattern.search(r) for r in readings)]
        return list(dict.fromkeys(found))

    def _own(self, character: str) -> bool:
        if not character.isalpha():
            return True
        return unicodedata.name(character, "").startswith(self.scripts)


def _is_number(character: str) -> bool:
    """Digits, numerals and fractions of any script; Han numerals are words, and forbidden as such."""
    return unicodedata.category(character) in {"Nd", "Nl", "No"}


def _plain(text: str) -> str:
    """As a reader sees it: compatibility forms folded, accents off Latin letters, invisible signs out."""
    folded = unicodedata.normalize("NFKD", text)
    return "".join(c for c in folded if unicodedata.category(c) not in {"Mn", "Me", "Cf"}).casefold()


@lru_cache(maxsize=4)
def rules_of(language: str) -> Rules:
    """The rules of a language."""
    raw = language_file("rules", language)
    patterns = tuple((re.compile(r["pattern"], re.I), r["why"]) for r in raw["forbidden"])
    return Rules(patterns, tuple(raw["scripts"]), raw["why"])


@lru_cache(maxsize=4096)
def violations(text: str, language: str = "en") -> tuple[str, ...]:
    """What the free text of a template may not say; empty if it may be sent.

    Every choice of the template's blocks is read, so that no two harmless halves make a promise together.
    """
    template = parse(text)
    rules = rules_of(language)
    found = [why for state in template.states() for why in rules.of(state)]
    # also with nothing in the places of the slots: "guar{name}antee" is read as one word by nobody, but cheap to refuse
    found += [why for state in template.states() for why in rules.of(state.replace(FILLED, ""))]
    return tuple(dict.fromkeys(found))


def checked(text: str, language: str = "en") -> Template:
    """A template whose free text promises nothing.

    Raises:
        NotPermitted: it does; the message names what.
        InvalidPlan: it is no template.
    """
    wrong = violations(text, language)
    if wrong:
        raise NotPermitted(
            f"The copy may not hold {', nor '.join(wrong[:3])}", received=text,
            hint="Prices, discounts, dates, stock, names and claims stand in slots such as {offer}.",
        )
    return parse(text)
