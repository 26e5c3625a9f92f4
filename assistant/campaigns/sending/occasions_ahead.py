"""Shopping days and occasions that fall into the days of a calendar, and which campaigns run on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from assistant.plans.events import EVENTS

#: occasions that campaigns are planned for; seasons and halves of a year are none
_OCCASIONS = ("new year", "valentine's day", "mother's day uk", "easter", "mother's day us", "father's day",
              "back to school", "halloween", "singles day", "thanksgiving", "black friday", "cyber monday", "christmas",
              "boxing day")
#: days ahead that are looked at where none are named
LOOK_AHEAD = 60


@dataclass(frozen=True)
class Ahead:
    """An occasion with its first and last day."""

    label: str
    first: date
    last: date


def occasions_between(first: date, last: date) -> list[Ahead]:
    """Occasions of which a day lies between two days, by their beginning."""
    found = []
    for name in _OCCASIONS:
        event = EVENTS[name]
        for year in range(first.year - 1, last.year + 1):
            begins, ends = event.days(year)
            if begins <= last and ends >= first:
                found.append(Ahead(event.label, begins, ends))
    return sorted(found, key=lambda o: (o.first, o.label))


def free_days(first: date, last: date, busy: Sequence[tuple[date, date]]) -> int:
    """Days between two days, both counted, on which none of the busy stretches lies."""
    days = (first + timedelta(days=k) for k in range((last - first).days + 1))
    return sum(not any(a <= day <= b for a, b in busy) for day in days)
