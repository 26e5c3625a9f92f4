"""A campaign in several messages: which goes when and to whom, as far as the data can tell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from assistant.data.warehouse import Snapshot
from assistant.plans import JourneyStep
from assistant.results import Column, Table

_TO = {
    "always": "everyone of the campaign",
    "no_order": "those who have not ordered since the message before",
    "no_open": "those who have not opened the message before",
    "has_address": "those with an address there",
    "no_address": "those without an address for the other channel",
}


def steps_table(steps: Sequence[JourneyStep]) -> Table:
    """One row per message: day counted from the first, channel, to whom."""
    rows: list[list[Any]] = []
    day = 0
    for n, step in enumerate(steps, start=1):
        day += step.after_days
        rows.append([n, day, step.channel, _TO[step.only_if], step.words or "",
                     "assumed" if step.waits_by_default else "as asked" if n > 1 else "start"])
    return Table(id="steps", title="Messages in order", rows=rows, total_rows=len(rows), columns=[
        Column(name="step", label="Message", unit="count"), Column(name="day", label="Day", unit="count"),
        Column(name="channel", label="Channel"), Column(name="to", label="To whom"),
        Column(name="words", label="Called"), Column(name="wait", label="Waiting time"),
    ])


def step_notes(snapshot: Snapshot, steps: Sequence[JourneyStep], runs_days: int | None) -> list[str]:
    """What the steps assume, and what has to be done by hand."""
    notes = []
    if steps:
        notes.append("The draft does not run by itself. Once a person has approved and started it, the later messages "
                     "wait for their day, and their condition is asked again when they leave; exported messages have "
                     "to be split in the sending system.")
    if any(s.waits_by_default for s in steps):
        notes.append("Where no waiting time was said, a week is assumed, so that an order has time to arrive.")
    if any(s.only_if == "no_open" for s in steps) and not snapshot.has("touches", "opened"):
        notes.append("The data do not say who opened a message, so that step has to be split in the sending system.")
    total = sum(s.after_days for s in steps)
    if runs_days is not None and steps:
        fits = "within" if total <= runs_days else "longer than"
        notes.append(f"The last message goes out on day {total}, {fits} the {runs_days} days asked for.")
    return notes
