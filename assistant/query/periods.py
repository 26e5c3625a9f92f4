"""Periods → days. All arithmetic of "last month", "the same weeks a year earlier" and "so far" lives here."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

from assistant.errors import InvalidPlan, NoRows
from assistant.plans.events import EVENTS, Event, find_event
from assistant.plans.periods import MONTHS, Period
from assistant.plans.query import Comparison

_ONE = timedelta(days=1)
#: fewer days than these of an earlier year are too few to be set against the same days of a later one
_LEAST_DAYS = 27
Shape = Literal["days", "week", "month", "quarter", "year", "event", "all"]


@dataclass(frozen=True)
class ResolvedPeriod:
    """Days of a period, both ends inclusive, against the days that the data cover.

    Attributes:
        start, end: the nominal days.
        first_day, last_day: what the data cover (the last day is the analysis date).
        label: the period in words.
        shape: what it is made of; decides what "the period before" and "a year earlier" mean.
        months: length in whole months when it consists of whole months, else 0.
        event: name of the season or shopping day.
    """

    start: date
    end: date
    first_day: date
    last_day: date
    label: str
    shape: Shape = "days"
    months: int = 0
    event: str | None = None

    @property
    def covered_start(self) -> date:
        return max(self.start, self.first_day)

    @property
    def covered_end(self) -> date:
        return min(self.end, self.last_day)

    @property
    def ends_early(self) -> bool:
        """The data stop before the period does."""
        return self.end > self.last_day

    @property
    def starts_late(self) -> bool:
        """The data begin after the period does."""
        return self.start < self.first_day

    @property
    def complete(self) -> bool:
        return not self.ends_early and not self.starts_late

    @property
    def has_data(self) -> bool:
        return self.covered_start <= self.covered_end

    @property
    def days(self) -> int:
        return (self.end - self.start).days + 1

    @property
    def days_covered(self) -> int:
        return max(0, (self.covered_end - self.covered_start).days + 1)

    def so_far(self) -> ResolvedPeriod:
        """Only the days that have data, labelled with them; itself when complete."""
        if self.complete or not self.has_data:
            return self
        start, end = self.covered_start, self.covered_end
        return replace(self, start=start, end=end, label=day_range(start, end), months=0)


def day_words(day: date) -> str:
    """``9 December 2011``."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def day_range(start: date, end: date) -> str:
    """Days in words without repeating what both ends share: ``1–9 December 2011``."""
    if start == end:
        return day_words(start)
    if (start.year, start.month) == (end.year, end.month):
        return f"{start.day}–{day_words(end)}"
    if start.year == end.year:
        return f"{start.day} {MONTHS[start.month - 1]} – {day_words(end)}"
    return f"{day_words(start)} – {day_words(end)}"


def preposition(label: str) -> str:
    """What stands before a period's label after a verb: "in June 2026", "on 5 June 2026", "since 2 May 2026"."""
    if label.startswith(("since ", "up to ")):
        return ""
    if label.startswith("last ") or " to date (" in label:
        return "in the "
    return "on " if re.fullmatch(r"\d+ \w+ \d{4}", label) else "in "


def add_months(day: date, n: int) -> date:
    """The same day ``n`` months later, or the last day of that month where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + n, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def unit_start(day: date, unit: str, fiscal_year_start: int = 1) -> date:
    """First day of the day, week (Monday), month, quarter or year that holds ``day``."""
    if unit == "day":
        return day
    if unit == "week":
        return day - timedelta(days=day.weekday())
    if unit == "month":
        return day.replace(day=1)
    since = (day.month - fiscal_year_start) % 12
    return add_months(day.replace(day=1), -(since % 3 if unit == "quarter" else since))


def shift(start: date, unit: str, n: int) -> date:
    """``n`` units after a unit's first day."""
    if unit in {"day", "week"}:
        return start + timedelta(days=n * (7 if unit == "week" else 1))
    return add_months(start, n * {"month": 1, "quarter": 3, "year": 12}[unit])


