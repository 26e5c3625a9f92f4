"""Looks at a running experiment that keep its error: alpha spending with boundaries from the looks' own correlation.

The error is spent by Lan and DeMets (1983, *Biometrika* 70(3), 659–663), in their form that resembles O'Brien and
Fleming's boundaries, by the share of the window that has passed (calendar time; Lan and DeMets 1989, *Statistics in
Medicine* 8, 1191–1198). Boundaries come from the recursion of Armitage, McPherson and Rowe (1969, *JRSS A* 132,
235–244); intervals at a look are repeated confidence intervals (Jennison and Turnbull 1989, *JRSS B* 51, 305–361).

Looking at the share of customers who ordered by day s and again by day t, the two statistics correlate as
``sqrt(o(s) / o(t))`` with the odds ``o(t) = p(t) / (1 - p(t))`` of having ordered by then: for s < t the covariance of
the two indicators of one customer is ``p(s) (1 - p(t))``. Odds are therefore the information that has come in.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

#: points of the numerical integration; 401 give boundaries to four digits
_POINTS = 401


def spent(fraction: float, level: float = 0.05) -> float:
    """Error spent once ``fraction`` (0–1) of the window has passed; ``level`` at its end. Each side has half."""
    from scipy.stats import norm

    if fraction <= 0:
        return 0.0
    return float(4 * norm.sf(norm.isf(level / 4) / math.sqrt(min(fraction, 1.0))))


def odds(rate: float) -> float:
    """Information of a share of customers (see above), up to a factor."""
    return rate / (1 - rate) if rate < 1 else math.inf


def boundaries(information: Sequence[float], spending: Sequence[float]) -> tuple[float, ...]:
    """Critical values of |z| at successive looks.

    Args:
        information: of each look, growing, in any unit.
        spending: error spent by each look in all, growing.

    Returns:
        one value per look. A look that brought no information, or may spend nothing, gets infinity: it decides nothing.
    """
    import numpy as np
    from scipy.stats import norm

    found: list[float] = []
    grid = density = None
    before = used = 0.0
    for info, total in zip(information, spending, strict=True):
        share = total - used
        if info <= before * (1 + 1e-9) or share <= 1e-15:
            found.append(math.inf)
            continue
        used = total
        if grid is None or density is None:
            bound = float(norm.isf(share / 2))
            edge = min(bound, 8.0)
            grid = np.linspace(-edge, edge, _POINTS)
            density = norm.pdf(grid)
        else:
            r = math.sqrt(before / info)
            step = math.sqrt(1 - r * r)
            weights = _simpson(grid)
            bound = _crossing(grid * r, step, density * weights, share)
            edge = min(bound, 8.0)
            ahead = np.linspace(-edge, edge, _POINTS)
            moved = norm.pdf((ahead[:, None] - (grid * r)[None, :]) / step) / step
            density, grid = moved @ (density * weights), ahead
        before = info
        found.append(bound)
    return tuple(found)


def _simpson(grid: object) -> object:
    import numpy as np

    points = np.asarray(grid)
    weights = np.ones(len(points))
    weights[1:-1:2], weights[2:-1:2] = 4, 2
    return weights * (points[1] - points[0]) / 3


def _crossing(centres: object, step: float, mass: object, share: float) -> float:
    """The value that |z| passes with chance ``share``, given where it stood before."""
    import numpy as np
    from scipy.optimize import brentq
    from scipy.stats import norm

    at, weight = np.asarray(centres), np.asarray(mass)

    def beyond(bound: float) -> float:
        out = norm.sf((bound - at) / step) + norm.sf((bound + at) / step)
        return float((weight * out).sum()) - share

    return float(brentq(beyond, 0.0, 12.0, xtol=1e-7)) if beyond(12.0) < 0 else math.inf
