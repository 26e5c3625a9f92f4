"""Which of many odd-looking things are believed."""

from __future__ import annotations

import numpy as np
import pytest

from assistant.briefing.discovery import believable


def test_nothing_is_believed_among_evenly_spread_chances() -> None:
    assert not any(believable([i / 100 for i in range(2, 101)]))


def test_the_published_example() -> None:
    """Benjamini and Hochberg 1995, section 3.2: fifteen tests at 5 %, of which four are kept."""
    chances = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528,
               0.7590, 1.0000]
    assert sum(believable(chances, 0.05)) == 4
    assert believable(chances[::-1], 0.05)[-4:] == [True] * 4


def test_no_tests_no_findings() -> None:
    assert believable([]) == []


@pytest.mark.parametrize("seed", range(3))
def test_share_of_false_alarms_is_bounded(seed: int) -> None:
    rng = np.random.default_rng(seed)
    shares = []
    for _ in range(200):
        chances = [*rng.uniform(0, 1, 180), *rng.uniform(0, 0.001, 20)]
        kept = believable(chances)
        shares.append(sum(kept[:180]) / max(1, sum(kept)))
    assert np.mean(shares) < 0.12
