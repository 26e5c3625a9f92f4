import numpy as np
import pytest

from assistant.errors import InvalidPlan
from assistant.features.interactions import interactions_from_pairs
from assistant.features.product_side import ProductSide, with_products
from assistant.models.recommend.content import Content, centred
from tests.contracts.recommender_contract import RecommenderContract
from tests.support.purchases import planted_vectors


class TestContent(RecommenderContract):
    def make(self):
        return Content()

    def side(self, data):
        return planted_vectors(data)


class TestContentByTheNearest(RecommenderContract):
    def make(self):
        return Content(power=4.0, appeal=0.0)

    def side(self, data):
        return planted_vectors(data)


def _side(**vectors):
    ids = sorted(vectors)
    return ProductSide(np.array(ids, dtype=object), np.array([vectors[i] for i in ids], dtype=np.float32))


def test_a_product_nobody_bought_is_recommended_to_owners_of_its_like():
    bought = interactions_from_pairs(["A", "A", "B", "B"], ["red mug", "blue mug", "lamp", "lantern"])
    side = _side(**{"red mug": [1, 0], "blue mug": [1, 0], "lamp": [0, 1], "lantern": [0, 1],
                    "new mug": [1, 0], "new lamp": [0, 1]})
    data = with_products(bought, ["new mug", "new lamp"])
    ids, scores = Content().fit(data, side).recommend(["A", "B"], k=1)
    assert ids[:, 0].tolist() == ["new mug", "new lamp"] and (scores > 0).all()


def test_added_products_change_no_purchase():
    bought = interactions_from_pairs(["A", "A", "B"], ["X", "Z", "Z"], returned=[False, False, True])
    longer = with_products(bought, ["Y", "X", "a"])
    assert longer.item_ids.tolist() == ["X", "Y", "Z", "a"]
    assert longer.matrix.toarray().tolist() == [[1, 0, 1, 0], [0, 0, 0, 0]]
    assert longer.returned.toarray().tolist() == [[0, 0, 0, 0], [0, 0, 1, 0]]
    assert longer.last_days is bought.last_days


def test_vectors_are_moved_by_the_mean_of_the_catalogue():
    # (0.8, 0.6) and (0.8, -0.6) have cosine 0.28; without the mean (0.8, 0) they are opposite
    vectors = centred(_side(a=[0.8, 0.6], b=[0.8, -0.6]), ["b", "a", "no vector"])
    assert np.allclose(vectors, [[0, -1], [0, 1], [0, 0]])


def test_the_score_on_paper():
    side = ProductSide(np.array(["a", "b", "c", "d"], dtype=object),
                       np.array([[1, 0], [-1, 0], [0.6, 0.8], [-0.6, -0.8]], dtype=np.float32))  # mean zero
    data = with_products(interactions_from_pairs(["U", "U", "V"], ["a", "b", "a"], counts=[3, 1, 1]), ["c", "d"])
    scores = Content(power=2.0, appeal=0.0).fit(data, side).score_items(["U"])[0]
    # c: cosine .6 to a (three orders), none to b · d: .6 to b (one order)
    assert scores[2] == pytest.approx(np.log(4) * 0.36) and scores[3] == pytest.approx(np.log(2) * 0.36)
    appeal = Content(power=2.0, appeal=1.0).fit(data, side).score_items(["U"])[0]
    assert appeal[2] == pytest.approx(scores[2] * np.log(3)) and appeal[3] == pytest.approx(scores[3] * np.log(2))


def test_without_vectors_it_is_refused_by_name():
    bought = interactions_from_pairs(["A"], ["X"])
    for side in (None, ProductSide(np.array(["X"], dtype=object))):
        with pytest.raises(InvalidPlan, match="vectors"):
            Content().fit(bought, side)
