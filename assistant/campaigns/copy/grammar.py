"""Wordings from a grammar: derivations are counted and numbered, and each campaign takes another number.

Counting and unranking derivations of a context-free grammar is standard (Flajolet, Zimmermann and Van Cutsem, "A
calculus for the random generation of labelled combinatorial structures", 1994); here the rules have no recursion, so
every count is finite.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from assistant.campaigns.copy.rules import language_file
from assistant.errors import InvalidPlan

_PART = re.compile(r"<([a-z_]+)>")
#: most wordings of one campaign, shown one by one for approval
MOST_VARIANTS = 5
#: parts in which a tone speaks alone where it has words of its own; elsewhere they stand beside those of every tone
_TONED = frozenset({"greeting", "close", "offer_line", "button", "sign_off"})
_MANY = 500
_GOLDEN = (math.sqrt(5) - 1) / 2


class Grammar:
    """The wordings of one goal, tone and length in one language.

    Args:
        goal: its rules come first; where it has none, those of ``default`` hold.
        tone: alternatives of this tone stand beside those of every tone.
        length: ``short``, ``normal`` or ``long``.
    """

    def __init__(self, goal: str, tone: str = "friendly", length: str = "normal", language: str = "en") -> None:
        raw = language_file("grammar", language)
        self._own, self._default = raw.get(goal) or {}, raw["default"]
        self._tone, self._length = tone, length
        self._counts: dict[str, int] = {}

    def own(self, symbol: str) -> bool:
        """Whether the goal words a part in its own way."""
        return symbol in self._own

    def alternatives(self, symbol: str) -> Sequence[str]:
        """The alternatives of a part.

        Raises:
            InvalidPlan: there is no such part.
        """
        rule: Any = self._own.get(symbol, self._default.get(symbol))
        if rule is None:
            raise InvalidPlan("The grammar of copy has no such part", received=symbol, valid=sorted(self._default))
        if isinstance(rule, list):
            return rule
        own = rule.get(self._length) or rule.get("normal")
        if own is not None:
            return own
        toned = rule.get(self._tone, ())
        return toned if toned and symbol in _TONED else [*toned, *rule.get("any", ())]

    def count(self, symbol: str) -> int:
        """How many derivations a part has."""
        if symbol not in self._counts:
            self._counts[symbol] = sum(self._of(text) for text in self.alternatives(symbol))
        return self._counts[symbol]

    def _of(self, text: str) -> int:
        return math.prod(self.count(part) for part in _PART.findall(text))

    def unrank(self, symbol: str, number: int) -> str:
        """The derivation with this number, counted around from 0."""
        number %= self.count(symbol)
        for text in self.alternatives(symbol):
            size = self._of(text)
            if number < size:
                return self._spell(text, number)
            number -= size
        raise AssertionError("counts and alternatives of the grammar disagree")

    def _spell(self, text: str, number: int) -> str:
        parts, position = [], 0
        for found in _PART.finditer(text):
            parts.append(text[position : found.start()])
            number, digit = divmod(number, self.count(found.group(1)))
            parts.append(self.unrank(found.group(1), digit))
            position = found.end()
        return "".join([*parts, text[position:]])

    def pick(self, symbol: str, campaign: int, variant: int = 0) -> str:
        """The wording of a piece for one campaign and variant.

        Numbers step through all derivations by a fixed stride without a common divisor, so that neighbours differ
        widely. Where there are many, ``count / MOST_VARIANTS`` campaigns in a row share none, variants included.
        """
        total = self.count(symbol)
        place = campaign * MOST_VARIANTS + variant if total >= _MANY else campaign + variant
        start = int.from_bytes(hashlib.sha256(symbol.encode()).digest()[:4], "big")
        return self.unrank(symbol, start + place * _stride(total))


@lru_cache(maxsize=512)
def _stride(total: int) -> int:
    stride = max(1, round(total * _GOLDEN))
    while math.gcd(stride, total) > 1:
        stride += 1
    return stride


def campaign_number(seed: str) -> int:
    """The number of a campaign: that of its id (``c-17`` is 17), else one drawn from the words."""
    found = re.fullmatch(r"c-(\d{1,9})", seed)
    if found:
        return int(found.group(1))
    return int.from_bytes(hashlib.sha256(seed.encode()).digest()[:4], "big")
