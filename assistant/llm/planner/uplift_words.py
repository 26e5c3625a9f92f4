"""Questions about what contacts change, read by their words where no pattern fits the whole text.

Every word must be known to ``uplift.yaml`` (or belong to a campaign's name, a split, a number), so that a country, a
product or a time that such an answer could not show is never passed over. What is asked follows from which kinds of
words occur: annoyance before leaving alone, leaving alone before buying anyway, all of them before who is moved, people
before campaigns.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from assistant.llm.planner.patterns import Patterns, patterns
from assistant.plans.base import PlanModel
from assistant.plans.uplift import ReadOutRequest, UpliftRequest

_WORD = re.compile(r"[a-z0-9][a-z0-9'-]*", re.IGNORECASE)
_LONGEST_PHRASE = 6
_MOST_WORDS = 18
#: a larger number is no number of customers to list
_MOST_LISTED = 1000


@lru_cache(maxsize=4)
def _kinds(language: str) -> dict[str, frozenset[str]]:
    """Phrase → kinds of words it may be."""
    found: dict[str, set[str]] = {}
    raw = patterns(language, "uplift").raw
    for kind, phrases in raw["words"].items():
        for phrase in phrases:
            found.setdefault(str(phrase).lower(), set()).add(kind)
    for phrases in (*raw["splits"].values(), *raw["kinds"].values()):
        for phrase in phrases:
            found.setdefault(str(phrase).lower(), set()).add("named")
    return {phrase: frozenset(kinds) for phrase, kinds in found.items()}


def kinds_of(text: str, language: str) -> tuple[set[str], int | None] | None:
    """Kinds of words in a text and the number in it; None where a word is not known."""
    known, tokens = _kinds(language), [t.lower() for t in _WORD.findall(text)]
    if not tokens or len(tokens) > _MOST_WORDS:
        return None
    kinds: set[str] = set()
    number, i = None, 0
    while i < len(tokens):
        size = next((n for n in range(min(_LONGEST_PHRASE, len(tokens) - i), 0, -1)
                     if " ".join(tokens[i : i + n]) in known), 0)
        if size:
            kinds |= known[" ".join(tokens[i : i + size])]
        elif tokens[i].isdigit() and number is None:
            number, size = int(tokens[i]), 1
        else:
            return None
        i += size
    return kinds, number


def by_words(
    found: Patterns, text: str, language: str, campaign: str | None, scope: dict[str, Any], split: Any, measure: Any,
) -> PlanModel | None:
    """The request that the words make.

    Args:
        campaign: a past campaign that the text names, its name taken out of ``text``.
        scope: channel and kind of the message said. split, measure: as said, for a read-out.
    """
    read = kinds_of(text, language)
    if read is None:
        return None
    kinds, number = read
    if campaign is not None:
        return ReadOutRequest(campaign=campaign, by=split, measure=measure) if "worked" in kinds else None
    about = _about(kinds)
    if about is not None:
        if not 0 < (number or 20) <= _MOST_LISTED:
            return None
        return UpliftRequest(about=about, k=number or 20, **scope)  # type: ignore[arg-type]
    if re.match(found.raw.get("orders") or "(?!)", text, re.IGNORECASE):
        return None  # "make me a welcome campaign" asks for a draft, "how big must the control group be" for a size
    if number is None and "message" in kinds and kinds & {"worked", "moved"} and (
            "worked" in kinds or "segments" in kinds):
        return ReadOutRequest(by=split or ("segment" if "segments" in kinds else None), measure=measure, **scope)
    return None


_RULES: tuple[tuple[str, Callable[[set[str]], bool]], ...] = (
    ("quality", lambda k: "quality" in k),
    ("sleeping_dogs", lambda k: "annoyed" in k and bool(k & {"message", "who"})),
    ("sure_buyers", lambda k: "anyway" in k and bool(k & {"buy", "incentive", "who"}) and "leave" not in k),
    ("leave_alone", lambda k: "leave" in k and "segments" not in k and bool(k & {"message", "incentive", "anyway"})),
    ("moved", lambda k: "wanted" in k and "message" in k),
    ("moved", lambda k: "moved" in k and "who" in k and bool(k & {"message", "incentive"}) and "segments" not in k
     and "worked" not in k),
)


def _about(kinds: set[str]) -> str | None:
    return next((about for about, holds in _RULES if holds(kinds)), None)
