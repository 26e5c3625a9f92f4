"""A shop has one currency: others are never converted in silence."""

from __future__ import annotations

import pytest

from assistant.llm.planner.currency import amounts


@pytest.mark.parametrize(("text", "planned"), [
    ("customers who spent over €500", "customers who spent over €500"),
    ("customers who spent over 500 euros last year", "customers who spent over 500 euro last year"),
    ("revenue in euros last month", "revenue last month"),
    ("revenue last month", "revenue last month"),
])
def test_the_shops_own_currency_is_nothing_special(text: str, planned: str) -> None:
    found = amounts(text, "EUR")
    assert (found.text, found.foreign_amount, found.wanted) == (planned, None, None)


@pytest.mark.parametrize("text", [
    "spent over $500", "spent over 500 dollars", "spent over 500 USD", "spent over 5k bucks",
])
def test_an_amount_in_another_currency_is_named(text: str) -> None:
    found = amounts(text, "EUR")
    assert found.foreign_amount == "US dollars" and found.wanted is None
    assert not any(w in found.text for w in ("dollars", "USD", "bucks"))


@pytest.mark.parametrize(("text", "other"), [("revenue in dollars", "US dollars"), ("show it as GBP", "pounds"),
                                             ("sales (usd) by month", "US dollars")])
def test_asking_for_another_currency_is_seen(text: str, other: str) -> None:
    assert amounts(text, "EUR").wanted == other


def test_a_sign_that_several_currencies_share_is_the_shops_own() -> None:
    assert amounts("spent over $500", "AUD").foreign_amount is None
    assert amounts("spent over $500", "USD").foreign_amount is None


def test_an_unknown_currency_lets_every_amount_pass() -> None:
    assert amounts("spent over $500 in euros", "XXX").text == "spent over $500 in euros"


def test_words_that_only_look_like_currencies_stay() -> None:
    assert amounts("revenue of the pound cake tin", "EUR").text == "revenue of the pound cake tin"
