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
