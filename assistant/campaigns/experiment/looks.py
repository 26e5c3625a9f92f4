"""A campaign of one's own read by its rule: what each look that is due says, and whether it may be stopped."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from assistant.campaigns.experiment.pooled import Pooled, pool
from assistant.campaigns.experiment.seal import CONTACTED, HELD, Sealed
from assistant.campaigns.experiment.sequential import boundaries, odds, spent
from assistant.campaigns.experiment.size import FEWEST
from assistant.errors import InvalidPlan

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Look:
    """One look. Rates 0–1; all None before it is due.

    Attributes:
        day: of the window; ``on``: the calendar day by whose end orders are counted.
        bar: |z| that decides; infinite where nobody had ordered yet.
        lower, upper: repeated confidence interval: it holds at all looks together.
    """

    day: int
    on: date
    due: bool
    contacted: float | None = None
    held_out: float | None = None
    lift: float | None = None
    lower: float | None = None
    upper: float | None = None
    bar: float | None = None

    @property
    def verdict(self) -> str:
        """``waiting``, ``gain``, ``loss`` or ``not_shown``."""
        if not self.due or self.lower is None or self.upper is None:
            return "waiting"
        return "gain" if self.lower > 0 else "loss" if self.upper < 0 else "not_shown"


def looks_of(runs: Sequence[Sealed], people: Sequence[pd.DataFrame], as_of: date) -> list[Look]:
    """Every look of a campaign, due or not; several runs are compared each within itself and then pooled.

    Args:
        runs: of one campaign; the looks are counted from the start of each, and due when they are for the latest.
        people: :func:`assistant.campaigns.experiment.own.outcomes` of each run.

    Raises:
        InvalidPlan: an arm has too few customers, over the runs that have both.
    """
    import numpy as np
    import pandas as pd

    rule = runs[0].rule
    frame = pd.concat([p.assign(after=(pd.to_datetime(p["ordered_on"]) - pd.Timestamp(r.started)).dt.days, place=i)
                       for i, (r, p) in enumerate(zip(runs, people, strict=True))], ignore_index=True)
    treated, place = (frame["arm"] == CONTACTED).to_numpy(), frame["place"].to_numpy()
    compared = pool(np.zeros(len(frame)), treated, place)
    if compared is None or min(compared.contacted, compared.held_out) < FEWEST:
        raise InvalidPlan(f"A read-out needs at least {FEWEST} customers in each arm", received=", ".join(
            f"{arm}: {int((frame['arm'] == arm).sum()):,}" for arm in (CONTACTED, HELD)))
    due = [d for d in rule.looks if max(r.look_day(d) for r in runs) <= as_of]
    read = [found for d in due if (found := pool((frame["after"] < d).to_numpy(), treated, place)) is not None]
    level = rule.level_percent / 100
    pooled = [p.total / (p.contacted + p.held_out) for p in read]
    bars = boundaries([odds(p) for p in pooled], [spent(d / rule.window_days, level) for d in due])
    found = [_look(runs, day, p, bar) for day, p, bar in zip(due, read, bars, strict=True)]
    return found + [Look(d, max(r.look_day(d) for r in runs), False) for d in rule.looks[len(due):]]


def _look(runs: Sequence[Sealed], day: int, pooled: Pooled, bar: float) -> Look:
    """One look that is due.

    The variance is that of both arms together: the arms' own would give more false alarms than promised where the
    control group is small and few order (5.8 % for 5 % in simulation).
    """
    half = min(bar * pooled.null_error, 1.0) if math.isfinite(bar) else 1.0
    return Look(day, max(r.look_day(day) for r in runs), True, pooled.mean_contacted, pooled.mean_held_out,
                pooled.lift, max(pooled.lift - half, -1.0), min(pooled.lift + half, 1.0), bar)


def decided(looks: Sequence[Look]) -> Look | None:
    """The first look that decided, if one has."""
    return next((look for look in looks if look.verdict in {"gain", "loss"}), None)
