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


class TestPearson(RecommenderContract):
    def make(self):
        return ItemKNN(weighting="pearson")


class TestFewNeighbours(RecommenderContract):
    def make(self):
        return ItemKNN(neighbours=10, shrink=0.0)


def test_cosine_on_paper():
    # X: A, B · Y: A, B, C → 2 shared buyers of weight log 2, norms √2·log 2 and √3·log 2, shrink 0 → 2 / √6
    data = interactions_from_pairs(["A", "A", "B", "B", "C"], ["X", "Y", "X", "Y", "Y"])
    weights = ItemKNN(shrink=0.0).fit(data).item_weights_.toarray()
    assert np.allclose(weights, [[0, 2 / 6**0.5], [2 / 6**0.5, 0]], atol=1e-6)


def test_pearson_on_paper():
    # X: A, B · Y: A, B, C · Z: D, of four customers. Means 2/4, 3/4, 1/4; X·Y = 2 − 4·(1/2)(3/4) = 1/2;
    # norms² 2 − 1 = 1 and 3 − 9/4 = 3/4 → 1/2 / √(3/4) = 1/√3; both are bought by others than Z: no similarity
    data = interactions_from_pairs(["A", "A", "B", "B", "C", "D"], ["X", "Y", "X", "Y", "Y", "Z"])
    weights = ItemKNN(weighting="pearson", shrink=0.0).fit(data).item_weights_.toarray()
    assert np.allclose(weights, [[0, 3**-0.5, 0], [3**-0.5, 0, 0], [0, 0, 0]], atol=1e-6)


def test_pearson_is_the_correlation_over_all_customers():
    from tests.support.purchases import noisy_groups

    data = noisy_groups()
    expected = np.corrcoef(np.log1p(data.matrix.toarray()), rowvar=False)
    np.fill_diagonal(expected, 0.0)
    weights = ItemKNN(weighting="pearson", shrink=0.0).fit(data).item_weights_.toarray()
    assert np.allclose(weights, np.where(expected > 1e-6, expected, 0.0), atol=1e-5)


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


def test_a_catalogue_with_few_common_buyers_gets_the_same_neighbours(monkeypatch):
    from assistant.models.recommend import item_knn
    from tests.support.purchases import noisy_groups

    data = noisy_groups()
    for weighting in ("cosine", "bm25", "pearson"):
        found = []
        for few in (0.0, 2.0):  # everything made dense, nothing made dense
            monkeypatch.setattr(item_knn, "_FEW", few)
            found.append(ItemKNN(weighting=weighting, neighbours=60).fit(data).item_weights_.toarray())
        assert np.allclose(*found, atol=1e-5)
        monkeypatch.setattr(item_knn, "_FEW", 2.0)
        thin = ItemKNN(weighting=weighting, neighbours=4).fit(data).item_weights_.tocsc()
        assert (np.diff(thin.indptr) == 4).all()
        for column in range(60):
            assert thin[:, [column]].data.min() >= np.sort(found[0][:, column])[-4] - 1e-5
