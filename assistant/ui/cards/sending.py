"""A dry run: who, what, cost and the words, and the buttons by which a person decides about exactly this run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assistant.results import Result
from assistant.ui.cards import pieces
from assistant.ui.cards.board import Board
from assistant.ui.markup import esc, tag


def dry_run(board: Board, result: Result, index: int) -> str:
    """The whole card."""
    return _decision(board, result.details) + pieces.body(board, result, index) + _words(board, result.details)


def _decision(board: Board, details: Mapping[str, Any]) -> str:
    """Approve and reject while it waits, send once it is approved, stop once it has started."""
    digest, state, texts = str(details.get("digest", "")), str(details.get("state", "")), board.texts
    if not digest:
        return ""
    offered = {"prepared": ("approve", "reject"), "approved": ("send", "reject"), "started": ("stop",)}.get(state, ())
    if not details.get("sends"):
        offered = tuple(what for what in offered if what != "send")
    buttons = "".join(tag("button", esc(texts(f"sending.{what}")), type="button", class_=f"decide {what}",
                          data_decide=what) for what in offered)
    typed = ""
    if state == "prepared" and details.get("typed"):
        label = esc(texts("sending.typed", n=f"{int(details.get('messages', 0)):,}"))
        typed = tag("label", label + tag("input", "", name_="typed", inputmode="numeric", autocomplete="off"))
    words = tag("p", tag("strong", esc(texts(f"sending.state_{state}"))) + " " + esc(texts("sending.bound",
                                                                                         digest=digest[:12])))
    said = tag("p", "", class_="said-back", role="status", aria_live="polite")
    return tag("div", words + typed + tag("p", buttons) + said, class_="not-sent decision", role="group",
               aria_label=texts("sending.title"), data_digest=digest)


def _words(board: Board, details: Mapping[str, Any]) -> str:
    drawn = ""
    for message in details.get("copy") or []:
        channel = str(message.get("channel", ""))
        subject = tag("strong", esc(message.get("subject", ""))) if message.get("subject") else ""
        lines = "".join(tag("p", esc(line)) for line in str(message.get("body", "")).splitlines() if line.strip())
        head = tag("div", esc(board.texts.get(f"channels.{channel}", channel)), class_="channel")
        note = tag("div", esc(board.texts("campaign.for_customer", customer=message.get("for_customer", ""))),
                   class_="length")
        body = tag("div", subject + lines, class_="message-body")
        drawn += tag("article", head + body + note, class_="message other")
    if not drawn:
        return ""
    return tag("section", tag("h4", esc(board.texts("campaign.copy"))) + tag("div", drawn, class_="messages"))
