"""How values are printed."""

from __future__ import annotations

import pytest

from assistant.data.currencies import UNKNOWN
from assistant.results.format import NO_CURRENCY, show


@pytest.mark.parametrize("currency", [NO_CURRENCY, None, ""])
def test_amounts_of_an_unknown_currency_are_plain_numbers(currency):
    assert show(1234.5, "currency", currency) == "1,234.50"
    assert show(-0.5, "currency", currency) == "-0.50"


def test_the_code_of_a_load_without_a_currency_is_the_one_that_is_not_printed():
    assert UNKNOWN == NO_CURRENCY


def test_amounts_carry_their_sign_or_code():
    assert show(1234.5, "currency", "GBP") == "£1,234.50"
    assert show(-1234.5, "currency", "EUR") == "-€1,234.50"
    assert show(1234.5, "currency", "NOK") == "NOK 1,234.50"
