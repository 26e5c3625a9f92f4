"""A list for a liking: what fits and may be shown, one of each kind, with what the fit rests on."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import pytest

from assistant.llm.replies import compose
from assistant.models.recommend.fitted import fit_recommender
from assistant.models.recommend.for_interest import interest_result
from assistant.plans import RecommendRequest
from tests.support.shop_builder import shop_of


@dataclass(frozen=True)
class Fits:
    text: str = "gardening"
    product_ids: tuple[str, ...] = ("G1", "G2", "T", "S")
    scores: tuple[float, ...] = (0.7, 0.7, 0.6, 0.4)
    shared: tuple[tuple[str, ...], ...] = (("gardening",), ("gardening",), ("garden",), ())
    where: tuple[str, ...] = ("name", "name", "category", "")


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    orders = [(f"K{i:02d}", f"2023-0{1 + i % 9}-1{i % 9}", ["G1", "T"] if i % 3 else ["G2", "S", "M"])
              for i in range(30)]
    products = pd.DataFrame({
        "product_id": ["G1", "G2", "T", "S", "M"], "price": [5.0, 6.0, 7.0, 8.0, 9.0], "stock": [5, 5, 5, 0, 5],
        "name": ["Gardening Gloves, Small", "Gardening Gloves, Large", "Trowel", "Fork", "Mug"],
        "category": ["Garden", "Garden", "Garden", "Garden", "Kitchen"]})
    return shop_of(tmp_path_factory.mktemp("liking"), orders, products)


@pytest.fixture(scope="module")
def fitted(shop):
    return fit_recommender(shop)


def ask(shop, fitted, **rules):
    return interest_result(shop, RecommendRequest(liking="gardening", **rules), fitted, Fits())


def test_what_fits_is_listed_once_per_variant_with_its_reason(shop, fitted):
    result = ask(shop, fitted)
    table = result.table("products")
    assert [row[0] for row in table.rows] == ["G1", "T"], "one glove, no mug, nothing that is out of stock"
    assert table.cell(0, "reason") == "its name holds “gardening”" and table.cell(0, "buyers") == 20
    assert table.cell(1, "reason") == "its category holds “garden”"
    text = compose([result]).text
    assert "Gardening Gloves, Small" in text and "1 out of stock" in text
    assert result.figures["fits"].value == 4


def test_products_left_out_and_left_in_add_up(shop, fitted):
    left = ask(shop, fitted, max_price=6.5).table("left_out")
    assert dict(left.rows) == {"out of stock": 1, "over the price limit": 1, "left to choose from": 2}


def test_where_the_rules_leave_nothing_it_says_by_which(shop, fitted):
    result = ask(shop, fitted, max_price=1.0)
    assert result.refusal is not None and "over the price limit" in compose([result]).text
