import numpy as np
import pytest

from assistant.features.interactions import interactions_from_pairs
from assistant.models.recommend.list_measures import (
    coverage,
    diversity,
    exposure,
    gini,
    list_quality,
    novelty,
    paired_difference,
)


def test_list_quality_on_paper():
    # list 7, 3, 9 · truth {3, 9}: hits at ranks 2 and 3; ideal has them at 1 and 2
    recall, ndcg = list_quality(np.array([[7, 3, 9]]), [np.array([3, 9])])
    assert recall[0] == 1.0
    assert ndcg[0] == pytest.approx((1 / np.log2(3) + 1 / np.log2(4)) / (1 + 1 / np.log2(3)))


def test_padding_is_never_a_hit():
    recall, ndcg = list_quality(np.array([[-1, -1]]), [np.array([1])])
    assert recall[0] == 0.0 and ndcg[0] == 0.0


def test_exposure_coverage_and_gini_on_paper():
    counts = exposure(np.array([[0, 1], [0, -1]]), 4)
    assert counts.tolist() == [2, 1, 0, 0] and coverage(counts) == 0.5
    assert gini(np.array([1, 1, 1, 1])) == pytest.approx(0.0)
    assert gini(np.array([0, 0, 0, 1])) == pytest.approx(0.75)  # (n - 1) / n: one product has it all
    assert gini(counts) == pytest.approx(2 * (3 * 1 + 4 * 2) / (4 * 3) - 5 / 4)
    assert gini(np.zeros(3)) == 0.0


def test_novelty_is_the_mean_self_information():
    # bought by 1 of 8 and by 4 of 8: 3 bits and 1 bit
    assert novelty(np.array([[0, 1, -1]]), np.array([1, 4]), 8) == pytest.approx(2.0)


def test_diversity_by_shared_buyers():
    data = interactions_from_pairs(["a", "a", "b", "b", "c"], ["X", "Y", "X", "Y", "Z"])
    x, y, z = data.item_positions(["X", "Y", "Z"])
    assert diversity(np.array([[x, y]]), data) == pytest.approx(0.0)
    assert diversity(np.array([[x, z]]), data) == pytest.approx(1.0)
    assert diversity(np.array([[x, -1]]), data) == 0.0  # a list of one is not diverse


def test_paired_difference_on_paper():
    found = paired_difference(np.array([1.0, 0.0, 1.0]), np.array([0.0, 0.0, 0.0]))
    error = np.std([1, 0, 1], ddof=1) / np.sqrt(3)
    assert found.mean == pytest.approx(2 / 3) and found.standard_error == pytest.approx(error)
    assert found.half_width == pytest.approx(1.96 * error)
    assert paired_difference(np.array([1.0]), np.array([0.0])).high == np.inf
