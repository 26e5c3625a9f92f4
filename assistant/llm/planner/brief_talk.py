"""Readings of what is said about a draft beside its words: its days, budget, exit, control group, whom it leaves alone,
its versions, and why a part of it is as it is.

Each is a pattern for the whole text (``brief_talk.yaml``) and holds only where a draft is on the table.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from pydantic import ValidationError

from assistant.llm.planner.campaign_dates import campaign_dates
from assistant.llm.planner.candidate import Planned, ToolCall, call
from assistant.llm.planner.context import DialogueContext, Past
from assistant.llm.planner.dialogue_campaign import campaign_id, spoken_of, standing_brief
from assistant.llm.planner.parts import gather
from assistant.llm.planner.patterns import Patterns, patterns
from assistant.llm.planner.replies import decline
from assistant.llm.planner.spans import read
from assistant.llm.planner.vocabulary import Vocabulary
from assistant.plans.requests import CampaignBrief, CampaignRequest, OfferSpec, ReasonRequest, UndoRequest

_LONGEST = 160
#: groups whose fit is one value of one field
_FIXED: tuple[tuple[str, str, Any], ...] = (
    ("no_start", "starts_on", None), ("no_end", "ends_on", None), ("no_budget", "budget", None),
    ("leave_alone", "leave_alone", True), ("leave_nobody", "leave_alone", False), ("exit_order", "exit_when", "order"),
    ("exit_category", "exit_when", "order_in_category"), ("exit_never", "exit_when", "never"),
    ("no_holdout", "holdout_share", 0.0), ("goods_best", "goods", "best"), ("goods_new", "goods", "new"),
    ("goods_slow", "goods", "slow"),
)


def about_brief(text: str, context: DialogueContext, tools: Collection[str], words: Vocabulary) -> Planned | None:
    """The plan of a text about the draft on the table; None where there is none or it is about others."""
    if len(text) > _LONGEST or not {"draft_campaign", "explain_brief"} <= set(tools):
        return None
    found = patterns(words.lexicon.language, "brief_talk")
    bare = found.bare(text)
    named = _named(found, bare)
    if named is not None:
        return Planned([named], 1.0, frame="follow_up")
    last = spoken_of(context)
    if last is None:
        return None
    made = _reason(found, bare, last) or _versions(found, bare, last)
    if made is None:
        brief = standing_brief(last, context)
        changes = None if brief is None else _changes(found, bare, words) or _gift_cost(found, bare, brief)
        if brief is None or changes is None:
            return None
        made = _revised(brief, changes, last, words)
    return Planned([made], 1.0, frame="follow_up")


def with_details(text: str, words: Vocabulary, plan: Callable[[str], Planned]) -> Planned | None:
    """The plan of a request for a campaign that ends in clauses of this kind: "…, stop once they ordered", "… and
    leave out people who would buy anyway"; None where none does, or the rest asks for no campaign.

    Args:
        plan: plans the text without those clauses.
    """
    found = patterns(words.lexicon.language, "brief_talk")
    rest, changes = text.strip(" .!"), {}
    while len(rest) <= 2 * _LONGEST:
        cut = next((m for m in found.expression("clause").finditer(rest)
                    if (said := _detail(found, found.bare(rest[m.end() :]))) and changes.keys().isdisjoint(said)), None)
        if cut is None:
            break
        changes = {**(_detail(found, found.bare(rest[cut.end() :])) or {}), **changes}
        rest = rest[: cut.start()].strip(" ,;.")
    if not changes:
        return None
    planned = plan(rest)
    if not planned.calls or planned.calls[-1].name != "draft_campaign":
        return None
    try:
        brief = CampaignBrief.model_validate({**planned.calls[-1].plan().model_dump(), **changes})
    except ValidationError:
        return None
    return replace(planned, calls=[*planned.calls[:-1], call(brief)])


def _detail(found: Patterns, clause: str) -> dict[str, Any] | None:
    """What one clause says of the exit, the control group or whom to leave alone."""
    for group, name, value in _FIXED:
        if value is not None and any(True for _ in found.fits(group, clause)):
            return {name: value}
    for slots in found.fits("holdout", clause):
        return {"holdout_share": round(float(slots["share"]) / 100, 4)}
    return None


def _revised(brief: CampaignBrief, changes: dict[str, Any], last: Past, words: Vocabulary) -> ToolCall:
    named = campaign_id(last) or brief.campaign_id
    try:
        revised = CampaignBrief.model_validate({**brief.model_dump(), **changes, "campaign_id": named})
    except ValidationError as error:
        why = str(error.errors()[0]["ctx"]["error"]) if "ctx" in error.errors()[0] else error.errors()[0]["msg"]
        return decline(words.lexicon, "not_understood", "brief_contradicts", examples="campaign", why=why)
    if revised == brief.model_copy(update={"campaign_id": named}):
        return decline(words.lexicon, "not_understood", "no_change", examples="campaign")
    return call(revised)


def _changes(found: Patterns, text: str, words: Vocabulary) -> dict[str, Any] | None:
    """What the text changes of the brief; None where it changes nothing of this kind."""
    if any(True for _ in found.fits("best_offer", text)):
        return {"best_offer": True, "offer": OfferSpec()}
    for group, name, value in _FIXED:
        if any(True for _ in found.fits(group, text)):
            return {name: value}
    for slots in found.fits("budget", text):
        amount = _amount(slots["amount"])
        if amount:
            return {"budget": amount}
    for slots in found.fits("holdout", text):
        return {"holdout_share": round(float(slots["share"]) / 100, 4)}
    for slots in found.fits("title", text):
        return {"title": slots["title"][:120]}
    for slots in found.fits("products", text):
        said = slots["count"].lower()
        count = int(said) if said.isdigit() else int(found.raw["counts"][said])
        if count <= 10:
            return {"products_per_recipient": count}
    for group, name in (("ends_before", "ends_on"), ("ends", "ends_on"), ("start", "starts_on")):
        for slots in found.fits(group, text):
            day = day_of(slots["day"], words, last=group == "ends", eve=group == "ends_before")
            if day is not None:
                return {name: day}
    return None


def _gift_cost(found: Patterns, text: str, brief: CampaignBrief) -> dict[str, Any] | None:
    """What one gift of the draft costs the shop: "the gift costs 3 euros"."""
    for slots in found.fits("gift_cost", text) if brief.offer.kind == "gift" else ():
        amount = _amount(slots["amount"])
        if amount:
            return {"offer": OfferSpec(kind="gift", value=amount)}
    return None


def day_of(said: str, words: Vocabulary, *, last: bool = False, eve: bool = False) -> date | None:
    """The day that all of a few words name; None where they name none, or more than a day.

    Args:
        last: of a stretch ("the end of July", "Christmas") its last day, else its first.
        eve: the day before an occasion begins.
    """
    ahead = _days_ahead(said, words)
    if ahead is not None and not eve:
        return words.status.as_of + ahead
    lead = patterns(words.lexicon.language, "brief_talk").raw["lead_eve" if eve else "lead_end" if last else "lead"]
    parts = gather(read(f"{lead} {said}", words))
    found = campaign_dates(parts)
    open_ = [i for i, item in enumerate(parts.reading.items) if i and i not in parts.used
             and not parts.reading.is_skip(i) and not item.has("period", "future", "duration", "day_kind")]
    if open_:
        return None
    names = ("ends_on", "starts_on") if last or eve else ("starts_on", "ends_on")
    return next((found[name] for name in names if name in found), None)


def _days_ahead(said: str, words: Vocabulary) -> timedelta | None:
    """As in "the day after tomorrow", "in two weeks", counted from the last day of the data."""
    raw = patterns(words.lexicon.language, "brief_talk").raw
    if re.fullmatch(raw["after_tomorrow"], said.strip(), re.IGNORECASE):
        return timedelta(days=2)
    match = re.fullmatch(raw["in_days"], said.strip(), re.IGNORECASE)
    if match is None:
        return None
    many = match["many"].lower()
    return timedelta(days=int(raw["counts"].get(many, many)) * int(raw["days"][match["unit"].lower()]))


def _amount(text: str) -> float | None:
    try:
        return float(text.rstrip(".,").replace(",", ""))
    except ValueError:
        return None


def _named(found: Patterns, text: str) -> ToolCall | None:
    """As in "why the audience of c-4?", wherever the conversation is."""
    for slots in found.fits("why_of", text):
        about = _part(found, slots["part"])
        if about is not None:
            return call(ReasonRequest(campaign_id=slots["id"].lower(), about=about))  # type: ignore[arg-type]
    return None


def _part(found: Patterns, said: str) -> str | None:
    """The part of a brief that is called so."""
    low = said.lower().strip()
    return next((name for name, phrases in found.raw["parts"].items() if low in phrases), None)


def _reason(found: Patterns, text: str, last: Past) -> ToolCall | None:
    """As in "why this time?", "why such a large control group?"."""
    for slots in found.fits("why", text):
        about = _part(found, slots["part"])
        if about is not None:
            return call(ReasonRequest(campaign_id=campaign_id(last), about=about))  # type: ignore[arg-type]
    return None


def _versions(found: Patterns, text: str, last: Past) -> ToolCall | None:
    """As in "show version 2", "compare version 1 and 3", "go back to the first version"."""
    for slots in found.fits("restore", text):
        number = next((int(v) for name, v in slots.items() if name.startswith("version")), 1)
        return call(UndoRequest(campaign_id=campaign_id(last), version=number))
    if any(True for _ in found.fits("first_version", text)):
        return call(CampaignRequest(campaign_id=campaign_id(last), version=1))
    if any(True for _ in found.fits("both_versions", text)):
        return call(CampaignRequest(campaign_id=campaign_id(last), changes=True, version=2, against=1))
    for slots in found.fits("show_version", text):
        return call(CampaignRequest(campaign_id=campaign_id(last), version=int(slots["version"])))
    for slots in found.fits("compare_versions", text):
        first, second = sorted((int(slots["first"]), int(slots["second"])))
        if first != second:
            return call(CampaignRequest(campaign_id=campaign_id(last), changes=True, version=second, against=first))
    return None
