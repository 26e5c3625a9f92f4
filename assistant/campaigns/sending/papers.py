"""Papers of a campaign for people: a brief to print, and dates for a calendar program. No recipient is in them."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, timedelta
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.results.export import file_stem, whole_file
from assistant.results.format import show

if TYPE_CHECKING:
    from assistant.campaigns.store import Draft

_STYLE = ("body{font-family:sans-serif;max-width:46em;margin:2em auto;line-height:1.45}table{border-collapse:collapse;"
          "margin:1em 0}td,th{border:1px solid #999;padding:.3em .6em;text-align:left}pre{white-space:pre-wrap;"
          "border:1px solid #999;padding:1em}@media print{body{margin:0}}")


def brief_page(draft: Draft) -> str:
    """The draft as a page to print: what it is, tables, the words of each channel. Everything is escaped."""
    result = draft.result
    head = f"<h1>{escape(result.title)}</h1><p>Version {draft.version}, {draft.at.date().isoformat()}. Not sent.</p>"
    facts = "".join(f"<tr><th>{escape(f.label)}</th><td>{escape(show(f.value, f.unit, result.currency))}</td></tr>"
                    for f in result.figures.values())
    tables = "".join(
        f"<h2>{escape(t.title)}</h2><table><tr>{''.join(f'<th>{escape(c.label)}</th>' for c in t.columns)}</tr>"
        + "".join("<tr>" + "".join(f"<td>{escape(show(v, c.unit, result.currency))}</td>"
                                   for v, c in zip(row, t.columns, strict=True)) + "</tr>" for row in t.rows)
        + "</table>" for t in result.tables if t.id != "recipients")
    copies = "".join(
        f"<h2>{escape(str(m.get('channel', '')))}</h2><pre>{escape(str(m.get('subject', '')))}\n\n"
        f"{escape(str(m.get('body', '')))}</pre>" for m in result.details.get("copy", []))
    notes = "".join(f"<li>{escape(a)}</li>" for a in result.evidence.assumptions)
    return (f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(result.title)}</title>'
            f"<style>{_STYLE}</style></head><body>{head}<table>{facts}</table>{tables}{copies}"
            f"<h2>Assumptions</h2><ul>{notes}</ul></body></html>")


def calendar_file(draft: Draft, starts: date, ends: date) -> bytes:
    """The campaign as an all-day event (RFC 5545), and a reminder to read it out."""
    from icalendar import Calendar, Event

    calendar = Calendar()
    calendar.add("prodid", "-//marketing assistant//campaigns//EN")
    calendar.add("version", "2.0")
    marks = (("campaign", starts, ends, f"Campaign {draft.campaign_id}: {draft.result.words.get('goal', '')}"),
             ("read-out", ends + timedelta(days=30), ends + timedelta(days=30), f"Read-out of {draft.campaign_id}"))
    for name, first, last, title in marks:
        event = Event()
        event.add("uid", hashlib.sha256(f"{draft.campaign_id}\0{name}".encode()).hexdigest()[:24])
        event.add("summary", title)
        event.add("description", draft.result.evidence.plan_words)
        event.add("dtstart", first)
        event.add("dtend", last + timedelta(days=1))  # the end of an all-day event is the day after
        event.add("dtstamp", datetime.now(UTC))
        calendar.add_component(event)
    return calendar.to_ical()


def write_paper(folder: Path, campaign_id: str, name: str, content: bytes) -> Path:
    """Write ``<campaign>-<name>``.

    Raises:
        StorageError: the disk refuses; no partial file is left.
    """
    stem, _, ending = name.rpartition(".")
    path = folder / f"{file_stem(f'{campaign_id}-{stem}')}-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}.{ending}"
    with whole_file(path) as part:
        part.write_bytes(content)
    return path
