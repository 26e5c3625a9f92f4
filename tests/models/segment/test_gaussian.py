import numpy as np
import pytest

from assistant.errors import InvalidPlan
from assistant.models.segment.gaussian import GaussianSegments
from tests.contracts.segmenter_contract import SegmenterContract, blobs


class TestGaussian(SegmenterContract):
    planted_ari = 0.99
    planted_purity = 1.0

    def make(self):
        return GaussianSegments(rounds=3)


def test_more_groups_than_customers_is_refused():
    with pytest.raises(InvalidPlan, match="9 segments were asked for"):
        GaussianSegments(k=9).fit(blobs()[0].iloc[::70])


def test_a_sample_is_enough_to_assign_everybody():
    frame, truth = blobs(size=300)
    labels = GaussianSegments(k=4, sample=300, rounds=2).fit(frame).labels_
    assert all(len(np.unique(truth[labels == n])) == 1 for n in np.unique(labels))
