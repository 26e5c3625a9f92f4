"""Questions about campaigns: what is planned and overlaps; who gets the draft on the table, what it costs and brings,
its text, its control group and timing, how past campaigns did; and stopping one by what it is called.

Each is a pattern for the whole text (``campaign_talk.yaml``); "it" is the draft on the table.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta

from assistant.llm.planner.candidate import Planned, ToolCall, call
from assistant.llm.planner.context import DialogueContext, Past
from assistant.llm.planner.dialogue_campaign import SHOWING, brief_of, campaign_id
from assistant.llm.planner.patterns import Patterns, patterns
from assistant.llm.planner.replies import ask
from assistant.llm.planner.vocabulary import Vocabulary
from assistant.plans.requests import CampaignRequest, MessageRequest, ReasonRequest
from assistant.plans.sending import CalendarRequest, StopRequest
from assistant.plans.uplift import ReadOutRequest

_LONGEST = 140
_WEEK = timedelta(days=6)
_HERE = ("audience", "cost", "copy")
_ANYWHERE = ("experiment", "timing")
#: tools after whose answer "it" is still the draft spoken of before
_OF_DRAFTS = SHOWING | {"stop_sending", "dry_run_campaign", "plan_sending", "show_sendings", "export_campaign"}


def about_campaigns(text: str, context: DialogueContext, tools: Collection[str], words: Vocabulary) -> Planned | None:
    """The plan of such a question; None where the text is none."""
    if len(text) > _LONGEST or "show_campaign" not in tools:
        return None
    found = patterns(words.lexicon.language, "campaign_talk")
    bare = found.bare(text)
    made = _asked(found, bare, context, words)
    if made is None or made.name not in tools:
        return None
    return Planned([made], 1.0, frame="campaign_talk")


def _asked(found: Patterns, text: str, context: DialogueContext, words: Vocabulary) -> ToolCall | None:
    goal = _goal(found, text)
    if _first(found, "calendar", text) is not None:
        return call(_calendar(found, text, words))
    if _first(found, "stop", text) is not None:
        one = _of_kind(goal, context)
        if goal is not None and one is None:  # stopping everything else is not what was asked for
            return ask(words.lexicon, "which_sending")
        return call(StopRequest(campaign_id=one))
    table = _spoken_of(_on_table(context), goal, context)
    costs = table or _behind_its_people(context)
    if costs is not None and _first(found, "here_cost", text) is not None:
        return call(CampaignRequest(campaign_id=campaign_id(costs)))
    for part in _HERE:
        if table is not None and _first(found, f"here_{part}", text) is not None:
            named = campaign_id(table)
            return call(MessageRequest(campaign_id=named) if part == "copy" else CampaignRequest(campaign_id=named))
    for about in _ANYWHERE:
        if _first(found, f"any_{about}", text) is not None:
            named = None if table is None else campaign_id(table)
            return call(ReasonRequest(campaign_id=named, about=about))  # type: ignore[arg-type]
    return _of_the_past(found, text, goal, words)


def _calendar(found: Patterns, text: str, words: Vocabulary) -> CalendarRequest:
    """The calendar, of the days that are named by the real clock, on which campaigns run."""
    today = max(words.status.as_of, datetime.now(UTC).date())
    first, last = days_of_words(text, today, words)
    return CalendarRequest(first_day=first, last_day=last)


def days_of_words(text: str, today: date, words: Vocabulary) -> tuple[date | None, date | None]:
    """First and last day of the stretch of the calendar that a text names; nothing where it names none."""
    raw = patterns(words.lexicon.language, "campaign_talk").raw
    for name, days in raw["days_ahead"].items():
        if re.search(days, text, re.IGNORECASE):
            return _days_of(name, today)
    for number, said in enumerate(raw["months"], start=1):
        if re.search(rf"\b(?:{said})\b", text, re.IGNORECASE):
            year = today.year + (number < today.month)
            return date(year, number, 1), date(year, number, monthrange(year, number)[1])
    return None, None


def _days_of(name: str, today: date) -> tuple[date, date]:
    """First and last day of a stretch that the lexicon names."""
    monday = today - timedelta(days=today.weekday())
    month = (date(today.year, today.month, 1), date(today.year, today.month, monthrange(today.year, today.month)[1]))
    after = month[1] + timedelta(days=1)
    return {
        "today": (today, today), "tomorrow": (today + timedelta(days=1),) * 2, "this_week": (today, monday + _WEEK),
        "next_week": (monday + timedelta(days=7), monday + timedelta(days=7) + _WEEK),
        "weekend": (monday + timedelta(days=5), monday + _WEEK), "this_month": (today, month[1]),
        "next_month": (after, date(after.year, after.month, monthrange(after.year, after.month)[1])),
        "this_quarter": (today, _quarter(today)[1]), "next_quarter": _quarter(_quarter(today)[1] + timedelta(days=1)),
        "this_year": (today, date(today.year, 12, 31)),
        "next_year": (date(today.year + 1, 1, 1), date(today.year + 1, 12, 31)),
    }[name]


def _quarter(day: date) -> tuple[date, date]:
    """First and last day of the quarter of a day."""
    month = 3 * ((day.month - 1) // 3) + 1
    return date(day.year, month, 1), date(day.year, month + 2, monthrange(day.year, month + 2)[1])


def _of_the_past(found: Patterns, text: str, goal: str | None, words: Vocabulary) -> ToolCall | None:
    """How campaigns of the data did: all, all of a kind, or the latest."""
    if _first(found, "past", text) is not None:
        return call(ReadOutRequest(campaign_kind=goal, by="campaign"))
    slots = _first(found, "latest", text)
    if slots is None:
        return None
    channel = slots.get("channel", "").replace("-", "").lower() or None
    if goal is not None or channel:  # the last of its kind
        return call(ReadOutRequest(campaign_kind=goal, channel=channel, latest=True))  # type: ignore[arg-type]
    return call(ReadOutRequest(campaign=next(iter(words.latest_campaigns), None)))


def _on_table(context: DialogueContext) -> Past | None:
    """The draft that the turn before was about."""
    turns = context.turns()
    if not turns or not any(p.call.name in _OF_DRAFTS for p in turns[-1]):
        return None
    return next((p for turn in reversed(turns) for p in reversed(turn) if p.call.name in SHOWING), None)


def _behind_its_people(context: DialogueContext) -> Past | None:
    """The draft whose people alone were listed or counted since: "who are they?", "what would it cost?"."""
    for turn in reversed(context.turns()):
        shown = next((p for p in reversed(turn) if p.call.name in SHOWING), None)
        if shown is not None:
            return shown
        if not all(p.call.name == "count_audience" or p.call.args.get("dimensions") == ["customer"] for p in turn):
            return None
    return None


def _spoken_of(table: Past | None, goal: str | None, context: DialogueContext) -> Past | None:
    """The draft meant: that on the table; where a kind is named, the latest of that kind in the conversation."""
    if goal is None or table is None:
        return table
    brief = brief_of(table)
    if brief is not None and brief.goal == goal:
        return table
    return _drafted(goal, context)


def _of_kind(goal: str | None, context: DialogueContext) -> str | None:
    past = None if goal is None else _drafted(goal, context)
    return None if past is None else campaign_id(past)


def _drafted(goal: str, context: DialogueContext) -> Past | None:
    seen = [p for turn in context.turns() for p in turn if p.call.name == "draft_campaign"]
    return next((p for p in reversed(seen) if p.call.args.get("goal", "promotion") == goal), None)


def _goal(found: Patterns, text: str) -> str | None:
    """The kind of campaign that is named."""
    said = f" {text.lower().replace('-', ' ')} "
    return next((goal for goal, phrases in found.raw["goals"].items() if any(f" {p} " in said for p in phrases)), None)


def _first(found: Patterns, group: str, text: str) -> dict[str, str] | None:
    return next(iter(found.fits(group, text)), None)
