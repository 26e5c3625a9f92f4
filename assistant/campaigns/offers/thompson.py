"""Finding out which arm is best while using it: Thompson sampling with chances that are computed, not drawn.

An arm is given as often as it is likely to be the best, by what has been seen (Thompson 1933, *Biometrika* 25(3–4),
285–294; Chapelle & Li 2011, NeurIPS). That likelihood is an integral over Beta posteriors, which is taken on a grid of
quantiles, so that the chance of every assignment is known when it is made and can be logged. Every arm keeps a least
chance: without one, a log cannot be evaluated for an arm that was given up.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.errors import InvalidPlan

if TYPE_CHECKING:
    import numpy as np

#: Least chance of an arm.
FLOOR = 0.05
#: Points of the grid.
POINTS = 2000


@dataclass(frozen=True)
class Arm:
    """An arm with what has been seen of it.

    Attributes:
        trials: customers who got it. successes: those of them who answered.
        per_answer: profit of an answer, per_contact: cost of giving it; shop currency.
    """

    name: str
    trials: int = 0
    successes: int = 0
    per_answer: float = 1.0
    per_contact: float = 0.0

    @property
    def posterior(self) -> tuple[float, float]:
        """Parameters of the Beta posterior of its answer rate; the prior is uniform."""
        return 1.0 + self.successes, 1.0 + self.trials - self.successes


def chances(arms: Sequence[Arm], floor: float = FLOOR) -> np.ndarray:
    """(J,) chance with which each arm is to be given; they add up to 1.

    Args:
        floor: least chance of an arm, at most 1 / J.

    Raises:
        InvalidPlan: no arm, a floor that does not fit, or more answers than customers.
    """
    import numpy as np

    if not arms or not 0 <= floor * len(arms) <= 1:
        raise InvalidPlan("Every arm needs its least chance, and together they may not exceed 1",
                          received=f"{len(arms)} arms with {floor:g} each")
    wrong = next((a for a in arms if not 0 <= a.successes <= a.trials), None)
    if wrong is not None:
        raise InvalidPlan(f"{wrong.name}: more answered than got it", received=f"{wrong.successes} of {wrong.trials}")
    best = likely_best(arms)
    found = floor + (1 - floor * len(arms)) * best
    return found / np.sum(found)  # type: ignore[no-any-return]


def likely_best(arms: Sequence[Arm]) -> np.ndarray:
    """(J,) likelihood that each arm brings most per customer."""
    import numpy as np
    from scipy.stats import beta

    grid = (np.arange(POINTS) + 0.5) / POINTS
    found = np.empty(len(arms))
    for j, arm in enumerate(arms):
        profit = beta.ppf(grid, *arm.posterior) * arm.per_answer - arm.per_contact
        below = np.ones(POINTS)
        for k, other in enumerate(arms):
            if k != j:
                below *= _below(other, profit)
        found[j] = below.mean()
    return found / found.sum()  # type: ignore[no-any-return]


def _below(arm: Arm, profit: np.ndarray) -> np.ndarray:
    """Likelihood that an arm brings less than each of these profits."""
    import numpy as np
    from scipy.stats import beta

    if arm.per_answer <= 0:  # every answer loses money: it brings most where nobody answers
        if arm.per_answer == 0:
            return (profit > -arm.per_contact).astype(float)
        return 1 - np.asarray(beta.cdf((profit + arm.per_contact) / arm.per_answer, *arm.posterior))
    return np.asarray(beta.cdf((profit + arm.per_contact) / arm.per_answer, *arm.posterior))


def assign(name: str, customers: Sequence[str], chance: Sequence[float]) -> list[int]:
    """The arm of each customer, drawn with these chances.

    The draw is SHA-256 over the round's name and the customer: as good as random, without a stored seed, and anyone can
    repeat it.
    """
    import numpy as np

    edges = np.cumsum(np.asarray(chance, dtype=float))[:-1]
    drawn = [int.from_bytes(hashlib.sha256(f"{name}\0{c}".encode()).digest()[:8], "big") / 2**64 for c in customers]
    return [int(j) for j in np.searchsorted(edges, drawn, side="right")]
