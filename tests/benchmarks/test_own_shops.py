import numpy as np
import pytest

from benchmarks.recommend.own_shops.run import clustered


def test_a_customer_of_several_windows_counts_as_one_cluster():
    ours = [np.array([1.0, 0.0]), np.array([1.0, 0.0])]
    theirs = [np.zeros(2), np.zeros(2)]
    mean, error = clustered(ours, theirs, [np.array(["A", "B"]), np.array(["A", "B"])])
    assert mean == pytest.approx(0.5)
    assert error == pytest.approx(np.sqrt(1.0**2 + 1.0**2) / 4)  # sums about the mean: A +1, B -1
    _, apart = clustered(ours, theirs, [np.array(["A", "B"]), np.array(["C", "D"])])
    assert apart == pytest.approx(np.sqrt(4 * 0.25) / 4) and apart < error
