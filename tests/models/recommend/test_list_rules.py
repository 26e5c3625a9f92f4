"""Rules that turn scores into a list: counted, exact, refused where the data do not hold what they need."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from assistant.errors import MissingData, UnknownName
from assistant.llm.replies import compose
from assistant.models.recommend.report import fit_recommender, recommend_result
from assistant.models.recommend.shaping import Kinds, Shape, score_kept, shaped
from assistant.models.recommend.variants import stem_of, variant_groups
from assistant.plans import RecommendRequest
from assistant.plans.reword import reword
from tests.support.shop_builder import grouped_shop


def products() -> pd.DataFrame:
    """A0–A11 cost 10–21, B0–B11 22–33; the cost is half the price for A and three quarters for B; A0–A3 are one mug."""
    ids = [f"{t}{i}" for t in "AB" for i in range(12)]
    frame = pd.DataFrame({
        "product_id": ids, "name": [f"Thing {chr(110 + int(i[1:]) % 12)}{i[0]}x" for i in ids],
        "category": [f"{i[0]}{int(i[1:]) % 3}" for i in ids], "price": [10.0 + n for n in range(24)],
        "stock": [5] * 24,
    })
    for place, colour in enumerate(("Red", "Blue", "Green", "White")):
        frame.loc[frame.product_id == f"A{place}", ["name", "category"]] = [f"{colour} Spotty Mug", "A0"]
    share = np.where(frame["product_id"].str.startswith("A"), 0.5, 0.75)
    frame["cost"] = (frame["price"] * share).round(4)
    frame.loc[frame.product_id == "A11", "cost"] = None
    return frame


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    return grouped_shop(tmp_path_factory.mktemp("rules"), products=products())


@pytest.fixture(scope="module")
def fitted(shop):
    return fit_recommender(shop)


def ask(shop, fitted, **request):
    return recommend_result(shop, RecommendRequest(**request), fitted)


def left_out(result):
    return {row[0]: row[1] for row in result.table("left_out").rows}


def ids(result):
    return [row[0] for row in result.table("products").rows]


def test_a_margin_floor_counts_what_is_under_it_and_what_is_unknown(shop, fitted):
    result = ask(shop, fitted, k=24, min_margin=40)
    assert set(ids(result)) == {f"A{i}" for i in range(11)}
    counts = left_out(result)
    assert counts["margin below the floor"] == 12 and counts["margin unknown, for want of a cost or a price"] == 1
    assert sum(counts.values()) == 24
    assert "40 %" in compose([result]).text
    assert "gross margin of at least 40 %" in reword(RecommendRequest(min_margin=40))


def test_a_margin_without_costs_names_the_missing_column(tmp_path):
    bare = grouped_shop(tmp_path, products=products().drop(columns=["cost"]))
    with pytest.raises(MissingData) as error:
        ask(bare, fit_recommender(bare), min_margin=40)
    assert error.value.received == "products.cost"


def test_categories_and_words_left_out(shop, fitted):
    result = ask(shop, fitted, k=24, exclude_categories=("a1", "B2"), exclude_words=("mugs",))
    frame = products().set_index("product_id")
    expected = frame[~frame.category.isin(["A1", "B2"]) & ~frame.name.str.contains("Mug")].index
    assert set(ids(result)) == set(expected)
    assert left_out(result)["with a word left out in the name"] == 4
    with pytest.raises(UnknownName) as error:
        ask(shop, fitted, exclude_words=("spotti",))
    assert "spotty" in error.value.valid


def test_price_between_two_bounds(shop, fitted):
    result = ask(shop, fitted, k=24, min_price=12, max_price=15)
    assert set(ids(result)) == {"A2", "A3", "A4", "A5"}
    with pytest.raises(ValidationError):
        RecommendRequest(min_price=20, max_price=10)


def test_a_price_limit_below_every_price_names_the_cheapest(shop, fitted):
    result = ask(shop, fitted, max_price=1)
    assert result.refusal.reason == "no_rows"
    assert result.table("cheapest").rows == [["A0", "Red Spotty Mug", 10.0]]
    assert "10.00" in compose([result]).text


@pytest.mark.parametrize("whom", [{"customer_id": "K000"}, {}])
def test_at_most_so_many_per_category_and_one_per_variant(shop, fitted, whom):
    result = ask(shop, fitted, k=6, max_per_category=1, **whom)
    categories = [row[3] for row in result.table("products").rows]
    assert len(categories) == len(set(categories)) > 0
    mugs = {f"A{i}" for i in range(4)}
    assert len(mugs & set(ids(ask(shop, fitted, k=20, one_per_variant=True, method="popularity")))) <= 1
    assert len(mugs & set(ids(ask(shop, fitted, k=20, method="popularity")))) > 1


def test_the_cost_of_variety_is_a_cell(shop, fitted):
    result = ask(shop, fitted, k=4, diversity=0.5)
    cost = result.table("list_cost")
    assert 0 <= cost.cell(0, "score_lost") <= 100
    assert result.figures["score_lost"].value == cost.cell(0, "score_lost")
    assert cost.cell(0, "ndcg_plain") is not None and cost.cell(0, "test_customers") > 0
    assert "list_cost" not in {t.id for t in ask(shop, fitted, k=4).tables}
    compose([result])


def test_more_products_asked_for_than_there_are(shop, fitted):
    assert len(ids(ask(shop, fitted, customer_id="K001", k=100))) <= 24


def test_maximal_marginal_relevance_worked_out_by_hand():
    """Two red mugs (1.0, 0.9) and a lamp (0.5): with half the weight on difference the lamp comes second."""
    kinds = Kinds(pd.DataFrame({"name": ["Spotty Mug", "Spotty Mug", "Desk Lamp"], "category": ["K", "K", "L"],
                                "subcategory": [None] * 3}))
    places, scores = np.array([[0, 1, 2]]), np.array([[1.0, 0.9, 0.5]])
    assert shaped(Shape(diversity=0.5), kinds, places, scores, 2).tolist() == [[0, 2]]
    assert shaped(Shape(), kinds, places, scores, 2).tolist() == [[0, 1]]
    chosen = shaped(Shape(max_per_category=1), kinds, places, scores, 3)
    assert chosen.tolist() == [[0, 2, -1]]
    assert score_kept(places, scores, chosen) == pytest.approx(1.5 / 2.4)


def test_variants_are_told_by_name_category_and_parent():
    frame = pd.DataFrame([
        ("Red Spotty Cup", "Kitchen", None), ("Spotty Cup, Blue", "Kitchen", None), ("RED SPOTTY CUPS", "Garden", None),
        ("Red Spotty Plate", "Kitchen", None), ("Bath Towel, Large", "Bath", "T1"), ("Anything", "Bath", "T1"),
    ], columns=["name", "category", "parent"])
    groups = variant_groups(frame)
    assert groups[0] == groups[1] and groups[4] == groups[5]
    assert len(set(groups)) == 4
    assert stem_of("SET OF 6 BLUE SPOTTY CUPS") == ("spotty", "cup")
    alone = variant_groups(pd.DataFrame({"name": ["Red Mug", "Blue Mug"]}))
    assert alone[0] != alone[1], "one word alone joins nothing where no category is known"
