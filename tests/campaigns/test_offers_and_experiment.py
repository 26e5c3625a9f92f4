"""Prices under an offer, the margin, and the sealed control group."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest

from assistant.campaigns.experiment import assign, minimum_detectable_lift
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


def test_assignment_is_exact_reproducible_and_sealed() -> None:
    ids = [str(i) for i in range(1000)]
    split = assign("c-1", ids, 0.1)
    assert len(split.holdout) == 100 and set(split.holdout) | set(split.contacted) == set(ids)
    shuffled = ids[:]
    random.Random(0).shuffle(shuffled)
    assert assign("c-1", shuffled, 0.1) == split
    assert assign("c-2", ids, 0.1).holdout != split.holdout
    assert assign("c-1", [*ids, "new"], 0.1).digest != split.digest


def test_assignment_is_fair() -> None:
    """Over many campaigns everybody is held out about equally often."""
    ids = [str(i) for i in range(50)]
    counts = dict.fromkeys(ids, 0)
    for n in range(400):
        for i in assign(f"c-{n}", ids, 0.2).holdout:
            counts[i] += 1
    assert min(counts.values()) > 45 and max(counts.values()) < 120


def test_detectable_lift_has_the_promised_power() -> None:
    import numpy as np

    rng, n_t, n_c, base = np.random.default_rng(1), 4500, 500, 0.1
    lift = minimum_detectable_lift(base, n_t, n_c)
    assert lift is not None
    treated, control = rng.binomial(n_t, base + lift, 4000) / n_t, rng.binomial(n_c, base, 4000) / n_c
    spread = np.sqrt(treated * (1 - treated) / n_t + control * (1 - control) / n_c)
    assert np.mean(np.abs(treated - control) > 1.96 * spread) == pytest.approx(0.8, abs=0.04)


@pytest.mark.parametrize(("base", "a", "b"), [(0.0, 10, 10), (1.0, 10, 10), (0.1, 0, 10), (0.1, 10, 0)])
def test_detectable_lift_is_unknown_without_groups_or_variation(base: float, a: int, b: int) -> None:
    assert minimum_detectable_lift(base, a, b) is None
