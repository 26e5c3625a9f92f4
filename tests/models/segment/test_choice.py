import pytest

from assistant.models.segment.choice import BestFound, finder_of
from assistant.models.segment.found import KTrial
from assistant.models.segment.rfm_rules import RFMRules
from tests.contracts.segmenter_contract import SegmenterContract, blobs


class TestBestFound(SegmenterContract):
    planted_ari = 0.99
    planted_purity = 1.0

    def make(self):
        return BestFound(rounds=2)


def test_the_better_of_both_is_used_and_rules_find_nothing():
    model = BestFound(rounds=2).fit(blobs()[0])
    trials = {name: m.trial_ for name, m in model.rivals_.items()}
    assert trials[model.chosen_].silhouette == max(t.silhouette for t in trials.values() if t.stable)
    assert finder_of(model) is model.best_ and finder_of(RFMRules()) is None


@pytest.mark.parametrize(("jaccard", "filled", "stable"), [(0.85, 4, True), (0.849, 4, False), (0.99, 3, False)])
def test_stable_means_the_worst_segment_comes_back_and_none_is_empty(jaccard, filled, stable):
    assert KTrial(4, 0.3, jaccard, filled=filled).stable is stable
