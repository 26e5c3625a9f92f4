"""Every learner of uplift passes the contract."""

from __future__ import annotations

import pytest

from assistant.models.uplift.bases import trees_available
from assistant.models.uplift.learners import MeanLearner, UpliftLearner, make
from tests.contracts.uplift_contract import UpliftContract, trial

__all__ = ["trial"]
needs_trees = pytest.mark.skipif(not trees_available(), reason="LightGBM cannot be loaded here")


class TestSLogistic(UpliftContract):
    def make(self) -> UpliftLearner:
        return make("s_logistic")


class TestTLogistic(UpliftContract):
    def make(self) -> UpliftLearner:
        return make("t_logistic")


class TestXLogistic(UpliftContract):
    def make(self) -> UpliftLearner:
        return make("x_logistic")


@needs_trees
class TestSTrees(UpliftContract):
    def make(self) -> UpliftLearner:
        return make("s_trees")


@needs_trees
class TestTTrees(UpliftContract):
    def make(self) -> UpliftLearner:
        return make("t_trees")


@needs_trees
class TestXTrees(UpliftContract):
    def make(self) -> UpliftLearner:
        return make("x_trees")


class TestMean(UpliftContract):
    def make(self) -> UpliftLearner:
        return MeanLearner()
