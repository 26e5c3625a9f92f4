"""Metrics worked out on paper: k = 4; the first list hits at places 1 and 3 of five relevant items."""

import numpy as np
import pytest

from benchmarks.recommend import metrics
from benchmarks.recommend.search.catalogues import place

PLACES = np.array([[7, 1, 9, 2], [1, 2, 3, -1], [4, 5, 6, 8]])
TRUTH = [np.array([7, 9, 20, 21, 22]), np.array([3]), np.array([1, 2])]
D = 1 / np.log2(np.arange(5) + 2)


def test_precision_and_hit_rate():
    assert metrics.precision_at_k(PLACES, TRUTH).tolist() == [0.5, 0.25, 0.0]
    assert metrics.hit_rate_at_k(PLACES, TRUTH).tolist() == [1.0, 1.0, 0.0]


def test_recall_over_all_or_over_what_the_list_can_hold():
    assert metrics.recall_at_k(PLACES, TRUTH).tolist() == [0.4, 1.0, 0.0]
    assert metrics.recall_at_k(PLACES, TRUTH, "cut").tolist() == [0.5, 1.0, 0.0]


def test_average_precision_in_both_variants():
    whole = 1 + 2 / 3
    assert np.allclose(metrics.average_precision_at_k(PLACES, TRUTH), [whole / 5, 1 / 3, 0])
    assert np.allclose(metrics.average_precision_at_k(PLACES, TRUTH, "cut"), [whole / 4, 1 / 3, 0])


def test_ndcg_with_the_ideal_cut_or_not():
    gain = D[0] + D[2]
    assert np.allclose(metrics.ndcg_at_k(PLACES, TRUTH), [gain / D[:4].sum(), D[2], 0])
    assert np.allclose(metrics.ndcg_at_k(PLACES, TRUTH, "all"), [gain / D.sum(), D[2], 0])


def test_reciprocal_rank():
    assert np.allclose(metrics.reciprocal_rank_at_k(PLACES, TRUTH), [1, 1 / 3, 0])


def test_an_empty_place_is_no_hit_and_an_empty_truth_is_refused():
    assert not metrics.hits_at_k(np.array([[-1, -1]]), [np.array([-1])]).any()
    with pytest.raises(ValueError, match="leave such users out"):
        metrics.recall_at_k(PLACES[:1], [np.array([], dtype=int)])


def test_equal_scores_get_the_place_of_any_order():
    assert place(np.array([3.0, 2.0, 1.0]), 1) == (0.5, 1.0)
    assert place(np.array([2.0, 2.0, 1.0]), 0) == (0.75, 1.0)
    assert place(np.zeros(20), 4)[1] == 0.5
