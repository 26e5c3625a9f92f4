"""The one exam of every segmenter. An implementation subclasses it and says how it is made:

class TestMine(SegmenterContract):
    def make(self):
        return Mine()
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.metrics import adjusted_rand_score

from assistant.errors import NoRows
from assistant.models.segment.base import FEATURES, Segmenter


def blobs(size: int = 60, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    """Four planted kinds of customers far apart in recency, orders and spending, and who is which."""
    rng = np.random.default_rng(seed)
    kinds = [(5, 30, 4000), (10, 1, 40), (250, 25, 3000), (600, 1, 30)]
    parts = [
        pd.DataFrame({
            "days_since_last_order": np.round(days * rng.uniform(0.9, 1.1, size)).astype(int),
            "order_count": np.maximum(1, np.round(orders * rng.uniform(0.9, 1.1, size))).astype(int),
            "monetary_value": money * rng.uniform(0.9, 1.1, size),
        }) for days, orders, money in kinds
    ]
    frame = pd.concat(parts, ignore_index=True)
    frame.insert(0, "customer_id", [f"C{i:04d}" for i in range(len(frame))])
    return frame, np.repeat(np.arange(4), size)


class SegmenterContract:
    #: How much of the planted split must be found (adjusted Rand index, 1 = all).
    planted_ari = 0.6
    #: Share of customers whose segment is mostly of their own kind.
    planted_purity = 0.8

    def make(self) -> Segmenter:
        raise pytest.UsageError("say in make() how the segmenter is made")

    def planted(self) -> tuple[pd.DataFrame, np.ndarray]:
        """Customers with a planted split, and who is which; a segmenter that reads more columns brings its own."""
        return blobs()

    def alike(self, rows: int) -> pd.DataFrame:
        """Identical customers."""
        return self.planted()[0].iloc[[0] * rows].reset_index(drop=True)

    @pytest.fixture(scope="class")
    def fitted(self):
        return self.make().fit(self.planted()[0])

    def test_finds_the_planted_kinds(self, fitted):
        assert adjusted_rand_score(self.planted()[1], fitted.labels_) >= self.planted_ari

    def test_planted_kinds_are_hardly_mixed(self, fitted):
        _, truth = self.planted()
        majority = sum(np.bincount(truth[fitted.labels_ == name]).max() for name in fitted.profile_.index)
        assert majority / len(truth) >= self.planted_purity

    def test_init_only_stores_parameters(self):
        model = self.make()
        assert vars(model) == model.parameters()

    def test_fit_returns_self_and_learnt_state_ends_in_underscore(self):
        model = self.make()
        before = set(vars(model))
        assert model.fit(self.planted()[0]) is model
        assert all(name.endswith("_") for name in set(vars(model)) - before)

    def test_unfitted_use_raises(self):
        with pytest.raises(NotFittedError):
            self.make().predict(self.planted()[0])

    def test_everybody_is_in_exactly_one_named_segment(self, fitted):
        frame, _ = self.planted()
        assert len(fitted.labels_) == len(frame)
        assert all(isinstance(n, str) and n for n in fitted.labels_)
        assert fitted.profile_["customers"].sum() == len(frame)
        assert fitted.profile_["share"].sum() == pytest.approx(100)
        assert fitted.profile_["revenue_share"].sum() == pytest.approx(100)

    def test_names_are_unique_and_each_has_a_definition(self, fitted):
        names = list(fitted.profile_.index)
        assert len(names) == len(set(names))
        definitions = [fitted.definition(n) for n in names]
        assert all(definitions) and len(set(definitions)) == len(names)

    def test_predict_agrees_with_the_labels_whatever_the_order(self, fitted):
        frame, _ = self.planted()
        shuffled = frame.sample(frac=1, random_state=1)
        assert (fitted.predict(shuffled) == fitted.labels_[shuffled.index]).all()

    def test_only_the_declared_features_count(self, fitted):
        frame, _ = self.planted()
        changed = frame.assign(customer_id="X", units=7, birth_year=1990)
        changed = changed[[c for c in changed.columns if c in FEATURES or ":" in c or c in {"birth_year", "units"}]]
        assert (fitted.predict(changed) == fitted.labels_).all()

    def test_fitting_twice_gives_the_same_labels(self):
        frame, _ = self.planted()
        assert (self.make().fit(frame).labels_ == self.make().fit(frame).labels_).all()

    def test_nobody_is_refused(self):
        with pytest.raises(NoRows):
            self.make().fit(self.planted()[0].iloc[:0])

    @pytest.mark.parametrize("rows", [1, 2, 3])
    def test_a_handful_of_customers(self, rows):
        model = self.make().fit(self.planted()[0].iloc[:: 70].iloc[:rows])
        assert model.profile_["customers"].sum() == rows

    def test_identical_customers_are_one_segment(self):
        assert len(self.make().fit(self.alike(30)).profile_) == 1

    def test_equal_customers_are_never_split(self):
        frame, _ = self.planted()
        doubled = pd.concat([frame, frame], ignore_index=True)
        labels = self.make().fit(doubled).labels_
        assert (labels[: len(frame)] == labels[len(frame) :]).all()

    def test_negative_and_zero_money_is_accepted(self):
        frame, _ = self.planted()
        frame.loc[:20, "monetary_value"] = -5.0
        frame.loc[21:30, "monetary_value"] = 0.0
        assert len(self.make().fit(frame).labels_) == len(frame)
