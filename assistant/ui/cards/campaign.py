"""A campaign draft: audience, offer, products, copy preview per channel, control group, checklist, export.

Reads ``Result.details`` as far as it is there; whatever a draft does not hold is not shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from assistant.results import Result, Table
from assistant.results.format import show
from assistant.ui.cards import pieces
from assistant.ui.cards.board import Board
from assistant.ui.markup import esc, tag

#: id of the table with every decision of a brief
OUTLINE = "outline"


def draft(board: Board, result: Result, index: int) -> str:
    """The whole draft card."""
    texts, details = board.texts, result.details
    words = tag("strong", esc(texts("campaign.draft"))) + " " + esc(texts("campaign.not_sent"))
    note = tag("div", tag("p", words) + _export(board, details), class_="not-sent", role="note")
    return (note + _outline(board, result, index) + _audience(board, result, index) + _copies(board, details)
            + _checklist(board, details))


def _outline(board: Board, result: Result, index: int) -> str:
    """Every decision of the brief in one list, each with whether it was asked for, assumed or counted."""
    table = next((t for t in result.tables if t.id == OUTLINE), None)
    if table is None:
        return ""
    drawn = ""
    for r, (part, value, basis) in enumerate(table.rows):
        ground = tag("small", esc(basis), class_="ground")
        cell = f"{index}/{table.id}/{r}/{table.columns[1].name}"
        drawn += tag("dt", esc(part)) + tag("dd", tag("span", esc(value), data_cell=cell) + " " + ground)
    return tag("section", tag("h4", esc(board.texts("campaign.outline"))) + tag("dl", drawn, class_="outline"))


def message(board: Board, result: Result, index: int) -> str:
    """What one recipient would get: the lines with their reasons, then the message as it looks."""
    return pieces.body(board, result, index) + _copies(board, result.details)


def _audience(board: Board, result: Result, index: int) -> str:
    """The audience step by step; a last step that is split into parts is one bar in two colours."""
    tables = [t for t in result.tables if t.rows and t.id != OUTLINE]
    steps = next((t for t in tables if result.charts and t.id == result.charts[0].table), None)
    if steps is None or [c.unit for c in steps.columns[:2]] != ["text", "count"]:
        return pieces.body(board, result, index)
    parts = _parts(result, steps)
    whole = len(steps.rows) - len(parts)
    widest = pieces.widest_of([row[1] for row in steps.rows])
    rows = ""
    for r in range(whole):
        drawn = pieces.track(steps.rows[r][1], widest)
        if parts and r == whole - 1:
            drawn = _split_track(steps, parts, widest)
        rows += tag("li", _step(index, steps, r) + drawn)
    legend = "".join(tag("li", _step(index, steps, r), class_=css) for r, css in parts)
    if legend:
        rows += tag("li", tag("span", esc(board.texts("campaign.parts")), class_="of") + tag("ul", legend),
                    class_="parts")
    title = tag("h4", esc(result.charts[0].title or steps.title))
    rest = pieces.more(board, result, index, tables, result.charts[1:])
    return tag("section", title + tag("ol", rows, class_="funnel")) + rest


def _parts(result: Result, steps: Table) -> list[tuple[int, str]]:
    """Rows that are parts of the row before them: those contacted and the control group, if they add up to it."""
    kept = {name: result.figures[name].value for name in ("holdout", "contacted") if name in result.figures}
    last = [row[1] for row in steps.rows[-3:]]
    if len(kept) < 2 or len(last) < 3 or sorted(map(str, kept.values())) != sorted(map(str, last[1:])):
        return []
    before, *split = (float(v) if isinstance(v, int | float) else -1.0 for v in last)
    if before != sum(split):
        return []
    first = len(steps.rows) - 2
    held = 0 if last[1] == kept["holdout"] else 1
    return [(first + i, "held" if i == held else "reached") for i in (0, 1)]


def _step(index: int, steps: Table, row: int) -> str:
    name, count = steps.rows[row][:2]
    number = tag("b", esc(show(count, "count")), data_cell=f"{index}/{steps.id}/{row}/{steps.columns[1].name}")
    return tag("span", esc(name), class_="what") + number


def _split_track(steps: Table, parts: Sequence[tuple[int, str]], widest: float) -> str:
    pieces_drawn = ""
    for row, css in sorted(parts, key=lambda part: part[1] == "held"):
        count = steps.rows[row][1]
        width = 100 * float(count) / widest if isinstance(count, int | float) and widest > 0 else 0.0
        pieces_drawn += tag("i", "", class_=css, style=f"width:{width:.1f}%")
    return tag("span", pieces_drawn, class_="track split", aria_hidden="true")


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
    name = str(board.texts.get(f"channels.{channel}", channel))
    if int(message.get("variant") or 1) > 1:
        name += " · " + board.texts("campaign.variant", n=message["variant"])
    head = tag("div", esc(name), class_="channel")
    envelope = ""
    for part, label in (("subject", "campaign.subject"), ("preheader", "campaign.preheader")):
        if message.get(part):
            envelope += tag("dt", esc(board.texts(label))) + tag("dd", esc(message[part]), class_=part)
    inner = tag("dl", envelope, class_="envelope") if envelope else ""
    body = message.get("body") or message.get("text") or ""
    inner += tag("div", _paragraphs(_slotted(str(body), _slots_of(message))), class_="message-body")
    if message.get("button") and not message.get("html"):
        inner += tag("p", tag("b", esc(message["button"])), class_="message-button")
    inner += _as_it_looks(board, message) + _checks_of(board, message)
    return tag("article", head + inner + _length(board, message, str(body)) + _slots(board, message),
               class_=f"message {_channel_css(channel)}")


def _as_it_looks(board: Board, message: Mapping[str, Any]) -> str:
    """The e-mail as HTML in a frame of its own that may run and load nothing."""
    html = message.get("html")
    if not html:
        return ""
    texts = board.texts
    frame = tag("iframe", "", srcdoc=html, sandbox="", title=texts("campaign.looks"), loading="lazy",
                class_="mail-frame", style="width:100%;height:32rem;border:1px solid #ccc;background:#fff")
    key = f"looks-{message.get('channel', '')}-{message.get('variant', '')}"
    return pieces.fold(texts("campaign.looks"), frame, key, "fold looks")


def _checks_of(board: Board, message: Mapping[str, Any]) -> str:
    """Length, segments, spam, readability and markup, each passed or not."""
    drawn = []
    for check in message.get("checks") or []:
        passed = bool(check.get("passed"))
        state = board.texts("campaign.done" if passed else "campaign.open")
        mark = tag("span", "✓" if passed else "○", class_="mark", role="img", aria_label=state)
        words = f"{check.get('check', '')}: {check.get('seen', '')}"
        drawn.append(tag("li", mark + tag("span", esc(words)), class_="done" if passed else "open"))
    key = f"checks-{message.get('channel', '')}-{message.get('variant', '')}"
    listed = tag("ul", "".join(drawn), class_="checklist")
    return pieces.fold(board.texts("campaign.checks"), listed, key, "fold checks") if drawn else ""


def _slots_of(message: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [s for s in message.get("slots") or [] if isinstance(s, Mapping)]


def _slotted(body: str, slots: Sequence[Mapping[str, Any]]) -> str:
    """The body as HTML, each filled-in text marked with where it came from; slots come in the order of the text."""
    html, position = "", 0
    for slot in slots:
        text = str(slot.get("text", ""))
        start = body.find(text, position) if text and "\n" not in text else -1
        if start < 0:
            continue
        html += esc(body[position:start]) + tag("span", esc(text), class_="slot", title=slot.get("source"))
        position = start + len(text)
    return html + esc(body[position:])


def _paragraphs(html: str) -> str:
    """Lines as paragraphs, lines that begin with a dash as one list."""
    drawn, items = "", ""
    for line in html.splitlines():
        if line.startswith("- "):
            items += tag("li", line[2:])
        elif line.strip():
            drawn += (tag("ul", items) if items else "") + tag("p", line)
            items = ""
    return drawn + (tag("ul", items) if items else "")


def _length(board: Board, message: Mapping[str, Any], body: str) -> str:
    texts = board.texts
    parts = [texts("campaign.length", n=f"{len(body):,}")]
    if message.get("segments"):
        key = "campaign.segments_one" if message["segments"] == 1 else "campaign.segments"
        parts.append(texts(key, n=message["segments"], alphabet=message.get("alphabet", "")))
    if message.get("for_customer"):
        parts.append(texts("campaign.for_customer", customer=message["for_customer"]))
    return tag("div", esc(" · ".join(parts)), class_="length")


def _slots(board: Board, message: Mapping[str, Any]) -> str:
    """Every price, discount and date of the message with where it came from."""
    said = {(str(s.get("text", "")), str(s.get("source", ""))): None for s in _slots_of(message)}
    if not said:
        return ""
    rows = "".join(tag("li", tag("b", esc(text)) + " " + esc(source)) for text, source in said)
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
    link = tag("a", esc(label), href=board.campaign_url(str(campaign_id)), download=True, class_="go")
    why = tag("span", esc(board.texts("campaign.ids_only")), class_="ids-only") if ids_only else ""
    return tag("p", link + why, class_="export-row")
