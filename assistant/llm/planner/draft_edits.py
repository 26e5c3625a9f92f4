"""Changes of the draft on the table that are more than one word: whom to leave out, a start moved by days, a time of
day, a number of wordings, and two changes in one text.

Each is a pattern for the whole text (``draft_edits.yaml``) and holds only where a draft is on the table.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from pydantic import ValidationError

from assistant.llm.planner.brief_talk import day_of
from assistant.llm.planner.candidate import Planned, ToolCall, call
from assistant.llm.planner.context import DialogueContext, Past
from assistant.llm.planner.dialogue_campaign import campaign_id, spoken_of, standing_brief
from assistant.llm.planner.dialogue_filters import parts_of
from assistant.llm.planner.exclusions import meant
from assistant.llm.planner.patterns import Patterns, patterns
from assistant.llm.planner.replies import decline, quoted
from assistant.llm.planner.spans import read
from assistant.llm.planner.values import join
from assistant.llm.planner.vocabulary import Vocabulary
from assistant.plans.filters import Compare, Filter, Not
from assistant.plans.requests import CampaignBrief
from assistant.plans.sending import SendPlan
from assistant.plans.shop import Shop

_LONGEST = 160
_PLACES = frozenset({"country", "city", "region"})


def about_draft(
    text: str,
    context: DialogueContext,
    tools: Collection[str],
    words: Vocabulary,
    shop: Shop,
    plan: Callable[[str], Planned],
) -> Planned | None:
    """The plan of such a change; None where the text is none, or no draft is on the table.

    Args:
        plan: plans a part of the text in the same conversation.
    """
    last = spoken_of(context) if len(text) <= _LONGEST and "draft_campaign" in tools else None
    brief = None if last is None else standing_brief(last, context)
    if last is None or brief is None:
        return None
    found = patterns(words.lexicon.language, "draft_edits")
    bare = found.bare(text)
    timed = _at_time(found, bare, last, words) if "plan_sending" in tools else None
    made = timed or _changed(found, bare, brief, last, context, words, shop)
    return None if made is None else Planned([made], 1.0, frame="follow_up")


def two_changes(
    text: str, context: DialogueContext, tools: Collection[str], words: Vocabulary, plan: Callable[[str], Planned]
) -> Planned | None:
    """As in "start next Monday, run for two weeks": both changes of the draft; None where the text is no two."""
    last = spoken_of(context) if len(text) <= _LONGEST and "draft_campaign" in tools else None
    brief = None if last is None else standing_brief(last, context)
    if last is None or brief is None:
        return None
    return _several(patterns(words.lexicon.language, "draft_edits"), text.strip(" .!?"), brief, last, plan, words)


def _changed(
    found: Patterns, text: str, brief: CampaignBrief, last: Past, context: DialogueContext, words: Vocabulary,
    shop: Shop,
) -> ToolCall | None:
    who = next(found.fits("leave_out", text), None)
    if who is not None:
        out = meant(who["who"], read(text, words), shop)
        if out is None:
            return decline(words.lexicon, "not_understood", "not_understood", words=quoted([who["who"]]),
                           examples="campaign")
        return _left_out(out, brief, last, context, words)
    place = next(found.fits("leave_place", text), None)
    if place is not None:
        out = meant(str(found.raw["from_place"]).format(**place), read(text, words), shop)
        if isinstance(out, Compare) and out.field in _PLACES:
            return _left_out(out, brief, last, context, words)
    if brief.variants > 1:
        for slots in found.fits("variants", text):
            return _revised(brief, {"variants": _number(found, slots["many"])}, last, words)
    for group, sign in (("later", 1), ("earlier", -1)):
        for slots in found.fits(group, text):
            days = sign * _number(found, slots["many"]) * int(found.raw["days"][slots["unit"].lower()])
            return _moved(brief, timedelta(days=days), last, words)
    return None


def _number(found: Patterns, said: str) -> int:
    return int(said) if said.isdigit() else int(found.raw["counts"][said.lower()])


def _left_out(
    out: Filter, brief: CampaignBrief, last: Past, context: DialogueContext, words: Vocabulary
) -> ToolCall:
    """The draft without those customers; without a rule of its own, those of the draft on the table stay."""
    past = context.audience()
    kept = brief.audience if brief.audience is not None else past[0] if past is not None else None
    old = [] if kept is None else parts_of(kept)
    denied = Not(part=out)
    rule = join([*old, *([] if denied in old else [denied])])
    return _revised(brief, {"audience": rule, "audience_words": None}, last, words)


def _moved(brief: CampaignBrief, by: timedelta, last: Past, words: Vocabulary) -> ToolCall:
    """The days of the draft moved; one that starts once it is approved has no day to move."""
    if brief.starts_on is None:
        return decline(words.lexicon, "not_understood", "no_start_day", examples="campaign")
    changes: dict[str, Any] = {"starts_on": brief.starts_on + by}
    if brief.ends_on is not None:
        changes["ends_on"] = brief.ends_on + by
    return _revised(brief, changes, last, words)


def _revised(brief: CampaignBrief, changes: dict[str, Any], last: Past, words: Vocabulary) -> ToolCall:
    named = campaign_id(last) or brief.campaign_id
    raw = {name: getattr(brief, name) for name in CampaignBrief.model_fields}
    try:
        revised = CampaignBrief.model_validate(
            {**brief.model_dump(), **changes, "campaign_id": named})
    except ValidationError as error:
        why = str(error.errors()[0].get("ctx", {}).get("error", error.errors()[0]["msg"]))
        return decline(words.lexicon, "not_understood", "brief_contradicts", examples="campaign", why=why)
    if all(raw[name] == getattr(revised, name) for name in raw if name != "campaign_id"):
        return decline(words.lexicon, "not_understood", "no_change", examples="campaign")
    return call(revised)


def _at_time(found: Patterns, text: str, last: Past, words: Vocabulary) -> ToolCall | None:
    """As in "start it tomorrow at 9": not before that hour of the next such day by the real calendar, on which
    messages leave, or after the last day of the data where that is later."""
    for slots in found.fits("at_time", text):
        status = words.status
        today = max(status.as_of, datetime.now(UTC).date())
        day = day_of(slots["day"], replace(words, status=replace(status, as_of=today)))
        hour, minute = int(slots["hour"]), int(slots.get("minute") or 0)
        if slots.get("half", "").lower() in found.raw["afternoon"] and hour < 12:
            hour += 12
        if day is None or hour > 23 or minute > 59:
            continue
        return call(SendPlan(campaign_id=campaign_id(last), send_at=_moment(day, hour, minute)))
    return None


def _moment(day: date, hour: int, minute: int) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute)  # noqa: DTZ001 (of the clock the plan names)


# -- two changes in one text -------------------------------------------------------------------------------------------


def _several(
    found: Patterns, text: str, brief: CampaignBrief, last: Past, plan: Callable[[str], Planned], words: Vocabulary
) -> Planned | None:
    """As in "make the discount 15 % and send it on Monday": both, where each part alone changes the same draft and they
    change different things."""
    for cut in found.expression("between").finditer(text):
        first, second = text[: cut.start()], text[cut.end() :]
        if not first.strip() or not second.strip():
            continue
        one, two = (_alone(part, brief, last, plan) for part in (first, second))
        if not one or not two or one.keys() & two.keys():
            continue
        return Planned([_revised(brief, {**one, **two}, last, words)], 1.0, frame="follow_up")
    return None


def _alone(text: str, brief: CampaignBrief, last: Past, plan: Callable[[str], Planned]) -> dict[str, Any]:
    """What a part of the text changes of the draft; empty where it is no change of it."""
    planned = plan(text)
    named = campaign_id(last) or brief.campaign_id
    if len(planned.calls) != 1 or planned.calls[0].name != "draft_campaign" or planned.unexplained:
        return {}
    made = planned.calls[0].plan()
    if not isinstance(made, CampaignBrief) or made.campaign_id != named:
        return {}
    old, new = brief.model_dump(), made.model_dump()
    return {name: value for name, value in new.items() if name != "campaign_id" and value != old[name]}