def resolve(period: Period | None, *, as_of: date, first_day: date, fiscal_year_start: int = 1) -> ResolvedPeriod:
    """Days of a period, seen from ``as_of``.

    Args:
        period: None means the whole data.
        as_of: analysis date, the last day that has data.
        first_day: first day of the data.
        fiscal_year_start: first month of the year for quarters and years.

    Raises:
        InvalidPlan: a day that does not exist, a week 53 in a year without one, an unknown season or event.
        NoRows: the period lies wholly before or after the data; the message gives their window.
    """
    resolver = _Resolver(as_of, first_day, fiscal_year_start)
    found = resolver.resolve(period or Period())
    if not found.has_data:
        where = "begins after" if found.start > as_of else "ends before"
        window = day_range(first_day, as_of)
        edge = "the last day" if found.start > as_of else "the first day"
        raise NoRows(
            f"{_upper_first(found.label)} {where} {edge} of the data, which cover {window}",
            received=found.label,
            valid=(window,),
        )
    return found


class _Resolver:
    """One resolution: the analysis date and calendar it is made against."""

    def __init__(self, as_of: date, first_day: date, fiscal_year_start: int) -> None:
        self.as_of, self.first_day, self.fiscal = as_of, first_day, fiscal_year_start

    def resolve(self, period: Period) -> ResolvedPeriod:
        return getattr(self, f"_{period.kind}")(period)

    def _made(
        self, start: date, end: date, label: str, shape: Shape = "days", event: str | None = None
    ) -> ResolvedPeriod:
        return ResolvedPeriod(start, end, self.first_day, self.as_of, label, shape, _whole_months(start, end), event)

    def _all(self, period: Period) -> ResolvedPeriod:
        days = day_range(self.first_day, self.as_of)
        return self._made(self.first_day, self.as_of, f"all data, {days}", "all")

    def _absolute(self, period: Period) -> ResolvedPeriod:
        start, end = period.start or self.first_day, period.end or self.as_of
        if period.start is None:
            start = min(start, end)
            label = f"up to {day_words(end)}"
        elif period.end is None:
            end = max(start, end)
            label = f"since {day_words(start)}"
        else:
            label = self._calendar_label(start, end)
        return self._made(start, end, label, self._shape(start, end))

    def _calendar(self, period: Period) -> ResolvedPeriod:
        last = self._shifted(unit_start(self.as_of, period.unit, self.fiscal), period.unit, period.offset, period)
        start = self._shifted(last, period.unit, 1 - period.count, period)
        end = shift(last, period.unit, 1) - _ONE
        return self._made(start, end, self._calendar_label(start, end, period.unit), self._unit_shape(period.unit))

    def _shifted(self, day: date, unit: str, n: int, period: Period) -> date:
        try:
            return shift(day, unit, n)
        except (OverflowError, ValueError) as error:
            raise NoRows(
                f"That period lies outside the data, which cover {day_range(self.first_day, self.as_of)}",
                received=period.model_dump(mode="json", exclude_defaults=True),
            ) from error

    def _rolling(self, period: Period) -> ResolvedPeriod:
        if period.unit in {"day", "week"}:
            start = self._shifted(self.as_of + _ONE, period.unit, -period.count, period)
        else:
            months = period.count * {"month": 1, "quarter": 3, "year": 12}[period.unit]
            start = self._shifted(self.as_of + _ONE, "month", -months, period)
        unit = period.unit if period.count == 1 else f"{period.unit}s"
        count = "" if period.count == 1 else f"{period.count} "
        found = self._made(start, self.as_of, f"last {count}{unit} ({day_range(start, self.as_of)})")
        return replace(found, months=0)

    def _to_date(self, period: Period) -> ResolvedPeriod:
        start = unit_start(self.as_of, period.unit, self.fiscal)
        label = f"{period.unit} to date ({day_range(start, self.as_of)})"
        return replace(self._made(start, self.as_of, label), shape=self._unit_shape(period.unit), months=0)

    def _named(self, period: Period) -> ResolvedPeriod:
        if period.event:
            return self._event(period)
        if period.year:
            return self._in_year(period, period.year)
        years = [self.as_of.year + 1, self.as_of.year, self.as_of.year - 1]
        failure: InvalidPlan | None = None
        for year in years:
            try:
                found = self._in_year(period, year)
            except InvalidPlan as error:
                failure = error
                continue
            if found.start <= self.as_of:
                return found
        for year in range(self.as_of.year - 2, self.as_of.year - 9, -1):  # 29 February, week 53: not every year
            try:
                return self._in_year(period, year)
            except InvalidPlan as error:
                failure = error
        raise failure or InvalidPlan("That period does not exist")

    def _in_year(self, period: Period, year: int) -> ResolvedPeriod:
        if period.week:
            try:
                start = date.fromisocalendar(year, period.week, 1)
            except ValueError as error:
                raise InvalidPlan(f"{year} has no week {period.week}", received=period.week) from error
            return self._made(
                start,
                start + timedelta(days=6),
                f"week {period.week} of {year} ({day_range(start, start + timedelta(days=6))})",
                "week",
            )
        if period.month:
            return self._month(period, year)
        if period.quarter:
            start = add_months(self._fiscal_start(year), 3 * (period.quarter - 1))
            end = add_months(start, 3) - _ONE
            return self._made(start, end, self._calendar_label(start, end, "quarter"), "quarter")
        start = self._fiscal_start(year)
        end = add_months(start, 12) - _ONE
        return self._made(start, end, self._calendar_label(start, end, "year"), "year")

    def _month(self, period: Period, year: int) -> ResolvedPeriod:
        length = monthrange(year, period.month)[1]
        if period.day is None:
            start, end = date(year, period.month, 1), date(year, period.month, length)
            return self._made(start, end, f"{MONTHS[period.month - 1]} {year}", "month")
        if period.day > length:
            raise InvalidPlan(
                f"{MONTHS[period.month - 1]} {year} has {length} days",
                received=f"{period.day} {MONTHS[period.month - 1]} {year}",
                valid=(day_words(date(year, period.month, length)),),
            )
        day = date(year, period.month, period.day)
        return self._made(day, day, day_words(day))

    def _event(self, period: Period) -> ResolvedPeriod:
        event = find_event(period.event or "")
        if event is None:
            raise InvalidPlan("No such season or shopping day", received=period.event, valid=sorted(EVENTS))
        if period.year:
            return self._event_in(event, period.year)
        for year in (self.as_of.year, self.as_of.year - 1):
            found = self._event_in(event, year)
            if found.start <= self.as_of:
                return found
        return self._event_in(event, self.as_of.year - 1)

    def _event_in(self, event: Event, year: int) -> ResolvedPeriod:
        start, end = event.days(year)
        return self._made(start, end, f"{event.label} {year} ({day_range(start, end)})", "event", event.name)

    def _fiscal_start(self, year: int) -> date:
        """A fiscal year carries the number of the calendar year it ends in."""
        return date(year, 1, 1) if self.fiscal == 1 else date(year - 1, self.fiscal, 1)

    @staticmethod
    def _unit_shape(unit: str) -> Shape:
        return "days" if unit == "day" else unit  # type: ignore[return-value]

    def _shape(self, start: date, end: date) -> Shape:
        return "month" if _whole_months(start, end) else "days"

    def _calendar_label(self, start: date, end: date, unit: str | None = None) -> str:
        months = _whole_months(start, end)
        if months == 12 and start.month == self.fiscal:
            return str(start.year) if self.fiscal == 1 else f"fiscal year {end.year} ({_month_range(start, end)})"
        if months == 3 and unit == "quarter":
            if self.fiscal == 1:
                return f"Q{(start.month + 2) // 3} {start.year}"
            number = (start.month - self.fiscal) % 12 // 3 + 1
            year = add_months(self._year_of(start), 12) - _ONE
            return f"fiscal Q{number} {year.year} ({_month_range(start, end)})"
        if months:
            return _month_range(start, end)
        return day_range(start, end)

    def _year_of(self, day: date) -> date:
        return unit_start(day, "year", self.fiscal)


