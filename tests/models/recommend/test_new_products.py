from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from assistant.errors import MissingData, NoRows, UnknownName
from assistant.features.interactions import interactions, interactions_from_pairs
from assistant.features.launches import launches
from assistant.features.product_attributes import price_bands, product_attributes, shared_attributes
from assistant.features.product_side import ProductSide
from assistant.llm.replies import caveat_texts, compose
from assistant.models.recommend.catalogue import build_catalogue
from assistant.models.recommend.launch_exam import launch_cut, launch_exam, ranking_quality
from assistant.models.recommend.launch_report import by_content, launch_buyers_result, launch_result
from assistant.models.recommend.newcomers import content_buyers, fit_newcomers
from assistant.models.recommend.newest import new_ones_of
from assistant.models.recommend.reasons import ReasonRule
from assistant.plans import BuyersRequest, Compare, LaunchRequest
from assistant.plans.periods import Period
from tests.support.shop_builder import shop_of

END = date(2024, 6, 30)


def _products(dated=True):
    """Two kinds of products; each has one without any sale, launched in the last weeks; one more lamp is sold out."""
    rows = [(f"M{i}", f"Mug number {'abcdefgh'[i]}", "Mugs", "Birch", 10.0 + i, 5, "2023-01-01") for i in range(6)]
    rows += [(f"L{i}", f"Lamp number {'abcdefgh'[i]}", "Lamps", "Acorn", 40.0 + i, 5, "2023-01-01") for i in range(6)]
    rows += [("N1", "Mug of June", "Mugs", "Birch", 11.0, 3, "2024-06-10"),
             ("N2", "Lamp of June", "Lamps", "Acorn", 41.0, 3, "2024-06-10"),
             ("N3", "Lamp of July", "Lamps", "Acorn", 42.0, 3, "2024-07-10"),
             ("N4", "Lamp sold out", "Lamps", "Acorn", 43.0, 0, "2024-06-10")]
    frame = pd.DataFrame(rows, columns=["product_id", "name", "category", "brand", "price", "stock", "launched_at"])
    frame["launched_at"] = pd.to_datetime(frame["launched_at"])
    return frame if dated else frame.drop(columns="launched_at")


def _orders():
    """Customers M… buy mugs and L… lamps; the day before the end one of each kind buys."""
    found = []
    for n in range(40):
        kind = "ML"[n % 2]
        for step in range(3):
            day = END - timedelta(days=10 + 40 * step + n % 7)
            found.append((f"{kind}{n:02d}", day.isoformat(), [f"{kind}{(n // 2 + step) % 6}"]))
    return [*found, ("quiet", "2023-07-03", ["M0", "M1"]), ("M00", END.isoformat(), ["M3"])]


def _side(shop):
    ids, attributes = product_attributes(shop)
    kinds = np.array([[1, 0] if str(n).startswith("Mug") else [0, 1] for n in attributes["name"]], dtype=np.float32)
    return ProductSide(ids, kinds, attributes)


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    return shop_of(tmp_path_factory.mktemp("new"), _orders(), _products(), customers=["never"])


@pytest.fixture(scope="module")
def newcomers(shop):
    return fit_newcomers(shop, _side(shop))


def _complete(result):
    reply = compose([result])
    caveat_texts(result)
    assert result.evidence.model and result.evidence.plan_words and result.evidence.as_of
    for number in reply.numbers:
        assert reply.text[number.start : number.end] == number.text
    return reply.text


def test_new_is_launched_lately_and_on_sale(shop):
    known = launches(shop)
    assert known.dated and known.listed
    assert set(known.frame["product_id"][known.new(shop.as_of, 60)]) == {"N1", "N2", "N4"}
    assert not known.new(shop.as_of, 10).any()


def test_without_launch_dates_the_first_sale_and_unsold_products_count(tmp_path):
    shop = shop_of(tmp_path, [*_orders(), ("M02", "2024-06-20", ["N1"])], _products(dated=False))
    known = launches(shop)
    frame = known.frame.set_index("product_id")
    assert frame.loc["N1", "source"] == "first sale" and pd.isna(frame.loc["N2", "source"])
    assert pd.isna(frame.loc["M0", "launched"])  # first sold in the first days of the data: who knows since when
    assert set(known.frame["product_id"][known.new(shop.as_of, 60)]) >= {"N1", "N2", "N3", "N4"}


