"""Who gets which option when everybody gets at most one and sums over all of them are limited.

A multiple-choice knapsack with several limits. Small ones go to an integer programme as they are (HiGHS, through
``scipy.optimize.milp``). Large ones are first priced: the limits are charged for by multipliers, found by cutting
planes on the Lagrangian dual (Kelley 1960, *J. SIAM* 8(4), 703–712), which gives a bound that no choice can exceed.
Customers whose best option leads clearly at those prices keep it; the integer programme settles the others, the core
(the idea of Balas & Zemel 1980, *Operations Research* 28(5), 1130–1154). The distance to the bound is given with the
answer, so that nobody has to trust the short cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.campaigns.offers.solver_output import kept_out

if TYPE_CHECKING:
    import numpy as np

#: Customers × options that the integer programme takes whole.
WHOLE = 12_000
#: Customers × options of the core it is given otherwise.
CORE = 8_000
NODES = 500
CUTS = 300
#: Distance to the bound, as a share of it, at which pricing and the integer programme stop.
CLOSE = 1e-6


@dataclass(frozen=True, eq=False)
class Limit:
    """Sum over customers of ``weight`` of what each gets may not exceed ``most``.

    Attributes:
        name: what is limited, for messages.
        weight: (n, J).
        most: not negative, so that giving nobody anything is always allowed.
    """

    name: str
    weight: np.ndarray
    most: float


@dataclass(frozen=True, eq=False)
class Allocation:
    """A choice within the limits.

    Attributes:
        chosen: (n,) option of each customer, -1 for none.
        value: sum of the values chosen.
        bound: what no choice within the limits can exceed.
        method: ``unlimited`` (no limit binds), ``programme`` (whole integer programme) or ``priced`` (multipliers and
            a core).
        prices: multiplier of each limit: what one unit more of it would bring. None where nothing was priced.
    """

    chosen: np.ndarray
    value: float
    bound: float
    method: str
    prices: tuple[float, ...] | None

    @property
    def gap(self) -> float:
        """Distance to the bound as a share of it, 0 where the bound is 0."""
        return max(0.0, self.bound - self.value) / abs(self.bound) if self.bound else 0.0


def allocate(
    value: np.ndarray, allowed: np.ndarray, limits: Sequence[Limit] = (), *, whole: int = WHOLE, core: int = CORE
) -> Allocation:
    """The options that together bring most within the limits.

    Args:
        value: (n, J) what each option brings with each customer.
        allowed: (n, J) whether it may be given.
        whole, core: sizes in customers × options; see :data:`WHOLE` and :data:`CORE`.

    Raises:
        ValueError: a limit below nought, or arrays of different shapes.
    """
    import numpy as np

    value = np.asarray(value, dtype=float)
    n, options = value.shape
    for limit in limits:
        if limit.most < 0 or limit.weight.shape != value.shape:
            raise ValueError(f"limit {limit.name!r}: most {limit.most}, weights {limit.weight.shape}, of {value.shape}")
    free = np.where(allowed, value, -np.inf)
    best = _best(free)
    if all(_used(limit, best) <= limit.most + 1e-9 for limit in limits):
        total = _total(value, best)
        return Allocation(best, total, total, "unlimited", None)
    if n * options <= whole:
        chosen, bound = _programme(value, allowed, limits, [x.most for x in limits])
        assert chosen is not None  # nobody gets anything: always allowed
        return Allocation(chosen, _total(value, chosen), bound, "programme", None)
    prices, bound = _priced(free, limits)
    chosen = _settled(value, allowed, limits, prices, core)
    return Allocation(chosen, _total(value, chosen), bound, "priced", tuple(float(p) for p in prices))


def _best(score: np.ndarray) -> np.ndarray:
    """(n,) option with the highest score above nought, -1 where none is."""
    import numpy as np

    if not score.shape[1]:
        return np.full(len(score), -1)
    top = score.argmax(axis=1)
    return np.where(score[np.arange(len(score)), top] > 0, top, -1)


def _taken(matrix: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """(n,) entry of the option chosen, 0 for none."""
    import numpy as np

    if not matrix.shape[1]:
        return np.zeros(len(matrix))
    return np.where(chosen >= 0, matrix[np.arange(len(matrix)), np.maximum(chosen, 0)], 0.0)


def _total(matrix: np.ndarray, chosen: np.ndarray) -> float:
    return float(_taken(matrix, chosen).sum())


def _used(limit: Limit, chosen: np.ndarray) -> float:
    return _total(limit.weight, chosen)


def _priced(free: np.ndarray, limits: Sequence[Limit]) -> tuple[np.ndarray, float]:
    """Multipliers and the bound: the least of the dual, by cutting planes."""
    import numpy as np
    from scipy.optimize import linprog

    most = np.array([limit.most for limit in limits])
    scale = np.array([max(float(np.abs(limit.weight).mean()), 1e-12) for limit in limits])
    spread = float(np.abs(free[np.isfinite(free)]).max())
    ceiling = 1e4 * spread / scale
    prices, least, at = np.zeros(len(limits)), np.inf, np.zeros(len(limits))
    cuts: list[np.ndarray] = []
    rhs: list[float] = []
    for _ in range(CUTS):
        score = free - sum(p * limit.weight for p, limit in zip(prices, limits, strict=True))
        chosen = _best(score)
        height = _total(np.where(np.isfinite(score), score, 0.0), chosen) + float(prices @ most)
        if height < least:
            least, at = height, prices
        slope = most - np.array([_used(limit, chosen) for limit in limits])
        cuts.append(np.append(slope * ceiling, -1.0))  # in units of the ceiling: multipliers from 0 to 1
        rhs.append(float(slope @ prices) - height)
        found = linprog(np.append(np.zeros(len(limits)), 1.0), A_ub=np.array(cuts), b_ub=np.array(rhs),
                        bounds=[*[(0, 1)] * len(limits), (None, None)], method="highs")
        if found.status != 0 or least - found.fun <= CLOSE * max(abs(least), 1e-9):
            break
        prices = found.x[:-1] * ceiling
    return at, least


def _settled(
    value: np.ndarray, allowed: np.ndarray, limits: Sequence[Limit], prices: np.ndarray, core: int
) -> np.ndarray:
    """The choice at these prices, with the undecided settled by the integer programme."""
    import numpy as np

    n, options = value.shape
    score = np.where(allowed, value, -np.inf) - sum(p * x.weight for p, x in zip(prices, limits, strict=True))
    chosen = _best(score)
    ranked = np.sort(np.column_stack([score, np.zeros(n)]), axis=1)
    order = np.argsort(ranked[:, -1] - ranked[:, -2], kind="stable")
    size = max(1, core // options)
    while True:
        open_ = order[:size]
        fixed = chosen.copy()
        fixed[open_] = -1
        left = [limit.most - _used(limit, fixed) for limit in limits]
        parts = [Limit(x.name, x.weight[open_], x.most) for x in limits]
        settled, _ = _programme(value[open_], allowed[open_], parts, left)
        if settled is not None:
            fixed[open_] = settled
            return fixed
        size = min(2 * size, n)


def _programme(
    value: np.ndarray, allowed: np.ndarray, limits: Sequence[Limit], most: Sequence[float]
) -> tuple[np.ndarray | None, float]:
    """The integer programme; None where nothing fits. Second: the bound on its value."""
    import numpy as np
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import csr_matrix, vstack

    rows, columns = np.nonzero(allowed)
    n = len(value)
    if not len(rows):
        return (np.full(n, -1), 0.0) if min(most, default=0.0) >= -1e-9 else (None, 0.0)
    count = np.arange(len(rows))
    one_each = csr_matrix((np.ones(len(rows)), (rows, count)), shape=(n, len(rows)))
    weights = csr_matrix(np.array([limit.weight[rows, columns] for limit in limits]))
    within = LinearConstraint(vstack([one_each, weights]), -np.inf, np.append(np.ones(n), np.array(most)))
    with kept_out():
        found = milp(-value[rows, columns], integrality=np.ones(len(rows)), bounds=Bounds(0, 1), constraints=within,
                     options={"node_limit": NODES, "mip_rel_gap": CLOSE})
    if found.x is None:
        return None, 0.0
    chosen = np.full(n, -1)
    given = found.x > 0.5
    chosen[rows[given]] = columns[given]
    bound = found.mip_dual_bound
    return chosen, -float(bound if bound is not None else found.fun)
