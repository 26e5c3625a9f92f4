"""Which values of a shop are near enough to a name that it lacks to be offered instead."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.plans.shop import Match

#: kinds of values that are goods
GOODS = frozenset({"product", "category", "subcategory", "brand"})
#: likeness (0 to 100) that a slip of the keyboard leaves
_SLIP = 80.0
#: letters by which two forms of one word are told to be one
_STEM = 4


def alike(said: str, found: Sequence[Match]) -> list[Match]:
    """The matches that a person could have meant: they share a word with what was said, or differ by a slip.

    Likeness of letters alone offers a chocolate bar for a unicorn.
    """
    stems = _stems(said)
    return [m for m in found if m.score >= _SLIP or stems & _stems(m.label)]


def _stems(text: str) -> set[str]:
    return {word[:_STEM] for word in re.findall(r"[^\W\d_]+", text.lower()) if len(word) >= _STEM}
