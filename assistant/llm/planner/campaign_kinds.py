"""Kinds of campaigns as marketers name them: "abandoned basket e-mail", "remind people to reorder", "Black Friday
campaign for everyone". Data (``campaign_kinds.yaml``); whatever no rule fits is left as it is.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache
from typing import Any

from assistant.llm.planner.candidate import Planned
from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.replies import decline
from assistant.llm.planner.vocabulary import Vocabulary

_MACRO = re.compile(r"<(\w+)>")
_LONGEST = 300


def named_kind(text: str, language: str) -> str:
    """The text with its kind of campaign in words that the grammar reads; the text itself where no rule fits."""
    if len(text) > _LONGEST:
        return text
    plain = _plain(text)
    if _orders(language, plain):
        respelled = plain
        for form, say in _raw(language).get("respell", ()):
            respelled = re.sub(form, say, respelled, flags=re.IGNORECASE)
        text = text if respelled == plain else respelled
        plain = respelled
    for pattern, say in _rules(language):
        match = pattern.fullmatch(plain)
        if match:
            rest = max((match.start(n) for n in range(1, (match.lastindex or 0) + 1) if match.group(n)), default=-1)
            head = plain[: rest if rest > 0 else len(plain)]
            filled = _filled(say, [g or "" for g in match.groups()])
            return " ".join(filled.replace("<thing>", _thing(head, language)).split())
    return text


def no_such_offer(text: str, words: Vocabulary, tools: Collection[str]) -> Planned | None:
    """As in "buy one get one free": no offer that a campaign here can hold, said so with those that it can."""
    language = words.lexicon.language
    form = _raw(language).get("no_such_offer")
    said = re.search(form, _plain(text), re.IGNORECASE) if form and len(text) <= _LONGEST else None
    if said is None or "draft_campaign" not in tools:
        return None
    no = decline(words.lexicon, "not_understood", "no_such_offer", words=said.group(), examples="campaign")
    return Planned([no], 0.0, frame="decline")


def _orders(language: str, text: str) -> bool:
    form = _raw(language).get("orders")
    return bool(form) and re.fullmatch(form, text, re.IGNORECASE) is not None


def _thing(head: str, language: str) -> str:
    """What the head of a text calls the campaign: an e-mail, an SMS, or just a campaign."""
    words = set(re.findall(r"[\w-]+", head.lower()))
    raw = _raw(language)
    return next((name for name, said in raw["things"].items() if words & set(said)), str(raw["any_thing"]))


def _filled(say: str, groups: list[str]) -> str:
    """The words of a rule with the parts of the text; a rule of one place takes the part that there is."""
    parts = [g for g in groups if g] if say.count("\\") == 1 else groups
    for n in (1, 2):
        say = say.replace(f"\\{n}", parts[n - 1] if len(parts) >= n else "")
    return say


def _plain(text: str) -> str:
    return " ".join(text.replace("’", "'").split()).strip(" .!")


@lru_cache(maxsize=4)
def _raw(language: str) -> dict[str, Any]:
    return dict(read_yaml(language, "campaign_kinds"))


@lru_cache(maxsize=4)
def _rules(language: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    raw = _raw(language)
    return tuple((_compiled(p, raw), rule["say"]) for rule in raw.get("rules", ()) for p in rule["for"])


def _compiled(pattern: str, raw: dict[str, Any]) -> re.Pattern[str]:
    while _MACRO.search(pattern):
        pattern = _MACRO.sub(lambda m: str(raw["macros"][m.group(1)]), pattern)
    return re.compile(pattern, re.IGNORECASE)
