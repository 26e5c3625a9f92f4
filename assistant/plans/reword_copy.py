"""How a campaign is written, in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from assistant.plans.requests import CampaignBrief, CampaignRequest, MessageRequest, ReasonRequest
from assistant.plans.reword_uplift import CHANNEL_WORDS


def writing_words(brief: CampaignBrief) -> list[str]:
    """Tone, length, language and hand-written texts of a brief, as far as they are decided."""
    parts = [f"{brief.tone or 'the usual'} tone"]
    if brief.length != "normal":
        parts.append(f"{brief.length} texts")
    if brief.language == "zh":
        parts.append("in Chinese")
    if brief.edits:
        count = len(brief.edits)
        parts.append(f"{count} {'text' if count == 1 else 'texts'} written by hand")
    return parts


def _message(request: MessageRequest, _: object) -> str:
    draft = request.campaign_id or "the latest campaign draft"
    who = f"customer {request.customer_id}" if request.customer_id else "the first recipient"
    what = "message" if request.channel is None else {"popup": "pop-up", "social": "post"}.get(
        request.channel, request.channel)
    return f"what {who} would get from {draft} ({what}), line by line with the reasons"


_PARTS = {"cost": "what it costs to send", "people": "who is left out of", "result": "what to expect of",
          "risks": "what may go wrong with"}


def _shown(request: CampaignRequest, _: object) -> str:
    draft = f"campaign draft {request.campaign_id}" if request.campaign_id else "the latest campaign draft"
    draft += f", version {request.version}" if request.version else ""
    if request.part is not None:
        return f"{_PARTS[request.part]} {draft}"
    if not request.changes:
        return draft
    return f"what changed in {draft}" + (f" against version {request.against}" if request.against else "")


def _reason(request: ReasonRequest, _: object) -> str:
    if request.no_draft:
        by = f" by {CHANNEL_WORDS[request.channel]}" if request.channel else ""
        return f"when to send{by}: when past messages were opened, and when customers order"
    return f"why the {request.about} of {request.campaign_id or 'the latest campaign draft'} is as it is"


COPY: dict[type, Callable[[Any, Any], str]] = {
    MessageRequest: _message, CampaignRequest: _shown, ReasonRequest: _reason,
}
