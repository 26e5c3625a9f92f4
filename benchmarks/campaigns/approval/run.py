"""Random orders of drafts, dry runs, approvals, forgeries and sendings: executed is approved."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from benchmarks.campaigns.approval.machine import Approvals
from benchmarks.report import Outcome, Row

RUNS, STEPS, SEED = 5_000, 20, 20261123


class _Counted(Approvals):
    """Counts what happened over all runs, so that a machine that never gets anywhere would show."""

    runs = started = left = 0

    def teardown(self) -> None:
        type(self).runs += 1
        type(self).started += bool(self.granted)
        type(self).left += len(self.sent)
        super().teardown()


def run() -> Outcome:
    from hypothesis import seed

    failed = ""
    try:
        run_state_machine_as_test(seed(SEED)(_Counted), settings=settings(
            max_examples=RUNS, stateful_step_count=STEPS, deadline=None, database=None,
            phases=(Phase.generate,), suppress_health_check=list(HealthCheck)))
    except AssertionError as error:
        failed = str(error) or "an assertion"
    rows = [
        Row("runs in which executed was not approved, or not once", "0" if not failed else f"1 ({failed})", bar="0",
            met=not failed),
        Row("runs", f"{_Counted.runs:,}", bar=f"≥ {RUNS:,}", met=_Counted.runs >= RUNS),
        Row("runs in which something was started", f"{_Counted.started:,}"),
        Row("messages that left", f"{_Counted.left:,}"),
    ]
    return Outcome("campaigns.approval", rows, f"generated orders of up to {STEPS} steps (Hypothesis)", str(SEED),
                   ("hypothesis",), ["Steps: change the draft, dry run, approve with or without the number typed, "
                                     "reject, start with the rows approved or with a changed text, address, one more "
                                     "or one fewer, send with every outcome, stop, resume, undo, crash, wait past "
                                     "expiry."])
