"""Random orders of drafts, approvals, forgeries and sendings; the benchmark runs many more of them."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from benchmarks.campaigns.approval.machine import Approvals


def test_only_what_was_approved_runs_and_once() -> None:
    run_state_machine_as_test(Approvals, settings=settings(
        max_examples=12, stateful_step_count=15, deadline=None, derandomize=True, database=None,
        phases=(Phase.generate,), suppress_health_check=list(HealthCheck)))
