"""What to promote, stop promoting and clear: planted products must come out, and every figure must recompute."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from assistant.briefing.find import scene_of
from assistant.briefing.product_signals import product_signals
from assistant.briefing.promotion import promotion_result
from assistant.errors import MissingData
from assistant.llm.replies import compose
from assistant.models.recommend.catalogue import ProductFilters
from assistant.models.recommend.fitted import fit_recommender
from assistant.plans import PromotionRequest
from assistant.plans.reword import reword
from assistant.query.compile import QueryOptions
from tests.support.shop_builder import shop_of

DAYS = pd.date_range("2022-01-03", "2023-12-31", freq="D")


def orders():
    """Two years; P0 rises at the end, P1 falls, P2 sells in January above all (the coming weeks), P3 in December."""
    rng = np.random.default_rng(0)
    made = []
    for place, day in enumerate(DAYS):
        for n in range(6):
            basket = [f"P{4 + (place + n * 3) % 8}", f"P{4 + (place * 5 + n) % 8}"]
            late = day >= pd.Timestamp("2023-12-04")
            if n < 2 and late or place % 6 == 0 and n == 0:
                basket.append("P0")
            if n < 2 and not late:
                basket.append("P1")
            if n < 2 and day.month == 1 or place % 9 == 0 and n == 0:
                basket.append("P2")
            if n < 2 and day.month == 12:
                basket.append("P3")
            made.append((f"K{rng.integers(0, 90):03d}", f"{day:%Y-%m-%d}", sorted(set(basket))))
    return made


def products(**columns):
    ids = [f"P{i}" for i in range(12)]
    frame = pd.DataFrame({"product_id": ids, "name": [f"Thing {chr(97 + i)}" for i in range(12)],
                          "category": [f"C{i % 3}" for i in range(12)], "price": 10.0, "cost": 4.0, "stock": 500})
    frame.loc[frame.product_id == "P5", "stock"] = 0
    frame.loc[frame.product_id == "P6", "stock"] = 90000
    frame.loc[frame.product_id == "P7", "cost"] = 12.0
    return frame.assign(**columns)


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    return shop_of(tmp_path_factory.mktemp("push"), orders(), products())


@pytest.fixture(scope="module")
def fitted(shop):
    return fit_recommender(shop)


def ask(shop, fitted, **request):
    request = PromotionRequest(**request)
    result = promotion_result(request, scene_of(shop, None, None, QueryOptions()), fitted)
    reply = compose([result])
    assert result.evidence.definitions and result.evidence.plan_words == reword(request)
    for number in reply.numbers:
        assert reply.text[number.start : number.end] == number.text
    return result, reply.text


def reasons(result):
    ids = [row[0] for row in result.table("products").rows]
    return dict(zip(ids, result.details["reasons"], strict=True))


def test_what_rises_and_what_is_coming_is_promoted(shop, fitted):
    result, text = ask(shop, fitted, k=12)
    found = reasons(result)
    assert "rising" in found["P0"] and "season" in found["P2"]
    assert not {"P1", "P3", "P5", "P7"} & set(found), "falling, out of season, sold out, below cost: left out"
    counts = [len(r) for r in result.details["reasons"]]
    assert counts == sorted(counts, reverse=True)
    assert counts == [row[result.table("products").column_index("reasons")] for row in result.table("products").rows]
    assert "its season is coming" in text


def test_what_speaks_against_a_product_is_said(shop, fitted):
    result, text = ask(shop, fitted, action="stop", k=12)
    found = reasons(result)
    assert "falling" in found["P1"] and "short" in found["P5"] and "loss" in found["P7"]
    assert "out of stock" in text and "falling beyond noise" in text


def test_what_lies_in_stock_is_cleared_by_its_value(shop, fitted):
    result, text = ask(shop, fitted, action="clear", k=12)
    assert result.table("products").rows[0][0] == "P6" and reasons(result)["P6"] == ["much"]
    value = result.table("products").cell(0, "stock_value")
    assert value == 90000 * 4.0
    left = {row[0]: row[1] for row in result.table("left_out").rows}
    assert sum(left.values()) == 12


def test_rules_hold_and_what_they_leave_out_is_counted(shop, fitted):
    result, text = ask(shop, fitted, k=12, exclude_categories=("C0",), max_per_category=1)
    categories = [row[result.table("products").column_index("category")] for row in result.table("products").rows]
    assert "C0" not in categories and len(set(categories)) == len(categories)
    left = {row[0]: row[1] for row in result.table("left_out").rows}
    assert left["in a category left out"] == 4
    result, text = ask(shop, fitted, max_price=1)
    assert result.refusal.reason == "no_rows" and "over the price limit" in text


def test_shops_without_costs_and_stock_are_told_what_was_not_checked(tmp_path):
    bare = shop_of(tmp_path, orders(), products().drop(columns=["cost", "stock"]))
    fitted = fit_recommender(bare)
    _, text = ask(bare, fitted, k=3)
    assert "products.cost" in text and "products.stock" in text
    with pytest.raises(MissingData) as error:
        ask(bare, fitted, action="clear")
    assert error.value.received == "products.stock"


def test_signals_recompute_from_the_orders(shop, fitted):
    frame = pd.DataFrame([(d, p) for _, d, items in orders() for p in items], columns=["day", "product"])
    frame["day"] = pd.to_datetime(frame["day"])
    rules = fitted.catalogue.rules(ProductFilters())
    scene = scene_of(shop, None, None, QueryOptions())
    found = product_signals(scene, fitted, rules, rules).frame.set_index("product_id")
    start = pd.Timestamp("2023-12-31") - pd.Timedelta(days=363)
    ahead = frame[(frame.day >= start) & (frame.day < start + pd.Timedelta(days=28))]
    before = frame[(frame.day < start) & (frame.day >= start - pd.Timedelta(days=28))]
    for product in ("P2", "P4", "P9"):
        assert found.loc[product, "season_orders"] == (ahead["product"] == product).sum()
        assert found.loc[product, "season_before"] == (before["product"] == product).sum()
    assert found.loc["P4", "buyers"] == len({c for c, _, items in orders() if "P4" in items})
