"""A campaign draft: audience, offer, products, copy preview per channel, control group, checklist, export.

Reads ``Result.details`` as far as it is there; whatever a draft does not hold is not shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from assistant.results import Result
from assistant.ui.cards import pieces
from assistant.ui.cards.board import Board
from assistant.ui.markup import esc, tag


def draft(board: Board, result: Result, index: int) -> str:
    """The whole draft card."""
    texts, details = board.texts, result.details
    words = tag("strong", esc(texts("campaign.draft"))) + " " + esc(texts("campaign.not_sent"))
    note = tag("p", words, class_="not-sent", role="note")
    return note + pieces.body(board, result, index) + _copies(board, details) + _checklist(board, details) + _export(
        board, details)


def _copies(board: Board, details: Mapping[str, Any]) -> str:
    drawn = [_message(board, message) for message in _messages(details)]
    if not drawn:
        return ""
    return tag("section", tag("h4", esc(board.texts("campaign.copy"))) + tag("div", "".join(drawn), class_="messages"))


def _messages(details: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Copy variants, whether kept as a list or by channel."""
    copies = details.get("copy") or details.get("messages") or []
    if isinstance(copies, Mapping):
        return [{"channel": channel, **(text if isinstance(text, Mapping) else {"body": text})}
                for channel, text in copies.items()]
    return [c for c in copies if isinstance(c, Mapping)]


def _message(board: Board, message: Mapping[str, Any]) -> str:
    channel = str(message.get("channel", ""))
    head = tag("div", esc(board.texts.get(f"channels.{channel}", channel)), class_="channel")
    inner = ""
    if message.get("subject"):
        inner += tag("div", esc(message["subject"]), class_="subject")
    if message.get("preheader"):
        inner += tag("div", esc(message["preheader"]), class_="preheader")
    body = message.get("body") or message.get("text") or ""
    lines = "".join(tag("p", esc(line)) for line in str(body).splitlines() if line.strip())
    inner += tag("div", lines, class_="message-body")
    return tag("article", head + inner + _length(board, message, str(body)) + _slots(board, message),
               class_=f"message {_channel_css(channel)}")


def _length(board: Board, message: Mapping[str, Any], body: str) -> str:
    texts = board.texts
    parts = [texts("campaign.length", n=f"{len(body):,}")]
    if message.get("segments"):
        parts.append(texts("campaign.segments", n=message["segments"], alphabet=message.get("alphabet", "")))
    if message.get("for_customer"):
        parts.append(texts("campaign.for_customer", customer=message["for_customer"]))
    return tag("div", esc(" · ".join(parts)), class_="length")


def _slots(board: Board, message: Mapping[str, Any]) -> str:
    """Every price, discount and date of the message with where it came from."""
    slots = [s for s in message.get("slots") or [] if isinstance(s, Mapping)]
    if not slots:
        return ""
    rows = "".join(tag("li", tag("b", esc(s.get("text", ""))) + " " + esc(s.get("source", ""))) for s in slots)
    key = f"slots-{message.get('channel', '')}"
    return pieces.fold(board.texts("campaign.slots"), tag("ul", rows), key, "fold slots")


def _channel_css(channel: str) -> str:
    return channel if channel in {"email", "sms", "push", "post"} else "other"


def _checklist(board: Board, details: Mapping[str, Any]) -> str:
    items = details.get("checklist") or []
    if not isinstance(items, Sequence) or isinstance(items, str):
        return ""
    drawn = []
    for item in items:
        text, done = _check(item)
        state = board.texts("campaign.done" if done else "campaign.open")
        mark = tag("span", "✓" if done else "○", class_="mark", role="img", aria_label=state)
        drawn.append(tag("li", mark + tag("span", esc(text)), class_="done" if done else "open"))
    title = tag("h4", esc(board.texts("campaign.checklist")))
    return tag("section", title + tag("ul", "".join(drawn), class_="checklist")) if drawn else ""


def _check(item: Any) -> tuple[str, bool]:
    if isinstance(item, Mapping):
        text = item.get("text") or item.get("item") or item.get("label") or ""
        return str(text), bool(item.get("done", item.get("ok", False)))
    return str(item), False


def _export(board: Board, details: Mapping[str, Any]) -> str:
    campaign_id = details.get("campaign_id") or details.get("id")
    if not campaign_id:
        return ""
    ids_only = bool(details.get("ids_only")) or details.get("contacts") is False
    label = board.texts("campaign.export_ids" if ids_only else "campaign.export")
    return tag("p", tag("a", esc(label), href=board.campaign_url(str(campaign_id)), download=True, class_="go"),
               class_="export-row")
