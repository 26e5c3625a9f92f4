"""Periods, days and numbers of a plan in words; numbers are marked as the plan's own."""

from __future__ import annotations

from datetime import date
from typing import Any

from assistant.plans.periods import MONTHS, Period

#: around the plan's own numbers while words are put together
OPEN, CLOSE = "\ue010", "\ue011"


def said(text: Any) -> str:
    """Mark a number, or a period with one, as the plan's own."""
    return f"{OPEN}{text}{CLOSE}" if any(c.isdigit() for c in str(text)) else str(text)


def during(period: Period) -> str:
    """The period as said after a verb: "in May 2026", "since 2 May 2026", "last year"."""
    words = period_words(period)
    if period.kind == "absolute" and period.start and period.end:
        return f"{'on' if period.start == period.end else 'from'} {said(words)}"
    alone = words.startswith(("this ", "last ", "next ", "today", "yesterday", "since ", "up to "))
    return said(words) if alone else f"in {said(words)}"


def day_words(day: date) -> str:
    """``9 December 2011``."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def period_phrase(period: Period | None) -> str:
    """The period with its numbers marked."""
    return said(period_words(period))


def period_words(period: Period | None) -> str:
    """The period in words: "last month", "since 2 May 2026"."""
    if period is None or period.kind == "all":
        return "all data"
    if period.kind == "absolute":
        if period.start and period.end:
            first, last = day_words(period.start), day_words(period.end)
            return first if first == last else f"{first} to {last}"
        return f"since {day_words(period.start)}" if period.start else f"up to {day_words(period.end)}"  # type: ignore[arg-type]
    if period.kind == "calendar":
        return _calendar(period)
    if period.kind == "rolling":
        return (
            f"the last {period.count} {period.unit}s"
            if period.count > 1
            else f"the last {period.unit} up to the analysis date"
        )
    if period.kind == "to_date":
        return f"{period.unit} to date"
    return _named(period)


def _calendar(period: Period) -> str:
    unit = period.unit
    if unit == "day" and period.count == 1 and period.offset in {0, -1}:
        return "today" if period.offset == 0 else "yesterday"
    if period.count == 1:
        fixed = {0: f"this {unit}", -1: f"last {unit}", 1: f"next {unit}"}
        return fixed.get(period.offset) or (
            f"the {unit} {-period.offset} {unit}s ago"
            if period.offset < 0
            else f"the {unit} {period.offset} {unit}s ahead"
        )
    if period.offset == -1:
        return f"the last {period.count} {unit}s"
    if period.offset == 0:
        return f"this {unit} and the {period.count - 1} before"
    return f"{period.count} {unit}s ending {abs(period.offset)} {unit}s {'ago' if period.offset < 0 else 'ahead'}"


def _named(period: Period) -> str:
    year = f" {period.year}" if period.year else ""
    if period.event:
        return f"{period.event}{year}"
    if period.month:
        day = f"{period.day} " if period.day else ""
        return f"{day}{MONTHS[period.month - 1]}{year}"
    if period.quarter:
        return f"quarter {period.quarter}{' of' + year if year else ''}"
    if period.week:
        return f"week {period.week}{' of' + year if year else ''}"
    return str(period.year)