def _month_range(start: date, end: date) -> str:
    if (start.year, start.month) == (end.year, end.month):
        return f"{MONTHS[start.month - 1]} {start.year}"
    first = MONTHS[start.month - 1] if start.year == end.year else f"{MONTHS[start.month - 1]} {start.year}"
    if start.month == 1 and end.month == 12:
        return f"{start.year}–{end.year}" if start.year != end.year else str(start.year)
    return f"{first} – {MONTHS[end.month - 1]} {end.year}"


def _whole_months(start: date, end: date) -> int:
    """Number of months when the days are whole months, else 0."""
    after = end + _ONE
    if start.day != 1 or after.day != 1:
        return 0
    return (after.year - start.year) * 12 + after.month - start.month


def _upper_first(text: str) -> str:
    return text[:1].upper() + text[1:]


@dataclass(frozen=True)
class PeriodPair:
    """Two periods to set against each other. When ``cut``, both hold the same first days of their units."""

    current: ResolvedPeriod
    base: ResolvedPeriod
    cut: bool

    @property
    def unequal(self) -> bool:
        """Whether they differ in length, other than months of different days do."""
        same_months = bool(self.current.months) and self.current.months == self.base.months
        return not self.cut and self.current.days != self.base.days and not same_months


def pair(current: ResolvedPeriod, comparison: Comparison, *, fiscal_year_start: int = 1) -> PeriodPair:
    """The period that ``current`` is compared with, like with like.

    A period that the data do not yet cover to its end is compared on its days so far with the same number of first
    days of the other one.

    Raises:
        InvalidPlan: the whole data has no period before it; a comparison without a second period; two periods that
            share days.
        NoRows: the other period lies outside the data.
    """
    if comparison.kind == "period":
        base = resolve(
            comparison.period, as_of=current.last_day, first_day=current.first_day, fiscal_year_start=fiscal_year_start
        )
        if base.start <= current.end and current.start <= base.end:
            raise InvalidPlan(
                f"{_upper_first(current.label)} and {base.label} overlap: the days they share would be compared with "
                "themselves",
                received=base.label,
                hint="Name two periods without a common day.",
            )
        same_kind = (base.shape, base.months, base.event) == (current.shape, current.months, current.event)
        if same_kind and (base.ends_early != current.ends_early or base.starts_late != current.starts_late):
            return _like_with_like(current, base)
        return PeriodPair(current, base, False)
    if comparison.kind not in {"previous", "year_earlier"}:
        raise InvalidPlan(f"A comparison with '{comparison.kind}' has no second period", received=comparison.kind)
    if current.shape == "all":
        raise InvalidPlan(
            "All data have no earlier period to compare with",
            received=comparison.kind,
            hint="Name a period, for example last month or this year.",
        )
    base = _year_earlier(current) if comparison.kind == "year_earlier" else _previous(current)
    if not base.has_data:
        raise NoRows(
            f"There is nothing to compare {current.label} with: {base.label} ends before the first day of the data, "
            f"which cover {day_range(current.first_day, current.last_day)}",
            received=base.label,
        )
    return _like_with_like(current, base)


