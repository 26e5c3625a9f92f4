import pytest

from assistant.errors import UnknownName
from assistant.llm.replies import caveat_texts, compose
from assistant.models.recommend.together import together_result
from assistant.plans import TogetherRequest
from tests.support.shop_builder import shop_of


@pytest.fixture
def shop(tmp_path):
    orders = [(f"C{i}", "2024-01-01", ["lamp", "bulb"]) for i in range(12)]
    orders += [(f"D{i}", "2024-01-02", ["bread"]) for i in range(30)] + [("E", "2024-01-03", ["lamp", "bread"])]
    orders += [(None, "2024-01-04", ["bulb"])] * 4
    return shop_of(tmp_path, orders)


def test_the_planted_pair_is_found_with_its_figures(shop):
    result = together_result(shop, TogetherRequest(product_id="lamp"))
    pairs = result.table("pairs")
    assert len(pairs.rows) == 1  # lamp and bread share one order: chance
    assert pairs.cell(0, "with_product_id") == "bulb" and pairs.cell(0, "orders_both") == 12
    assert pairs.cell(0, "confidence") == pytest.approx(100 * 12 / 13, abs=0.01)
    assert pairs.cell(0, "lift") == pytest.approx((12 / 13) / (16 / 47), abs=1e-3)
    assert result.figures["orders"].value == 47 and result.figures["orders_product"].value == 13
    assert "bulb" in compose([result]).text
    caveat_texts(result)


def test_overall(shop):
    result = together_result(shop, TogetherRequest())
    assert [row[:4:2] for row in result.table("pairs").rows] == [["bulb", "lamp"]]
    compose([result])


def test_nothing_in_common_is_said(shop):
    result = together_result(shop, TogetherRequest(product_id="bread"))
    assert result.refusal.reason == "no_rows" and result.table("pairs").rows == []
    assert "47" in compose([result]).text


def test_unknown_product_gets_the_nearest(shop):
    with pytest.raises(UnknownName) as error:
        together_result(shop, TogetherRequest(product_id="bulbs"))
    assert error.value.valid[0].startswith("bulb")


def test_products_are_found_by_name(tiny):
    result = together_result(tiny, TogetherRequest(product_id="red mug"))
    assert result.words["product"] == "Red Mug" and result.refusal.reason == "no_rows"


def test_two_products_are_counted_in_the_same_orders(shop):
    result = together_result(shop, TogetherRequest(product_id="lamp", with_product_id="bulb"))
    assert [result.figures[n].value for n in ("orders_both", "orders_product", "orders_with", "orders")] == [
        12, 13, 16, 47,
    ]
    assert "**12** orders" in compose([result]).text


def test_two_products_that_share_no_order_are_told_so(shop):
    result = together_result(shop, TogetherRequest(product_id="bulb", with_product_id="bread"))
    assert result.figures["orders_both"].value == 0 and "**0** orders" in compose([result]).text
    with pytest.raises(UnknownName):
        together_result(shop, TogetherRequest(product_id="bulb", with_product_id="chair and table"))
