import numpy as np
import pytest

from assistant.models.segment.kmeans import KMeansSegments
from assistant.models.segment.stability import _best_jaccard, bootstrap_jaccard
from tests.contracts.segmenter_contract import blobs


def test_best_jaccard_on_paper():
    # group 0 = {a, b, c}, group 1 = {d}; again: {a, b}, {c, d} → 2/3 and 1/2
    assert _best_jaccard(np.array([0, 0, 0, 1]), 2, np.array([5, 5, 9, 9])) == pytest.approx([2 / 3, 1 / 2])


def test_planted_groups_are_stable_and_noise_is_not():
    frame, _ = blobs()
    model = KMeansSegments(k=4).fit(frame)
    stable = bootstrap_jaccard(frame, model.labels_, model.refit_on, rounds=5)
    assert min(stable.values()) > 0.99

    rng = np.random.default_rng(0)
    noise = frame.assign(days_since_last_order=rng.integers(1, 300, len(frame)),
                         order_count=rng.integers(1, 50, len(frame)), monetary_value=rng.uniform(1, 900, len(frame)))
    scattered = KMeansSegments(k=8).fit(noise)
    shaky = bootstrap_jaccard(noise, scattered.labels_, scattered.refit_on, rounds=5)
    assert min(shaky.values()) < 0.8
