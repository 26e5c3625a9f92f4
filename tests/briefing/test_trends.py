"""What is trending: a planted rise is found, with counts that anybody can redo; without one, none is claimed."""

from __future__ import annotations

import pandas as pd
import pytest

from assistant.briefing.find import scene_of
from assistant.briefing.trends import trends_result
from assistant.features.interactions import interactions_from_pairs
from assistant.llm.replies import compose
from assistant.models.recommend.catalogue import build_catalogue
from assistant.plans import PromotionRequest
from assistant.plans.filters import Compare
from assistant.plans.periods import Period
from assistant.query.compile import QueryOptions
from tests.briefing.test_promotion import orders, products
from tests.support.shop_builder import shop_of


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    made = orders()
    made += [("K001", f"2023-12-{day:02d}", ["P11N"]) for day in range(8, 31)]  # first sold in the last weeks
    more = pd.DataFrame({"product_id": ["P11N"], "name": ["Newcomer"], "category": ["C0"], "price": 9.0, "stock": 5})
    return shop_of(tmp_path_factory.mktemp("trend"), made, pd.concat([products(), more], ignore_index=True))


def ask(shop, **request):
    request = PromotionRequest(**request)
    scene = scene_of(shop, request.period, request.filter, QueryOptions())
    result = trends_result(request, scene, build_catalogue(shop, interactions_from_pairs([], [])))
    return result, compose([result]).text


def test_the_planted_rise_is_trending_with_its_own_counts(shop):
    result, text = ask(shop, action="rising")
    first = result.table("products").rows[0]
    assert first[0] == "P0" and "Thing a" in text
    lines = shop.execute(shop.table("order_lines").select("product_id", "order_id", "ordered_at")).to_pandas()
    held = lines[lines.product_id == "P0"]
    days = pd.to_datetime(held.ordered_at).dt.normalize()
    now = held[(days >= "2023-12-04") & (days <= "2023-12-31")].order_id.nunique()
    before = held[(days >= "2023-11-06") & (days <= "2023-12-03")].order_id.nunique()
    cells = dict(zip([c.name for c in result.table("products").columns], first, strict=True))
    assert (cells["orders"], cells["orders_before"]) == (now, before)
    assert "P11N" not in [row[0] for row in result.table("products").rows], "new, not trending: it has no past"
    assert [row[0] for row in result.table("new").rows] == ["P11N"]


def test_what_falls_is_the_other_question(shop):
    result, text = ask(shop, action="falling")
    assert "P1" in [row[0] for row in result.table("products").rows]
    assert "Losing popularity" in text


def test_where_nothing_moves_it_says_so_and_names_the_nearest(shop):
    quiet = Period(kind="absolute", start="2023-06-05", end="2023-07-02")
    result, text = ask(shop, action="rising", period=quiet)
    assert "No product is trending" in text
    assert not any(t.id == "products" for t in result.tables)


def test_a_rule_leaves_out_what_it_leaves_out_by_name(shop):
    result, text = ask(shop, action="rising", exclude_categories=("C0",))
    assert ["Thing a", "in a category left out"] in result.table("left_out").rows
    assert "left out" in text


def test_a_filter_belongs_to_trends_only():
    with pytest.raises(ValueError, match="rising and falling"):
        PromotionRequest(filter=Compare(field="country", op="eq", values=("Germany",)))
