"""What another way of choosing would have brought, from a log of actions whose propensities are known.

Three estimates, from plain to robust: inverse propensity scores (Horvitz & Thompson 1952, *JASA* 47(260), 663–685),
the same with weights that add up to one (SNIPS; Swaminathan & Joachims 2015, NeurIPS) and the doubly robust one, which
needs either the propensities or the predictions to be right (Dudík, Langford & Li 2011, ICML). Intervals are normal
approximations on the influence of each row, summed by cluster where people occur more than once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.errors import InvalidPlan

if TYPE_CHECKING:
    import numpy as np

LEVEL = 0.95


@dataclass(frozen=True)
class Estimate:
    """Mean reward per row with an interval."""

    value: float
    lower: float
    upper: float


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Estimates of one policy.

    Attributes:
        dr: None where no predictions were given.
        effective: size of a sample drawn by the policy itself that would tell as much (Kish).
        largest: largest weight of a row.
        scores: (n,) value of each row in the doubly robust estimate, or in IPS without predictions; their differences
            compare policies on the same log.
    """

    ips: Estimate
    snips: Estimate
    dr: Estimate | None
    effective: float
    largest: float
    scores: np.ndarray

    @property
    def best(self) -> Estimate:
        """The doubly robust estimate where there is one, else SNIPS."""
        return self.snips if self.dr is None else self.dr


def evaluate(
    reward: np.ndarray, action: np.ndarray, propensity: np.ndarray, target: np.ndarray,
    predicted: np.ndarray | None = None, cluster: np.ndarray | None = None,
) -> Evaluation:
    """Evaluate a policy on a log.

    Args:
        reward: (n,) what followed.
        action: (n,) which of J actions was taken.
        propensity: (n,) chance with which it was taken, above 0 and at most 1.
        target: (n, J) chance with which the policy would take each action; rows add up to 1.
        predicted: (n, J) reward expected of each action, from a model that has not seen the row.
        cluster: (n,) who a row is about.

    Raises:
        InvalidPlan: a propensity outside (0, 1], or targets that do not add up to 1.
    """
    import numpy as np

    r, p, a = np.asarray(reward, dtype=float), np.asarray(propensity, dtype=float), np.asarray(action, dtype=int)
    pi = np.asarray(target, dtype=float)
    if not ((p > 0) & (p <= 1)).all():
        raise InvalidPlan("A log can be evaluated only with the propensity of every action taken, above 0 and at most "
                          "1", received=float(p.min()) if len(p) else None)
    if not np.allclose(pi.sum(axis=1), 1):
        raise InvalidPlan("The chances of a policy's actions must add up to 1 for everybody",
                          received=float(pi.sum(axis=1).min()))
    rows = np.arange(len(r))
    weight = pi[rows, a] / p
    plain = weight * r
    total = weight.sum()
    ratio = float(plain.sum() / total) if total > 0 else 0.0
    influence = weight * (r - ratio) / (total / len(r)) + ratio if total > 0 else plain
    robust = None
    if predicted is not None:
        robust = (pi * predicted).sum(axis=1) + weight * (r - predicted[rows, a])
    return Evaluation(
        _estimate(plain, cluster), _estimate(influence, cluster),
        None if robust is None else _estimate(robust, cluster),
        float(total**2 / (weight**2).sum()) if total > 0 else 0.0, float(weight.max(initial=0.0)),
        plain if robust is None else robust)


def difference(first: Evaluation, second: Evaluation, cluster: np.ndarray | None = None) -> Estimate:
    """How much more the first policy brings per row than the second, on the same log."""
    return _estimate(first.scores - second.scores, cluster)


def _estimate(scores: np.ndarray, cluster: np.ndarray | None) -> Estimate:
    """Mean with a normal interval; rows of one cluster count together."""
    import numpy as np
    from scipy.stats import norm

    n, mean = len(scores), float(scores.mean())
    away = scores - mean
    if cluster is not None:
        away = np.bincount(np.unique(cluster, return_inverse=True)[1], away)
    groups = len(away)
    error = float(np.sqrt((away**2).sum() * groups / max(groups - 1, 1))) / n
    half = float(norm.ppf(0.5 + LEVEL / 2)) * error
    return Estimate(mean, mean - half, mean + half)
