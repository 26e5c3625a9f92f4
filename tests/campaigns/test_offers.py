"""Prices under an offer, and the margin."""

from __future__ import annotations

from decimal import Decimal

import pytest

from assistant.campaigns.offers import margin_effect, offer_price
from assistant.plans import OfferSpec

TEN = OfferSpec(kind="percent_off", value=10)


@pytest.mark.parametrize(("price", "offer", "expected"), [
    ("10.00", TEN, "9.00"), ("0.05", TEN, "0.05"), ("9.99", TEN, "8.99"), ("10.05", TEN, "9.05"),
    ("10.00", OfferSpec(kind="amount_off", value=12), "0.00"), ("10.00", OfferSpec(kind="free_delivery"), "10.00"),
    ("19.995", OfferSpec(), "20.00"),
])
def test_offer_price_is_exact_to_the_cent(price: str, offer: OfferSpec, expected: str) -> None:
    assert offer_price(Decimal(price), offer) == Decimal(expected)


def test_break_even_lift_keeps_the_profit() -> None:
    effect = margin_effect(1000.0, 600.0, TEN, 100)
    assert effect is not None and effect.break_even_lift is not None
    units = 100 * (1 + effect.break_even_lift)
    assert units * (10 * 0.9 - 6) == pytest.approx(100 * (10 - 6))


def test_offer_below_cost_has_no_break_even() -> None:
    effect = margin_effect(1000.0, 950.0, TEN, 100)
    assert effect is not None and effect.break_even_lift is None
    assert margin_effect(0.0, 0.0, TEN, 0) is None
