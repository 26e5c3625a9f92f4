"""When a campaign goes out: as asked, or as soon as it is approved; and what the data say about the time."""

from __future__ import annotations

from datetime import date

from assistant.data.warehouse import Snapshot
from assistant.plans import CampaignBrief
from assistant.query.periods import day_range, day_words, find_event


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
    """First and last day of the season or shopping day named in the brief: the next one that is not over."""
    event = None if brief.period is None else find_event(brief.period.event or "")
    if event is None or brief.period is None:
        return None
    first = brief.period.year or snapshot.as_of.year - 1
    for year in range(first, snapshot.as_of.year + 2):
        start, end = event.days(year)
        if brief.period.year or end >= snapshot.as_of:
            return start, end
    return None


def season_before(snapshot: Snapshot, brief: CampaignBrief) -> tuple[date, date] | None:
    """The latest time of the season named in the brief that is over and lies within the data."""
    ahead = occasion(snapshot, brief)
    event = None if ahead is None or brief.period is None else find_event(brief.period.event or "")
    if event is None or ahead is None:
        return None
    for year in (ahead[0].year, ahead[0].year - 1):
        start, end = event.days(year)
        if end < snapshot.as_of and end < ahead[0] and start >= snapshot.manifest.first_day:
            return start, end
    return None
