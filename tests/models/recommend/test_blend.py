from datetime import date

import numpy as np
import pytest

from assistant.errors import InvalidPlan, UnknownName
from assistant.features.interactions import interactions, interactions_from_pairs
from assistant.models.recommend.als import ALS
from assistant.models.recommend.blend import Blend, best_weights, held_out, scaled, simplex
from assistant.models.recommend.item_knn import ItemKNN
from assistant.models.recommend.personal_frequency import PersonalFrequency
from assistant.models.recommend.popularity import Popularity
from tests.contracts.recommender_contract import RecommenderContract
from tests.support.purchases import noisy_groups
from tests.support.tiny_shop import tiny_shop


class TestChosenWeights(RecommenderContract):
    def make(self):
        return Blend(("item_knn", "als"))


class TestGivenWeights(RecommenderContract):
    def make(self):
        return Blend(("item_knn", "item_knn_bm25", "als"), weights=(0.2, 0.3, 0.5))


class TestOrdersAndCounts(RecommenderContract):
    def make(self):
        return Blend(("item_knn", "next_basket"), weights=(0.5, 0.5))


class Turned(ItemKNN):
    """The opposite of a good model: must get no weight."""

    def _score_rows(self, rows):
        return -super()._score_rows(rows)


def test_scores_are_divided_by_their_spread_over_what_is_not_owned():
    # owned: the first product; the others score 1, 3 (mean 2, standard deviation 1) → divided by 1
    data = interactions_from_pairs(["A", "B", "B"], ["X", "Y", "Z"])
    row = data.matrix[[0]]
    assert np.allclose(scaled(np.array([[50.0, 1.0, 3.0]]), row), [[50.0, 1.0, 3.0]])
    assert np.allclose(scaled(np.array([[50.0, 10.0, 30.0]]), row), [[5.0, 1.0, 3.0]])
    assert np.allclose(scaled(np.array([[50.0, 10.0, 30.0]]), row, centred=True), [[3.0, -1.0, 1.0]])


def test_no_spread_and_minus_infinity_count_as_zero():
    row = interactions_from_pairs(["A", "B", "B"], ["X", "Y", "Z"]).matrix[[0]]
    assert not scaled(np.array([[0.0, 4.0, 4.0]]), row).any()
    assert np.allclose(scaled(np.array([[0.0, -np.inf, 2.0]]), row), [[0.0, 0.0, 2.0]])


def test_the_grid_holds_every_weight_once():
    assert simplex(2, 2).tolist() == [[1, 0], [0.5, 0.5], [0, 1]]
    grid = simplex(3, 10)
    assert len(grid) == len({tuple(w) for w in grid}) == 66 and np.allclose(grid.sum(axis=1), 1)


def test_all_weight_on_one_member_ranks_as_it_does():
    data = noisy_groups()
    alone = ItemKNN().fit(data)
    blend = Blend.of({"item_knn": alone, "als": ALS(factors=4).fit(data)}, (1.0, 0.0))
    assert (blend.recommend(data.user_ids, k=5)[0] == alone.recommend(data.user_ids, k=5)[0]).all()


def test_a_member_that_is_always_wrong_gets_no_weight():
    learn, rows, truth = held_out(noisy_groups())
    weights = best_weights([ItemKNN().fit(learn), Turned().fit(learn)], rows, truth)
    assert weights.tolist() == [1.0, 0.0]


def test_the_chosen_weights_are_no_worse_than_any_member_on_what_was_held_out():
    data = noisy_groups()
    learn, rows, truth = held_out(data)
    members = {"knn": ItemKNN().fit(learn), "popular": Popularity().fit(learn)}
    weights = best_weights(list(members.values()), rows, truth)

    def found(model):
        places, _ = model.top(rows, 10)
        return sum(len(np.intersect1d(p, t)) for p, t in zip(places, truth, strict=True))

    assert found(Blend.of(members, weights)) >= max(found(m) for m in members.values()) - 1


def test_the_newest_tenth_is_held_out_and_nothing_is_lost():
    users, items = ["A"] * 20 + ["B"] * 4, [f"P{i:02d}" for i in range(20)] + ["P00", "P01", "P02", "P03"]
    days = list(range(20)) + [1, 2, 3, 4]
    data = interactions_from_pairs(users, items, first_days=days, last_days=days, until=date(1970, 2, 1))
    learn, rows, truth = held_out(data)
    assert [data.item_ids[t].tolist() for t in truth] == [["P18", "P19"]]  # a tenth of B's four rounds to none
    assert rows.shape[0] == 1 and rows.nnz == 18
    assert learn.matrix.nnz + 2 == data.matrix.nnz and learn.last_days.max() == 17


def test_weights_that_do_not_fit_are_refused():
    data = noisy_groups()
    for weights in ((1.0,), (1.0, -1.0), (0.0, 0.0)):
        with pytest.raises(InvalidPlan, match="one weight per model"):
            Blend(("item_knn", "als"), weights=weights).fit(data)
    with pytest.raises(UnknownName, match="nonsense"):
        Blend(("nonsense",), weights=(1.0,)).fit(data)


def test_a_blend_is_personal_if_a_member_with_a_weight_is():
    data = noisy_groups()
    members = {"popularity": Popularity().fit(data), "item_knn": ItemKNN().fit(data)}
    plain = Blend.of(members, (1.0, 0.0))
    assert not plain.personal and Blend.of(members, (0.9, 0.1)).personal
    best = plain.recommend(data.user_ids[:1], k=1)[0][0, 0]
    assert plain.explain(data.user_ids[0], best) is None


def test_a_live_basket_and_its_reason_come_from_the_blend():
    data = noisy_groups()
    model = Blend(("item_knn", "als"), weights=(0.5, 0.5)).fit(data)
    row = data.matrix[[3]]
    item = int(model.top(row, 1)[0][0, 0])
    parts = model.contributions(row, item)
    assert row.indices[parts.argmax()] % 4 == item % 4 == 3  # the customer's own group of products


def test_members_read_the_same_customer_each_in_its_own_way(tmp_path):
    data = interactions(tiny_shop(tmp_path))
    counted, ordered = ItemKNN().fit(data), PersonalFrequency(decay=0.5).fit(data)
    blend = Blend.of({"item_knn": counted, "personal_frequency": ordered}, (0.0, 1.0))
    rows = blend.rows_at(np.arange(5))
    assert rows.sizes.tolist() == [3, 2, 1, 1, 1]
    own = scaled(ordered.score_items(data.user_ids), data.matrix)
    assert np.allclose(blend._score_rows(rows), own)
    turned = Blend.of({"item_knn": counted, "personal_frequency": ordered}, (1.0, 0.0))
    assert np.allclose(turned._score_rows(rows), scaled(counted.score_items(data.user_ids), data.matrix))


def test_what_is_held_out_is_not_in_the_orders_either(tmp_path):
    data = interactions(tiny_shop(tmp_path))
    learn, _, truth = held_out(data, share=0.5)
    assert sum(len(t) for t in truth) > 0
    assert (learn.history.counts.toarray() == learn.matrix.toarray()).all()
