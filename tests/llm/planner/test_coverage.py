"""A word that changes what is asked never leaves the plan as it was."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from assistant.llm.planner.candidate import ToolCall
from assistant.llm.planner.context import DialogueContext
from assistant.llm.planner.coverage import gaps
from assistant.llm.planner.early_words import early_words
from assistant.llm.planner.planner import plan_turn
from assistant.llm.planner.rephrase import rephrase
from assistant.llm.planner.spans import read
from assistant.llm.planner.vocabulary import vocabulary
from tests.llm.planner.test_cases import GOLDEN
from tests.support.planner_shops import PlannerShop

SHOP = PlannerShop()
ANSWERS = {"query_data", "explain_change", "count_audience", "forecast_metric", "predict_churn", "recommend_products"}


@cache
def plans(text: str) -> list[tuple[str, dict[str, Any]]]:
    return [(c.name, c.args) for c in plan_turn(text, DialogueContext(), SHOP).calls]


TEXTS = [t for t, _ in yaml.safe_load((GOLDEN / "planner_cases.yaml").read_text(encoding="utf-8"))["single"]]


def answered(text: str) -> bool:
    """Whether a text is answered with figures."""
    return {name for name, _ in plans(text)} <= ANSWERS


THRESHOLDS = [
    "over {n}",
    "more than {n} units",
    "less than {n} orders",
    "at least {n} times",
    "below £{n}",
    "exactly {n}",
    "{n}",
]
DENIALS = ["never", "without", "not", "nobody", "except", "none of"]
AGGREGATES = ["median", "percentile", "standard deviation of", "in the name", "correlation of"]


def _inserted(text: str, extra: str, place: float) -> str:
    words = text.rstrip("?.! ").split()
    k = round(place * len(words))
    return " ".join([*words[:k], extra, *words[k:]])


#: the same examples every time; the slow suite draws many others
SAME = settings(max_examples=35, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
MANY = settings(max_examples=350, deadline=None, suppress_health_check=[HealthCheck.too_slow])
QUESTIONS = st.sampled_from(TEXTS).filter(answered)
NUMBERS = (QUESTIONS, st.sampled_from(THRESHOLDS), st.integers(31, 979), st.floats(0, 1))
DENIED = (QUESTIONS, st.sampled_from(DENIALS), st.floats(0, 1))
SUMMED = (QUESTIONS, st.sampled_from(AGGREGATES), st.floats(0, 1))


def _a_number_counts(text: str, form: str, n: int, place: float) -> None:
    assume(str(n) not in text)  # a number said twice is traced to the first
    assert plans(_inserted(text, form.format(n=n), place)) != plans(text)


def _a_word_counts(text: str, word: str, place: float) -> None:
    assume(word not in text)  # said twice, it says no more
    assume(word != "in the name" or "'contains'" not in str(plans(text)))  # goods are looked for by their names already
    put = _inserted(text, word, place)
    assume(not any(f"{one} {other}" in put for one in DENIALS for other in DENIALS))  # a denial denied again
    assert plans(put) != plans(text)


def test_a_statistic_is_not_taken_for_a_misspelt_one() -> None:
    _a_word_counts("what is the returning customer rate", "percentile", 0.0)
    _a_word_counts("what is the returning customer rate", "quantile", 0.5)


def test_a_bound_beside_two_times_is_not_lost() -> None:
    _a_number_counts("which products sold more in 2011 than in 2010", "more than {n} units", 31, 0.15)


def test_words_of_a_name_are_not_one_side_of_a_comparison() -> None:
    _a_word_counts("weekend sales vs weekday sales this year", "in the name", 0.14)
    _a_word_counts("germany sales vs france sales", "in the name", 0.25)


test_a_number_put_in_changes_the_plan = SAME(given(*NUMBERS)(_a_number_counts))
test_a_denial_put_in_changes_the_plan = SAME(given(*DENIED)(_a_word_counts))
test_an_aggregate_put_in_changes_the_plan = SAME(given(*SUMMED)(_a_word_counts))
test_many_numbers_put_in = pytest.mark.slow(MANY(given(*NUMBERS)(_a_number_counts)))
test_many_denials_put_in = pytest.mark.slow(MANY(given(*DENIED)(_a_word_counts)))
test_many_aggregates_put_in = pytest.mark.slow(MANY(given(*SUMMED)(_a_word_counts)))


REVENUE = ToolCall("query_data", {"metrics": ["revenue"]})


@pytest.mark.parametrize(
    ("text", "calls", "lost"),
    [
        ("revenue", [REVENUE], []),
        ("revenue over 200", [REVENUE], ["200", "over 200"]),
        ("median revenue", [REVENUE], ["median"]),
        ("revenue without Germany", [REVENUE], ["without", "Germany"]),
        ("average revenue", [REVENUE], ["average"]),
        ("orders of the second week in percent", [REVENUE], ["second", "percent"]),
        ("lowest revenue", [REVENUE], ["lowest"]),
        ("revenue versus units", [REVENUE], ["versus", "units"]),
        ("revenue of products with mug in the name", [REVENUE], ["in the name"]),
        ("units in Germany", [ToolCall("query_data", {"metrics": ["revenue"]})], ["units", "Germany"]),
        ("customers who have not ordered for 90 days", [ToolCall("count_audience", {"filter": {
            "op_type": "customer", "metric": "days_since_last_order", "op": "ge", "values": [90]}})], []),
    ],
)  # fmt: skip
def test_what_is_lost_is_named(text: str, calls: list[ToolCall], lost: list[str]) -> None:
    found = gaps(read(text, vocabulary(SHOP)), calls)

    assert set(lost) <= set(found) if lost else found == []


@pytest.mark.parametrize("every", [8, pytest.param(1, marks=pytest.mark.slow)])
def test_nothing_is_lost_of_what_is_understood(every: int) -> None:
    words = vocabulary(SHOP)
    lost = {}
    for text in TEXTS[::every]:
        if " and " not in text and "," not in text and answered(text):  # several requests are read one by one
            calls = [ToolCall(name, args) for name, args in plans(text)]
            said = rephrase(early_words(text, "en"), words.lexicon.words)  # "the top third" as a percentage
            lost[text] = gaps(read(said, words), calls)

    assert len(lost) > 200 / every
    assert {text: words for text, words in lost.items() if words} == {}
