"""Several arms of one experiment against each other, with intervals that hold together.

Difference of means with Neyman's variance; rates take theirs with one success and one failure added to each arm
(Agresti and Caffo 2000, *The American Statistician* 54(4), 280–288). All comparisons share one critical value: the
quantile of the largest |z| among them under no effect, which knows that they share arms (Hothorn, Bretz and Westfall
2008, "Simultaneous inference in general parametric models", *Biometrical Journal* 50(3), 346–363).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.campaigns.experiment.size import FEWEST, Z_LEVEL, Z_POWER

if TYPE_CHECKING:
    import numpy as np

#: draws of the largest |z|; a quantile near 2.4 is then off by about 0.004
_DRAWS = 200_000


@dataclass(frozen=True)
class Arm:
    """One arm: customers, mean and variance of the mean of the outcome; ``total`` of the outcome."""

    name: str
    customers: int
    mean: float
    variance: float
    total: float
    binary: bool


@dataclass(frozen=True)
class Comparison:
    """``arm`` less ``against`` with a simultaneous interval; ``p_value`` is adjusted in the same way."""

    arm: str
    against: str
    lift: float
    lower: float
    upper: float
    p_value: float
    detectable: float

    @property
    def verdict(self) -> str:
        """``better``, ``worse`` or ``not_shown``."""
        return "better" if self.lower > 0 else "worse" if self.upper < 0 else "not_shown"


def arms_of(outcome: np.ndarray, arm: np.ndarray, order: Sequence[str] | None = None) -> list[Arm]:
    """Means by arm; arms in the given order, else by name."""
    import numpy as np

    y, names = np.asarray(outcome, dtype=float), np.asarray(arm, dtype=object).astype(str)
    labels, code = np.unique(names, return_inverse=True)
    binary = bool(((y == 0) | (y == 1)).all())
    n, total, squares = (np.bincount(code, v) for v in (np.ones(len(y)), y, y * y))
    found = {}
    for i, label in enumerate(labels):
        if binary:
            rate = (total[i] + 1) / (n[i] + 2)
            variance = rate * (1 - rate) / n[i]
        else:
            variance = (squares[i] - total[i] ** 2 / n[i]) / max(n[i] - 1, 1) / n[i]
        found[str(label)] = Arm(str(label), int(n[i]), float(total[i] / n[i]), float(variance), float(total[i]), binary)
    return [found[name] for name in order if name in found] if order is not None else list(found.values())


def compare_arms(arms: Sequence[Arm], level: float = 0.05) -> list[Comparison]:
    """Every pair, the later arm less the earlier one, so that a control that stands first is what others are held to.

    Arms with fewer than :data:`FEWEST` customers are left out.
    """
    usable = [a for a in arms if a.customers >= FEWEST]
    names = [a.name for a in usable]
    pairs = [(a, b) for j, a in enumerate(usable) for b in usable[:j]]
    pairs.sort(key=lambda pair: names.index(pair[1].name))
    if not pairs:
        return []
    spreads = [math.sqrt(a.variance + b.variance) for a, b in pairs]
    largest = _largest(usable, [(names.index(a.name), names.index(b.name)) for a, b in pairs])
    critical = _quantile(largest, level)
    found = []
    for (a, b), spread in zip(pairs, spreads, strict=True):
        lift = a.mean - b.mean
        z = abs(lift) / spread if spread > 0 else 0.0
        found.append(Comparison(a.name, b.name, lift, lift - critical * spread, lift + critical * spread,
                                _beyond(largest, z), (critical + Z_POWER) * spread))
    return found


def _largest(arms: Sequence[Arm], pairs: Sequence[tuple[int, int]]) -> np.ndarray | None:
    """Draws of the largest |z| of the pairs under no effect; None for one pair, where it is a normal."""
    import numpy as np

    if len(pairs) == 1:
        return None
    rng = np.random.default_rng(0)
    means = rng.standard_normal((_DRAWS, len(arms))) * np.sqrt([a.variance for a in arms])
    worst = np.zeros(_DRAWS)
    for i, j in pairs:
        spread = math.sqrt(arms[i].variance + arms[j].variance)
        if spread > 0:
            np.maximum(worst, np.abs(means[:, i] - means[:, j]) / spread, out=worst)
    return worst


def _quantile(largest: np.ndarray | None, level: float) -> float:
    import numpy as np
    from scipy.stats import norm

    if largest is None:
        return Z_LEVEL if level == 0.05 else float(norm.isf(level / 2))
    return float(np.quantile(largest, 1 - level))


def _beyond(largest: np.ndarray | None, z: float) -> float:
    from scipy.stats import norm

    return float(2 * norm.sf(z)) if largest is None else float((largest >= z).mean())
