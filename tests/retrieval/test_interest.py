"""What fits a liking: by the words that it shares with a product, else by meaning; nothing where nothing does."""

from __future__ import annotations

import pytest

from assistant.errors import NoRows
from assistant.retrieval.interest import products_for


def named(index, text):
    fits = products_for(index, text)
    names = {p.product_id: p.name for p in index.catalogue.products}
    return [names[p] for p in fits.product_ids], fits


class Index:
    """An index whose vectors are given: the last axis is what every text shares."""

    def __init__(self, products, vectors, asked):
        import numpy as np

        from assistant.retrieval.catalogue import Catalogue

        self.catalogue = Catalogue(products)
        self.vectors = np.array([vectors[p.product_id] for p in self.catalogue.products], dtype=float)
        self.asked = asked

    def embed(self, text):
        return self.asked[text]


@pytest.fixture
def index():
    from assistant.retrieval.catalogue import Product

    products = [
        Product("1", "Trowel", category="Garden"), Product("2", "Teak Bowl", category="Kitchen"),
        Product("3", "Tea Gift Box", category="Food"), Product("4", "Watering Can", category="Outdoor"),
        *(Product(f"x{i:02d}", f"Thing {i}", category="Other") for i in range(20)),
    ]
    far = {f"x{i:02d}": [0.0, 0.05] for i in range(20)}
    vectors = far | {"1": [0.3, 0.1], "2": [0.0, 0.1], "3": [0.0, 0.1], "4": [0.6, 0.1]}
    return Index(products, vectors, {"gardening": [1.0, 0.0], "tea": [0.0, 0.1], "football": [0.0, 1.0]})


def test_a_word_of_the_same_stem_and_closeness_in_meaning_fit(index):
    names, fits = named(index, "gardening")
    assert names == ["Watering Can", "Trowel"]
    assert dict(zip(names, fits.where, strict=True)) == {"Trowel": "category", "Watering Can": ""}
    assert fits.shared[names.index("Trowel")] == ("garden",)


def test_tea_is_not_teak(index):
    assert named(index, "tea")[0] == ["Tea Gift Box"]


def test_where_nothing_fits_it_says_so(index):
    with pytest.raises(NoRows, match="football"):
        products_for(index, "football")
