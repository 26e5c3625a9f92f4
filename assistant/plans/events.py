"""Seasons and shopping days as data: name → first and last day in a year.

Meteorological seasons; a winter is named for the year it begins in. Easter by the anonymous Gregorian computus
(Meeus, *Astronomical Algorithms*, 1991, chapter 8).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta


def easter_sunday(year: int) -> date:
    """Western Easter Sunday."""
    a, b, c = year % 19, year // 100, year % 100
    d, e, f = b // 4, b % 4, (b + 8) // 25
    h = (19 * a + b - d - (b - f + 1) // 3 + 15) % 30
    i, k = c // 4, c % 4
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return date(year, month, day + 1)


def nth_weekday(year: int, month: int, weekday: int, n: int) -> date:
    """The n-th weekday (Monday is 0) of a month, n from 1."""
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (n - 1))


def _fixed(m1: int, d1: int, m2: int, d2: int, years: int = 0) -> Callable[[int], tuple[date, date]]:
    return lambda year: (date(year, m1, d1), date(year + years, m2, d2))


def _last_of_february(year: int) -> date:
    return date(year, 3, 1) - timedelta(days=1)


def _around(day: Callable[[int], date], before: int, after: int = 0) -> Callable[[int], tuple[date, date]]:
    return lambda year: (day(year) - timedelta(days=before), day(year) + timedelta(days=after))


def _thanksgiving(year: int) -> date:
    return nth_weekday(year, 11, 3, 4)


def _black_friday(year: int) -> date:
    return _thanksgiving(year) + timedelta(days=1)


def _mothering_sunday(year: int) -> date:
    return easter_sunday(year) - timedelta(days=21)


def _mothers_day_us(year: int) -> date:
    return nth_weekday(year, 5, 6, 2)


def _fathers_day(year: int) -> date:
    return nth_weekday(year, 6, 6, 3)


@dataclass(frozen=True)
class Event:
    """A season or shopping day: its label, the words people use, and its days in a year."""

    name: str
    label: str
    words: tuple[str, ...]
    days: Callable[[int], tuple[date, date]]


EVENTS: dict[str, Event] = {
    e.name: e
    for e in (
        Event("spring", "spring", ("springtime",), _fixed(3, 1, 5, 31)),
        Event("summer", "summer", ("summertime", "summer season"), _fixed(6, 1, 8, 31)),
        Event("autumn", "autumn", ("fall",), _fixed(9, 1, 11, 30)),
        Event("winter", "winter", ("wintertime",), lambda y: (date(y, 12, 1), _last_of_february(y + 1))),
        Event("new year", "New Year sales", ("new year sales", "january sales", "new year's"), _fixed(1, 1, 1, 14)),
        Event(
            "valentine's day",
            "Valentine's season",
            ("valentines", "valentine", "valentine's", "valentines day"),
            _fixed(2, 1, 2, 14),
        ),
        Event(
            "easter",
            "Easter",
            ("easter season", "easter holidays"),
            lambda y: (easter_sunday(y) - timedelta(days=14), easter_sunday(y) + timedelta(days=1)),
        ),
        Event(
            "easter week",
            "Easter week",
            ("week of easter", "holy week"),
            lambda y: (easter_sunday(y) - timedelta(days=6), easter_sunday(y)),
        ),
        Event(
            "easter weekend",
            "Easter weekend",
            ("easter week-end",),
            lambda y: (easter_sunday(y) - timedelta(days=2), easter_sunday(y) + timedelta(days=1)),
        ),
        Event("good friday", "Good Friday", (), lambda y: (easter_sunday(y) - timedelta(days=2),) * 2),
        Event("ascension day", "Ascension Day", ("ascension",), lambda y: (easter_sunday(y) + timedelta(days=39),) * 2),
        Event(
            "pentecost",
            "Pentecost weekend",
            ("whitsun", "whit sunday", "whitsunday", "pentecost weekend", "whitsun weekend", "pentecost sunday"),
            lambda y: (easter_sunday(y) + timedelta(days=48), easter_sunday(y) + timedelta(days=50)),
        ),
        Event(
            "mother's day uk",
            "Mother's Day (UK) fortnight",
            ("mother's day", "mothers day", "mothering sunday", "uk mother's day"),
            _around(_mothering_sunday, 13),
        ),
        Event(
            "mother's day us",
            "Mother's Day (US) fortnight",
            ("us mother's day", "american mother's day"),
            _around(_mothers_day_us, 13),
        ),
        Event("father's day", "Father's Day fortnight", ("fathers day",), _around(_fathers_day, 13)),
        Event("back to school", "back to school", ("back-to-school", "school start"), _fixed(8, 1, 9, 15)),
        Event("halloween", "Halloween", ("hallowe'en", "halloween season"), _fixed(10, 1, 10, 31)),
        Event("singles day", "Singles' Day", ("singles' day", "single's day", "double eleven"), _fixed(11, 11, 11, 11)),
        Event("thanksgiving", "Thanksgiving", ("thanksgiving day",), _around(_thanksgiving, 0)),
        Event("black friday", "Black Friday", ("blackfriday",), _around(_black_friday, 0)),
        Event("cyber monday", "Cyber Monday", ("cybermonday",), _around(_black_friday, -3, 3)),
        Event(
            "black friday weekend",
            "Black Friday weekend",
            ("bfcm", "cyber weekend", "black friday and cyber monday", "black friday to cyber monday"),
            _around(_black_friday, 0, 3),
        ),
        Event("cyber week", "Cyber Week", ("black friday week", "black week"), _around(_black_friday, 4, 3)),
        Event(
            "christmas",
            "Christmas season",
            ("xmas", "christmas season", "christmas time", "holiday season"),
            _fixed(11, 15, 12, 24),
        ),
        Event("christmas day", "Christmas Day", ("25 december",), _fixed(12, 25, 12, 25)),
        Event("christmas eve", "Christmas Eve", ("24 december",), _fixed(12, 24, 12, 24)),
        Event("boxing day", "Boxing Day", ("26 december",), _fixed(12, 26, 12, 26)),
        Event("first half", "first half", ("h1", "first half year", "first half of the year"), _fixed(1, 1, 6, 30)),
        Event(
            "second half", "second half", ("h2", "second half year", "second half of the year"), _fixed(7, 1, 12, 31)
        ),
    )
}


def find_event(words: str) -> Event | None:
    """The event that a name or one of its words stands for, ignoring case and typographic apostrophes."""
    wanted = " ".join(words.casefold().replace("’", "'").split())
    for event in EVENTS.values():
        if wanted == event.name or wanted == event.label.casefold() or wanted in event.words:
            return event
    return None
