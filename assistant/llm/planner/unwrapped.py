"""What is said around a claim that is to be checked: "I'd have thought …, is that so?", "would you say …", "… or is
that a myth".

The words are data (``openings`` and ``tails`` of ``prompts/lexicon/<language>/two_sides.yaml``).
"""

from __future__ import annotations

import re
from functools import lru_cache

from assistant.llm.planner.language_files import read_yaml

_END = re.compile(r"[\s?!.,;:–-]+$")


@lru_cache(maxsize=4)
def _around(language: str) -> tuple[tuple[re.Pattern[str], ...], tuple[re.Pattern[str], ...]] | None:
    try:
        raw = read_yaml(language, "two_sides")
    except FileNotFoundError:
        return None

    def compiled(pattern: str) -> str:
        return pattern.replace(" ", r"\s+").replace(r"\s+*", r"\s*")

    return (
        tuple(re.compile(rf"^(?:{compiled(p)})", re.IGNORECASE) for p in raw["openings"]),
        tuple(re.compile(rf"(?:{compiled(p)})[\s?!.]*$", re.IGNORECASE) for p in raw["tails"]),
    )


def unwrapped(text: str, language: str) -> tuple[str, bool]:
    """The claim without what is said around it, and whether anything was.

    Args:
        text: contractions written out.
    """
    around = _around(language)
    said = " ".join(text.split())
    if around is None:
        return said, False
    openings, tails = around
    before = None
    while said != before:
        before = said
        for pattern in openings:
            said = pattern.sub("", said, count=1).strip()
        for pattern in tails:
            cut = pattern.search(said)
            if cut is not None and cut.start() > 0:
                said = said[: cut.start()].strip()
    said = _END.sub("", said)
    return said, said != _END.sub("", " ".join(text.split()))


def second_request(said: str, language: str) -> bool:
    """Whether a text goes on with a second request, which must not be lost in the first one."""
    return re.search(read_yaml(language, "two_sides")["second"], said, re.IGNORECASE) is not None