def _like_with_like(current: ResolvedPeriod, base: ResolvedPeriod) -> PeriodPair:
    """Keep the same days of both where the data begin in the middle of the earlier one, or end inside one of them."""
    current, base, cut = _both_begun(current, base)
    partial = current if current.ends_early else base if base.ends_early else None
    if partial is None:
        return PeriodPair(current, base, cut)
    years = round((current.start - base.start).days / 365.25)
    if years and base.start == add_months(current.start, -12 * years):  # same dates, also across a leap day
        end = partial.last_day if partial is current else add_months(partial.last_day, 12 * years)
        return PeriodPair(_until(current, end), _until(base, add_months(end, -12 * years)), True)
    days = (partial.last_day - partial.start).days + 1
    return PeriodPair(_first_days(current, days), _first_days(base, days), True)


def _both_begun(current: ResolvedPeriod, base: ResolvedPeriod) -> tuple[ResolvedPeriod, ResolvedPeriod, bool]:
    """The same dates of both from the day on which the data begin, where that lies inside the earlier one."""
    years = round((current.start - base.start).days / 365.25)
    same_dates = years > 0 and base.start == add_months(current.start, -12 * years)
    begun = add_months(base.first_day, 12 * years)
    enough = same_dates and (current.covered_end - begun).days >= _LEAST_DAYS
    if not enough or not base.starts_late or (base.end - base.first_day).days < _LEAST_DAYS:
        return current, base, False
    return _since(current, begun), _since(base, base.first_day), True


