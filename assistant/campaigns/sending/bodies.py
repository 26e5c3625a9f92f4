"""The message of one recipient as it leaves: subject, preheader, plain text and HTML.

The words come from the draft's copy compiler; what only the sender knows is filled in here: unsubscribe link, postal
address, link to the shop, promo code.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING

import yaml

from assistant.campaigns.messages import ADDRESS, UNSUBSCRIBE, Picks

if TYPE_CHECKING:
    from assistant.campaigns.messages import RecipientCopy


@dataclass(frozen=True)
class Body:
    """One compiled message. ``html`` is empty for channels that have none."""

    subject: str
    preheader: str
    text: str
    html: str = ""


@dataclass(frozen=True)
class Filled:
    """What the sender fills in; words in the shop's own sending system may stand for a link (a merge tag)."""

    unsubscribe: str = UNSUBSCRIBE
    postal: str = ADDRESS
    link: str = ""
    code: str = ""
    code_until: str = ""


@lru_cache(maxsize=2)
def _words(language: str) -> dict[str, str]:
    return yaml.safe_load(files("prompts").joinpath("copy", language, "sending.yaml").read_text(encoding="utf-8"))


def message_of(copy: RecipientCopy, picks: Picks, channel: str, filled: Filled, language: str = "en") -> Body:
    """The message of one recipient on one channel."""
    (message,) = copy.messages(picks, (channel,))
    words = _words(language)
    extra: list[str] = []
    if filled.code:
        line = words["code_until"] if filled.code_until else words["code"]
        extra.append(line.format(code=filled.code, until=filled.code_until))
    if filled.link:
        extra.append(words["link" if channel == "email" else "short_link"].format(link=filled.link))
    text = _within(message.body, extra, channel)
    text = text.replace(UNSUBSCRIBE, filled.unsubscribe).replace(ADDRESS, filled.postal)
    html = html_of(message.subject, message.preheader, text) if channel == "email" else ""
    return Body(message.subject, message.preheader, text, html)


def _within(body: str, extra: Sequence[str], channel: str) -> str:
    """The lines put in: before the foot of an e-mail, after a short message."""
    if not extra:
        return body
    if channel != "email":
        return " ".join([body, *extra])
    parts = body.split("\n\n")
    foot = next((i for i, part in enumerate(parts) if UNSUBSCRIBE in part), len(parts))
    return "\n\n".join([*parts[:max(foot - 1, 0)], *extra, *parts[max(foot - 1, 0):]])


def html_of(subject: str, preheader: str, text: str) -> str:
    """The plain text as a small accessible page; everything in it is escaped, links of the sender are links."""
    drawn, items = [], []
    for part in [*text.split("\n\n"), ""]:
        if part.startswith("- "):
            items.append(f"<li>{_linked(part[2:])}</li>")
            continue
        if items:
            drawn.append(f"<ul>{''.join(items)}</ul>")
            items = []
        if part:
            drawn.append(f"<p>{_linked(part)}</p>")
    hidden = f'<div style="display:none">{escape(preheader)}</div>' if preheader else ""
    return (f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(subject)}</title>'
            '<meta name="viewport" content="width=device-width"></head>'
            f'<body style="font-family:sans-serif;max-width:38em;margin:1em auto">{hidden}{"".join(drawn)}'
            "</body></html>")


def _linked(text: str) -> str:
    words = [
        f'<a href="{escape(word, quote=True)}">{escape(word)}</a>' if word.startswith("https://") else escape(word)
        for word in text.split(" ")
    ]
    return " ".join(words)
