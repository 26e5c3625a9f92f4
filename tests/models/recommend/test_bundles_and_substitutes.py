"""Bundles, complements and substitutes against counts made by hand and with pandas."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from assistant.errors import MissingData, UnknownName
from assistant.features.interactions import interactions_from_pairs
from assistant.features.item_sets import frequent_sets
from assistant.llm.replies import compose
from assistant.models.recommend.bundles import bundles_result
from assistant.models.recommend.catalogue import build_catalogue
from assistant.models.recommend.fitted import fit_recommender
from assistant.models.recommend.meant import products_meant
from assistant.models.recommend.substitutes import substitutes_result
from assistant.models.recommend.together import together_result
from assistant.plans import BundleRequest, SubstituteRequest, TogetherRequest
from tests.support.shop_builder import shop_of

NAMES = {
    "TEA": ("Earl Grey Tea", "Food"), "POT": ("Red Stoneware Teapot", "Kitchen"),
    "POTB": ("Blue Stoneware Teapot", "Kitchen"), "CUP": ("Stoneware Teacup", "Kitchen"), "OIL": ("Beard Oil", "Care"),
    "MUG": ("Plain Mug", "Kitchen"),
    "PAN": ("Frying Pan", "Kitchen"), "BRU": ("Shaving Brush", "Care"),
}


def orders():
    rng = np.random.default_rng(1)
    made = []
    for n in range(600):
        basket = {str(p) for p in rng.choice(list(NAMES), rng.integers(1, 3), replace=False)}
        if n % 5 == 0:
            basket |= {"TEA", "POT", "CUP"}
        if n % 7 == 0:
            basket |= {"OIL", "BRU"}
        if n % 11 == 0:
            basket = (basket - {"POT"}) | {"TEA", "POTB"}
        if {"POT", "POTB"} <= basket:
            basket -= {"POTB"}
        made.append((f"K{n % 80:03d}", f"2024-{1 + n // 55:02d}-{1 + n % 28:02d}", sorted(basket)))
    return made


def products():
    frame = pd.DataFrame([(p, n, c) for p, (n, c) in NAMES.items()], columns=["product_id", "name", "category"])
    frame["price"] = [8.0, 30.0, 25.0, 6.0, 15.0, 7.0, 40.0, 12.0]
    frame["cost"] = frame["price"] / 2
    return frame.assign(stock=9)


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    return shop_of(tmp_path_factory.mktemp("bundles"), orders(), products())


@pytest.fixture(scope="module")
def catalogue(shop):
    return build_catalogue(shop, interactions_from_pairs([], []))


@pytest.fixture(scope="module")
def fitted(shop):
    return fit_recommender(shop)


def held():
    return [set(items) for _, _, items in orders()]


def test_sets_count_and_lift_as_by_hand(shop):
    found = {s.products: s for s in frequent_sets(shop, (2, 3, 4), 3, frozenset(NAMES))}
    baskets = held()
    for size in (2, 3, 4):
        for chosen in combinations(sorted(NAMES), size):
            together = sum(set(chosen) <= b for b in baskets)
            if chosen in found:
                one = found[chosen]
                assert one.together == together and one.lift_low > 1
                ties = []
                for item in chosen:
                    rest = sum(set(chosen) - {item} <= b for b in baskets)
                    ties.append(together / rest * len(baskets) / sum(item in b for b in baskets))
                assert any(one.lift == pytest.approx(t) for t in ties)
                assert one.lift_low <= one.lift <= one.lift_high
    assert ("CUP", "POT", "TEA") in found and ("MUG", "PAN") not in found


def test_a_bundle_has_its_price_and_margin(shop, catalogue):
    result = bundles_result(shop, BundleRequest(size=3), catalogue)
    row = next(i for i, r in enumerate(result.table("bundles").rows) if r[1] == "CUP, POT, TEA")
    table = result.table("bundles")
    assert table.cell(row, "price") == 44.0 and table.cell(row, "margin") == 50.0 and table.cell(row, "categories") == 2
    assert table.cell(row, "orders_all") == sum({"CUP", "POT", "TEA"} <= b for b in held())
    compose([result])


def test_limits_of_a_bundle_are_counted(shop, catalogue):
    result = bundles_result(shop, BundleRequest(max_total=28, size=2), catalogue)
    assert all(row[9] <= 28 for row in result.table("bundles").rows) and result.table("bundles").rows
    assert any(row[0] == "over the price limit of a bundle" and row[2] for row in result.table("left_out").rows)
    nothing = bundles_result(shop, BundleRequest(max_total=1), catalogue)
    assert nothing.refusal.reason == "no_rows" and "over the price limit of a bundle" in nothing.refusal.message
    compose([nothing])
    with pytest.raises(UnknownName):
        bundles_result(shop, BundleRequest(product_id="XYZZY"), catalogue)


def test_the_margin_of_a_bundle_needs_costs(tmp_path):
    bare = shop_of(tmp_path, orders(), products().drop(columns=["cost"]))
    with pytest.raises(MissingData):
        bundles_result(bare, BundleRequest(min_margin=40), build_catalogue(bare, interactions_from_pairs([], [])))


def test_what_goes_with_two_products(shop):
    result = together_result(shop, TogetherRequest(product_id="TEA", also_product_ids=("CUP",)))
    baskets = held()
    both = [b for b in baskets if {"TEA", "CUP"} <= b]
    assert result.figures["orders_product"].value == len(both)
    row = next(r for r in result.table("pairs").rows if r[2] == "POT")
    assert row[5] == sum("POT" in b for b in both)
    assert row[7] == pytest.approx(100 * row[5] / len(both), abs=0.01)
    lift = row[5] / len(both) / (sum("POT" in b for b in baskets) / len(baskets))
    assert row[8] == pytest.approx(lift, abs=1e-3)
    assert "are together in" in compose([result]).text


def test_complements_are_of_another_category_and_no_variants(shop):
    plain = {r[2] for r in together_result(shop, TogetherRequest(product_id="POT")).table("pairs").rows}
    result = together_result(shop, TogetherRequest(product_id="POT", complements=True))
    found = {r[2] for r in result.table("pairs").rows}
    assert found == {"TEA"} and "CUP" in plain
    left = {row[0]: row[1] for row in result.table("left_out").rows}
    assert sum(left.values()) == len(plain)
    compose([result])


def test_the_other_teapot_replaces_the_teapot_and_the_cup_goes_with_it(shop, fitted):
    result = substitutes_result(shop, SubstituteRequest(product_id="Red Stoneware Teapot"), fitted)
    rows = result.table("products").rows
    assert rows[0][0] == "POTB"
    assert not {"CUP", "TEA"} & {r[0] for r in rows}
    left = {row[0]: row[1] for row in result.table("left_out").rows}
    assert left["often in the same order, so it goes with it"] >= 1
    assert sum(left.values()) == len(NAMES) - 1
    assert rows[0][result.table("products").column_index("orders_both")] == sum({"POT", "POTB"} <= b for b in held())
    compose([result])


def test_dearer_and_cheaper_are_strict(shop, fitted):
    cheaper = substitutes_result(shop, SubstituteRequest(product_id="POT", relative_price="cheaper"), fitted)
    assert all(r[2] < 30 for r in cheaper.table("products").rows) and cheaper.table("products").rows
    request = SubstituteRequest(product_id="POT", relative_price="dearer", max_price=31)
    dearer = substitutes_result(shop, request, fitted)
    assert dearer.refusal.reason == "no_rows"
    compose([dearer])
    with pytest.raises(UnknownName) as error:
        substitutes_result(shop, SubstituteRequest(product_id="Stonware Teepot"), fitted)
    assert any("Teapot" in v for v in error.value.valid)


def test_words_of_several_names_are_a_family_and_what_was_taken_is_said(shop, fitted, catalogue):
    meant = products_meant(catalogue, "stoneware teapots")
    ids = catalogue.frame["product_id"]
    assert {ids.iloc[r] for r in meant.rows} == {"POT", "POTB"} and meant.several and not meant.of_category
    assert products_meant(catalogue, "kitchen").of_category and not products_meant(catalogue, "plain mug").several
    with pytest.raises(UnknownName):
        products_meant(catalogue, "stoneware spaceship")
    found = substitutes_result(shop, SubstituteRequest(product_id="stoneware teapot"), fitted)
    assert found.words["product"] == "Red Stoneware Teapot"  # in more orders than the blue one
    assert any("Red Stoneware Teapot" in said for said in found.evidence.assumptions)
    assert "POTB" not in {row[0] for row in found.table("products").rows}  # it is out of stock with it
    compose([found])
    bundles = bundles_result(shop, BundleRequest(product_id="stoneware teapot"), catalogue)
    assert bundles.words["product"] == "Red Stoneware Teapot" and compose([bundles])


def test_what_is_bought_with_a_category(shop):
    found = together_result(shop, TogetherRequest(category="food"))
    assert found.figures["orders_product"].value == sum("TEA" in b for b in held())
    assert "TEA" not in {row[1] for row in found.table("pairs").rows} and compose([found])
    with pytest.raises(UnknownName):
        together_result(shop, TogetherRequest(category="Spaceships"))
