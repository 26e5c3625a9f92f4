"""Readings of what is said about the words of a draft: shorter, in Chinese, another wording, "change the subject to …",
one channel more, why somebody gets it.

Each is a pattern for the whole text (``copy_talk.yaml``) and holds only where a draft is on the table.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from pydantic import ValidationError

from assistant.llm.planner.candidate import Planned, ToolCall, call
from assistant.llm.planner.context import DialogueContext, Past
from assistant.llm.planner.dialogue_campaign import campaign_id, spoken_of, standing_brief
from assistant.llm.planner.lexicon import Lexicon
from assistant.llm.planner.patterns import Patterns, patterns
from assistant.llm.planner.replies import decline
from assistant.plans.requests import CampaignBrief, MessageRequest

_LONGEST = 1600
_LENGTHS = {"short": {"shorter": "short", "longer": "normal"}, "normal": {"shorter": "short", "longer": "long"},
            "long": {"shorter": "normal", "longer": "long"}}
#: pieces that a channel words as one text, whatever they are called
_ONLY_TEXT = frozenset({"sms", "social"})


def about_copy(text: str, context: DialogueContext, tools: Collection[str], lex: Lexicon) -> Planned | None:
    """The plan of a text about the words of the draft on the table; None where there is none or it is about others."""
    last = spoken_of(context)
    if last is None or len(text) > _LONGEST or "draft_campaign" not in tools:
        return None
    found = patterns(lex.language, "copy_talk")
    bare = found.bare(text)
    shown = _message(found, bare, last) if "explain_message" in tools else None
    if shown is not None:
        return Planned([shown], 1.0, frame="follow_up")
    brief = standing_brief(last, context)
    if brief is None:
        return None
    changes = _changes(found, bare, brief)
    if changes is None:
        return _declined(found, bare, lex)
    return Planned([_revised(brief, changes, last, lex)], 1.0, frame="follow_up")


def draft_on_table(context: DialogueContext) -> tuple[Past | None, CampaignBrief | None]:
    """The answer that shows the draft spoken of, and its brief; nothing where the last turn was about others."""
    last = spoken_of(context)
    return last, None if last is None else standing_brief(last, context)


def _declined(found: Patterns, text: str, lex: Lexicon) -> Planned | None:
    """The "no" to a claim that is to be put in, and to a piece whose new text is not said."""
    if any(True for _ in found.fits("pretend", text)):
        return Planned([decline(lex, "not_permitted", "copy_pretends", examples="copy")], 0.0, frame="decline")
    if any(True for _ in found.fits("bare_edit", text)):
        return Planned([decline(lex, "not_understood", "copy_piece", examples="copy")], 0.0, frame="decline")
    return None


def _revised(brief: CampaignBrief, changes: dict[str, Any], last: Past, lex: Lexicon) -> ToolCall:
    named = campaign_id(last) or brief.campaign_id
    try:
        revised = CampaignBrief.model_validate({**brief.model_dump(), **changes, "campaign_id": named})
    except ValidationError:
        return decline(lex, "not_understood", "no_change", examples="campaign")
    if revised == brief.model_copy(update={"campaign_id": named}):
        return decline(lex, "not_understood", "no_change", examples="campaign")
    return call(revised)


def _changes(found: Patterns, text: str, brief: CampaignBrief) -> dict[str, Any] | None:
    """What the text changes of the brief; None where it is not about its words."""
    for direction in ("shorter", "longer"):
        if any(True for _ in found.fits(direction, text)):
            return {"length": _LENGTHS[brief.length][direction]}
    tone = _tone(found, text)
    if tone is not None:
        return {"tone": tone}
    if any(True for _ in found.fits("normal", text)):
        return {"length": "normal"}
    for group, language in (("chinese", "zh"), ("english", "en")):
        if any(True for _ in found.fits(group, text)):
            return {"language": language}
    if any(True for _ in found.fits("rewrite", text)):
        return {"wording": brief.wording + 1}
    for slots in found.fits("variants", text):
        said = str(slots.get("count", "2")).lower()
        return {"variants": int(found.raw["counts"][said])}
    for slots in found.fits("add_public", text):
        return {"channels": tuple(dict.fromkeys((*brief.channels, _public(found, slots["kind"]))))}
    for slots in found.fits("drop_public", text):
        return {"channels": tuple(c for c in brief.channels if c != _public(found, slots["kind"]))}
    for slots in found.fits("piece", text):
        return _piece(found, slots, brief)
    return None


def _tone(found: Patterns, text: str) -> str | None:
    """The tone that is wished for ("make it sound warmer"), or that what is too much leads to ("less pushy")."""
    for group, names in (("tone_less", "tones_less"), ("tone_more", "tones_more")):
        for slots in found.fits(group, text):
            tone = _named(found, names, slots["tone"])
            if tone is not None:
                return tone
    return None


def _public(found: Patterns, kind: str) -> str:
    return "popup" if found.expression("public_popup").search(kind) else "social"


def piece_of(found: Patterns, slots: dict[str, str], brief: CampaignBrief) -> tuple[str, str]:
    """The channel and the piece that ``piece``, with ``where`` or ``of``, speaks of."""
    called = slots["piece"]
    piece = _named(found, "pieces", called) or _named(found, "pieces", called.removesuffix("s")) or "body"
    said = slots.get("where") or slots.get("of") or ""
    channel = _named(found, "channels", said.replace("'s", "").strip()) or _usual(piece, brief)
    if channel in _ONLY_TEXT:
        piece = "text"
    elif channel in {"push", "popup"}:
        piece = {"subject": "title", "body": "text"}.get(piece, piece)
    elif channel == "email":
        piece = {"title": "subject", "text": "body"}.get(piece, piece)
    return channel, piece


def _piece(found: Patterns, slots: dict[str, str], brief: CampaignBrief) -> dict[str, Any]:
    """The edit of one piece, in place of earlier ones of the same piece."""
    channel, piece = piece_of(found, slots, brief)
    text = (slots.get("quoted") or slots.get("curly") or slots.get("bare") or "").strip()
    edit = {"channel": channel, "piece": piece, "text": text, "language": brief.language,
            "variant": int(slots["variant"]) if slots.get("variant") else None}
    kept = [e.model_dump() for e in brief.edits
            if (e.channel, e.piece, e.language) != (channel, piece, brief.language)
            or (edit["variant"] is not None and e.variant != edit["variant"])]
    return {"edits": (*kept, edit)}


def _usual(piece: str, brief: CampaignBrief) -> str:
    """The channel that a piece is of where none is said: the e-mail where there is one."""
    if "email" in brief.channels or "post" in brief.channels:
        return "email"
    return next((c for c in ("sms", "push", "popup", "social") if c in brief.channels), "email")


def _named(found: Patterns, group: str, said: str) -> str | None:
    low = said.lower()
    return next((name for name, phrases in found.raw[group].items() if low in phrases), None)


def _message(found: Patterns, text: str, last: Past) -> ToolCall | None:
    """As in "why did 10023 get this?", "show the e-mail for customer 10023"."""
    for group in ("why", "show_message"):
        for slots in found.fits(group, text):
            customer = slots.get("customer", "")
            if customer and not any(c.isdigit() for c in customer):
                continue
            channel = _named(found, "channels", slots.get("channel_word", ""))
            return call(MessageRequest(campaign_id=campaign_id(last), customer_id=customer or None, channel=channel))
    return None
