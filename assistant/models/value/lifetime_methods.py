"""The ways to expect what customers bring, learnt from what was known on one day.

A *pattern* says who brings how much: repeating the own past, BG/NBD or Pareto/NBD with Gamma–Gamma, or the latter
corrected by boosted trees. A *level* may correct the sum by the season: how far the same procedure was off over the
same days of last year.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from assistant.errors import InvalidPlan
from assistant.features.purchase_days import PurchaseDays
from assistant.models.value.bg_nbd import BGNBD
from assistant.models.value.boosted import FEWEST_ROWS, BoostedCorrection, can_boost
from assistant.models.value.gamma_gamma import GammaGamma
from assistant.models.value.pareto_nbd import ParetoNBD

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    Floats = np.ndarray[Any, np.dtype[np.float64]]

#: Customers, of them those who came back, and days of orders that a fit needs.
FEWEST_CUSTOMERS, FEWEST_REPEATERS, FEWEST_DAYS = 100, 30, 60
#: Days of history that a window of the past needs before it, to be learnt from.
SHORTEST_HISTORY = 90
#: Longest horizon whose season can be told from last year's.
LONGEST_SEASON = 330
_YEAR = 365
#: Windows of the past that the trees learn from, and at most that the error of the sum is taken from.
_CUTS, _WINDOWS = 4, 6

REPEAT = "repeat"
#: Name → how it is said. Patterns first, then those with the level of last year's season.
METHODS: dict[str, str] = {
    REPEAT: "repeating the past",
    "bg_nbd": "BG/NBD with Gamma-Gamma",
    "pareto_nbd": "Pareto/NBD with Gamma-Gamma",
    "boosted": "Pareto/NBD with Gamma-Gamma, corrected by boosted trees",
    "pareto_nbd_season": "Pareto/NBD with Gamma-Gamma, at the level of last year's season",
    "boosted_season": "Pareto/NBD with Gamma-Gamma, corrected by boosted trees, at the level of last year's season",
}


def clv_columns(frame: pd.DataFrame) -> tuple[Floats, Floats, Floats]:
    """frequency, recency and T (days) of purchase histories."""
    x = frame["order_days"].to_numpy(dtype=float) - 1
    return x, frame["span_days"].to_numpy(dtype=float), frame["age_days"].to_numpy(dtype=float)


@dataclass(frozen=True)
class Learnt:
    """Everything learnt from the purchases up to one day, for one horizon.

    Attributes:
        at: the day (of :class:`PurchaseDays`); ``frame`` histories of that day; ``horizon`` in days.
        boost: None where LightGBM cannot be used or the history is too short; ``kept_level`` makes its sum that of
            Pareto/NBD. ``season``: actual over expected in the same days of last year; None where not known.
    """

    at: int
    horizon: int
    frame: pd.DataFrame
    pareto: ParetoNBD
    bg: BGNBD
    values: GammaGamma
    boost: BoostedCorrection | None = None
    kept_level: float = 1.0
    season: float | None = None

    @cached_property
    def methods(self) -> list[str]:
        """Those that these data allow."""
        usable = [REPEAT, "bg_nbd", "pareto_nbd"] + (["boosted"] if self.boost is not None else [])
        if self.season is not None:
            usable += [f"{m}_season" for m in ("pareto_nbd", "boosted") if m in usable]
        return usable

    def alive(self, frame: pd.DataFrame) -> Floats:
        """Probability (0–1) of each customer to still buy, by Pareto/NBD, where one purchase can be enough to have
        left (by BG/NBD nobody with a single one has)."""
        return self.pareto.probability_alive(*clv_columns(frame))

    def day_value(self, frame: pd.DataFrame) -> Floats:
        """Expected sales of a day with orders."""
        return self.values.expected_value(frame["order_days"], frame["mean_value"])

    def expected_days(self, frame: pd.DataFrame, days: float, method: str) -> Floats:
        """Expected number of days with orders within ``days``."""
        model = self.bg if method == "bg_nbd" else self.pareto
        return model.expected_purchases(days, *clv_columns(frame)) * self._level(method)

    def expected_value(self, frame: pd.DataFrame, days: float, method: str) -> Floats:
        """Expected sales within ``days``, per row of ``frame``."""
        if method == REPEAT:
            return frame["recent_value"].to_numpy(dtype=float) * (days / self.horizon)
        model = self.bg if method == "bg_nbd" else self.pareto
        expected = model.expected_purchases(days, *clv_columns(frame)) * self.day_value(frame)
        if method.startswith("boosted") and self.boost is not None:
            short = min(days, boost_window(self.at, self.horizon))  # the trees know windows of this length
            base = self.pareto.expected_purchases(short, *clv_columns(frame)) * self.day_value(frame)
            expected = expected * self.boost.factor(frame, base, short, self.alive(frame)) * self.kept_level
        return expected * self._level(method)

    def _level(self, method: str) -> float:
        return self.season if method.endswith("_season") and self.season is not None else 1.0


def require_enough(frame: pd.DataFrame, days: int) -> None:
    """Whether purchase histories can be learnt from.

    Raises:
        InvalidPlan: too few customers, too few who came back, or too few days; the message says how many there are.
    """
    repeaters = int((frame["order_days"] > 1).sum())
    if len(frame) >= FEWEST_CUSTOMERS and repeaters >= FEWEST_REPEATERS and days >= FEWEST_DAYS \
            and (frame["mean_value"] > 0).any():
        return
    worthless = "" if not len(frame) or (frame["mean_value"] > 0).any() else ", and no purchase has a value above zero"
    raise InvalidPlan(
        f"Expected values need at least {FEWEST_CUSTOMERS} customers, of whom {FEWEST_REPEATERS} came back on another "
        f"day, and {FEWEST_DAYS} days of orders; there are {len(frame)} customers, of whom {repeaters} came back, and "
        f"{days} days{worthless}", received=len(frame),
        hint="What customers have brought to date can be answered without: ask for revenue per customer.",
    )


def learn(
    days: PurchaseDays, at: int, horizon: int, near: Learnt | None = None, aside: Collection[str] = (),
) -> Learnt:
    """Fit every method on what was known on the day ``at``.

    Args:
        near: learnt from almost the same, to start from. aside: inputs that the trees do not weigh.

    Raises:
        InvalidPlan: too little to learn from.
    """
    from dataclasses import replace

    learnt = _purchase_models(days, at, horizon, near)
    learnt = replace(learnt, season=_season(days, learnt))
    if can_boost() is not None:
        return learnt
    boost = _boosted(days, learnt, aside)
    if boost is None:
        return learnt
    raw = replace(learnt, boost=boost)
    kept = float(learnt.expected_value(learnt.frame, horizon, "pareto_nbd").sum()
                 / max(raw.expected_value(learnt.frame, horizon, "boosted").sum(), 1e-9))
    return replace(raw, kept_level=kept)


def inputs(days: PurchaseDays, horizon: int) -> tuple[list[str], dict[str, Floats], dict[str, Floats]]:
    """What the methods weigh today: ids of the customers, what the purchase models are made of, and what the trees
    weigh, name → values.

    Raises:
        InvalidPlan: too little to learn from.
    """
    from assistant.models.value.boosted import inputs_of

    now = _purchase_models(days, days.now, horizon)
    x, recency, age = clv_columns(now.frame)
    base = {"repeat_purchases": x, "days_from_first_to_last_order": recency, "age_as_customer": age,
            "mean_value": now.frame["mean_value"].to_numpy(dtype=float)}
    import numpy as np

    trees = inputs_of(now.frame, now.expected_value(now.frame, horizon, "pareto_nbd"), np.float64(horizon),
                      now.alive(now.frame))
    return now.frame["customer_id"].astype(str).tolist(), base, trees


def _purchase_models(days: PurchaseDays, at: int, horizon: int, near: Learnt | None = None) -> Learnt:
    frame = days.histories(at, horizon)
    require_enough(frame, at)
    from assistant.models.value.histories import Histories

    histories = Histories.of(*clv_columns(frame))
    return Learnt(
        at=at, horizon=horizon, frame=frame,
        pareto=ParetoNBD().fit_histories(histories, None if near is None else near.pareto.params_),
        bg=BGNBD().fit_histories(histories), values=GammaGamma().fit(frame["order_days"], frame["mean_value"]),
    )


def _season(days: PurchaseDays, learnt: Learnt) -> float | None:
    """Actual over expected sales of the days that lie a year before the coming ones; None where they are not known."""
    at = learnt.at - _YEAR
    if learnt.horizon > LONGEST_SEASON or at < SHORTEST_HISTORY:
        return None
    try:
        then = _purchase_models(days, at, learnt.horizon, learnt)
    except InvalidPlan:
        return None
    expected = float(then.expected_value(then.frame, learnt.horizon, "pareto_nbd").sum())
    actual = float(days.value_between(at, at + learnt.horizon, then.frame["row"].to_numpy()).sum())
    return actual / expected if expected > 0 and actual > 0 else None


def past_totals(days: PurchaseDays, learnt: Learnt, method: str) -> tuple[tuple[float, ...], int]:
    """How far the sum of a method was off in past windows of the horizon, begun half a horizon apart, the latest first.

    Returns:
        expected over actual less one, per window; and how many of the windows do not overlap. The trees take no part:
        they leave sums alone.
    """
    from dataclasses import replace

    level = method.replace("boosted", "pareto_nbd")
    step, found = max(learnt.horizon // 2, 15), []
    for cut in (learnt.at - learnt.horizon - step * j for j in range(_WINDOWS)):
        if cut < max(SHORTEST_HISTORY, learnt.horizon * 3 // 4):
            break  # learnt from so much less than today, it would say little about today
        try:
            then = _purchase_models(days, cut, learnt.horizon, learnt)
        except InvalidPlan:
            break
        if level.endswith("_season"):
            then = replace(then, season=_season(days, then))
            if then.season is None:
                break
        actual = float(days.value_between(cut, cut + learnt.horizon, then.frame["row"].to_numpy()).sum())
        if actual <= 0:
            break
        found.append(float(then.expected_value(then.frame, learnt.horizon, level).sum()) / actual - 1)
    apart = 0 if not found else 1 + step * (len(found) - 1) // learnt.horizon
    return tuple(found), apart


def boost_window(at: int, horizon: int) -> int:
    """Days that the trees look ahead: at most half a year, and short enough for past windows to learn from."""
    return int(max(30, min(horizon, (at - SHORTEST_HISTORY) // 2, 180)))


def _boosted(days: PurchaseDays, learnt: Learnt, aside: Collection[str]) -> BoostedCorrection | None:
    import numpy as np
    import pandas as pd

    window = boost_window(learnt.at, learnt.horizon)
    step = max(15, window // 3)
    parts, expected, alive, actual = [], [], [], []
    for cut in (learnt.at - window - step * j for j in range(_CUTS)):
        if cut < FEWEST_DAYS:
            break
        try:
            then = _purchase_models(days, cut, window, learnt)
        except InvalidPlan:
            break
        parts.append(then.frame)
        expected.append(then.expected_value(then.frame, window, "pareto_nbd"))
        alive.append(then.alive(then.frame))
        actual.append(days.value_between(cut, cut + window, then.frame["row"].to_numpy()))
    if sum(map(len, parts)) < FEWEST_ROWS or not any(a.any() for a in actual):
        return None
    joined = np.concatenate
    return BoostedCorrection(aside).fit(pd.concat(parts, ignore_index=True), joined(expected), np.float64(window),
                                   joined(alive), joined(actual))
