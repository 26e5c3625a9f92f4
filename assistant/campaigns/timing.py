"""When a campaign goes out: as asked, or as soon as it is approved; and what the data say about the time."""

from __future__ import annotations

from datetime import date

from assistant.data.warehouse import Snapshot
from assistant.plans import CampaignBrief
from assistant.query.periods import add_months, day_range, day_words, resolve


def timing_words(snapshot: Snapshot, brief: CampaignBrief) -> tuple[str, str]:
    """When it starts and ends, in words, and whether that was asked for."""
    at_once = "as soon as a person has approved and started it"
    start = f"from {day_words(brief.starts_on)}" if brief.starts_on else at_once
    end = f", until {day_words(brief.ends_on)}" if brief.ends_on else ""
    named = occasion(snapshot, brief)
    said = f"; occasion: {day_range(*named)}" if named else ""
    asked = brief.starts_on is not None or brief.ends_on is not None or named is not None
    return start + end + said, "asked" if asked else "assumed"


def timing_notes(snapshot: Snapshot, brief: CampaignBrief) -> list[str]:
    """What the timing assumes."""
    notes = []
    if brief.starts_on is None:
        notes.append("No day was given: it goes out once it is approved and started, in nobody's quiet hours.")
    if brief.starts_on or brief.ends_on:
        notes.append(f"Days are counted from the last day of the data, {day_words(snapshot.as_of)}.")
    return notes


def occasion(snapshot: Snapshot, brief: CampaignBrief) -> tuple[date, date] | None:
    """First and last day of the season or occasion named in the brief: the next one that is not over."""
    if brief.period is None:
        return None
    found = resolve(brief.period, as_of=snapshot.as_of, first_day=snapshot.manifest.first_day)
    start, end, year = found.start, found.end, found.start.year
    while end < snapshot.as_of:
        year += 1
        if brief.period.kind == "named":
            ahead = resolve(brief.period.model_copy(update={"year": year}), as_of=snapshot.as_of,
                            first_day=snapshot.manifest.first_day)
            start, end = ahead.start, ahead.end
        else:
            start, end = add_months(start, 12), add_months(end, 12)
    return start, end
