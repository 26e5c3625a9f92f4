"""Data questions read whole: every word a part, in any order; anything else is left alone."""

import pytest

from assistant.llm.planner.word_patterns import compiled
from tests.llm.planner.test_cases import outcome

SAT = "weekday=Saturday"


@pytest.mark.parametrize(("texts", "expected"), [
    (["turnover outside Germany on Saturdays in March 2011", "in March 2011, sales on Saturdays w/o Germany",
      "what did we ring up on Saturdays excl. Germany in March 2011?"],
     {f"query revenue where and(not country=Germany, {SAT}) in mar 2011",
      f"query revenue where and({SAT}, not country=Germany) in mar 2011"}),
])
def test_parts_in_any_order_and_many_words(texts, expected):
    assert {outcome([text]) for text in texts} <= expected


def test_a_word_that_is_no_part_leaves_the_text_to_others():
    assert "country" not in outcome(["turnover outside wholesale Germany"])


def test_patterns_have_choices_gaps_and_slots():
    pattern = compiled("<at> (the|our)? {thing} (now|right now)?", {"at": "in|on top of"})
    fillers = {"thing": lambda at: [(at + 1, "T")]}
    ends = {found.end for found in pattern.at(["on", "top", "of", "our", "table", "right", "now"], 0, fillers)}
    assert ends == {4, 5, 7}
    assert list(pattern.at(["under", "our", "table"], 0, fillers)) == []


def test_a_bracket_too_many_is_an_error():
    with pytest.raises(ValueError, match="bracket"):
        compiled("(a|b", {})


@pytest.mark.parametrize(("text", "expected"), [
    ("how many orders did new customers place in May 2011", "query orders where new_vs_returning=new in may 2011"),
    ("revenue in Germany and in France in 2011", "query revenue by country where country in (Germany,France) in 2011"),
    ("revenue in Germany or France in 2011", "query revenue where country in (Germany,France) in 2011"),
    ("average order value in Germany and France in 2011",
     "query average_order_value by country where country in (Germany,France) in 2011"),
    ("sales in April and May 2011", "query revenue in 2011-04-01..2011-05-31"),
    ("revenue in Germany last month vs the month before", "query revenue in month-1 vs previous where country=Germany"),
    ("orders in every country but Germany in 2011", "query orders where not country=Germany in 2011"),
])
def test_wordings(text, expected):
    assert sorted(outcome([text]).split()) == sorted(expected.split())


@pytest.mark.parametrize(("text", "expected"), [
    ("which country brings in the most per order", "query average_order_value by country top 1 average_order_value"),
    ("which country spends the most per person", "query revenue_per_customer by country top 1 revenue_per_customer"),
    ("money per order by country, lowest first", "query average_order_value by country sort average_order_value asc"),
    ("per customer revenue in May 2011", "query revenue_per_customer in may 2011"),
    ("do people spend more per order at weekends than on weekdays",
     "query average_order_value where weekday in (Saturday,Sunday) vs rest"),
    ("what did new customers spend on their first order in May 2011",
     "query average_order_value where new_vs_returning=new in may 2011"),
    ("orders sent to France placed by German customers",
     "query orders where and(country=France, customer_country=Germany)"),
    ("top 3 garden brands", "query revenue by brand where category=Garden top 3 revenue"),
    ("top 5 garden last month", "query revenue by product where category=Garden in month-1 top 5 revenue"),
    ("garden q3 2011 top 3 units", "query units by product where category=Garden in q3 2011 top 3 units"),
])
def test_measures_per_unit_days_set_apart_and_ranked_goods(text, expected):
    assert sorted(outcome([text]).split()) == sorted(expected.split())


def test_an_average_of_a_sum_says_per_what_or_is_asked_about():
    assert "revenue_per_customer" in outcome(["how much did customers spend on average in May 2011"])
    assert outcome(["revenue on average in May 2011"]).startswith("ask")


@pytest.mark.parametrize(("text", "expected"), [
    ("revenue Q1 2011 vs Q1 2010 in France", "query revenue in q1 2011 vs period q1 2010 where country=France"),
    ("orders from March to May 2011 on Thursdays", "query orders where weekday=Thursday in 2011-03-01..2011-05-31"),
    ("how many orders does the average customer place in a year", "query orders_per_customer in rolling 1 year"),
    ("our boss wants to know how much of May 2011 revenue came from new customers",
     "query revenue where new_vs_returning=new in may 2011 vs total"),
])
def test_frames_years_of_one_customer_and_ranges(text, expected):
    assert sorted(outcome([text]).split()) == sorted(expected.split())
