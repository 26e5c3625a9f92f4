"""Seasons and months beside "this", "last" and "before", and times in brackets: which days they are of."""

import pytest

from tests.llm.planner.test_cases import outcome

YEAR_BEFORE = {
    "query revenue in autumn 2011 vs period autumn 2010",
}


@pytest.mark.parametrize("text", [
    "revenue this autumn vs last autumn", "revenue this autumn vs last", "sales in autumn compared with last autumn",
])
def test_the_last_one_beside_this_one_is_the_one_before(text):
    assert outcome([text]) in YEAR_BEFORE


@pytest.mark.parametrize(("text", "when"), [
    ("revenue last winter vs the winter before", "winter 2010 vs period winter 2009"),
    ("revenue last summer versus the summer before that", "summer 2011 vs period summer 2010"),
    ("revenue the summer before last", "summer 2010"),
    ("revenue in winter 2010/11", "winter 2010"),
    ("revenue last december", "dec 2010"),
    ("revenue in autumn 11 vs autumn 10", "autumn 2011 vs period autumn 2010"),
    ("revenue nov 11 vs nov 10", "nov 2011 vs period nov 2010"),
    ("revenue through 2011", "2011"),
])
def test_which_year_a_name_is_of(text, when):
    assert outcome([text]) == f"query revenue in {when}"


@pytest.mark.parametrize(("text", "days"), [
    ("sales in the run-up to christmas 2010 (october to december)", "2010-10-01..2010-12-31"),
    ("revenue in the summer of 2011 (june, july, august)", "2011-06-01..2011-08-31"),
    ("revenue q1 (jan-mar) 2011", "2011-01-01..2011-03-31"),
    ("revenue last winter (dec to feb)", "2010-12-01..2011-02-28"),
])
def test_a_time_in_brackets_says_which_days(text, days):
    assert outcome([text]) == f"query revenue in {days}"


def test_other_brackets_are_left_alone():
    assert outcome(["revenue (net) in may 2011"]).endswith("in may 2011")
