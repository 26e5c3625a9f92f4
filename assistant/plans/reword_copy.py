"""How a campaign is written, in words."""

from __future__ import annotations

from assistant.plans.requests import CampaignBrief


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
