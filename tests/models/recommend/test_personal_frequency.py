import numpy as np
import pytest

from assistant.features.interactions import interactions
from assistant.models.recommend.personal_frequency import PersonalFrequency
from tests.contracts.recommender_contract import RecommenderContract
from tests.support.tiny_shop import tiny_shop


class TestPersonalFrequency(RecommenderContract):
    def make(self):
        return PersonalFrequency()


class TestDecayedAndFilled(RecommenderContract):
    def make(self):
        return PersonalFrequency(decay=0.8, filled=True)


class TestHalfLife(RecommenderContract):
    def make(self):
        return PersonalFrequency(half_life_days=60.0)


def test_half_life_on_paper(tmp_path):
    # C1: {P1, P3} on 3 November, {P3} on 10 January (59 days before the last), {P2, P5} on 9 March: 127, 59 and 0 days
    model = PersonalFrequency(half_life_days=59.0).fit(interactions(tiny_shop(tmp_path)))
    first = 2 ** (-127 / 59)
    assert model.score_items(["C1"])[0] == pytest.approx(np.array([first, 1.0, 0.5 + first, 0.0, 1.0]))


def test_decay_on_paper(tmp_path):
    # C1: {P1, P3}, {P3}, {P2, P5}: with decay one half P1 = 1/4, P2 = 1, P3 = 1/4 + 1/2, P5 = 1
    model = PersonalFrequency(decay=0.5).fit(interactions(tiny_shop(tmp_path)))
    assert model.score_items(["C1"])[0].tolist() == [0.25, 1.0, 0.75, 0.0, 1.0]


def test_the_list_is_filled_up_with_popular_products(tmp_path):
    model = PersonalFrequency(filled=True).fit(interactions(tiny_shop(tmp_path)))
    # C5 bought only P4; P1 is in four orders, P5 in three, P2 and P3 in two
    ids, _ = model.recommend(["C5"], k=5, exclude_seen=False)
    assert ids[0].tolist() == ["P4", "P1", "P5", "P2", "P3"]


def test_a_new_order_counts_at_once(tmp_path):
    data = interactions(tiny_shop(tmp_path))
    model = PersonalFrequency(decay=0.5).fit(data)
    row = model.rows_with(data.user_positions(["C2"]), data.basket(["P4"]))
    assert model._score_rows(row)[0].tolist() == [0.5, 0.0, 0.0, 1.0, 0.25]


def test_leaving_a_product_out_leaves_the_others_alone(tmp_path):
    data = interactions(tiny_shop(tmp_path))
    model = PersonalFrequency(decay=0.5).fit(data)
    row = model.rows_of(["C1"])
    scores = model.score_items(["C1"])[0]
    assert model.scores_without(row, 2, scores).tolist() == [0.25, 1.0, 0.0, 0.0, 1.0]
    assert model.contributions(row, 2) == pytest.approx(np.array([0.0, 0.0, 0.75, 0.0]))
