"""Campaigns for a day or an event of each person: "wish VIPs a happy birthday", "e-mail everyone whose birthday is next
week", "remind people who left a basket 3 hours ago". Data (``campaign_occasions.yaml``).

Which birthdays, and how old a basket is, is cut out of the text, so that it is taken for no condition on orders.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from pydantic import ValidationError

from assistant.llm.planner.candidate import Planned, call
from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.late_patterns import LatePattern
from assistant.plans.requests import CampaignBrief

_MACRO = re.compile(r"(?<!\?P)<(\w+)>")
_LONGEST = 300


def with_occasion(text: str, as_of: date, language: str, plan: Callable[[str], Planned]) -> Planned | None:
    """The plan of a request for such a campaign, where it says more than the grammar reads; None for other texts.

    Args:
        as_of: last day of the data.
        plan: plans the text in the grammar's words.
    """
    if len(text) > _LONGEST:
        return None
    plain = " ".join(text.replace("’", "'").split()).strip(" .!")
    favourite = _favourites(plain, language, plan)
    if favourite is not None:
        return favourite
    for goal, kind in (("birthday", "birthday"), ("abandoned_basket", "basket"), ("reviews", "review")):
        about = _about(language, goal)
        if about is None or not about.search(plain):
            continue
        rest, changes = _cut(plain, f"{kind}_when", goal, as_of, language)
        said, more = _said(rest, f"{kind}_rules", language)
        changes |= more
        if said is None and (not changes or goal == "reviews"):
            continue
        planned = plan(said or rest)
        if not planned.calls or planned.calls[-1].name != "draft_campaign":
            return None
        try:
            brief = {**planned.calls[-1].plan().model_dump(), **changes, "goal": goal}
            return replace(planned, calls=[*planned.calls[:-1], call(CampaignBrief.model_validate(brief))],
                           frame="occasion")
        except ValidationError:
            return None
    return None


def _favourites(text: str, language: str, plan: Callable[[str], Planned]) -> Planned | None:
    """As in "… with products from each customer's favourite category"."""
    match = next((m for p in _compiled(language, "favourites") if (m := p.search(text)) is not None), None)
    if match is None:
        return None
    planned = plan(" ".join(f"{text[: match.start()]} {text[match.end():]}".split()))
    if not planned.calls or planned.calls[-1].name != "draft_campaign":
        return None
    brief = CampaignBrief.model_validate({**planned.calls[-1].plan().model_dump(), "favourites": True})
    return replace(planned, calls=[*planned.calls[:-1], call(brief)], frame="occasion")


def _cut(text: str, group: str, goal: str, as_of: date, language: str) -> tuple[str, dict[str, Any]]:
    """The text without the words for when, and what they say of the campaign."""
    for pattern in _compiled(language, group):
        match = pattern.search(text)
        if match is None:
            continue
        slots = match.groupdict()
        changes = _ahead(slots, as_of, language) if goal == "birthday" else _hours(slots, language)
        if changes:
            kept = " ".join(p for p in (slots.get("before"), slots.get("after")) if p)
            return " ".join(f"{text[: match.start()]}{kept}{text[match.end():]}".split()), changes
    return text, {}


def _hours(slots: dict[str, str | None], language: str) -> dict[str, Any]:
    hours = int(read_yaml(language, "campaign_occasions")["hours"].get(str(slots.get("unit")).lower(), 1))
    return {"after_hours": max(1, _count(slots.get("count"), language)) * hours}


def _ahead(slots: dict[str, str | None], as_of: date, language: str) -> dict[str, Any]:
    """The days of the birthdays: a stretch from tomorrow on, or the days of a month."""
    raw, single = read_yaml(language, "campaign_occasions"), (slots.get("single") or "").lower()
    if not single:
        days = _count(slots.get("count"), language)
        days *= 7 if str(slots.get("unit")).lower() in raw["weeks"] else 1
        return {"within_days": days} if 1 <= days <= 90 else {}
    words = set(single.split())
    if single in raw["single_days"]:
        return {"within_days": raw["single_days"][single]}
    if words & set(raw["week_words"]):
        return {"within_days": 7}
    first = as_of + timedelta(days=1)
    if words & set(raw["next_words"]):
        first = (as_of.replace(day=1) + timedelta(days=32)).replace(day=1)
        return {"starts_on": first, "within_days": monthrange(first.year, first.month)[1]}
    return {"within_days": max(1, monthrange(first.year, first.month)[1] - first.day + 1)}


def _count(said: str | None, language: str) -> int:
    raw = read_yaml(language, "campaign_occasions")
    return 1 if said is None else int(said) if said.isdigit() else int(raw["counts"][said.lower()])


def _said(text: str, group: str, language: str) -> tuple[str | None, dict[str, Any]]:
    """The text in the words of the grammar, and what a rule takes out of it; None where no rule fits."""
    for pattern, say in _rules(language, group):
        match = pattern.fullmatch(text)
        if match is not None:
            slots = {"who": "", "rest": "", "what": "", **{n: v or "" for n, v in match.groupdict().items()}}
            # what follows stays a clause of its own: "people who bought Garden, by e-mail"
            slots["rest"] = f", {slots['rest']}" if slots["rest"] and slots["who"] else slots["rest"]
            said = " ".join(say.format_map(slots).split()).replace(" ,", ",")
            dangling = str(read_yaml(language, "campaign_occasions")["dangling"])
            return re.sub(dangling, "", said), _days_back(slots, language)
    return None, {}


def _days_back(slots: dict[str, str], language: str) -> dict[str, Any]:
    if not slots.get("count") or not slots.get("unit"):
        return {}
    days = _count(slots["count"], language)
    days *= 7 if slots["unit"].lower() in read_yaml(language, "campaign_occasions")["weeks"] else 1
    return {"within_days": days} if 1 <= days <= 90 else {}


@lru_cache(maxsize=8)
def _about(language: str, goal: str) -> re.Pattern[str] | None:
    form = (read_yaml(language, "campaign_occasions").get("about") or {}).get(goal)
    return re.compile(str(form), re.IGNORECASE) if form else None


@lru_cache(maxsize=8)
def _compiled(language: str, group: str) -> tuple[LatePattern, ...]:
    raw = read_yaml(language, "campaign_occasions")
    return tuple(LatePattern(_whole(p, raw["macros"])) for p in raw[group])


@lru_cache(maxsize=8)
def _rules(language: str, group: str) -> tuple[tuple[LatePattern, str], ...]:
    raw = read_yaml(language, "campaign_occasions")
    return tuple((LatePattern(_whole(rule["form"], raw["macros"])), str(rule["say"])) for rule in raw[group])


def _whole(pattern: str, macros: dict[str, str]) -> str:
    while _MACRO.search(pattern):
        pattern = _MACRO.sub(lambda m: macros[m.group(1)], pattern)
    return pattern
