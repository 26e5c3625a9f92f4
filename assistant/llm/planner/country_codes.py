"""Codes of countries written in capitals ("DE", "FR"), put into the name the shop has."""

from __future__ import annotations

import re

from assistant.llm.planner.vocabulary import Vocabulary
from assistant.plans.shop import Shop

_CODE = re.compile(r"(?<![\w-])[A-Z]{2}(?![\w-])")


def spelled_out(text: str, words: Vocabulary, shop: Shop) -> str:
    """The text with codes of the shop's countries replaced by their names.

    Only capitals in a text that is not all in capitals are codes ("IN", "IT" and "NO" shout otherwise), and only those
    that the lexicon of places lists.
    """
    if text.isupper() or not _CODE.search(text) or "country" not in words.dimensions:
        return text
    names = {str(c).lower(): str(c) for c in shop.values("country")}
    codes = {
        name: next((names[other] for other in group if other in names), None)
        for group in words.lexicon.places
        for name in group
        if len(name) == 2
    }
    return _CODE.sub(lambda m: codes.get(m.group().lower()) or m.group(), text)
