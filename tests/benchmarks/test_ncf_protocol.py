"""The sampled exam on paper."""

import numpy as np

from assistant.features.interactions import interactions_from_pairs
from assistant.models.recommend.popularity import Popularity
from benchmarks.recommend.ncf_ml1m.run import Exam, candidate_scores, measures


def test_hit_rate_and_gain_with_ties_lost():
    scores = np.zeros((3, 12))
    scores[0, 0] = 5.0  # first: 1 and 1
    scores[1, 1:] = [9, 8, *[-1] * 9]
    scores[1, 0] = 7.0  # third: 1 and 1/2
    hit, gain = measures(scores)  # the third user's item ties with all eleven: no hit
    assert np.isclose(hit, 2 / 3) and np.isclose(gain, 1.5 / 3)


def test_an_item_never_seen_comes_last():
    train = interactions_from_pairs(["A", "B"], ["X", "X"])
    scores = candidate_scores(Popularity().fit(train), Exam(train, np.array([[0, -1], [-1, 0]])))
    assert scores.tolist() == [[2.0, -np.inf], [-np.inf, 2.0]]


def test_the_right_item_among_its_own_negatives_is_no_rival():
    train = interactions_from_pairs(["A", "A"], ["X", "Y"])
    scores = candidate_scores(Popularity().fit(train), Exam(train, np.array([[0, 0, 1]])))
    assert scores.tolist() == [[1.0, -np.inf, 1.0]]
