"""Words that several products' names hold stand for all of them, and the counts are those of any of them."""

from __future__ import annotations

import pandas as pd
import pytest

from assistant.errors import UnknownName
from assistant.llm.replies import compose
from assistant.models.recommend.together import named_by, together_result
from assistant.plans import TogetherRequest
from tests.support.shop_builder import shop_of


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    baskets = [["S1", "H"], ["S2", "H"], ["S1", "S2", "H"], ["S1"], ["S2", "H"], ["X", "Y"], ["X"], ["Y"], ["H", "X"]]
    orders = [(f"K{i}", f"2023-01-{i + 1:02d}", basket) for i, basket in enumerate(baskets)]
    products = pd.DataFrame({"product_id": ["S1", "S2", "H", "X", "Y"], "price": 5.0,
                             "name": ["Red Wool Scarf", "Blue Wool Scarf", "Hat", "Cup", "Bowl"]})
    return shop_of(tmp_path_factory.mktemp("family"), orders, products)


def test_orders_with_any_of_the_family_are_counted_once(shop):
    result = together_result(shop, TogetherRequest(text="wool scarf"))
    pair = result.table("pairs")
    assert result.figures["orders_product"].value == 5
    assert [(row[2], row[5]) for row in pair.rows] == [("H", 4)], "the other scarf is no product beside the scarves"
    text = compose([result]).text
    assert "2 products named “wool scarf”" in text and "Red Wool Scarf" in text


def test_one_product_of_that_name_is_that_product(shop):
    one, same = (together_result(shop, r) for r in (TogetherRequest(text="hat"), TogetherRequest(product_id="H")))
    assert one.figures["orders_product"].value == same.figures["orders_product"].value == 5
    assert one.table("pairs").rows == same.table("pairs").rows


def test_a_name_that_nothing_has_names_the_nearest():
    with pytest.raises(UnknownName):
        named_by({"S1": "Red Wool Scarf"}, "silk tie")
