"""A campaign that ran several times, run by run."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from assistant.campaigns.experiment.seal import CONTACTED, Sealed
from assistant.models.uplift.effects import FEWEST, LEVEL, read_out
from assistant.results import Column, Table
from assistant.results.result import Scalar

if TYPE_CHECKING:
    import pandas as pd

#: what the row of a run says
_SAID = {"gain": "gain", "loss": "loss", "not_shown": "not shown"}
WAITING, TOO_FEW = "not due yet", "too few customers"


def runs_table(runs: Sequence[Sealed], people: Sequence[pd.DataFrame], as_of: date) -> Table | None:
    """A row per run with its own assignment and window; None for a campaign that ran once.

    A run is read once, when its window is over. The intervals hold together over the runs there are (Bonferroni).
    """
    if len(runs) < 2:
        return None
    each = 1 - (1 - LEVEL) / len(runs)
    rows: list[list[Scalar]] = []
    for number, (run, frame) in enumerate(zip(runs, people, strict=True), start=1):
        treated = (frame["arm"] == CONTACTED).to_numpy()
        arms = [int(treated.sum()), int((~treated).sum())]
        values: list[Scalar] = [None] * 5
        verdict = WAITING if run.until > as_of else TOO_FEW
        if run.until <= as_of and min(arms) >= FEWEST:
            e = read_out(frame["ordered_on"].notna().to_numpy(), treated, level=each).overall
            values = [None if v is None else round(100 * v, 2) for v in (e.mean_contacted, e.mean_held_out, e.lift,
                                                                         e.lower, e.upper)]
            verdict = _SAID[e.verdict]
        rows.append([number, run.started.isoformat(), run.until.isoformat(), *arms, *values, verdict])
    columns = [
        Column(name="run", label="Run", unit="count"), Column(name="started", label="Start", unit="date"),
        Column(name="until", label="End of its window", unit="date"),
        Column(name="contacted_count", label="Assigned to be contacted", unit="count"),
        Column(name="held_out_count", label="Held out", unit="count"),
        Column(name="contacted", label="Contacted who ordered", unit="percent"),
        Column(name="held_out", label="Held out who ordered", unit="percent"),
        Column(name="lift", label="Difference", unit="points"),
        Column(name="lower", label="Lower bound", unit="points"),
        Column(name="upper", label="Upper bound", unit="points"), Column(name="verdict", label="Verdict")]
    return Table(id="runs", title="Run by run", columns=columns, rows=rows, total_rows=len(rows))
