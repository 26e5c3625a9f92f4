"""Seasons, shopping days and months beside "this", "last" and "before": which year each of them is of.

"Last" is the latest that is over; beside another mention of the same name ("this summer against last summer", "spring
compared with last spring") it is the one before that. "The winter before" is the one before the one that was said.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, timedelta
from typing import TYPE_CHECKING

from assistant.llm.planner.heard import heard
from assistant.llm.planner.period_words import PeriodReading
from assistant.plans.events import find_event
from assistant.plans.periods import Period

if TYPE_CHECKING:
    from assistant.llm.planner.period_grammar import PeriodReader


def directed_name(r: PeriodReader, name: str, i: int, start: int) -> PeriodReading | None:
    """last November · this summer · last Monday · next Christmas.

    Args:
        name: of the list of the word before (``this``, ``last``, ``past``, ``next``).
        i: position of the season, month or weekday; start: where the stretch begins.
    """
    found = _named(r, i)
    day = r.w.weekdays.get(r.tokens[i].word) if i < len(r.tokens) else None
    if found is not None:
        period, end = found
        if name == "next":
            return PeriodReading("future", start, end, count=1, unit="month")
        if period.event and end < len(r.tokens) and r.lemma(end) in heard("relative_names.before"):
            earlier = _before_last(r, period, end)
            if earlier is not None:
                return PeriodReading("period", start, earlier[1], earlier[0])
        if name == "this":
            running = period.model_copy(update={"year": _running(period, r.as_of)})
            return PeriodReading("period", start, end, running, year_said=True)
        if r.year(end):
            return None  # "last December 2010"
        return PeriodReading("period", start, end, _last(r, period, i), year_said=True)
    if day and name in {"last", "past", "this"}:
        back = (r.as_of.weekday() - list(dict.fromkeys(r.w.weekdays.values())).index(day)) % 7
        that = r.as_of - timedelta(days=back or (7 if name == "last" else 0))
        return PeriodReading("period", start, i + 1, Period(kind="absolute", start=that, end=that))
    return None


def name_before(r: PeriodReader, i: int) -> PeriodReading | None:
    """As in "last winter against the winter before", "the summer before last": a name beside an earlier mention."""
    start = i
    i += r.lemma(i) in heard("the")
    found = _named(r, i)
    if found is None or i == start:
        return None
    period, end = found
    if r.lemma(end) not in heard("relative_names.before"):
        return None
    earlier = _before_last(r, period, end)
    if earlier is not None:
        return PeriodReading("period", start, earlier[1], earlier[0], year_said=True)
    said = [year for at, year, _ in _mentions(r, period) if at < start]
    end += 1 + (r.lemma(end + 1) in heard("relative_names.that"))
    if not said or (end < len(r.tokens) and r.tokens[end].kind in {"date", "number"}):
        return None
    return PeriodReading("period", start, end, period.model_copy(update={"year": said[-1] - 1}), year_said=True)


def beside_last(r: PeriodReader, period: Period) -> int | None:
    """The year of a bare name that the text also names with "last": "spring compared with last spring"."""
    if not any(last for _, _, last in _mentions(r, period)):
        return None
    return _begun(period, r.as_of)


def winter_years(r: PeriodReader, i: int, event: str) -> tuple[int, int] | None:
    """The year in which a winter begins that is said with both: "winter 2010/11"; and where that ends."""
    first, last = find_event(event).days(r.as_of.year) if find_event(event) else (None, None)  # type: ignore[union-attr]
    if first is None or last is None or first.year == last.year or i >= len(r.tokens):
        return None
    text = "".join(t.text for t in r.tokens[i : i + (1 if r.tokens[i].kind == "date" else 3)])
    match = re.fullmatch(r"(20\d\d|\d\d)[/-](?:20)?(\d\d)", text)
    if match is None or (int(match[1]) + 1) % 100 != int(match[2]):
        return None
    return 2000 + int(match[1]) % 100, i + (1 if r.tokens[i].kind == "date" else 3)


def _named(r: PeriodReader, i: int) -> tuple[Period, int] | None:
    """The season, shopping day or month at a place, without a year."""
    event = r.phrase(i, r.w.events)
    if event is not None:
        return Period(kind="named", event=r.w.events[r.key(i, event)]), event
    month = r.w.months.get(r.lemma(i))
    return (Period(kind="named", month=month), i + 1) if month else None


def _before_last(r: PeriodReader, period: Period, before: int) -> tuple[Period, int] | None:
    """As in "the summer before last"; ``before`` is where that word stands."""
    if r.listed(before + 1, "last") is None or before + 2 < len(r.tokens) and r.tokens[before + 2].kind == "word" and (
        r.unit(before + 2) or _named(r, before + 2)
    ):
        return None
    year = _latest_over(period, r.as_of)
    return period.model_copy(update={"year": year - 1}), before + 2


def _last(r: PeriodReader, period: Period, i: int) -> Period:
    """The latest that is over, or the one before another mention of it."""
    year = _latest_over(period, r.as_of)
    beside = [said for at, said, last in _mentions(r, period) if at != i and not last]
    if year in beside:
        year -= 1
    return period.model_copy(update={"year": year})


def _mentions(r: PeriodReader, period: Period) -> list[tuple[int, int, bool]]:
    """Where the text names the same season or month, of which year, and whether it says "last"."""
    found: list[tuple[int, int, bool]] = []
    k = 0
    while k < len(r.tokens):
        named = _named(r, k)
        if named is None or named[0] != period:
            k += 1
            continue
        said = r._with_year(named[1])[0]
        ahead = next((n for n in ("last", "this") if k and r.listed(k - 1, n) == k), "")
        if r.lemma(named[1]) in heard("relative_names.before"):
            k = named[1]
            continue  # "the winter before" is of a year that others say
        usual = _latest_over if ahead == "last" else _running if ahead == "this" else _begun
        found.append((k, said or usual(period, r.as_of), ahead == "last" and said is None))
        k = named[1]
    return found


def _days(period: Period, year: int) -> tuple[date, date]:
    event = find_event(period.event or "")
    if event is not None:
        return event.days(year)
    month = period.month or 1
    return date(year, month, 1), date(year, month, monthrange(year, month)[1])


def _begun(period: Period, as_of: date) -> int:
    """The year of the latest that has begun."""
    return as_of.year if _days(period, as_of.year)[0] <= as_of else as_of.year - 1


def _latest_over(period: Period, as_of: date) -> int:
    return next(y for y in range(as_of.year, as_of.year - 3, -1) if _days(period, y)[1] < as_of)


def _running(period: Period, as_of: date) -> int:
    """The year of the one that runs, else of the one in the calendar year."""
    begun = _begun(period, as_of)
    return begun if _days(period, begun)[1] >= as_of else as_of.year
