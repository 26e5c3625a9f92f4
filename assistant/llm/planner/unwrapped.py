"""What is said around a claim that is to be checked: "I'd have thought …, is that so?", "would you say …", "… or is
that a myth".

The words are data (``openings`` and ``tails`` of ``prompts/lexicon/<language>/two_sides.yaml``).
"""

from __future__ import annotations

import re
from functools import lru_cache

from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.normalise import clean, expand
from assistant.llm.planner.vocabulary import Vocabulary

_LONGEST = 200
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


def one_claim(text: str, words: Vocabulary) -> tuple[str, bool] | None:
    """The one claim or question of a text as :func:`unwrapped` leaves it; None for a long text, and for one that goes
    on with a second request, which must not be lost in the first."""
    if len(text) > _LONGEST:
        return None
    lexicon = words.lexicon
    said, wrapped = unwrapped(expand(clean(text), lexicon.words), lexicon.language)
    again = re.search(read_yaml(lexicon.language, "two_sides")["second"], said, re.IGNORECASE)
    return None if again is not None else (said, wrapped)
