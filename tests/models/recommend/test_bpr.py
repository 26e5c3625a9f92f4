import numpy as np

from assistant.features.interactions import interactions_from_pairs
from assistant.models.recommend.blend import held_out
from assistant.models.recommend.bpr import BPR
from assistant.models.recommend.list_measures import list_quality
from assistant.models.recommend.popularity import Popularity
from tests.contracts.recommender_contract import RecommenderContract
from tests.support.purchases import noisy_groups


class TestBPR(RecommenderContract):
    def make(self):
        return BPR(factors=8)


def test_it_beats_popularity_where_groups_are_planted():
    learn, rows, truth = held_out(noisy_groups(users=300))
    ours, plain = (list_quality(m.fit(learn).top(rows, 5)[0], truth)[0].mean() for m in (BPR(factors=8), Popularity()))
    assert ours > 1.5 * plain


def test_bought_products_are_ranked_above_others():
    data = noisy_groups()
    scores, owned = BPR(factors=8).fit(data).score_items(data.user_ids), data.matrix.toarray() > 0
    order = [(s[o][:, None] > s[~o][None, :]).mean() for s, o in zip(scores, owned, strict=True)]
    assert np.mean(order) > 0.9


def test_a_customer_who_owns_everything_can_be_learnt_from():
    users, items = ["A"] * 3 + ["B"], ["X", "Y", "Z", "X"]
    model = BPR(factors=2, epochs=3).fit(interactions_from_pairs(users, items))
    assert np.isfinite(model.item_factors_).all()
