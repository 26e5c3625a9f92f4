"""Parts of periods and stretches beside them.

As in "the first half of May", "mid-June", "the last quarter of 2025", "the week of 4 May", "four weeks leading up to
Christmas", "the month after Black Friday". Words are data (``periods.yaml``, ``parts``). A week of a month is its n-th
seven days; early, mid and late are thirds of the period named, and the answer shows their dates.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from assistant.llm.planner.heard import heard
from assistant.llm.planner.period_words import PeriodReading
from assistant.plans.events import Event, easter_sunday, find_event
from assistant.plans.periods import Period

if TYPE_CHECKING:
    from assistant.llm.planner.period_grammar import PeriodReader

Span = tuple[date, date]
_DAY = timedelta(days=1)
_MONTHS_OF = {"month": 1, "quarter": 3, "year": 12}
#: Shopping days that are named for a season before them: the day a run-up leads to.
_DAYS = {"christmas": (12, 25), "new year": (1, 1), "valentine's day": (2, 14), "halloween": (10, 31)}


def part_of_period(r: PeriodReader, i: int) -> PeriodReading | None:
    """The longest part of a period, or stretch beside one, that begins at ``i``."""
    start = i + 1 if r.lemma(i) in heard("the") else i
    found: list[PeriodReading] = []
    readers: tuple[Callable[[PeriodReader, int], PeriodReading | None], ...] = (
        _half,
        _third,
        _counted,
        _week_of,
        _beside,
        _year_first,
        _fiscal,
    )
    for reader in readers:
        one = reader(r, start)
        if one is not None:
            found.append(one)
    best = max(found, key=lambda one: one.end, default=None)
    return replace(best, start=i) if best is not None else None


def edge_of_period(r: PeriodReader, i: int) -> PeriodReading | None:
    """The day at the beginning or end of a period, after "since" or "until": "(since) the start of the year"."""
    i = i + 1 if r.lemma(i) in heard("the") else i
    for index, name in ((0, "early"), (1, "late")):
        end = r.phrase(i, r.w.parts_phrases[name])
        after = _of(r, end) if end is not None and r.lemma(i) not in r.w.parts["adjectives"] else None
        found = _whole(r, after) if after is not None else None
        if found is not None:
            span, whole = found
            return _reading(i, whole.end, (span[index], span[index]))
    return None


# -- what a part is taken of -------------------------------------------------------------------------------------------


def _whole(r: PeriodReader, i: int) -> tuple[Span, PeriodReading] | None:
    """The period that begins at ``i`` (articles passed over), with its first and last day."""
    while r.lemma(i) in r.w.parts["articles"]:
        i += 1
    for reading in (r.relative(i), r.point(i), _this_unit(r, i)):
        if reading is None or reading.kind != "period" or reading.period is None:
            continue
        span = r.bounds(reading.period) or _event_days(reading.period, r.as_of)
        if span is not None:
            return span, reading
    return None


def _this_unit(r: PeriodReader, i: int) -> PeriodReading | None:
    """As in "the start of the year": the unit alone is the current one."""
    unit = r.unit(i)
    if unit is None or heard("each.adverb").ends(r.lemma(i)) or r.lemma(i - 1) not in heard("the"):
        return None
    return PeriodReading("period", i, i + 1, Period(kind="calendar", unit=unit))  # type: ignore[arg-type]


def _event_days(period: Period, as_of: date) -> Span | None:
    event = find_event(period.event) if period.event else None
    if event is None:
        return None
    if period.year:
        return event.days(period.year)
    return next((d for y in (as_of.year, as_of.year - 1) if (d := event.days(y))[0] <= as_of), None)


def _of(r: PeriodReader, i: int) -> int | None:
    return i + 1 if r.lemma(i) in r.w.parts["of"] else None


def _reading(i: int, end: int, span: Span) -> PeriodReading:
    period = Period(kind="absolute", start=span[0], end=span[1])
    return PeriodReading("period", i, end, period, year_said=True, computed=True)


def _add_months(day: date, n: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + n, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _months(span: Span) -> int:
    """Whole calendar months in a span; 0 where it does not hold whole ones."""
    first, last = span
    if first.day != 1 or (last + _DAY).day != 1:
        return 0
    return (last.year - first.year) * 12 + last.month - first.month + 1


def event_span(name: str, year: int | None, as_of: date) -> Span | None:
    """First and last day to count from or to: all days of a season, the day itself of a shopping day.

    Args:
        name: of the season or shopping day.
        year: None for the latest that has begun on ``as_of``.
    """
    event = find_event(name)
    if event is None:
        return None
    years = (year,) if year else (as_of.year, as_of.year - 1)
    return next((s for y in years if (s := _of_event(event, y))[0] <= as_of or year), None)


def _of_event(event: Event, year: int) -> Span:
    first, last = event.days(year)
    if event.name == "easter":
        return easter_sunday(year), easter_sunday(year)
    if event.name in _DAYS:
        day = date(year, *_DAYS[event.name])
        return day, day
    return (last, last) if event.label.endswith("fortnight") else (first, last)


# -- halves and thirds -------------------------------------------------------------------------------------------------


def _half(r: PeriodReader, i: int) -> PeriodReading | None:
    """As in "first half of May", "second half of last year"."""
    for number in (1, 2):
        end = r.phrase(i, r.w.phrases[f"half{number}"])
        after = _of(r, end) if end is not None else None
        found = _whole(r, after) if after is not None else None
        if found is None:
            continue
        (first, last), whole = found
        months = _months((first, last))
        if months == 1:
            middle = first + timedelta(days=14)
        elif months and months % 2 == 0:
            middle = _add_months(first, months // 2) - _DAY
        else:
            middle = first + (last - first) // 2
        return _reading(i, whole.end, (first, middle) if number == 1 else (middle + _DAY, last))
    return None


def _third(r: PeriodReader, i: int) -> PeriodReading | None:
    """As in "mid-June", "early 2026", "the end of May", "the beginning of the year"; "by the end of" is a limit."""
    if r.lemma(i - 1) in r.w.parts["limits"] or (
        r.lemma(i - 1) in heard("the") and r.lemma(i - 2) in r.w.parts["limits"]
    ):
        return None
    for number, name in enumerate(("early", "mid", "late")):
        end = r.phrase(i, r.w.parts_phrases[name])
        if end is None:
            continue
        after = _of(r, end) or (end if r.lemma(i) in r.w.parts["adjectives"] else None)
        found = _whole(r, after) if after is not None else None
        if found is None:
            return None
        span, whole = found
        third = _cut(span, number)
        if third is None:
            return None
        words = " ".join(t.text for t in r.tokens[i : whole.end])
        return replace(_reading(i, whole.end, third), part_words=words)
    return None


def _cut(span: Span, number: int) -> Span | None:
    first, last = span
    months = _months(span)
    if months in {3, 12}:
        size = months // 3
        begin = _add_months(first, number * size)
        return begin, _add_months(begin, size) - _DAY
    if months == 1:
        begins = [first, first + timedelta(days=10), first + timedelta(days=20), last + _DAY]
        return begins[number], begins[number + 1] - _DAY
    return None


# -- counted units -----------------------------------------------------------------------------------------------------


def _counted(r: PeriodReader, i: int) -> PeriodReading | None:
    """As in "last quarter of 2025", "first six months of 2025", "second week of June", "last 30 days of 2011"."""
    if i >= len(r.tokens):
        return None
    token = r.tokens[i]
    last = r.lemma(i) in r.w.parts["last"]
    position = int(token.value or 0) if token.unit == "ordinal" else 0
    if not last and not 1 <= position <= 60:
        return None
    k = i + 1
    if not last and r.lemma(k) in r.w.parts["last"]:  # "second to last" and the like are not read
        return None
    counted = r.count(k)
    count, k = (int(counted[0]), counted[1]) if counted else (1, k)
    unit = r.unit(k)
    after = _of(r, k + 1) if unit else None
    found = _whole(r, after) if after is not None else None
    if unit is None or found is None or count < 1 or (counted and position > 1):
        return None
    span, whole = found
    inside = _nth(span, unit, count, position, last)
    if inside is None:
        return r.bad(i, whole.end)
    return _reading(i, whole.end, inside)


def _nth(span: Span, unit: str, count: int, position: int, last: bool) -> Span | None:
    """The n-th unit, or the first or last ``count`` units, of a span; None where it has none such."""
    first, end = span
    if unit in {"day", "week"}:
        step = timedelta(days=count * (7 if unit == "week" else 1))
        begin = end - step + _DAY if last else first + (position - 1) * step
        stop = end if last else begin + step - _DAY
    else:
        months = count * _MONTHS_OF[unit]
        begin = _add_months(end + _DAY, -months) if last else _add_months(first, (position - 1) * months)
        stop = end if last else _add_months(begin, months) - _DAY
    if begin < first or begin > end or (stop > end and unit not in {"week"}):
        return None
    return begin, min(stop, end)


def _week_of(r: PeriodReader, i: int) -> PeriodReading | None:
    """As in "the week of 4 May", "week commencing 4 May", "the week ending 10 May"."""
    if r.unit(i) != "week":
        return None
    for name in ("containing", "commencing", "ending"):
        after = r.phrase(i + 1, r.w.parts_phrases[name])
        if after is None:
            continue
        while r.lemma(after) in r.w.parts["articles"]:
            after += 1
        day = r.month_day(after) or r.iso(after)
        if day is not None and day.kind == "bad_period":
            return replace(day, start=i)
        if day is None or day.period is None or day.period.start is None or day.period.kind != "absolute":
            continue
        said = day.period.start
        begin = {"containing": said - timedelta(days=said.weekday()), "commencing": said, "ending": said - 6 * _DAY}
        return _reading(i, day.end, (begin[name], begin[name] + 6 * _DAY))
    return None


# -- beside a period ---------------------------------------------------------------------------------------------------


def _beside(r: PeriodReader, i: int) -> PeriodReading | None:
    """As in "four weeks leading up to Christmas", "two weeks after Black Friday 2025", "the month before Easter"."""
    counted = r.count(i)
    count, k = (counted[0], counted[1]) if counted else (1.0, i)
    fortnight = r.phrase(k, r.w.phrases["fortnight"])
    unit = "week" if fortnight else r.unit(k)
    if unit is None or count != int(count) or not 1 <= count <= 1_000 or heard("each.adverb").ends(r.lemma(k)):
        return None
    count *= 2 if fortnight else 1
    k = fortnight or k + 1
    if not counted and unit != "day" and not (i and r.lemma(i - 1) in heard("the")):
        return None  # "week after week"
    for name in ("run_up", "follow_up"):
        after = r.phrase(k, r.w.parts_phrases[name])
        found = _edges(r, after) if after is not None else None
        if found is None:
            continue
        (first, last), end = found
        return _reading(i, end, _stretch(first, last, int(count), unit, before=name == "run_up"))
    return None


def _edges(r: PeriodReader, i: int) -> tuple[Span, int] | None:
    """The period a stretch leads to or follows; of a shopping day named for its season, the day itself."""
    found = _whole(r, i)
    if found is None:
        return None
    span, whole = found
    period = whole.period
    event = find_event(period.event) if period is not None and period.event else None
    return (span if event is None else _of_event(event, span[1].year)), whole.end


def _stretch(first: date, last: date, count: int, unit: str, *, before: bool) -> Span:
    if unit in {"day", "week"}:
        days = timedelta(days=count * (7 if unit == "week" else 1))
        return (first - days, first - _DAY) if before else (last + _DAY, last + days)
    months = count * _MONTHS_OF[unit]
    if before:
        return _add_months(first, -months), first - _DAY
    return last + _DAY, _add_months(last + _DAY, months) - _DAY


# -- years -------------------------------------------------------------------------------------------------------------


def _year_first(r: PeriodReader, i: int) -> PeriodReading | None:
    """As in "2025 Q4", "2011 November", "2025 Black Friday"."""
    year = r.year(i)
    if year is None or i + 1 >= len(r.tokens):
        return None
    for reader in (r.quarter, r.month, r.event, r.half):
        found = reader(i + 1)
        if found is None or found.year_said or found.period is None:
            continue
        if found.period.kind == "named":
            return replace(found, start=i, period=found.period.model_copy(update={"year": year}), year_said=True)
        if reader == r.half and found.period.start and found.period.end:
            first, last = (d.replace(year=year) for d in (found.period.start, found.period.end))
            return _reading(i, found.end, (first, last))
    return None


def _fiscal(r: PeriodReader, i: int) -> PeriodReading | None:
    """As in "fiscal year 2025", "FY2025", "FY 25", "fiscal Q2 2026": years and quarters follow the shop's setting."""
    word = r.lemma(i)
    if heard("period_parts.fiscal").begins(word):
        said = word[2:] or (r.tokens[i + 1].text if i + 1 < len(r.tokens) else "")
        end = i + 1 if word[2:] else i + 2
    elif word in r.w.parts["fiscal"]:
        quarter = r.quarter(i + 1)
        if quarter is not None:
            return replace(quarter, start=i)
        if r.unit(i + 1) != "year":
            return None
        said, end = (r.tokens[i + 2].text, i + 3) if i + 2 < len(r.tokens) else ("", i + 2)
    else:
        return None
    if not said.isdigit() or len(said) not in {2, 4}:
        return None
    year = int(said) + (2000 if len(said) == 2 else 0)
    if not 1900 <= year <= 2200:
        return None
    return PeriodReading("period", i, end, Period(kind="named", year=year), year_said=True)
