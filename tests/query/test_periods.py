"""Periods against a calendar written by hand. Data from 1 December 2009 to 9 December 2011, a Friday."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import InvalidPlan, NoRows
from assistant.plans import Comparison, Period
from assistant.plans.events import EVENTS, easter_sunday, find_event
from assistant.query.periods import pair, resolve

FIRST, LAST = date(2009, 12, 1), date(2011, 12, 9)


def at(period, *, as_of=LAST, first=FIRST, fiscal=1):
    return resolve(period, as_of=as_of, first_day=first, fiscal_year_start=fiscal)


def P(kind, **fields):
    return Period(kind=kind, **fields)


#: period → first day, last day, label, whether the data cover it
TABLE = [
    (None, "2009-12-01", "2011-12-09", "all data, 1 December 2009 – 9 December 2011", True),
    (P("calendar", unit="day"), "2011-12-09", "2011-12-09", "9 December 2011", True),
    (P("calendar", unit="day", offset=-1), "2011-12-08", "2011-12-08", "8 December 2011", True),
    (P("calendar", unit="week"), "2011-12-05", "2011-12-11", "5–11 December 2011", False),
    (P("calendar", unit="week", offset=-1), "2011-11-28", "2011-12-04", "28 November – 4 December 2011", True),
    (P("calendar", unit="month"), "2011-12-01", "2011-12-31", "December 2011", False),
    (P("calendar", unit="month", offset=-1), "2011-11-01", "2011-11-30", "November 2011", True),
    (P("calendar", unit="month", offset=-1, count=3), "2011-09-01", "2011-11-30", "September – November 2011", True),
    (P("calendar", unit="month", offset=-12), "2010-12-01", "2010-12-31", "December 2010", True),
    (P("calendar", unit="quarter"), "2011-10-01", "2011-12-31", "Q4 2011", False),
    (P("calendar", unit="quarter", offset=-1), "2011-07-01", "2011-09-30", "Q3 2011", True),
    (P("calendar", unit="quarter", offset=-1, count=2), "2011-04-01", "2011-09-30", "April – September 2011", True),
    (P("calendar", unit="year"), "2011-01-01", "2011-12-31", "2011", False),
    (P("calendar", unit="year", offset=-1), "2010-01-01", "2010-12-31", "2010", True),
    (P("calendar", unit="year", offset=-2), "2009-01-01", "2009-12-31", "2009", False),
    (
        P("rolling", unit="day", count=30),
        "2011-11-10",
        "2011-12-09",
        "last 30 days (10 November – 9 December 2011)",
        True,
    ),
    (P("rolling", unit="day", count=7), "2011-12-03", "2011-12-09", "last 7 days (3–9 December 2011)", True),
    (
        P("rolling", unit="week", count=4),
        "2011-11-12",
        "2011-12-09",
        "last 4 weeks (12 November – 9 December 2011)",
        True,
    ),
    (
        P("rolling", unit="month", count=1),
        "2011-11-10",
        "2011-12-09",
        "last month (10 November – 9 December 2011)",
        True,
    ),
    (
        P("rolling", unit="month", count=6),
        "2011-06-10",
        "2011-12-09",
        "last 6 months (10 June – 9 December 2011)",
        True,
    ),
    (
        P("rolling", unit="quarter", count=1),
        "2011-09-10",
        "2011-12-09",
        "last quarter (10 September – 9 December 2011)",
        True,
    ),
    (
        P("rolling", unit="year", count=1),
        "2010-12-10",
        "2011-12-09",
        "last year (10 December 2010 – 9 December 2011)",
        True,
    ),
    (P("to_date", unit="year"), "2011-01-01", "2011-12-09", "year to date (1 January – 9 December 2011)", True),
    (P("to_date", unit="quarter"), "2011-10-01", "2011-12-09", "quarter to date (1 October – 9 December 2011)", True),
    (P("to_date", unit="month"), "2011-12-01", "2011-12-09", "month to date (1–9 December 2011)", True),
    (P("to_date", unit="week"), "2011-12-05", "2011-12-09", "week to date (5–9 December 2011)", True),
    (
        P("absolute", start=date(2011, 3, 1), end=date(2011, 6, 30)),
        "2011-03-01",
        "2011-06-30",
        "March – June 2011",
        True,
    ),
    (P("absolute", start=date(2011, 3, 5), end=date(2011, 3, 9)), "2011-03-05", "2011-03-09", "5–9 March 2011", True),
    (P("absolute", start=date(2011, 1, 1), end=date(2011, 12, 31)), "2011-01-01", "2011-12-31", "2011", False),
    (P("absolute", start=date(2011, 11, 1)), "2011-11-01", "2011-12-09", "since 1 November 2011", True),
    (P("absolute", end=date(2010, 6, 30)), "2009-12-01", "2010-06-30", "up to 30 June 2010", True),
    (
        P("absolute", start=date(2010, 12, 25), end=date(2010, 12, 25)),
        "2010-12-25",
        "2010-12-25",
        "25 December 2010",
        True,
    ),
    (
        P("absolute", start=date(2010, 12, 30), end=date(2011, 1, 2)),
        "2010-12-30",
        "2011-01-02",
        "30 December 2010 – 2 January 2011",
        True,
    ),
    (P("named", year=2010), "2010-01-01", "2010-12-31", "2010", True),
    (P("named", month=11), "2011-11-01", "2011-11-30", "November 2011", True),
    (P("named", month=12), "2011-12-01", "2011-12-31", "December 2011", False),
    (P("named", month=3, year=2010), "2010-03-01", "2010-03-31", "March 2010", True),
    (P("named", month=6, day=15), "2011-06-15", "2011-06-15", "15 June 2011", True),
    (P("named", month=12, day=25), "2010-12-25", "2010-12-25", "25 December 2010", True),
    (P("named", quarter=1), "2011-01-01", "2011-03-31", "Q1 2011", True),
    (P("named", quarter=4), "2011-10-01", "2011-12-31", "Q4 2011", False),
    (P("named", quarter=4, year=2010), "2010-10-01", "2010-12-31", "Q4 2010", True),
    (P("named", week=1, year=2011), "2011-01-03", "2011-01-09", "week 1 of 2011 (3–9 January 2011)", True),
    (
        P("named", week=52, year=2010),
        "2010-12-27",
        "2011-01-02",
        "week 52 of 2010 (27 December 2010 – 2 January 2011)",
        True,
    ),
    (P("named", event="summer"), "2011-06-01", "2011-08-31", "summer 2011 (1 June – 31 August 2011)", True),
    (
        P("named", event="fall", year=2010),
        "2010-09-01",
        "2010-11-30",
        "autumn 2010 (1 September – 30 November 2010)",
        True,
    ),
    (
        P("named", event="winter", year=2010),
        "2010-12-01",
        "2011-02-28",
        "winter 2010 (1 December 2010 – 28 February 2011)",
        True,
    ),
    (P("named", event="black friday"), "2011-11-25", "2011-11-25", "Black Friday 2011 (25 November 2011)", True),
    (
        P("named", event="Cyber Monday", year=2010),
        "2010-11-29",
        "2010-11-29",
        "Cyber Monday 2010 (29 November 2010)",
        True,
    ),
    (P("named", event="bfcm"), "2011-11-25", "2011-11-28", "Black Friday weekend 2011 (25–28 November 2011)", True),
    (
        P("named", event="xmas", year=2010),
        "2010-11-15",
        "2010-12-24",
        "Christmas season 2010 (15 November – 24 December 2010)",
        True,
    ),
    (
        P("named", event="xmas"),
        "2011-11-15",
        "2011-12-24",
        "Christmas season 2011 (15 November – 24 December 2011)",
        False,
    ),
    (P("named", event="Valentine’s"), "2011-02-01", "2011-02-14", "Valentine's season 2011 (1–14 February 2011)", True),
    (P("named", event="easter"), "2011-04-10", "2011-04-25", "Easter 2011 (10–25 April 2011)", True),
    (
        P("named", event="mother's day"),
        "2011-03-21",
        "2011-04-03",
        "Mother's Day (UK) fortnight 2011 (21 March – 3 April 2011)",
        True,
    ),
    (
        P("named", event="mother's day us"),
        "2011-04-25",
        "2011-05-08",
        "Mother's Day (US) fortnight 2011 (25 April – 8 May 2011)",
        True,
    ),
    (P("named", event="boxing day"), "2010-12-26", "2010-12-26", "Boxing Day 2010 (26 December 2010)", True),
]


@pytest.mark.parametrize(("period", "start", "end", "label", "complete"), TABLE, ids=[r[3] for r in TABLE])
def test_periods(period, start, end, label, complete):
    found = at(period)
    assert (found.start.isoformat(), found.end.isoformat(), found.label, found.complete) == (
        start,
        end,
        label,
        complete,
    )


#: period, kind of comparison → the two labels, and whether they were cut to the days so far
PAIRS = [
    (P("calendar", unit="month", offset=-1), "previous", "November 2011", "October 2011", False),
    (P("calendar", unit="month", offset=-1), "year_earlier", "November 2011", "November 2010", False),
    (P("calendar", unit="month"), "previous", "1–9 December 2011", "1–9 November 2011", True),
    (P("calendar", unit="month"), "year_earlier", "1–9 December 2011", "1–9 December 2010", True),
    (P("calendar", unit="week"), "previous", "5–9 December 2011", "28 November – 2 December 2011", True),
    (
        P("calendar", unit="week", offset=-1),
        "year_earlier",
        "28 November – 4 December 2011",
        "29 November – 5 December 2010",
        False,
    ),
    (P("calendar", unit="quarter"), "previous", "1 October – 9 December 2011", "1 July – 8 September 2011", True),
    (P("calendar", unit="quarter", offset=-1), "previous", "Q3 2011", "Q2 2011", False),
    (P("calendar", unit="year"), "previous", "1 January – 9 December 2011", "1 January – 9 December 2010", True),
    (
        P("to_date", unit="year"),
        "year_earlier",
        "year to date (1 January – 9 December 2011)",
        "1 January – 9 December 2010",
        False,
    ),
    (P("to_date", unit="month"), "previous", "month to date (1–9 December 2011)", "1–9 November 2011", False),
    (
        P("rolling", unit="day", count=7),
        "previous",
        "last 7 days (3–9 December 2011)",
        "26 November – 2 December 2011",
        False,
    ),
    (
        P("named", event="black friday"),
        "year_earlier",
        "Black Friday 2011 (25 November 2011)",
        "Black Friday 2010 (26 November 2010)",
        False,
    ),
    (P("named", month=2, year=2011), "previous", "February 2011", "January 2011", False),
    (
        P("absolute", start=date(2011, 3, 5), end=date(2011, 3, 9)),
        "previous",
        "5–9 March 2011",
        "28 February – 4 March 2011",
        False,
    ),
    (
        P("calendar", unit="month", offset=-1, count=3),
        "previous",
        "September – November 2011",
        "June – August 2011",
        False,
    ),
]


@pytest.mark.parametrize(("period", "kind", "current", "base", "cut"), PAIRS)
def test_pairs_compare_like_with_like(period, kind, current, base, cut):
    both = pair(at(period), Comparison(kind=kind))
    assert (both.current.label, both.base.label, both.cut) == (current, base, cut)


def test_two_months_named_are_cut_only_when_one_is_running():
    december = P("named", month=12, year=2010)
    both = pair(at(P("calendar", unit="month")), Comparison(kind="period", period=december))
    assert (both.current.label, both.base.label, both.cut) == ("1–9 December 2011", "1–9 December 2010", True)
    whole = pair(at(P("named", month=11)), Comparison(kind="period", period=P("named", month=9)))
    assert (whole.base.label, whole.cut) == ("September 2011", False)


def test_a_year_before_which_the_data_begin_is_compared_from_that_day_on():
    both = pair(at(P("named", year=2011), first=date(2010, 7, 1), as_of=date(2011, 12, 31)),
                Comparison(kind="period", period=P("named", year=2010)))
    assert (both.current.start, both.base.start, both.cut) == (date(2011, 7, 1), date(2010, 7, 1), True)
    assert both.current.label == "1 July – 31 December 2011"
    late = pair(at(P("named", year=2010)), Comparison(kind="previous"))  # of 2009 there is December alone
    assert (late.current.start, late.base.start) == (date(2010, 12, 1), date(2009, 12, 1))


def test_a_leap_day_does_not_shift_the_dates():
    found = at(P("calendar", unit="year"), as_of=date(2024, 3, 9), first=date(2022, 1, 1))
    both = pair(found, Comparison(kind="previous"))
    assert (both.current.end, both.base.end) == (date(2024, 3, 9), date(2023, 3, 9))


@pytest.mark.parametrize(
    ("period", "error"),
    [
        (P("named", month=2, day=31), InvalidPlan),
        (P("named", month=2, day=29, year=2011), InvalidPlan),
        (P("named", week=53, year=2010), InvalidPlan),
        (P("named", event="festivus"), InvalidPlan),
        (P("named", year=2030), NoRows),
        (P("named", year=2005), NoRows),
        (P("calendar", unit="month", offset=1), NoRows),
        (P("absolute", start=date(2012, 1, 1)), NoRows),
        (P("absolute", end=date(2001, 1, 1)), NoRows),
        (P("calendar", unit="year", offset=-9000), NoRows),
        (P("calendar", unit="month", offset=-40), NoRows),
    ],
)
def test_impossible_periods(period, error):
    with pytest.raises(error) as raised:
        at(period)
    if error is NoRows:
        assert "1 December 2009 – 9 December 2011" in raised.value.message


def test_comparisons_that_do_not_exist():
    with pytest.raises(InvalidPlan):
        pair(at(None), Comparison(kind="previous"))
    with pytest.raises(NoRows):
        pair(at(P("named", month=12, year=2009)), Comparison(kind="previous"))
    with pytest.raises(InvalidPlan):
        pair(at(P("named", month=11)), Comparison(kind="rest"))


@pytest.mark.parametrize(
    ("period", "start", "end", "label"),
    [
        (P("calendar", unit="year"), "2011-04-01", "2012-03-31", "fiscal year 2012 (April 2011 – March 2012)"),
        (P("calendar", unit="quarter"), "2011-10-01", "2011-12-31", "fiscal Q3 2012 (October – December 2011)"),
        (P("named", year=2011), "2010-04-01", "2011-03-31", "fiscal year 2011 (April 2010 – March 2011)"),
        (P("named", quarter=1, year=2012), "2011-04-01", "2011-06-30", "fiscal Q1 2012 (April – June 2011)"),
    ],
)
def test_fiscal_years_are_named_for_the_year_they_end_in(period, start, end, label):
    found = at(period, fiscal=4)
    assert (found.start.isoformat(), found.end.isoformat(), found.label) == (start, end, label)


@pytest.mark.parametrize(
    ("year", "day"),
    [(2009, (4, 12)), (2010, (4, 4)), (2011, (4, 24)), (2019, (4, 21)), (2024, (3, 31)), (2038, (4, 25))],
)
def test_easter(year, day):
    assert easter_sunday(year) == date(year, *day)


def test_events_are_found_by_any_of_their_words_and_end_after_they_begin():
    for event in EVENTS.values():
        for word in (event.name, *event.words):
            assert find_event(word.upper()) is not None
        for year in range(2000, 2040):
            start, end = event.days(year)
            assert start <= end


@given(
    unit=st.sampled_from(["day", "week", "month", "quarter", "year"]),
    offset=st.integers(-60, 0),
    count=st.integers(1, 12),
    as_of=st.dates(date(2012, 1, 1), date(2030, 12, 31)),
    fiscal=st.integers(1, 12),
)
def test_calendar_periods_tile_time(unit, offset, count, as_of, fiscal):
    first = as_of - timedelta(days=200 * 365)
    period = P("calendar", unit=unit, offset=offset, count=count)
    found = resolve(period, as_of=as_of, first_day=first, fiscal_year_start=fiscal)
    before = resolve(
        P("calendar", unit=unit, offset=offset - count, count=count),
        as_of=as_of,
        first_day=first,
        fiscal_year_start=fiscal,
    )
    assert before.end + timedelta(days=1) == found.start
    if found.complete:
        assert pair(found, Comparison(kind="previous"), fiscal_year_start=fiscal).base.end == before.end
