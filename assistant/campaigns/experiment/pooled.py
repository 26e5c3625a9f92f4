"""A campaign that ran several times read as one: the arms are compared within each run, and the runs are pooled.

Each run has its own draw, its own share held out and its own window. Setting all contacted against all held out would
mix the difference between the runs into that between the arms; so the differences within the runs are averaged with
the weights n1 n0 / (n1 + n0) of Mantel and Haenszel (Greenland and Robins 1985, *Biometrics* 41(1), 55–68). A run of a
few customers counts with what it holds; one that lacks an arm compares nothing and weighs nothing. A person counts in
one run, the first that took them, so that the rows are independent and no variance needs to be clustered.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.models.uplift.effects import FEWEST, LEVEL, POWER, Effect, Effects, differ_p, read_out

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Pooled:
    """Means of the outcome, weighted over the runs. ``weight``: sum of the runs' weights.

    Attributes:
        contacted, held_out: customers of the runs that have both arms.
        total: of the outcome, over those customers.
    """

    contacted: int
    held_out: int
    mean_contacted: float
    mean_held_out: float
    weight: float
    total: float

    @property
    def lift(self) -> float:
        return self.mean_contacted - self.mean_held_out

    @property
    def null_error(self) -> float:
        """Standard error of the lift of a share if nothing was changed, with the variance of both arms together."""
        both = (self.total + 1) / (self.contacted + self.held_out + 2)
        return math.sqrt(both * (1 - both) / self.weight)


def pool(outcome: np.ndarray, treatment: np.ndarray, run: np.ndarray) -> Pooled | None:
    """Pool the runs.

    Args:
        outcome: (n,) 0 and 1, or an amount per customer.
        treatment: (n,) 1 contacted, 0 held out.
        run: (n,) the run a row belongs to.

    Returns:
        None where no run has both arms.
    """
    y, _, n, sums, weight = _by_run(outcome, treatment, run)
    whole = float(weight.sum())
    if not whole:
        return None
    kept = weight > 0
    means = [float((weight[kept] * sums[arm][kept] / n[arm][kept]).sum() / whole) for arm in (1, 0)]
    counts = [int(n[arm][kept].sum()) for arm in (1, 0)]
    return Pooled(*counts, *means, whole, float(sums[0][kept].sum() + sums[1][kept].sum()))


def effects_of_runs(
    outcome: np.ndarray, treatment: np.ndarray, run: np.ndarray, *, group: np.ndarray | None = None,
    order: Sequence[str] = (), level: float = LEVEL,
) -> Effects:
    """The effect of all runs together, in all and by group; of one run as any experiment is read.

    Args:
        group: (n,) known before the contact; intervals of groups hold together (Bonferroni).
        order: names of groups in the order wanted.

    Raises:
        InvalidPlan: a single run lacks customers in an arm.
    """
    import numpy as np

    runs = np.unique(run)
    if len(runs) == 1:
        return read_out(outcome, treatment, group=group, order=order or None, level=level)
    labels = None if group is None else np.asarray(group, dtype=object).astype(str)
    names = [] if labels is None else [g for g in order if (labels == g).any()]
    each = 1 - (1 - level) / max(1, len(names))
    y, treated, trial = np.asarray(outcome, dtype=float), np.asarray(treatment).astype(bool), np.asarray(run)
    parts = [(g, labels == g) for g in names]
    groups = tuple(_effect(g, y[rows], treated[rows], trial[rows], each) for g, rows in parts)
    return Effects(_effect("all", y, treated, trial, level), groups, differ_p(groups, each), len(runs))


def _effect(name: str, y: np.ndarray, treated: np.ndarray, run: np.ndarray, level: float) -> Effect:
    from scipy.stats import norm

    found = pool(y, treated, run)
    if found is None or min(found.contacted, found.held_out) < FEWEST:
        return Effect(name, int(treated.sum()), int((~treated).sum()), None, None, None, None, None)
    error = _error(y, treated, run)
    half = float(norm.ppf(0.5 + level / 2)) * error
    detectable = float(norm.ppf(0.5 + LEVEL / 2) + norm.ppf(POWER)) * error
    return Effect(name, found.contacted, found.held_out, found.mean_contacted, found.mean_held_out, found.lift,
                  found.lift - half, found.lift + half, detectable)


def _error(outcome: np.ndarray, treatment: np.ndarray, run: np.ndarray) -> float:
    """Standard error of the pooled lift.

    Of a share: each arm's own over the runs, with one success and one failure added, so that an arm without orders has
    one too. Of an amount: from what is left when runs and arms are taken out (White 1980, *Econometrica* 48(4),
    817–838), which lets runs and arms vary by themselves.
    """
    import numpy as np

    y, treated, n, sums, weight = _by_run(outcome, treatment, run)
    whole, kept = weight.sum(), weight > 0
    if ((y == 0) | (y == 1)).all():
        variance = 0.0
        for arm in (1, 0):
            rate = (sums[arm][kept].sum() + 1) / (n[arm][kept].sum() + 2)
            variance += rate * (1 - rate) * float((weight[kept] ** 2 / n[arm][kept]).sum())
        return float(math.sqrt(variance) / whole)
    code = np.unique(run, return_inverse=True)[1]
    rows = kept[code]
    y, t, code = y[rows], treated[rows].astype(float), code[rows]
    sizes = np.bincount(code, minlength=len(weight))[code]
    turned = t - np.bincount(code, t, minlength=len(weight))[code] / sizes
    centred = y - np.bincount(code, y, minlength=len(weight))[code] / sizes
    left = centred - (turned @ centred) / whole * turned
    spare = max(len(y) - int(kept.sum()) - 1, 1)
    return float(math.sqrt(len(y) / spare * (turned**2 * left**2).sum()) / whole)


def _by_run(
    outcome: np.ndarray, treatment: np.ndarray, run: np.ndarray
) -> tuple[np.ndarray, np.ndarray, list[np.ndarray], list[np.ndarray], np.ndarray]:
    """Outcome, treatment, customers and sums by arm and run, and the weight of each run."""
    import numpy as np

    y, treated = np.asarray(outcome, dtype=float), np.asarray(treatment).astype(bool)
    code = np.unique(run, return_inverse=True)[1]
    size = int(code.max()) + 1 if len(code) else 0
    arms = (~treated, treated)
    n = [np.bincount(code[a], minlength=size).astype(float) for a in arms]
    sums = [np.bincount(code[a], y[a], minlength=size) for a in arms]
    weight = n[0] * n[1] / np.maximum(n[0] + n[1], 1)
    return y, treated, n, sums, weight