def test_to_push_are_those_that_suit_most_customers(shop, newcomers):
    result = launch_result(shop, LaunchRequest(), newcomers, None)
    table = result.table("products")
    rows = {r[0]: r for r in table.rows}
    assert set(rows) == {"N1", "N2"} and result.figures["found"].value == 2  # N4 is out of stock
    suits = table.column_index("suits")
    assert rows["N1"][suits] == 21 and rows["N2"][suits] == 20  # with the quiet customer there are 21 who buy mugs
    assert "Mug of June" in _complete(result) and result.caveats[0].code == "new_products_unmeasured"
    both = launch_result(shop, LaunchRequest(in_stock_only=False, k=9), newcomers, None)
    assert {r[0] for r in both.table("products").rows} == {"N1", "N2", "N4"}


def test_one_customer_gets_the_new_product_of_their_kind_with_what_it_shares(shop, newcomers):
    result = launch_result(shop, LaunchRequest(customer_id="L01"), newcomers, None)
    assert [r[0] for r in result.table("products").rows] == ["N2"]
    # all lamps are alike, so no single one of them is the cause: the reason is what they have in common
    assert result.table("products").cell(0, "reason") == "category Lamps, like most of what they bought"
    assert result.details["reasons"][0]["because_product_id"] is None and "L01" in _complete(result)


def test_a_single_cause_is_named_with_what_it_shares(shop, newcomers):
    anything = replace(newcomers, reasons=ReasonRule())  # no bars: whatever moves the product may be named
    result = launch_result(shop, LaunchRequest(customer_id="L01"), anything, None)
    cause = result.details["reasons"][0]["because_product_id"]
    owned = set(newcomers.data.item_ids[newcomers.model.rows_of(["L01"]).indices])
    assert cause in owned and result.details["reasons"][0]["shared"]["category"] == "Lamps"
    assert "which they bought (category Lamps, brand Acorn" in result.table("products").cell(0, "reason")


def test_a_customer_without_purchases_gets_what_suits_most_and_is_told(shop, newcomers):
    result = launch_result(shop, LaunchRequest(customer_id="never"), newcomers, None)
    assert result.caveats[0].code == "new_products_cold" and "has no purchase to learn from" in _complete(result)
    with pytest.raises(UnknownName):
        launch_result(shop, LaunchRequest(customer_id="nobody at all"), newcomers, None)


def test_bounds_of_the_list(shop, newcomers):
    only = launch_result(shop, LaunchRequest(category="mugs"), newcomers, None)
    assert [r[0] for r in only.table("products").rows] == ["N1"]
    one = Compare(field="customer", op="eq", values=("L01",))
    few = launch_result(shop, LaunchRequest(filter=one), newcomers, None)
    assert few.figures["customers"].value == 1 and few.table("products").cell(0, "product_id") == "N2"
    with pytest.raises(NoRows, match="within the last 5 days"):
        launch_result(shop, LaunchRequest(days=5), newcomers, None)
    with pytest.raises(UnknownName):
        launch_result(shop, LaunchRequest(category="Boats"), newcomers, None)


def test_who_should_hear_about_a_product_nobody_bought(shop, newcomers):
    assert by_content(newcomers, BuyersRequest(product_id="N1"))
    assert not by_content(newcomers, BuyersRequest(product_id="M0"))
    assert not by_content(newcomers, BuyersRequest(product_id="no such"))
    result = launch_buyers_result(shop, BuyersRequest(product_id="N1", k=50), newcomers, None)
    who = [r[0] for r in result.table("customers").rows]
    assert all(c.startswith("M") or c == "quiet" for c in who) and who[-1] == "quiet" and len(who) == 21
    assert "Mug number" in result.table("customers").cell(0, "like")
    assert result.figures["buyers"].value == 0 and "Nobody known has bought Mug of June" in _complete(result)


def test_owners_are_not_told_again(shop, newcomers):
    scores = content_buyers(newcomers, ["M0"])
    owns = newcomers.data.matrix[:, [int(newcomers.data.item_positions(["M0"])[0])]].toarray().ravel() > 0
    assert owns.any() and (scores[owns] == 0).all() and (scores > 0).any()
    assert not content_buyers(newcomers, ["never heard of"]).any()


def test_without_vectors_it_says_what_is_missing(shop):
    ids, attributes = product_attributes(shop)
    with pytest.raises(MissingData, match="products.name"):
        fit_newcomers(shop, ProductSide(ids, None, attributes))


