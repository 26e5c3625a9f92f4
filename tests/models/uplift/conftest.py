"""The demo shop's uplift model, learnt once for the tests that look at it (regressions alone: fast)."""

from __future__ import annotations

import pytest

from assistant.data.warehouse import Snapshot
from assistant.models.uplift.fitted import ShopUplift

LOGISTIC = ("s_logistic", "t_logistic", "x_logistic")


@pytest.fixture(scope="package")
def model(demo_snapshot: Snapshot) -> ShopUplift:
    return ShopUplift(learners=LOGISTIC).fit(demo_snapshot)


@pytest.fixture(scope="package")
def scores(model: ShopUplift, demo_snapshot: Snapshot):
    return model.predict(demo_snapshot)
