"""Shared attributes: really shared, and rarer among products drawn at random."""

from __future__ import annotations

import numpy as np
import pytest

from assistant.data.warehouse import Snapshot
from assistant.features.product_attributes import product_attributes
from assistant.features.product_side import ProductSide
from assistant.models.recommend.in_common import MOST, in_common, in_words, share_with


@pytest.fixture(scope="module")
def side(demo_snapshot: Snapshot) -> ProductSide:
    ids, attributes = product_attributes(demo_snapshot)
    return ProductSide(ids, None, attributes)


def test_what_is_named_is_shared_and_rare(side: ProductSide) -> None:
    rng, named = np.random.default_rng(1), 0
    for one, other in rng.choice(side.product_ids, (400, 2)):
        for attribute, value in in_common(side, str(one), str(other)).items():
            named += 1
            for product in (one, other):
                held = side.values_of("name" if attribute == "words" else attribute, [product])[0]
                words = value.casefold().split()
                assert held == value or all(w in str(held).casefold() for w in words if attribute == "words")
            for word in value.split() if attribute == "words" else [value]:
                assert share_with(side, attribute, word) <= MOST
    assert 0 < named < 400 * MOST * 4  # few pairs drawn at random share anything worth naming


def test_common_attributes_and_the_product_itself_say_nothing() -> None:
    ids = np.array([f"P{i}" for i in range(20)], dtype=object)
    names = np.array(["Red Mug", "Red Bowl", *[f"Red Thing{chr(97 + i)}" for i in range(18)]], dtype=object)
    kinds = np.array(["Kitchen"] * 2 + ["Other"] * 18, dtype=object)
    side = ProductSide(ids, None, {"name": names, "category": kinds})
    assert in_common(side, "P0", "P1") == {"category": "Kitchen"}  # everything is red
    assert in_common(side, "P2", "P3") == {} == in_common(side, "P0", "P0") == in_common(None, "P0", "P1")
    assert in_words({"brand": "Nova", "subcategory": "Mugs", "words": "Red big"}) == "Mugs, Nova, Red, big"
