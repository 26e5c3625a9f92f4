"""What is said and asked about the draft on the table beside its words and dates: its cost, who is left out, what to
expect and what may go wrong, no offer, another channel, a reminder, the same for others; and what needs no draft.

Each is a pattern for the whole text (``draft_talk.yaml``). A wish that no draft can hold is refused by its name.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from pydantic import ValidationError

from assistant.llm.planner.campaign_steps import USUAL_WAIT
from assistant.llm.planner.candidate import Planned, ToolCall, call
from assistant.llm.planner.context import DialogueContext, Past
from assistant.llm.planner.dialogue_campaign import campaign_id, spoken_of, standing_brief
from assistant.llm.planner.dialogue_filters import parts_of
from assistant.llm.planner.patterns import Patterns, patterns
from assistant.llm.planner.replies import ask, decline
from assistant.llm.planner.values import join
from assistant.llm.planner.vocabulary import Vocabulary
from assistant.plans.experiments import ExperimentRequest, ExperimentSizeRequest
from assistant.plans.filters import Compare, Filter
from assistant.plans.requests import (
    CampaignBrief,
    CampaignRequest,
    CampaignsRequest,
    JourneyStep,
    MessageRequest,
    ReasonRequest,
)
from assistant.plans.sending import CalendarRequest, StopRequest

Plan = Callable[[str], Planned]
_LONGEST = 160
#: parts of a draft that are asked about
_PARTS = ("people", "cost", "result", "risks")
_ADDRESSED = ("email", "sms", "push", "post")
#: wishes that no draft holds, each with the words of its refusal
_REFUSED = ("cost_with", "some_hour", "delete_it", "emoji", "other_language")
_PLACES = frozenset({"country", "city", "region"})


def about_table(
    text: str, context: DialogueContext, tools: Collection[str], words: Vocabulary, plan: Plan
) -> Planned | None:
    """The plan of such a text; None where it is about something else.

    Args:
        plan: plans a text of its own, without this conversation.
    """
    if len(text) > _LONGEST or not {"draft_campaign", "show_campaign"} <= set(tools):
        return None
    found = patterns(words.lexicon.language, "draft_talk")
    bare = found.bare(text)
    made = _anywhere(found, bare, words)
    last = spoken_of(context)
    if made is None and last is not None:
        also = found.expression("also").search(text) is not None
        made = _asked(found, bare, last, words) or _changed(found, bare, last, context, words, plan, also=also)
    if isinstance(made, Planned):
        return made
    return Planned([made], 1.0, frame="follow_up") if made is not None and made.name in tools else None


def _anywhere(found: Patterns, text: str, words: Vocabulary) -> ToolCall | None:
    for group in ("unsubscribed", "caps", "test_send"):
        if _fits(found, group, text):
            reason = "not_permitted" if group == "unsubscribed" else "not_understood"
            return decline(words.lexicon, reason, group, examples="campaign")
    for slots in found.fits("translate", text):
        return decline(words.lexicon, "not_understood", "other_language", examples="campaign", words=slots["said"])
    if _fits(found, "waiting", text):
        return call(CampaignsRequest(about="waiting"))
    return None


def _asked(found: Patterns, text: str, last: Past, words: Vocabulary) -> ToolCall | None:
    """Questions about the draft, and what is done with it as it is."""
    named = campaign_id(last)
    for part in _PARTS:
        if _fits(found, part, text) and not _fits(found, "cost_with", text):
            return call(CampaignRequest(campaign_id=named, part=part))  # type: ignore[arg-type]
    if _fits(found, "one_message", text):
        return call(MessageRequest(campaign_id=named))
    if _fits(found, "did_it_work", text):
        return call(ExperimentRequest(campaign_id=named))
    if _fits(found, "stop_it", text):
        return call(StopRequest(campaign_id=named))
    if _fits(found, "winner", text):
        return call(ReasonRequest(campaign_id=named, about="experiment"))
    if _fits(found, "each_version", text):
        return call(ExperimentSizeRequest(campaign_id=named, about="test"))
    if _fits(found, "start_over", text):
        return ask(words.lexicon, "campaign")
    if _fits(found, "reasons_timing", text):
        return call(ReasonRequest(campaign_id=named, about="timing"))
    if _fits(found, "others_too", text):
        return call(CalendarRequest())
    for group in _REFUSED:
        for slots in found.fits(group, text):
            return decline(words.lexicon, "not_understood", group, examples="campaign", words=slots.get("said", ""))
    if _fits(found, "claims", text):
        return decline(words.lexicon, "not_permitted", "copy_pretends", examples="copy")
    if _fits(found, "quoted_it", text):
        return decline(words.lexicon, "not_understood", "copy_piece", examples="copy")
    for slots in found.fits("bundle", text):
        return decline(words.lexicon, "not_understood", "no_such_offer", words=slots["said"], examples="campaign")
    for slots in found.fits("limit_people", text):
        return decline(words.lexicon, "not_understood", "limit_people", examples="campaign", count=slots["number"])
    return None


def _changed(
    found: Patterns, text: str, last: Past, context: DialogueContext, words: Vocabulary, plan: Plan, *, also: bool
) -> ToolCall | Planned | None:
    """Changes of the draft, and the same draft for others.

    Args:
        also: whether something is to come on top of what there is.
    """
    brief = standing_brief(last, context)
    if brief is None:
        return None
    if _fits(found, "no_offer", text):
        return _revised(brief, {"offer": {"kind": "none"}, "best_offer": False}, last, words)
    dropping = _fits(found, "drop_channel", text)
    for slots in () if dropping else found.fits("channel_only", text):
        channel = found.raw["channels"][slots["channel"].lower()]
        if also:
            return _revised(brief, {"channels": tuple(dict.fromkeys((*brief.channels, channel)))}, last, words)
        return _by(brief, channel, last, words)
    for slots in found.fits("drop_channel", text):
        gone = found.raw["channels"][slots["channel"].lower()]
        left = tuple(c for c in brief.channels if c != gone)
        if left and left != brief.channels:
            return _revised(brief, {"channels": left}, last, words)
    if _fits(found, "hold_nobody", text):
        return _revised(brief, {"holdout_share": 0.0}, last, words)
    for slots in found.fits("runs_for", text):
        return _revised(brief, {"runs_days": _days(found, slots)}, last, words)
    for slots in found.fits("wordings", text):
        many = str(slots.get("count") or "two").lower()
        if "more" in slots:
            return _revised(brief, {"variants": min(5, brief.variants + 1)}, last, words)
        return _revised(brief, {"variants": int(found.raw["numbers"].get(many, many))}, last, words)
    for slots in found.fits("reminder", text):
        return _reminded(found, slots, brief, last, words)
    if _fits(found, "twin_bare", text):
        return decline(words.lexicon, "not_understood", "twin_for_whom", examples="campaign")
    for slots in found.fits("twin", text):
        if found.expression("twin_signs").search(text) is not None:
            return _twin(slots["who"], found, brief, context, words, plan)
    return None


def _by(brief: CampaignBrief, channel: str, last: Past, words: Vocabulary) -> ToolCall:
    beside = tuple(c for c in brief.channels if c not in _ADDRESSED)
    steps = [{**s.model_dump(), "channel": channel} for s in brief.steps]
    return _revised(brief, {"channels": (channel, *beside), "steps": steps}, last, words)


def _reminded(found: Patterns, slots: dict[str, str], brief: CampaignBrief, last: Past, words: Vocabulary) -> ToolCall:
    at_once = [c for c in brief.channels if c in _ADDRESSED] or ["email"]
    steps = [s.model_dump() for s in brief.steps] or [
        JourneyStep(channel=c).model_dump() for c in at_once]  # type: ignore[arg-type]
    days = _days(found, slots) if slots.get("length") else None
    named = slots.get("channel", "").lower()
    channel = found.raw["channels"][named] if named else steps[0]["channel"]
    steps.append(JourneyStep(
        channel=channel, after_days=USUAL_WAIT if days is None else days, waits_by_default=days is None,
        only_if="no_order" if slots.get("unordered") else "always").model_dump())
    reached = tuple(dict.fromkeys([s["channel"] for s in steps] + [c for c in brief.channels if c not in _ADDRESSED]))
    return _revised(brief, {"steps": steps, "channels": reached}, last, words)


def _days(found: Patterns, slots: dict[str, str]) -> int:
    said = slots["length"].lower()
    return int(found.raw["few"].get(said, said)) * int(found.raw["units"][slots["unit"].lower()])


def _twin(
    who: str, found: Patterns, brief: CampaignBrief, context: DialogueContext, words: Vocabulary, plan: Plan
) -> ToolCall | Planned:
    """A draft of its own, like the one on the table but for other customers: a place takes the place of its place."""
    read = plan(str(found.raw["audience_of"]).format(who=who))
    if len(read.calls) != 1 or read.calls[0].name != "draft_campaign" or not read.calls[0].args.get("audience"):
        return read if read.frame == "decline" else Planned([decline(
            words.lexicon, "not_understood", "not_understood", words=f"“{who}”", examples="campaign")], 0.0,
            frame="decline")
    other = CampaignBrief.model_validate({"audience": read.calls[0].args["audience"]}).audience
    rule = other
    if other is not None and all(_of_place(part) for part in parts_of(other)):
        past = context.audience()
        kept = brief.audience if brief.audience is not None else past[0] if past is not None else None
        old = [] if kept is None else [part for part in parts_of(kept) if not _of_place(part)]
        rule = join([*old, *parts_of(other)])
    changes = {"audience": rule, "audience_words": None, "campaign_id": None}
    return call(CampaignBrief.model_validate({**brief.model_dump(), **changes}))


def _of_place(part: Filter) -> bool:
    return isinstance(part, Compare) and part.field in _PLACES


def _revised(brief: CampaignBrief, changes: dict[str, Any], last: Past, words: Vocabulary) -> ToolCall:
    named = campaign_id(last) or brief.campaign_id
    try:
        revised = CampaignBrief.model_validate({**brief.model_dump(), **changes, "campaign_id": named})
    except ValidationError as error:
        why = str(error.errors()[0].get("ctx", {}).get("error", error.errors()[0]["msg"]))
        return decline(words.lexicon, "not_understood", "brief_contradicts", examples="campaign", why=why)
    if revised == brief.model_copy(update={"campaign_id": named}):
        return decline(words.lexicon, "not_understood", "no_change", examples="campaign")
    return call(revised)


def _fits(found: Patterns, group: str, text: str) -> bool:
    return any(True for _ in found.fits(group, text))
