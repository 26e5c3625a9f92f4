"""What several tests of recommendations look at and none changes."""

from __future__ import annotations

import pytest

from assistant.data.warehouse import Snapshot
from assistant.models.recommend.fitted import FittedRecommender, fit_recommender


@pytest.fixture(scope="session")
def demo_recommender(demo_snapshot: Snapshot) -> FittedRecommender:
    """The recommender of the demo shop, chosen and fitted once."""
    return fit_recommender(demo_snapshot)
