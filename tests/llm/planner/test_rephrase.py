"""Other words for the same thing are put into the words of the grammar, and nothing that narrows a question is lost."""

from __future__ import annotations

import re

import pytest

from assistant.llm.planner.lexicon import read_yaml
from assistant.llm.planner.rephrase import rephrase

WORDS = read_yaml("en", "words")


@pytest.mark.parametrize(("said", "read"), [
    ("Could you please tell me revenue by country?", "revenue by country?"),
    ("Break down orders by month", "orders by month"),
    ("channel-wise revenue in 2025", "by channel revenue in 2025"),
    ("how important is Garden for our revenue", "share of Garden in revenue"),
    ("what was the return quota in May", "what was the return rate in May"),
    ("total value of items sent back in May", "value of returned goods in May"),
    ("how many people bought for the first time in May", "how many new customers in May"),
    ("shoppers who placed no second order", "shoppers who ordered only once"),
    ("customers inactive for 90 days", "customers who have not ordered in the last 90 days"),
    ("Kitchen buyers who haven't tried Garden yet", "Kitchen buyers who never bought Garden"),
    ("sales Jan-Jun 2025", "sales from Jan 2025 to Jun 2025"),
    ("orders in the year 2025", "orders in 2025"),
])
def test_says_it_in_the_words_of_the_grammar(said: str, read: str) -> None:
    assert rephrase(said, WORDS) == read


@pytest.mark.parametrize("said", [
    "Revenue by country last month",
    "customers without any order",
    "how many customers never bought anything",
    "products with no returns",
    "customers with no email address",
    'products called "break even by night"',
    "",
])
def test_leaves_the_rest_alone(said: str) -> None:
    assert rephrase(said, WORDS) == said


def test_a_language_without_rules_has_none() -> None:
    assert rephrase("Break down orders by month", WORDS, "xx") == "Break down orders by month"


def test_every_number_survives() -> None:
    asked = "Could you tell me how many customers bought for the first time in Q1 2026 and spent over €1,250.50?"
    assert re.findall(r"\d[\d.,]*", rephrase(asked, WORDS)) == re.findall(r"\d[\d.,]*", asked)