def test_past_launches_are_ranked_for_those_who_bought(tmp_path):
    start = date(2023, 1, 1)
    orders = []
    for n in range(60):
        kind = "ML"[n % 2]
        for week in range(60):
            if week % 6 == n % 6:
                orders.append((f"{kind}{n:02d}", (start + timedelta(weeks=week)).isoformat(), [f"{kind}{week % 4}"]))
        for launch in (40, 50):  # each kind of customer buys the new products of their kind
            orders.append((f"{kind}{n:02d}", (start + timedelta(weeks=launch, days=n % 5)).isoformat(),
                           [f"{kind}new{launch}{v}" for v in "xyz"]))
    shop = shop_of(tmp_path, orders)
    ids = interactions(shop).item_ids
    side = ProductSide(ids, np.array([[1, 0] if i.startswith("M") else [0, 1] for i in ids], dtype=np.float32))
    exam = launch_exam(shop, side)
    assert exam is not None and exam.products == 12 and exam.customers == 120
    assert exam.ndcg == pytest.approx(1.0) and exam.recall == 1.0
    discount = 1 / np.log2(np.arange(6) + 2)  # six new products, of which three are right, all fit a list of ten
    assert exam.chance_ndcg == pytest.approx(3 * discount.mean() / discount[:3].sum()) and exam.chance_recall == 1.0
    cut = launch_cut(shop, start + timedelta(weeks=39), 56, interactions(shop))
    assert set(cut.train.item_ids[cut.unsold]) == {f"{k}new40{v}" for k in "ML" for v in "xyz"}
    assert not cut.train.matrix[:, np.flatnonzero(cut.unsold)].nnz


def test_no_exam_where_nothing_was_launched(shop):
    assert launch_exam(shop, _side(shop)) is None


def test_ties_are_worth_what_chance_is_worth():
    # ten items, one right: chance finds it on a list of ten with nDCG mean(discount), on a list of five half the time
    recall, ndcg = ranking_quality(np.zeros(10), [np.array([3])], k=10)
    assert recall[0] == 1.0 and ndcg[0] == pytest.approx((1 / np.log2(np.arange(10) + 2)).mean())
    recall, _ = ranking_quality(np.zeros(10), [np.array([3])], k=5)
    assert recall[0] == pytest.approx(0.5)
    recall, ndcg = ranking_quality(np.array([[3.0, 2.0, 1.0, -np.inf]]), [np.array([1, 3])], k=2)
    assert recall[0] == 0.5 and ndcg[0] == pytest.approx((1 / np.log2(3)) / (1 + 1 / np.log2(3)))


def test_shared_attributes_are_named_from_the_narrowest(shop):
    side = _side(shop)
    shared = shared_attributes(side, "N1", "M1")
    assert shared == {"category": "Mugs", "brand": "Birch", "price_band": "1", "words": "Mug"}
    assert shared_attributes(side, "N1", "L1") == {}
    assert shared_attributes(side, "N1", "no such product") == {}


def test_price_bands_hold_as_many_products_each():
    bands = price_bands(np.array([1.0, 2, 3, 4, 5, 6, 7, 8, 9, 10, np.nan]))
    assert bands.tolist() == ["1", "1", "2", "2", "3", "3", "4", "4", "5", "5", None]
    assert price_bands(np.array([2.0, 2.0])).tolist() == [None, None]
    assert price_bands(np.array([np.nan])).tolist() == [None]


def test_launched_in_days_that_are_named(shop, newcomers):
    june = Period(kind="absolute", start=date(2024, 6, 1), end=date(2024, 6, 30))
    found = launch_result(shop, LaunchRequest(period=june, newest_first=True), newcomers, None)
    assert {row[0] for row in found.table("products").rows} == {"N1", "N2"}
    assert "June 2024" in compose([found]).text
    with pytest.raises(NoRows):
        launch_result(shop, LaunchRequest(period=Period(kind="absolute", end=date(2022, 1, 31))), newcomers, None)


def test_the_newest_first(shop, newcomers):
    found = launch_result(shop, LaunchRequest(days=600, newest_first=True, k=20), newcomers, None)
    days = [str(row[4]) for row in found.table("products").rows]
    assert days == sorted(days, reverse=True) and len(set(days)) > 1


def test_only_what_is_new_of_a_category(shop):
    catalogue = build_catalogue(shop, interactions_from_pairs([], []))
    asked = new_ones_of(shop, BuyersRequest(category="Mugs", new_only=True), catalogue)
    assert asked.product_id == "N1" and asked.category is None
    with pytest.raises(NoRows, match="the newest is"):
        new_ones_of(shop, BuyersRequest(text="mug number", new_only=True), catalogue)
