"""Groups (products, categories, countries) whose share of orders rose or fell by more than they usually do.

Counted are orders, which one bulk purchase cannot move. Given the orders of a group in both stretches together, those
of the current one are binomial if its share of all orders stayed the same; how much more than binomial a group really
varies from stretch to stretch is a dispersion factor (P. McCullagh and J. A. Nelder, *Generalized Linear Models*, 2nd
ed. 1989), measured on its own earlier stretches and on those of all groups together. It is taken from
medians: launches and delistings are changes, not noise, and must not make noise look large.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assistant.briefing.discovery import believable
from assistant.briefing.windows import Windows
from assistant.plans.filters import Filter
from assistant.query.compile import Scope
from assistant.query.steps import STEP, by_stretch

if TYPE_CHECKING:
    import numpy as np

#: orders in both stretches together from which a group is tested
MIN_ORDERS = 20
#: stretches' worth of knowledge that the dispersion of all groups lends to each
BORROWED = 20
#: median of a squared standard normal; and how much a median knows of a variance beside a mean
_MEDIAN, _EFFICIENCY = 0.4549, 0.37


@dataclass(frozen=True)
class Mover:
    """One group that moved: orders and revenue in both stretches; ``again``: it moved alike a year earlier.

    ``new``: it had no order in any earlier stretch.
    """

    key: str
    orders: int
    orders_before: int
    revenue: float
    revenue_before: float
    chance: float
    again: bool | None
    new: bool = False

    @property
    def change(self) -> float:
        """Change of revenue."""
        return self.revenue - self.revenue_before


@dataclass(frozen=True)
class Moved:
    """Groups beyond noise, largest change of revenue first; and how many were tested.

    ``unsure``: groups that moved as well, but not beyond noise, least likely by chance first.
    """

    up: tuple[Mover, ...]
    down: tuple[Mover, ...]
    tested: int
    sql: str
    unsure: tuple[Mover, ...] = ()


def moved(scope: Scope, by: str, condition: Filter | None, windows: Windows) -> Moved:
    """Which groups of a dimension rose and fell, beyond noise and against the shop as a whole.

    A group counts as risen only if its share of orders, its orders and its revenue all rose (fallen likewise).
    """
    expression = by_stretch(scope, ("orders", "revenue"), condition, windows.steps, (by,))
    keys, orders, revenue = _matrices(scope.snapshot.execute(expression), by, len(windows.steps))
    sql = scope.snapshot.sql(expression)
    if len(keys) < 2:
        return Moved((), (), 0, sql)
    chances, tested = _chances(orders)
    kept, total = believable(chances.tolist()), orders.sum(axis=0)
    found = [
        Mover(keys[i], int(orders[i, 0]), int(orders[i, 1]), float(revenue[i, 0]), float(revenue[i, 1]),
              float(chances[place]), _again(orders[i], total, windows), not orders[i, 1:].any())
        for place, i in enumerate(tested)
    ]
    up = [(m, k) for m, k in zip(found, kept, strict=True)
          if m.orders > m.orders_before and m.change > 0 and _share_rose(m, total) is True]
    down = [(m, k) for m, k in zip(found, kept, strict=True)
            if m.orders < m.orders_before and m.change < 0 and _share_rose(m, total) is False]
    return Moved(
        tuple(sorted((m for m, k in up if k), key=lambda m: -m.change)),
        tuple(sorted((m for m, k in down if k), key=lambda m: m.change)), len(tested), sql,
        tuple(sorted((m for m, k in (*up, *down) if not k), key=lambda m: m.chance)),
    )


def _matrices(table: Any, by: str, steps: int) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Groups, and their orders and revenue by stretch."""
    import numpy as np

    frame = table.to_pandas().dropna(subset=[by])
    keys = sorted(frame[by].astype(str).unique())
    rows = frame[by].astype(str).map({k: i for i, k in enumerate(keys)}).to_numpy(dtype=int)  # also where none is
    columns = frame[STEP].to_numpy(dtype=int)
    orders, revenue = np.zeros((len(keys), steps)), np.zeros((len(keys), steps))
    orders[rows, columns] = frame["orders"].astype(float).fillna(0).to_numpy()
    revenue[rows, columns] = frame["revenue"].astype(float).fillna(0).to_numpy()
    return keys, orders, revenue


def _chances(orders: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two-sided probabilities of the current step for the groups with enough orders, and which groups those are."""
    import numpy as np
    from scipy.special import stdtr

    tested = np.flatnonzero(orders[:, 0] + orders[:, 1] >= MIN_ORDERS)
    squares, known = _squares(orders)
    earlier = np.where(known, squares, np.nan)[:, 1:]
    pooled = max(1.0, _median(earlier.ravel()) / _MEDIAN)
    chances = []
    for i in tested:
        own = earlier[i][np.isfinite(earlier[i])]
        weight = _EFFICIENCY * len(own)
        noise = (pooled * BORROWED + _median(own) / _MEDIAN * weight) / (BORROWED + weight)
        chances.append(2 * float(stdtr(BORROWED + weight, -math.sqrt(squares[i, 0] / max(1.0, noise)))))
    return np.array(chances), tested


def _median(values: np.ndarray) -> float:
    """Median of the finite values; 0 without any."""
    import numpy as np

    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if len(finite) else 0.0


def _squares(orders: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Squared distance from "share unchanged" for every group and step, and where it can be judged."""
    import numpy as np

    rest = orders.sum(axis=0) - orders  # all other groups: a group is not compared with itself
    both, others = orders[:, :-1] + orders[:, 1:], rest[:, :-1] + rest[:, 1:]
    with np.errstate(invalid="ignore", divide="ignore"):
        p = np.where(others > 0, rest[:, :-1] / others, np.nan)
        squares = (orders[:, :-1] - both * p) ** 2 / (both * p * (1 - p))
    known = np.isfinite(squares) & (both >= MIN_ORDERS / 2)
    return np.where(np.isfinite(squares), squares, 0.0), known


def _share_rose(mover: Mover, total: np.ndarray) -> bool | None:
    now = mover.orders / (total[0] - mover.orders) if total[0] > mover.orders else None
    before = mover.orders_before / (total[1] - mover.orders_before) if total[1] > mover.orders_before else None
    return None if now is None or before is None or now == before else bool(now > before)


def _again(orders: np.ndarray, total: np.ndarray, windows: Windows) -> bool | None:
    """Whether the group's orders moved the same way a year earlier; None where the data do not reach back."""
    start = windows.current.start
    place = next((i for i, (first, _) in enumerate(windows.steps) if (start - first).days in range(358, 373)), None)
    if place is None or place + 1 >= len(orders) or not orders[place] + orders[place + 1]:
        return None
    return bool((orders[place] > orders[place + 1]) == (orders[0] > orders[1]))
