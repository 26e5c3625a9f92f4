"""Clauses of a request for a campaign, found anywhere in it and cut out: budget, days, channels, tone, length, control
group, offer, whom to leave out, whom it is for (``brief_clauses.yaml``).

What stands in a condition on customers stays there: "people who bought before Christmas" names no last day.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from assistant.llm.planner.form_places import put_in
from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.normalise import clean

#: clauses on time, which may belong to what customers did
_OF_TIME = frozenset({"between", "runs", "past_the_day", "ends", "hour", "starts", "repeats", "eve"})
_OF_OFFERS = frozenset({"offer", "free_delivery", "gift"})
#: goals that a season may date
_SEASONED = frozenset({"seasonal", "promotion", "loyalty"})
_LONGEST = 400
#: stands where the people stood
WHO = "§"


@dataclass
class Clauses:
    """What a request says, clause by clause.

    Attributes:
        text: what is left of it. found: every clause that was cut out, its kind with its named parts and its words.
        people: whom it is for, as said. left_out, only: people whom it leaves out, or restricts itself to.
        goods: what it is about. goal: the kind of campaign; season: the word of its season.
    """

    text: str
    found: list[tuple[str, dict[str, str], str]] = field(default_factory=list)
    people: str = ""
    left_out: list[str] = field(default_factory=list)
    only: list[str] = field(default_factory=list)
    goods: str = ""
    goal: str = "promotion"
    season: str = ""


def orders_campaign(text: str, language: str) -> bool:
    """Whether a text begins as an order for a campaign does, and asks for no list or figure."""
    raw, plain = words_of(language), " ".join(clean(text).split())
    if not raw.get("clauses") or len(plain) > _LONGEST:
        return False
    if re.search(raw["no_order"], plain, re.IGNORECASE):
        return False
    return re.search(_filled(raw["orders"], language), plain, re.IGNORECASE) is not None


def surely_orders(text: str, language: str) -> bool:
    """Whether it orders a campaign though other readings of it fit."""
    plain = " ".join(clean(text).split())
    return any(p.search(plain) for p in _compiled(language, "surely")) if words_of(language).get("clauses") else False


def clauses_of(text: str, language: str) -> Clauses:
    """The clauses of an order for a campaign."""
    raw = words_of(language)
    said = Clauses(" ".join(clean(text).split()).strip(" .!?"))
    whole = said.text
    for kind, names in (("leave_out", said.left_out), ("only", said.only)):
        for pattern in _compiled(language, kind):
            while (match := pattern.search(said.text)) is not None:
                names.append(match["who"].strip())
                said.text = _without(said.text, match)
    for pattern in _compiled(language, "leave_place"):
        while (match := pattern.search(said.text)) is not None:
            said.left_out.append(str(raw["say_from"]).format(who=match["who"]))
            said.text = _without(said.text, match)
    for kind, pattern in _listed(language, "clauses"):
        while (match := _outside(kind, pattern, said.text, language)) is not None and match.group().strip(" ,"):
            slots = {k: v.strip(" ,") for k, v in match.groupdict().items() if v}
            said.found.append((kind, slots, match.group().strip(" ,;.-")))
            said.text = _without(said.text, match)
    for goal, pattern in _listed(language, "purposes"):
        match = pattern.search(said.text)
        if match is not None:
            said.goal = goal
            said.text = _without(said.text, match)
    _take_goods(said, language, 0)
    _take_people(said, language)
    if not said.goods:
        _take_goods(said, language, 1)
    apart = said.text if said.people else whole
    season = re.search(raw["season"], apart, re.IGNORECASE)
    if said.goal == "promotion":
        said.goal = next((g for g, p in _listed(language, "goals") if p.search(whole)), said.goal)
    if season is not None and said.goal in _SEASONED:
        said.season = season.group(1)
        said.text = _without(said.text, season) if said.people else said.text
    return said


def _take_goods(said: Clauses, language: str, which: int) -> None:
    for pattern in _compiled(language, "about")[which : which + 1]:
        match = pattern.search(said.text)
        if match is not None and not re.search(rf"\b{_people(language)}\b", match["goods"], re.IGNORECASE):
            said.goods = match["goods"].strip()
            said.text = _without(said.text, match)
            return


def _take_people(said: Clauses, language: str) -> None:
    raw = words_of(language)
    match = _compiled(language, "people")[0].search(said.text)
    if match is None:
        return
    who = respelled(match["who"].strip(" ,"), language)
    said.text = _without(said.text, match, WHO)
    while (shorter := re.sub(raw["trailing"], "", who, flags=re.IGNORECASE).strip(" ,")) != who and shorter:
        who = shorter
    who = respelled(who, language)
    said.people = "" if who.lower() in raw["anybody"] else who


def respelled(who: str, language: str) -> str:
    """People in the words of the grammar."""
    for form, say in words_of(language)["respell"]:
        who = re.sub(form, say, who, flags=re.IGNORECASE)
    return who


def _outside(kind: str, pattern: re.Pattern[str], text: str, language: str) -> re.Match[str] | None:
    """The first fit that is no part of a condition on customers."""
    whom = _compiled(language, "people")[0].search(text) if kind in _OF_TIME else None
    end = 0 if whom is None else min([whom.end(), *_offered_from(text, language)])
    for match in pattern.finditer(text):
        if whom is None or not whom.start() < match.start() < end:
            return match
        before = text[whom.start() : match.start()]
        if not re.search(words_of(language)["relative"], before, re.IGNORECASE):
            return match
    return None


def _offered_from(text: str, language: str) -> list[int]:
    """Where clauses on the offer begin, with which a condition on customers ends."""
    found = (pattern.search(text) for kind, pattern in _listed(language, "clauses") if kind in _OF_OFFERS)
    return [match.start() for match in found if match is not None]


def _without(text: str, match: re.Match[str], mark: str = ";") -> str:
    return " ".join(f"{text[: match.start()]} {mark} {text[match.end():]}".split())


def words_of(language: str) -> dict[str, Any]:
    """The lexicon file of these clauses."""
    return dict(read_yaml(language, "brief_clauses"))


def _people(language: str) -> str:
    return str(words_of(language)["macros"]["ppl"])


def _filled(form: str, language: str) -> str:
    raw = words_of(language)
    return put_in(form, {**raw["macros"], "before": raw["before"]})


@lru_cache(maxsize=16)
def _compiled(language: str, name: str) -> tuple[re.Pattern[str], ...]:
    forms = words_of(language)[name]
    return tuple(re.compile(_filled(form, language), re.IGNORECASE)
                 for form in (forms if isinstance(forms, list) else [forms]))


@lru_cache(maxsize=16)
def _listed(language: str, name: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((kind, re.compile(_filled(form, language), re.IGNORECASE)) for kind, form in words_of(language)[name])
