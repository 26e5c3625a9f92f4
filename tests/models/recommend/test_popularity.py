from assistant.features.interactions import interactions_from_pairs
from assistant.models.recommend.popularity import Popularity
from tests.contracts.recommender_contract import RecommenderContract


class TestPopularity(RecommenderContract):
    def make(self):
        return Popularity()


class TestRecentPopularity(RecommenderContract):
    def make(self):
        return Popularity(half_life_days=60.0)


def test_scores_count_buyers_not_orders():
    data = interactions_from_pairs(["A", "A", "B", "C"], ["X", "X", "Y", "Y"])
    ids, scores = Popularity().fit(data).recommend(["A"], k=2, exclude_seen=False)
    assert ids.tolist() == [["Y", "X"]] and scores.tolist() == [[2.0, 1.0]]


def test_a_half_life_old_buyer_counts_half():
    from datetime import date

    today = date(2024, 3, 1)
    day = (today - date(1970, 1, 1)).days
    data = interactions_from_pairs(["A", "B", "C"], ["X", "X", "Y"], last_days=[day - 60, day - 60, day], until=today)
    scores = Popularity(half_life_days=60.0).fit(data).score_items(["A"])
    assert scores.tolist() == [[1.0, 1.0]]
