"""What a randomised experiment showed: the difference between its arms with an interval, in all and by group.

The estimate is the difference of means within each experiment (Neyman 1923; Imbens & Rubin 2015, *Causal Inference*,
chapter 6), weighted over experiments by their contacted customers. Whether a customer is in several experiments does
not matter to its variance, because arms are drawn anew for each. Rates take their variance with one success and one
failure added to each arm (after Agresti & Caffo 2000, *The American Statistician* 54(4), 280–288), so that an arm
without orders has an interval too. Intervals of groups hold together (Bonferroni), and groups count as different only
where Cochran's Q says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.errors import InvalidPlan

if TYPE_CHECKING:
    import numpy as np

#: Customers of each arm that a difference is given for.
FEWEST = 10
LEVEL = 0.95
POWER = 0.8


@dataclass(frozen=True)
class Effect:
    """One difference. Means of the outcome per customer; None where an arm has too few customers.

    Attributes:
        detectable: the difference that would have been found in four of five such experiments.
    """

    group: str
    contacted: int
    held_out: int
    mean_contacted: float | None
    mean_held_out: float | None
    lift: float | None
    lower: float | None
    upper: float | None
    detectable: float | None = None

    @property
    def verdict(self) -> str:
        """``gain``, ``loss``, ``not_shown`` or ``too_few``."""
        if self.lift is None or self.lower is None or self.upper is None:
            return "too_few"
        return "gain" if self.lower > 0 else "loss" if self.upper < 0 else "not_shown"


@dataclass(frozen=True)
class Effects:
    """The whole and its groups, in the groups' own order. ``differ``: p-value that the groups differ no more than
    chance lets them; None with fewer than two groups."""

    overall: Effect
    groups: tuple[Effect, ...]
    differ: float | None
    experiments: int


def read_out(
    outcome: np.ndarray, treatment: np.ndarray, *, experiment: np.ndarray | None = None,
    group: np.ndarray | None = None, order: Sequence[str] | None = None, level: float = LEVEL,
) -> Effects:
    """Read out one randomised experiment, or several together.

    Args:
        outcome: (n,) 0 and 1, or an amount per customer.
        treatment: (n,) 1 contacted, 0 held out, drawn at random within each experiment.
        experiment: (n,) which experiment a row belongs to; all the same where not given.
        group: (n,) a group known **before** the contact.
        order: names of groups in the order wanted.
        level: of the intervals.

    Raises:
        InvalidPlan: no experiment has both arms.
    """
    import numpy as np

    y, treated = np.asarray(outcome, dtype=float), np.asarray(treatment).astype(bool)
    trial = np.zeros(len(y), dtype=int) if experiment is None else np.unique(experiment, return_inverse=True)[1]
    overall = _effect("all", y, treated, trial, level)
    if overall.lift is None:
        raise InvalidPlan(
            "An effect needs customers who were contacted and others who were held out at random, at least "
            f"{FEWEST} of each in one campaign", received=f"{overall.contacted:,} and {overall.held_out:,}")
    names: list[str] = []
    if group is not None:
        present = {str(g) for g in np.unique(np.asarray(group, dtype=object).astype(str))}
        names = [g for g in order if g in present] if order is not None else sorted(present)
    each = 1 - (1 - level) / max(1, len(names))
    labels = np.asarray(group, dtype=object).astype(str) if names else np.empty(0, dtype=object)
    parts = [(g, labels == g) for g in names]
    groups = tuple(_effect(g, y[rows], treated[rows], trial[rows], each) for g, rows in parts)
    return Effects(overall, groups, differ_p(groups, each), len(np.unique(trial)))


def _effect(name: str, y: np.ndarray, treated: np.ndarray, trial: np.ndarray, level: float) -> Effect:
    import numpy as np
    from scipy.stats import norm

    sums = _sums(y, treated, trial)
    n_t, n_c = sums[0][1], sums[0][0]
    usable = (n_t >= FEWEST) & (n_c >= FEWEST)
    counts = int(n_t.sum()), int(n_c.sum())
    if not usable.any():
        return Effect(name, *counts, None, None, None, None, None)
    weight = np.where(usable, n_t, 0.0) / n_t[usable].sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        mean_t, mean_c = (np.where(usable, sums[1][arm] / sums[0][arm], 0.0) for arm in (1, 0))
        spread = [np.where(usable, _variance(*(s[arm] for s in sums), binary=_binary(y)), 0.0) for arm in (1, 0)]
    error = float(np.sqrt((weight**2 * (spread[0] + spread[1])).sum()))
    contacted, held = float((weight * mean_t).sum()), float((weight * mean_c).sum())
    half = float(norm.ppf(0.5 + level / 2)) * error
    lift = contacted - held
    found = float(norm.ppf(0.5 + LEVEL / 2) + norm.ppf(POWER)) * error
    return Effect(name, *counts, contacted, held, lift, lift - half, lift + half, found)


def _sums(y: np.ndarray, treated: np.ndarray, trial: np.ndarray) -> list[list[np.ndarray]]:
    """Per arm and experiment: customers, sum and sum of squares of the outcome."""
    import numpy as np

    size = int(trial.max()) + 1 if len(trial) else 1
    arms = (~treated, treated)
    return [[np.bincount(trial[a], v[a], minlength=size) for a in arms] for v in (np.ones(len(y)), y, y * y)]


def _binary(y: np.ndarray) -> bool:
    return bool(((y == 0) | (y == 1)).all())


def _variance(n: np.ndarray, total: np.ndarray, squares: np.ndarray, *, binary: bool) -> np.ndarray:
    """Of the mean of one arm."""
    if binary:
        rate = (total + 1) / (n + 2)
        return rate * (1 - rate) / n  # type: ignore[no-any-return]
    return (squares - total * total / n) / (n - 1) / n  # type: ignore[no-any-return]


def differ_p(groups: Sequence[Effect], level: float) -> float | None:
    """p-value of Cochran's Q (Cochran 1954, *Biometrics* 10(1), 101–129)."""
    import numpy as np
    from scipy.stats import chi2, norm

    known = [g for g in groups if g.lift is not None and g.upper is not None and g.upper > g.lift]
    if len(known) < 2:
        return None
    lift = np.array([g.lift for g in known], dtype=float)
    error = np.array([g.upper for g in known], dtype=float) - lift
    precision = (float(norm.ppf(0.5 + level / 2)) / error) ** 2
    mean = (precision * lift).sum() / precision.sum()
    return float(chi2.sf((precision * (lift - mean) ** 2).sum(), len(known) - 1))


def arms_alike(x: np.ndarray, treatment: np.ndarray, experiment: np.ndarray | None = None) -> float:
    """p-value that the arms differed no more before the contact than a random draw lets them.

    A joint test of all columns: centred within each experiment, the difference of the arms' means is measured by its
    own covariance (Hotelling's T², taken as chi-square). A value near nought means that somebody chose whom to contact.
    """
    import numpy as np
    from scipy.stats import chi2

    z, treated = np.array(x, dtype=float), np.asarray(treatment, dtype=float).copy()
    trial = np.zeros(len(z), dtype=int) if experiment is None else np.unique(experiment, return_inverse=True)[1]
    size = np.bincount(trial)
    for column in (*z.T, treated):
        column -= (np.bincount(trial, column) / size)[trial]
    moved = z.T @ treated
    values, vectors = np.linalg.eigh((z * (treated**2)[:, None]).T @ z)
    kept = values > 1e-9 * max(float(values.max(initial=0.0)), 1e-30)  # columns that repeat each other count once
    if not kept.any():
        return 1.0
    statistic = float((((vectors[:, kept].T @ moved) ** 2) / values[kept]).sum())
    return float(chi2.sf(statistic, int(kept.sum())))
