"""How far sums over customers may be off: fits on resampled customers, and purchases drawn from each of them.

Bootstrap of Efron & Tibshirani 1993, *An Introduction to the Bootstrap*, chapter 6: customers are resampled, the models
fitted anew, and one future drawn per customer from each fit; so both the parameters and chance are in it. What neither
knows, a season or a trend, shows in past windows alone: an interval reaches at least as far as a Student t one made of
how far the sum was off in them, with as many degrees of freedom as there are windows without overlap.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from assistant.models.value.gamma_gamma import GammaGamma
from assistant.models.value.histories import Histories
from assistant.models.value.lifetime_methods import Learnt, clv_columns
from assistant.models.value.pareto_nbd import ParetoNBD

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from assistant.models.value.lifetime import LifetimeModel

    Floats = np.ndarray[Any, np.dtype[np.float64]]

#: Resampled fits, and futures drawn from each (fewer for very many customers).
ROUNDS, FUTURES = 25, 8
#: Customers that a resampled fit is made of, at most: with more, the interval is rather too wide than too narrow.
MOST = 10_000
LEVEL = 80


def resampled(learnt: Learnt, rounds: int = ROUNDS, seed: int = 0) -> list[Learnt]:
    """The purchase models fitted on ``rounds`` resamples of the customers."""
    import numpy as np

    rng = np.random.default_rng(seed)
    frame = learnt.frame
    if len(frame) > MOST:
        frame = frame.iloc[np.sort(rng.choice(len(frame), MOST, replace=False))]
    histories = Histories.of(*clv_columns(frame))
    n, mean = frame["order_days"].to_numpy(dtype=float), frame["mean_value"].to_numpy(dtype=float)
    found = []
    for _ in range(rounds):
        times = np.bincount(rng.integers(0, len(frame), len(frame)), minlength=len(frame)).astype(float)
        grouped = histories.weighted(np.bincount(histories.rows, weights=times, minlength=len(histories.T)))
        found.append(replace(
            learnt, pareto=ParetoNBD().fit_histories(grouped, learnt.pareto.params_),
            values=GammaGamma().fit(n, mean, times),
        ))
    return found


def value_sums(
    model: LifetimeModel, fits: list[Learnt], frame: pd.DataFrame, groups: np.ndarray[Any, Any], count: int, days: int,
) -> tuple[Floats, Floats]:
    """Interval of the sales of each group of customers within ``days``.

    Args:
        fits: of :func:`resampled`. ``groups``: 0 … ``count`` - 1 per row of ``frame``.
    """
    import numpy as np

    from assistant.models.value.lifetime import draw_values

    expected = model.expected_value(frame, days)
    if model.repeats:  # no purchase model stands behind it: only the exam says how far it goes wrong
        sums, off = np.bincount(groups, weights=expected, minlength=count), off_total(model)
        return sums * max(1 - off, 0.0), sums * (1 + off)
    ratio = expected / np.maximum(model.learnt.expected_value(frame, days, "pareto_nbd"), 1e-9)
    futures = FUTURES if len(frame) <= 50_000 else 1
    totals = []
    for i, fit in enumerate(fits):
        drawn = draw_values(fit, frame, days, futures, seed=i) * ratio[:, None]
        totals += [np.bincount(groups, weights=drawn[:, j], minlength=count) for j in range(futures)]
    return _around(np.bincount(groups, weights=expected, minlength=count), np.array(totals), off_total(model))


def alive_sums(
    fits: list[Learnt], frame: pd.DataFrame, groups: np.ndarray[Any, Any], count: int
) -> tuple[Floats, Floats]:
    """Interval of how many customers of each group still buy."""
    import numpy as np

    rng = np.random.default_rng(0)
    sums = []
    for fit in fits:
        alive = fit.alive(frame)
        for _ in range(FUTURES):
            sums.append(np.bincount(groups, weights=rng.random(len(alive)) < alive, minlength=count))
    lower, upper = np.percentile(np.array(sums), [(100 - LEVEL) / 2, (100 + LEVEL) / 2], axis=0)
    return lower, upper


def off_total(model: LifetimeModel) -> float:
    """How far the sum may be off by the experience of past windows, as a ratio; 0 without any."""
    import numpy as np
    from scipy.stats import t

    if not model.past_off:
        return 0.0
    return float(t.ppf((100 + LEVEL) / 200, model.apart) * np.sqrt(np.mean(np.square(model.past_off))))


def _around(expected: Floats, sums: Floats, off: float) -> tuple[Floats, Floats]:
    import numpy as np

    lower, upper = np.percentile(sums, [(100 - LEVEL) / 2, (100 + LEVEL) / 2], axis=0)
    return (np.maximum(np.minimum(lower, expected * (1 - off)), 0.0), np.maximum(upper, expected * (1 + off)))
