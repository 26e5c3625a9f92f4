"""The models of the next basket: their exam, and vectors worked out on paper."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from assistant.features.basket_history import BasketHistory
from assistant.features.interactions import interactions
from assistant.models.recommend.next_basket import NextBasketBlend
from assistant.models.recommend.sequence_model import latest_shares, recent_shares
from assistant.models.recommend.tifu_knn import TIFUKNN, tifu_weights
from assistant.models.recommend.up_cf import UPCF
from tests.contracts.recommender_contract import RecommenderContract
from tests.support.tiny_shop import tiny_shop


class TestTIFUKNN(RecommenderContract):
    def make(self):
        return TIFUKNN(neighbours=5)


class TestUPCF(RecommenderContract):
    def make(self):
        return UPCF(neighbours=5)


class TestNextBasketBlend(RecommenderContract):
    def make(self):
        return NextBasketBlend()


class TestTheBlendByDays(RecommenderContract):
    def make(self):
        return NextBasketBlend(half_life_days=240.0)


def test_shares_of_orders_by_days():
    # Orders on days 0, 1, 2 with a half-life of one day weigh 1/4, 1/2, 1: together 7/4
    history = _orders([0], [0, 1], [1], items=2)
    assert history.weighted(recent_shares(history, 1.0)).toarray()[0] == pytest.approx([3 / 7, 6 / 7])


class TestTheBlendWithoutItsNeighbours(RecommenderContract):
    def make(self):
        return NextBasketBlend(nearest=0.0)


def _orders(*baskets: list[int], items: int) -> BasketHistory:
    """One customer's orders."""
    pointers = np.cumsum([0, *(len(b) for b in baskets)])
    lines = csr_array((np.ones(pointers[-1], np.float32), np.concatenate(baskets), pointers),
                      shape=(len(baskets), items))
    return BasketHistory(lines, np.array([0, len(baskets)]), np.arange(len(baskets), dtype=np.int32), np.array([-1]))


def test_a_tifu_vector_on_paper():
    # Five orders in two groups: the older of two orders, the later of three. Within 0.9, between 0.7.
    # weights: 0.9^4 · 0.7 / (2·2), 0.9^3 · 0.7 / 4, 0.9^2 / (3·2), 0.9 / 6, 1 / 6
    history = _orders([0], [0, 1], [1], [2], [0], items=3)
    weights = tifu_weights(history, within=0.9, between=0.7, groups=2)
    paper = [0.6561 * 0.7 / 4, 0.729 * 0.7 / 4, 0.81 / 6, 0.9 / 6, 1 / 6]
    assert weights == pytest.approx(paper)
    assert history.weighted(weights).toarray()[0] == pytest.approx(
        [paper[0] + paper[1] + paper[4], paper[1] + paper[2], paper[3]])


def test_fewer_orders_than_groups_are_a_group_each():
    # Two orders, seven groups: 0.9 · 0.7^6 / 2 and 0.7^5 / 2
    assert tifu_weights(_orders([0], [0], items=1), 0.9, 0.7, 7) == pytest.approx([0.9 * 0.7**6 / 2, 0.7**5 / 2])
    assert tifu_weights(_orders([0], items=1), 0.9, 0.7, 1) == pytest.approx([1.0])


def test_the_vector_is_blended_with_that_of_the_nearest(tmp_path):
    data = interactions(tiny_shop(tmp_path))
    model = TIFUKNN(neighbours=1, within=1.0, between=1.0, alpha=0.8, groups=1).fit(data)
    # Vectors are means of orders. C2 (P5; P1) = [½ 0 0 0 ½]; C4 = [1 0 0 0 1]. Squared distances from C2: of C1
    # [⅓ ⅓ ⅔ 0 ⅓] 11/18, C3 [1 1 0 0 0] 3/2, C4 1/2, C5 [0 0 0 1 0] 3/2. Nearest: C4, so .8 · ½ + .2 · 1 = .6
    assert model.score_items(["C2"])[0] == pytest.approx(np.array([0.6, 0, 0, 0, 0.6]))


def test_up_cf_on_paper(tmp_path):
    data = interactions(tiny_shop(tmp_path))
    model = UPCF(recent=1, asymmetry=0.75, locality=2, neighbours=1).fit(data)
    # C5 has bought nothing that others bought: only their own latest order. C2's counts [1 0 0 0 1] are those of C4:
    # likeness 1. C2's latest order is {P1}, C4's only one {P1, P5}: own 1 + 1² · 1 for P1, 1 for P5
    assert model.score_items(["C5"])[0] == pytest.approx(np.array([0, 0, 0, 1, 0]))
    assert model.score_items(["C2"])[0] == pytest.approx(np.array([2, 0, 0, 0, 1]), abs=1e-5)
    # C3 [1 1 0 0 0] against C1 [1 1 2 0 1]: 2 / (2^.75 · 7^.25); against C2 and C4: 1 / (2^.75 · 2^.25) = ½
    likeness = 2 / (2**0.75 * 7**0.25)
    assert model.score_items(["C3"])[0] == pytest.approx(
        np.array([1, 1 + likeness**2, 0, 0, likeness**2]), abs=1e-5)


def test_shares_of_the_latest_orders():
    history = _orders([0], [0, 1], [1], items=2)
    assert history.weighted(latest_shares(history, 2)).toarray().tolist() == [[0.5, 1.0]]
    assert history.weighted(latest_shares(history, 10)).toarray()[0] == pytest.approx([2 / 3, 2 / 3])


def test_a_new_order_moves_the_list_at_once(tmp_path):
    data = interactions(tiny_shop(tmp_path))
    model = NextBasketBlend().fit(data)
    basket = data.basket(["P3"])
    with_it = model._score_rows(model.rows_with(data.user_positions(["C5"]), basket))[0]
    before = model.score_items(["C5"])[0]
    assert with_it[2] > 2 * before[2]


def test_nobody_is_their_own_neighbour(tmp_path):
    data = interactions(tiny_shop(tmp_path))
    model = UPCF(recent=1, locality=1, neighbours=5).fit(data)
    _, _, near = model.mixture_.near[0]
    history = model.rows_of(["C5", "C2"])
    assert np.isneginf(near.dots(history.counts, history.customers)).sum(axis=1).tolist() == [1, 1]
    strangers = history.strangers()
    assert np.isfinite(near.dots(strangers.counts, strangers.customers)).all()
