"""Days of a campaign: "before Christmas", "until 31 July", "on Friday", "from 1 to 14 July", "tomorrow".

A day named without its year is the next one from the last day of the data: a campaign lies ahead, where a question
looks back.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, timedelta
from typing import Any

from assistant.llm.planner.heard import heard
from assistant.llm.planner.parts import Parts
from assistant.llm.planner.period_words import PeriodReading
from assistant.plans.events import EVENTS, Event
from assistant.plans.filters import Compare
from assistant.plans.periods import LONGEST, Period

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
#: "from 1 December to 1 November": a start that long before the end lies after it, which is refused
_BACKWARDS = 250
_LOOKING_BACK = frozenset({"rolling", "to_date"})


def campaign_dates(p: Parts) -> dict[str, Any]:
    """First and last day that a text names for a campaign, taken out of its parts; a season stays its period.

    Returns:
        any of ``starts_on``, ``ends_on`` and ``period``.
    """
    today = p.reading.vocabulary.status.as_of
    found: dict[str, Any] = {}
    for reading in p.periods:
        _read(p, reading, today, found)
        p.used.update(i for i, item in enumerate(p.reading.items)
                      if reading.start - 2 <= item.start < reading.start and _leads(item.lemma))
    for item in p.reading.items:  # "a Christmas campaign": the season is its goal and its time
        if item.has("goal") and item.has("period") and item.get("period").period is not None:
            found.setdefault("period", item.get("period").period)
    _weekday(p, today, found)
    _ahead(p, today, found)
    if found.keys() - {"period"}:
        p.periods = []
    return found


def _leads(word: str) -> bool:
    return any(word in heard(name) for name in ("campaign_dates.end", "campaign_dates.lead"))


def _read(p: Parts, reading: PeriodReading, today: date, found: dict[str, Any]) -> None:
    period = reading.period
    if period is None or period.kind == "all":
        return
    words = _said(p, reading)
    stretch = _stretch(period, today, keep=_names_a_year(p, reading) or bool(words & heard("campaign_dates.gone")),
                       event=_occasion(p, reading))
    ending = stretch is not None and words & heard("campaign_dates.end")
    if ending:
        p.used |= {i for i, item in enumerate(p.reading.items)
                   if reading.start - 2 <= item.start < reading.start and item.lemma in heard("campaign_dates.end")}
    if ending and period.kind == "calendar" and period.unit == "day" and period.offset < 0:
        found.setdefault("ends_on", stretch[1])  # an end in the past is refused by name, not read as another time
        return
    if stretch is None or period.kind in _LOOKING_BACK or (period.kind == "calendar" and period.offset < 0):
        found.setdefault("period", period)
        return
    start, end = stretch
    said = _said(p, reading)
    if start is None or said & heard("campaign_dates.end"):
        found.setdefault("ends_on", end if end is not None else start)
    elif end is None or start == end or said & heard("campaign_dates.start"):
        found.setdefault("starts_on", start)
        if end is not None and start != end and not said & heard("campaign_dates.start"):
            found.setdefault("ends_on", end)
    else:
        backwards = start < today and (end - start).days > _BACKWARDS and not _names_a_year(p, reading)
        found.setdefault("starts_on", _next_year(start) if backwards else max(start, today))
        found.setdefault("ends_on", end)
    if start is not None and end is not None and start != end and said & heard("campaign_dates.from"):
        found.setdefault("ends_on", end)


def _names_a_year(p: Parts, reading: PeriodReading) -> bool:
    """Whether the year stands in the words: dates are computed with one also where nobody said it."""
    said = [t.text for t in p.reading.tokens[reading.start : reading.end]]
    years = {str(d.year) for d in (reading.period.start, reading.period.end) if d} if reading.period else set()
    return any(year in text for text in said for year in years)


def _said(p: Parts, reading: PeriodReading) -> set[str]:
    """The words that lead a stretch of time in, inside it or right before it."""
    tokens = p.reading.tokens
    before = tokens[max(0, reading.start - 2) : reading.start]
    return {t.lemma for t in (*before, *tokens[reading.start : reading.end])}


def _stretch(
    period: Period, today: date, *, keep: bool, event: Event | None = None
) -> tuple[date | None, date | None] | None:
    """First and last day of a period that lies ahead; None for a season, which stays one.

    Args:
        event: the occasion that the days were counted from.
    """
    if period.event:
        return None
    if period.kind == "absolute":
        start, end = period.start, period.end
        while not keep and (end or start or today) < today:
            start, end = (_next_year(start), _next_year(end)) if event is None else (
                _next_time(event, start), _next_time(event, end))
        return start, end
    if period.kind == "named" and period.month:
        year = period.year or today.year
        start, end = _in_month(period, year)
        if period.year is None and end < today:
            start, end = _in_month(period, year + 1)
        return start, end
    if period.kind == "calendar" and period.unit == "day" and period.count == 1:
        day = today + timedelta(days=period.offset)
        return day, day
    return None


def _in_month(period: Period, year: int) -> tuple[date, date]:
    last = monthrange(year, period.month or 1)[1]
    if period.day:
        day = date(year, period.month or 1, min(period.day, last))
        return day, day
    return date(year, period.month or 1, 1), date(year, period.month or 1, last)


def _occasion(p: Parts, reading: PeriodReading) -> Event | None:
    """The season or shopping day in the words of a stretch of time, the longest name first."""
    said = [t.text.casefold() for t in p.reading.tokens[reading.start : reading.end]]
    pieces = sorted(((i, j) for i in range(len(said)) for j in range(i + 1, len(said) + 1)),
                    key=lambda place: place[0] - place[1])
    return next((_EVENTS[name] for i, j in pieces if (name := _bare(" ".join(said[i:j]))) in _EVENTS), None)


def _bare(name: str) -> str:
    """A name without the ending that tokens lose."""
    return re.sub(r"['’]s?\b|['’]", "", name)


_EVENTS: dict[str, Event] = {_bare(word): event for event in EVENTS.values() for word in (event.name, *event.words)}


def _next_time(event: Event, day: date | None) -> date | None:
    """The day that lies as far from the occasion a year later: Easter and Black Friday move."""
    if day is None:
        return None
    ends = event.days(day.year)[1]
    return event.days(day.year + 1)[1] + (day - ends)


def _next_year(day: date | None) -> date | None:
    if day is None:
        return None
    return date(day.year + 1, day.month, min(day.day, monthrange(day.year + 1, day.month)[1]))


def _weekday(p: Parts, today: date, found: dict[str, Any]) -> None:
    """As in "on Friday": the next one after today, unless it says when customers do something."""
    items = p.reading.items
    for row in [r for r in p.rows if isinstance(r, Compare) and r.field == "weekday" and len(r.values) == 1]:
        name = str(row.values[0])
        place = next((i for i, item in enumerate(items) if item.has("day_kind")), None)
        if name not in _WEEKDAYS or place is None or _of_people(p, place):
            continue
        ahead = (_WEEKDAYS.index(name) - today.weekday() - 1) % 7 + 1
        said = {t.lemma for item in items[max(0, place - 3) : place + 1] for t in item.tokens}
        which = "ends_on" if said & heard("campaign_dates.end") else "starts_on"
        found.setdefault(which, today + timedelta(days=ahead))
        p.rows.remove(row)
        p.used.update(i for i in range(max(0, place - 2), place + 1)
                      if i == place or items[i].lemma in heard("campaign_dates.lead"))


def _of_people(p: Parts, place: int) -> bool:
    """Whether a day is said of what customers do: "customers who order on Friday"."""
    items = p.reading.items[max(0, place - 4) : place]
    return any(item.has("who", "act") and item.lemma not in heard("campaign_dates.sending") for item in items)


def _ahead(p: Parts, today: date, found: dict[str, Any]) -> None:
    """As in "tomorrow", "next week", "in two weeks"."""
    if p.future is not None and "starts_on" not in found and p.future.period is None:
        if not _too_far(p, p.future):
            found["starts_on"] = _beginning(p.future, today)
        p.future = None
        return
    for i, item in enumerate(p.reading.items):
        if item.has("duration") and i not in p.used and item.tokens[0].lemma in heard("campaign_dates.within"):
            if not _too_far(p, item.get("duration")):
                found.setdefault("starts_on", today + timedelta(days=item.get("duration").days))
            p.used.add(i)


def _too_far(p: Parts, ahead: PeriodReading) -> bool:
    """Whether a length reaches beyond what a calendar of campaigns can hold, which is then said."""
    if ahead.days <= LONGEST:
        return False
    p.problem = p.problem or f"A campaign cannot be planned {ahead.count:,.0f} {ahead.unit}s ahead"
    return True


def _beginning(ahead: PeriodReading, today: date) -> date:
    """First day of what lies ahead: tomorrow, the Monday of next week, the first of next month."""
    if ahead.unit == "week":
        return today + timedelta(days=7 - today.weekday())
    if ahead.unit == "month":
        return date(today.year + today.month // 12, today.month % 12 + 1, 1)
    return today + timedelta(days=max(1, int(ahead.count)) if ahead.unit == "day" else ahead.days)
