"""The copy of a draft as a person sees it before approval: every variant of every channel, with its checks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from assistant.campaigns.copy.checks import check_message
from assistant.campaigns.copy.grammar import MOST_VARIANTS
from assistant.campaigns.copy.segments import sms_segments
from assistant.campaigns.copy.slots import Message, Slot
from assistant.campaigns.messages import Picks, RecipientCopy

#: stands for the recipient's own name in previews
FIRST_NAME = Slot("[first name]", "filled in per recipient where the data hold it", "name")


def previews(copy: RecipientCopy, picks: Picks, channels: Sequence[str], variants: int, customer: str | None) \
        -> list[dict[str, Any]]:
    """One entry per variant and channel.

    Returns:
        ``channel``, ``variant`` (from 1), ``subject``, ``preheader``, ``body``, ``button``, ``html``, ``slots``,
        ``checks`` (check, passed, seen), ``edited`` (pieces written by hand), for an SMS ``alphabet`` and ``segments``.
    """
    return [_entry(copy, message, variant, customer) for variant in range(min(variants, MOST_VARIANTS))
            for message in copy.messages(picks, channels, variant)]


def _entry(copy: RecipientCopy, message: Message, variant: int, customer: str | None) -> dict[str, Any]:
    writer = copy.writer_of(variant)
    worded = "email" if message.channel == "post" else message.channel
    edited = [p for p in writer.frame(worded) if writer.edit_of(worded, p) is not None]
    findings = check_message(message, writer.free_text(worded), copy.style.language, writer.limits)
    entry: dict[str, Any] = {
        "channel": message.channel, "variant": variant + 1, "subject": message.subject,
        "preheader": message.preheader, "body": message.body, "button": message.button, "for_customer": customer,
        "html": message.html, "edited": edited,
        "checks": [{"check": f.check, "passed": f.passed, "seen": f.seen} for f in findings],
        "slots": [{"name": n, "text": t, "source": s} for n, t, s in message.slots],
    }
    if message.channel == "sms":
        entry["alphabet"], entry["segments"] = sms_segments(message.body)
    return entry


def subjects(copy: RecipientCopy, variants: int) -> list[str]:
    """Subject lines of the e-mail, one per variant."""
    found = [copy.messages((), ["email"], v, html=False, traced=False)[0].subject for v in range(variants)]
    return list(dict.fromkeys(found))
