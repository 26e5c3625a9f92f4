"""The message of one recipient as it leaves: subject, preheader, plain text and HTML.

The words come from the draft's copy compiler; what only the sender knows is filled into its slots here: unsubscribe
link, postal address, link to the shop. A promo code is a line of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING

import yaml

from assistant.campaigns.copy.slots import Slot
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
    """What the sender fills in; what is left as it is stands for something in the shop's own sending system."""

    unsubscribe: str = UNSUBSCRIBE
    postal: str = ADDRESS
    link: str = ""
    code: str = ""
    code_until: str = ""


@lru_cache(maxsize=4)
def _words(language: str) -> dict[str, str]:
    return yaml.safe_load(files("prompts").joinpath("copy", "sending.yaml").read_text(encoding="utf-8"))[language]


def message_of(copy: RecipientCopy, picks: Picks, channel: str, filled: Filled, wording: int = 0) -> Body:
    """The message of one recipient on one channel."""
    source = "sending.toml"
    personal = {"unsubscribe_link": Slot.link(filled.unsubscribe, source)}
    if filled.link:
        personal["shop_link"] = Slot.link(filled.link, source)
    (message,) = copy.messages(picks, (channel,), wording, personal=personal, traced=False)
    # the address stands in the foot, which the compiler fills for everybody alike
    text = message.body.replace(ADDRESS, filled.postal)
    html = message.html.replace(escape(ADDRESS), escape(filled.postal))
    words = _words(copy.style.language)
    if filled.code:
        line = words["code_until" if filled.code_until else "code"].format(code=filled.code, until=filled.code_until)
        text = _with_line(text, line, channel)
        html = html.replace("</h1>", f"</h1><p>{escape(line)}</p>", 1)
    if filled.link and filled.link not in text and channel in {"sms", "push"}:
        text = f"{text} {filled.link}"
    return Body(message.subject, message.preheader, text, html)


def _with_line(body: str, line: str, channel: str) -> str:
    """After the first paragraph of a long message, at the end of a short one."""
    if channel not in {"email", "post"}:
        return f"{body} {line}"
    first, _, rest = body.partition("\n\n")
    return f"{first}\n\n{line}\n\n{rest}" if rest else f"{first}\n\n{line}"