def _since(period: ResolvedPeriod, start: date) -> ResolvedPeriod:
    return replace(period, start=start, label=day_range(start, period.end), months=0)


def _first_days(period: ResolvedPeriod, days: int) -> ResolvedPeriod:
    return _until(period, period.start + timedelta(days=days - 1))


def _until(period: ResolvedPeriod, end: date) -> ResolvedPeriod:
    end = min(period.end, end)
    return replace(period, end=end, label=day_range(period.start, end), months=0)


def _relabel(period: ResolvedPeriod, start: date, end: date) -> ResolvedPeriod:
    whole = _whole_months(start, end)
    if whole:
        label = _month_range(start, end)
        if period.shape == "quarter" and whole == 3 and start.month % 3 == 1 and period.label.startswith("Q"):
            label = f"Q{(start.month + 2) // 3} {start.year}"
    else:
        label = day_range(start, end)
    return replace(period, start=start, end=end, label=label, months=whole)


def _previous(period: ResolvedPeriod) -> ResolvedPeriod:
    if period.event:
        return _event_before(period)
    if period.months:
        return _relabel(period, add_months(period.start, -period.months), period.start - _ONE)
    if period.shape in {"week", "month", "quarter", "year"} and not period.months:
        unit_days = {"week": 7}.get(period.shape)
        if unit_days and period.days <= 7:  # week so far → the same days of the week before
            return _relabel(period, period.start - timedelta(days=7), period.end - timedelta(days=7))
        if not unit_days:  # month, quarter or year to date → the same first days of the unit before
            start = shift(period.start, period.shape, -1)
            return _relabel(period, start, min(start + timedelta(days=period.days - 1), period.start - _ONE))
    return _relabel(period, period.start - timedelta(days=period.days), period.start - _ONE)


def _year_earlier(period: ResolvedPeriod) -> ResolvedPeriod:
    if period.event:
        return _event_before(period)
    if period.shape == "week":  # the same weekdays, 52 weeks before
        return _relabel(period, period.start - timedelta(weeks=52), period.end - timedelta(weeks=52))
    start = add_months(period.start, -12)
    if period.months:
        return _relabel(period, start, add_months(period.end + _ONE, -12) - _ONE)
    return _relabel(period, start, add_months(period.end, -12))


def _event_before(period: ResolvedPeriod) -> ResolvedPeriod:
    event = EVENTS[period.event or ""]
    year = next(y for y in range(period.start.year + 1, period.start.year - 2, -1) if event.days(y)[0] == period.start)
    start, end = event.days(year - 1)
    return replace(period, start=start, end=end, label=f"{event.label} {year - 1} ({day_range(start, end)})")
