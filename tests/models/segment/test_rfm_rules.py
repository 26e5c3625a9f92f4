import itertools

import numpy as np
import pandas as pd

from assistant.models.segment.rfm_rules import RULES, RFMRules, _fits
from tests.contracts.segmenter_contract import SegmenterContract


class TestRFMRules(SegmenterContract):
    def make(self):
        return RFMRules()


def frame_of(days, orders, money):
    return pd.DataFrame({"days_since_last_order": days, "order_count": orders, "monetary_value": money})


def test_rules_cover_every_score_and_every_rule_can_be_reached():
    grid = list(itertools.product(range(1, 6), range(1, 6), (True, False)))
    recency, value, once = (np.array(column) for column in zip(*grid, strict=True))
    hits = np.array([_fits(rule, recency, value, once) for rule in RULES])
    assert hits.any(axis=0).all()
    first = hits.argmax(axis=0)
    assert set(first) == set(range(len(RULES)))


def test_scores_on_paper():
    # ten customers, values 1…10: quintile cuts of 1…10 are 2.8, 4.6, 6.4, 8.2
    model = RFMRules().fit(frame_of(range(1, 11), range(1, 11), np.arange(1.0, 11.0)))
    recency, frequency, money, value = model.scores(frame_of([1, 10, 5], [1, 10, 5], [1.0, 10.0, 5.0]))
    assert frequency.tolist() == money.tolist() == value.tolist() == [1, 5, 3]
    assert recency.tolist() == [5, 1, 3]


def test_equal_values_get_equal_scores_even_when_most_are_equal():
    model = RFMRules().fit(frame_of([10] * 10, [1] * 8 + [2, 3], [5.0] * 10))
    _, frequency, _, _ = model.scores(frame_of([10] * 3, [1, 2, 3], [5.0] * 3))
    assert frequency[0] == 1 and frequency[1] > 1 and frequency[2] >= frequency[1]


def test_value_halves_are_rounded_up():
    model = RFMRules().fit(frame_of(range(1, 11), range(1, 11), np.arange(1.0, 11.0)))
    _, _, _, value = model.scores(frame_of([1, 1], [10, 3], [8.0, 4.0]))
    assert value.tolist() == [5, 2]  # (5 + 4) / 2 = 4.5 → 5 · (2 + 2) / 2 = 2


def test_definitions_are_true_of_every_member():
    rng = np.random.default_rng(3)
    frame = frame_of(rng.integers(0, 500, 800), rng.geometric(0.4, 800), rng.lognormal(4, 1, 800))
    model = RFMRules().fit(frame)
    days = frame["days_since_last_order"].to_numpy()
    for name in model.profile_.index:
        rule = next(r for r in RULES if r.name == name)
        inside = days[model.labels_ == name]
        low, high = rule.recency
        if low > 1:
            assert (inside < model.day_cuts_[5 - low]).all()
        if high < 5:
            assert (inside >= model.day_cuts_[4 - high]).all()
        if rule.one_order:
            assert (frame["order_count"].to_numpy()[model.labels_ == name] == 1).all()


def test_a_recent_frequent_big_spender_is_a_champion_and_the_opposite_is_lost():
    model = RFMRules().fit(frame_of(range(1, 101), range(100, 0, -1), np.arange(100.0, 0.0, -1)))
    names = model.predict(frame_of([1, 100], [100, 1], [100.0, 1.0]))
    assert names.tolist() == ["Champions", "Lost"]


def test_nobody_is_lost_where_nothing_tells_customers_apart():
    model = RFMRules().fit(frame_of([0] * 30, [2] * 30, [9.0] * 30))
    assert set(model.labels_) == {"All alike"}
    assert "same last order" in model.definition("All alike") and "alike" in model.advice("All alike")


def test_a_last_order_on_the_same_day_says_nothing():
    model = RFMRules().fit(frame_of([0] * 100, [1] * 50 + [3] * 50, np.arange(1.0, 101.0)))
    assert not set(model.labels_) & {"Lost", "Hibernating", "At risk", "Must not lose", "New"}
    assert all("same day" in model.definition(name) for name in set(model.labels_))
