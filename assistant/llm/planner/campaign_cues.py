"""Questions about campaigns in any order of words (``campaign_cues.yaml``): tests, the calendar, when to send, how past
campaigns did, and, with a draft on the table, its cost, result, people, reasons, words and versions.

What is asked of the draft on the table is heard before other readings, which would take "what would that cost us?" for
a figure of the shop; the rest is heard only where nothing else read the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from datetime import UTC, date, datetime, timedelta
from typing import Any

from pydantic import BaseModel, ValidationError

from assistant.llm.planner.campaign_talk import days_of_words
from assistant.llm.planner.candidate import Planned, call
from assistant.llm.planner.context import DialogueContext
from assistant.llm.planner.cue_rules import Heard, heard_by_rules
from assistant.llm.planner.dialogue_campaign import campaign_id, spoken_of
from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.no_draft import without_draft
from assistant.llm.planner.replies import decline
from assistant.llm.planner.uplift_talk import measure_said, scope_said
from assistant.llm.planner.vocabulary import Vocabulary
from assistant.plans.experiments import ExperimentSizeRequest
from assistant.plans.requests import CampaignRequest, MessageRequest, ReasonRequest
from assistant.plans.sending import CalendarRequest
from assistant.plans.shop import Shop
from assistant.plans.uplift import ReadOutRequest

#: name of the frame: its words are accounted for here
FRAME = "campaign_cues"
_FILE = "campaign_cues"
_LONGEST = 200
_DRAFT, _READ_OUT = "draft", "read_out"
#: kinds of answers that a general question about campaigns may take the place of
_OPEN = frozenset({"decline", "ask_back"})
_PARTS = {"cost": "cost", "result": "result", "people": "people"}
_REASONS = {"why_audience": "audience", "why_products": "products", "why_experiment": "experiment",
            "why_timing": "timing", "why_offer": "offer", "why_cost": "cost"}


def of_the_draft(
    text: str, context: DialogueContext, shop: Shop, tools: Collection[str], words: Vocabulary
) -> Planned | None:
    """What is asked of the draft on the table, or said of the read-out before; None where the text is neither."""
    last = spoken_of(context)
    last = last if last is not None and campaign_id(last) else None  # one that waits for an answer is not made
    seen = context.last()
    gates = [*([_DRAFT] if last is not None else []),
             *([_READ_OUT] if seen is not None and seen.call.name == "read_out_campaigns" else [])]
    of_a_draft = read_yaml(words.lexicon.language, _FILE)["of_a_draft"]
    if last is None and re.fullmatch(of_a_draft, text.strip(), re.IGNORECASE):
        return without_draft(text, Planned([call(CampaignRequest())], 1.0, frame=FRAME), context, words)
    found = _heard(text, shop, words, gates) if gates else None
    if found is None:
        return None
    if found.ask in {"scope", "compare_with"} and seen is not None:
        return _planned(_rescoped(found, text, seen.call.plan(), words), tools)
    if last is None or found.ask not in {*_PARTS, *_REASONS, "message", "versions", "shown"}:
        return None
    named = campaign_id(last)
    if found.ask in _PARTS and re.search(read_yaml(words.lexicon.language, _FILE)["otherwise"], text, re.IGNORECASE):
        return None
    if found.ask in _PARTS:
        return _planned(CampaignRequest(campaign_id=named, part=_PARTS[found.ask]), tools)  # type: ignore[arg-type]
    if found.ask in _REASONS:
        return _planned(ReasonRequest(campaign_id=named, about=_REASONS[found.ask]), tools)  # type: ignore[arg-type]
    if found.ask == "shown":
        return _planned(CampaignRequest(campaign_id=named), tools)
    if found.ask == "message":
        return _planned(MessageRequest(campaign_id=named), tools)
    first, second = sorted((int(found.slots["first"]), int(found.slots["second"])))
    return _planned(CampaignRequest(campaign_id=named, changes=True, version=second, against=first), tools)


def sized_for_others(
    text: str, context: DialogueContext, tools: Collection[str], words: Vocabulary, alone: Callable[[str], Planned]
) -> Planned | None:
    """As in "and if I only email Germans?" after the size of a test: the same size for other customers."""
    last, raw = context.last(), read_yaml(words.lexicon.language, _FILE)
    if last is None or last.call.name != "size_experiment" or not raw.get("sized_for"):
        return None
    match = re.search(raw["sized_for"], " ".join(text.split()), re.IGNORECASE)
    for form in raw["sized_say"] if match is not None else ():
        planned = alone(str(form).format(who=match["who"]))  # type: ignore[index]
        args = planned.calls[0].args if [c.name for c in planned.calls] == ["draft_campaign"] else {}
        if args.get("audience") and not planned.notes and not args.get("not_included") and not args.get("offer"):
            kept = {k: v for k, v in last.call.args.items() if k not in {"campaign_id", "people"}}
            return _planned(ExperimentSizeRequest.model_validate(
                {**kept, "audience": args["audience"], "audience_words": match["who"]}), tools)  # type: ignore[index]
    return None


def of_campaigns(
    text: str, planned: Planned, context: DialogueContext, shop: Shop, tools: Collection[str], words: Vocabulary
) -> Planned | None:
    """What is asked of campaigns in general, where nothing else was made of the text."""
    if planned.calls and planned.calls[0].name not in _OPEN:
        return None
    if planned.calls and planned.calls[0].args.get("reason") == "not_permitted":
        return None
    again = re.search(read_yaml(words.lexicon.language, _FILE)["recreate"], " ".join(text.split()), re.IGNORECASE)
    if again is not None and shop.labels("campaign"):
        return _no_copy(again["what"], words)
    found = _heard(text, shop, words, [_DRAFT] if spoken_of(context) is not None else [])
    request = None if found is None else _request(found, text, context, words)
    return None if request is None else _planned(request, tools)


def _no_copy(said: str, words: Vocabulary) -> Planned:
    """The "no" to a past campaign that is to be made again, with a new one of its kind."""
    goal = scope_said(said, words.lexicon.language)["campaign_kind"] or "promotion"
    nearest = [str(words.lexicon.wording["draft_of_kind"]).format(goal=goal.replace("_", "-"))]
    no = decline(words.lexicon, "missing_data", "no_copy_of_past", nearest=nearest)
    return Planned([no], 0.0, frame="decline")


def _heard(text: str, shop: Shop, words: Vocabulary, gates: Collection[str]) -> Heard | None:
    if len(text) > _LONGEST:
        return None
    return heard_by_rules(text, _FILE, words, {"name": shop.labels("campaign")}, gates)


def _planned(request: BaseModel | None, tools: Collection[str]) -> Planned | None:
    made = None if request is None else call(request)
    return Planned([made], 1.0, frame=FRAME) if made is not None and made.name in tools else None


def _request(found: Heard, text: str, context: DialogueContext, words: Vocabulary) -> BaseModel | None:
    language = words.lexicon.language
    try:
        if found.ask in {"duration", "test", "control_group"}:
            return _size(found, context, language)
        if found.ask == "calendar":
            first, last = _stretch(found, words)
            return CalendarRequest(first_day=first, last_day=last)
        scope = scope_said(text, language)
        if found.ask == "when":
            return ReasonRequest(about="timing", no_draft=True, channel=scope["channel"])
        if found.ask in {"earned_most", "earned_least"}:
            return ReadOutRequest(earned=found.ask.removeprefix("earned_"), **scope)  # type: ignore[arg-type]
        if found.ask == "against":
            return ReadOutRequest(by="message_channel", measure=measure_said(text, language))
        if found.ask == "one":
            return ReadOutRequest(campaign=found.slots["name"], measure=measure_said(text, language))
        if found.ask == "learnt":
            return ReadOutRequest(by="campaign", **scope)
    except ValidationError:
        return None
    return None


def _size(found: Heard, context: DialogueContext, language: str) -> ExperimentSizeRequest | None:
    slots, fields = found.slots, dict[str, Any](about=found.ask)
    if "per_day" in slots:
        fields["orders_per_day"] = float(slots["per_day"].replace(",", ""))
    if "share" in slots and found.ask != "control_group":
        fields["in_test"] = float(slots["share"]) / 100
    if "points" in slots:
        fields["effect"] = float(slots["points"])
    elif "percent" in slots:
        fields["effect_relative"] = float(slots["percent"])
    if "arms" in slots and found.ask == "test":
        said = slots["arms"].lower()
        fields["arms"] = int(read_yaml(language, _FILE)["counts"].get(said, said))
    if found.ask == "test" and found.tags & {"opens", "clicks"}:
        fields["outcome"] = "opens" if "opens" in found.tags else "clicks"
    elif found.tags & {"opens", "clicks"}:
        return None
    if fields.get("in_test", 1.0) < 1 and "orders_per_day" not in fields:
        return None  # how many orders fall to them is not known
    last = spoken_of(context)
    if last is not None and "orders_per_day" not in fields and "outcome" not in fields:
        fields["campaign_id"] = campaign_id(last)
    return ExperimentSizeRequest.model_validate(fields)


def _rescoped(found: Heard, text: str, before: Any, words: Vocabulary) -> ReadOutRequest | None:
    """The read-out before, of the campaigns of one kind or channel, or beside another one."""
    if not isinstance(before, ReadOutRequest):
        return None
    if "name" in found.slots:
        return ReadOutRequest(campaign=found.slots["name"], measure=before.measure)
    scope = {k: v for k, v in scope_said(text, words.lexicon.language).items() if v is not None}
    if not scope:
        return None
    kept = {} if before.campaign is not None else before.model_dump()
    return ReadOutRequest.model_validate({
        **kept, "kind": "read_out", "campaign": None, "latest": False, "by": before.by,
        "measure": before.measure, **scope})


def _stretch(found: Heard, words: Vocabulary) -> tuple[date | None, date | None]:
    """First and last day of the stretch that was named, by the real calendar."""
    today = max(words.status.as_of, datetime.now(UTC).date())
    raw, slots = read_yaml(words.lexicon.language, _FILE), found.slots
    if "many" in slots:
        said = slots["many"].lower()
        many, unit = int(raw["counts"].get(said, said)), int(raw["units"][slots["unit"].lower()])
        return today, today + timedelta(days=many * unit - 1)
    if "unit_alone" in slots:
        return today, today + timedelta(days=int(raw["alone"][slots["unit_alone"].lower()]) - 1)
    if "named" in slots:
        return days_of_words(slots["named"], today, words)
    return None, None

