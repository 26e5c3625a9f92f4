import numpy as np
import pytest

from assistant.errors import InvalidPlan
from assistant.models.segment.kmeans import KMeansSegments
from assistant.models.segment.naming import name_segments
from tests.contracts.segmenter_contract import SegmenterContract, blobs


class TestKMeans(SegmenterContract):
    planted_ari = 0.99
    planted_purity = 1.0

    def make(self):
        return KMeansSegments(rounds=4)


class TestKMeansFour(SegmenterContract):
    planted_ari = 0.99
    planted_purity = 1.0

    def make(self):
        return KMeansSegments(k=4)

    def test_a_handful_of_customers(self):
        with pytest.raises(InvalidPlan, match="4 segments were asked for"):
            self.make().fit(blobs()[0].iloc[::70].iloc[:3])

    def test_identical_customers_are_one_segment(self):
        with pytest.raises(InvalidPlan, match="only 1 customers differ"):
            self.make().fit(blobs()[0].iloc[[0] * 30])


def test_k_is_chosen_where_groups_are_planted():
    model = KMeansSegments(rounds=4).fit(blobs()[0])
    assert len(model.profile_) == 4
    chosen = next(t for t in model.trials_ if t.k == 4)
    assert chosen.worst_jaccard > 0.95 and chosen.silhouette == max(t.silhouette for t in model.trials_)


def test_one_wholesaler_does_not_set_the_scale():
    frame, truth = blobs()
    frame.loc[0, ["order_count", "monetary_value"]] = [5000, 9_000_000.0]
    labels = KMeansSegments(k=5).fit(frame).labels_
    assert len({labels[truth == kind][5] for kind in range(4)}) == 4


def test_names_come_from_the_medians():
    names = dict(zip(blobs()[1], KMeansSegments(k=4).fit(blobs()[0]).labels_, strict=True))
    assert names[0].startswith("Recent") and names[0].endswith("big spenders")
    assert "one-off" in names[3] and names[3].startswith("Long gone")
    assert names[3].endswith("small spenders") and not names[1].endswith("big spenders")


def test_equal_names_are_told_apart():
    frame, _ = blobs()
    medians = frame.iloc[[0, 0, 0]][["days_since_last_order", "order_count", "monetary_value"]].reset_index(drop=True)
    medians["monetary_value"] = [4000.0, 4100.0, 4200.0]
    names = name_segments(medians, frame)
    assert len(set(names)) == 3
    assert names[0].endswith("spending less") and names[2].endswith("spending more")


def test_mini_batches_find_the_same_groups():
    frame, truth = blobs(size=400)
    model = KMeansSegments(k=4, minibatch_from=200).fit(frame)
    assert len(model.labels_) == 1600
    assert all(len(np.unique(truth[model.labels_ == n])) == 1 for n in model.profile_.index)
