"""How long two versions run while orders come in one by one."""

from __future__ import annotations

import numpy as np
import pytest

from assistant.campaigns.experiment.arriving import days_needed, days_result
from assistant.data.warehouse import Snapshot
from assistant.llm.replies import compose
from assistant.plans.experiments import ExperimentSizeRequest


def test_four_of_five_tests_of_that_length_find_the_difference() -> None:
    days, draw = days_needed(60, 0.2), np.random.default_rng(7)
    plain, better = draw.poisson(30 * days, 4000), draw.poisson(36 * days, 4000)
    found = np.abs(better - plain) / np.sqrt(better + plain) > 1.96
    assert found.mean() == pytest.approx(0.8, abs=0.04)


def test_the_reply_counts_only_orders_of_the_test(demo_snapshot: Snapshot) -> None:
    whole = days_result(demo_snapshot, ExperimentSizeRequest(about="duration", orders_per_day=80, effect_relative=10))
    part = days_result(demo_snapshot, ExperimentSizeRequest(
        about="duration", orders_per_day=80, effect_relative=10, in_test=0.1))
    assert whole.figures["needed"].value == days_needed(80, 0.1)
    assert part.figures["needed"].value == days_needed(8, 0.1)
    said = compose([part]).text
    assert "of which 8" in said and "This shop had" in said


def test_without_a_difference_several_are_shown(demo_snapshot: Snapshot) -> None:
    result = days_result(demo_snapshot, ExperimentSizeRequest(about="duration", orders_per_day=60))
    assert "It depends on the difference" in compose([result]).text
    days = [row[1] for row in result.table("days").rows]
    assert days == sorted(days, reverse=True)
