"""How well customers are ordered by uplift: Qini score and uplift among the first share.

The Qini curve (Radcliffe 2007, "Using control groups to target on predicted lift", *Direct Marketing Analytics Journal*
1, 14–21) counts, going down the list, the outcomes of the contacted less those of the held out, the held out scaled to
the size of the contacted. The Qini **score** here is the area between that curve and the straight line of a random
order, divided by the area that the best order in hindsight would have (contacted with the outcome first, held out with
the outcome last). This is the normalisation of ``qini_auc_score`` in scikit-uplift, which the tests compare it with.

Weights serve pooled experiments: with weights that give the held out of every experiment the total of its contacted,
experiments with other shares and other response rates cannot be mistaken for an effect.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


def balancing_weights(experiment: np.ndarray, treatment: np.ndarray) -> np.ndarray:
    """(n,) weight 1 for the contacted; for the held out contacted / held out of their experiment.

    Rows of an experiment without one of the arms get the weight 0.
    """
    import numpy as np

    _, code = np.unique(experiment, return_inverse=True)
    treated = np.asarray(treatment).astype(bool)
    contacted = np.bincount(code, treated)
    held = np.bincount(code, ~treated)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where((contacted > 0) & (held > 0), contacted / held, 0.0)
    both = (ratio > 0).astype(float)
    return np.where(treated, both[code], ratio[code])


def qini_curve(
    outcome: np.ndarray, uplift: np.ndarray, treatment: np.ndarray, weight: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Customers taken (from the highest uplift, ties together) and the outcomes gained among them.

    Returns:
        x, y: (m + 1,) from (0, 0) to (n, gain of contacting everybody).
    """
    import numpy as np

    order = np.argsort(-np.asarray(uplift), kind="stable")
    treated = np.asarray(treatment, dtype=float)[order]
    weights = np.ones(len(order)) if weight is None else np.asarray(weight, dtype=float)[order]
    y = np.asarray(outcome, dtype=float)[order] * weights
    ends = np.append(np.flatnonzero(np.diff(np.asarray(uplift)[order])), len(order) - 1)
    contacted, held = np.cumsum(weights * treated)[ends], np.cumsum(weights * (1 - treated))[ends]
    gained, lost = np.cumsum(y * treated)[ends], np.cumsum(y * (1 - treated))[ends]
    gain = gained - np.divide(lost * contacted, held, out=np.zeros(len(ends)), where=held != 0)
    return np.append(0, ends + 1), np.append(0.0, gain)


def qini_score(
    outcome: np.ndarray, uplift: np.ndarray, treatment: np.ndarray, weight: np.ndarray | None = None
) -> float:
    """Normalised area between the Qini curve and the line of a random order; 1 for the best order in hindsight, about
    0 for a random one. Nan where nothing can be gained by any order."""
    import numpy as np

    treated, y = np.asarray(treatment, dtype=float), np.asarray(outcome, dtype=float)
    area = _area(*qini_curve(y, uplift, treated, weight))
    best = _area(*qini_curve(y, y * treated - y * (1 - treated), treated, weight))
    return area / best if best > 0 else float("nan")


def _area(x: np.ndarray, y: np.ndarray) -> float:
    """Area above the straight line from the first to the last point."""
    import numpy as np

    return float(np.trapezoid(y, x) - 0.5 * x[-1] * y[-1])


def uplift_at_k(
    outcome: np.ndarray, uplift: np.ndarray, treatment: np.ndarray, share: float = 0.3,
    weight: np.ndarray | None = None,
) -> float:
    """Outcome rate of the contacted less that of the held out among the ``share`` with the highest uplift.

    The strategy "overall" of scikit-uplift. Nan where an arm has nobody among them.
    """
    import numpy as np

    first = np.argsort(-np.asarray(uplift), kind="stable")[: int(len(uplift) * share)]
    treated = np.asarray(treatment).astype(bool)[first]
    weights = np.ones(len(first)) if weight is None else np.asarray(weight)[first]
    y = np.asarray(outcome, dtype=float)[first]
    if not weights[treated].sum() or not weights[~treated].sum():
        return float("nan")
    return float(np.average(y[treated], weights=weights[treated])
                 - np.average(y[~treated], weights=weights[~treated]))
