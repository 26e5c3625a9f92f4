import numpy as np

from assistant.features.interactions import interactions_from_pairs
from assistant.models.recommend.item_knn import ItemKNN
from tests.contracts.recommender_contract import RecommenderContract


class TestCosine(RecommenderContract):
    def make(self):
        return ItemKNN()


class TestBM25(RecommenderContract):
    def make(self):
        return ItemKNN(weighting="bm25")


class TestFewNeighbours(RecommenderContract):
    def make(self):
        return ItemKNN(neighbours=10, shrink=0.0)


def test_cosine_on_paper():
    # X: A, B · Y: A, B, C → 2 shared buyers of weight log 2, norms √2·log 2 and √3·log 2, shrink 0 → 2 / √6
    data = interactions_from_pairs(["A", "A", "B", "B", "C"], ["X", "Y", "X", "Y", "Y"])
    weights = ItemKNN(shrink=0.0).fit(data).item_weights_.toarray()
    assert np.allclose(weights, [[0, 2 / 6**0.5], [2 / 6**0.5, 0]], atol=1e-6)


def test_shrinkage_lowers_the_similarity_of_rare_products_more():
    rare = [("A", "P"), ("A", "Q")]
    common = [(f"U{u}", i) for u in range(30) for i in ("X", "Y")]
    users, items = zip(*rare, *common, strict=True)
    model = ItemKNN(shrink=10.0).fit(interactions_from_pairs(users, items))
    place = dict(zip(model.interactions_.item_ids, range(4), strict=True))
    weights = model.item_weights_.toarray()
    assert weights[place["P"], place["Q"]] < weights[place["X"], place["Y"]]


def test_only_the_strongest_neighbours_are_kept():
    from tests.support.purchases import noisy_groups

    kept = ItemKNN(neighbours=5).fit(noisy_groups()).item_weights_.tocsc()
    assert np.diff(kept.indptr).max() <= 5
