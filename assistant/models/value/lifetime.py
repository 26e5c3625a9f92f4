"""What a customer will bring: several methods, examined on the same later stretch, the better one used.

Days with orders are the purchases; the first one is where observation begins. The methods are those of
:mod:`assistant.models.value.lifetime_methods`; beside the expectation, Pareto/NBD says who still buys.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from assistant.data.sensitive import Proxy, sensitive_columns
from assistant.errors import InvalidPlan
from assistant.features.purchase_days import PurchaseDays
from assistant.models.close_inputs import close_inputs
from assistant.models.threads import undivided_products
from assistant.models.value.lifetime_methods import (
    REPEAT,
    SHORTEST_HISTORY,
    Learnt,
    clv_columns,
    inputs,
    learn,
    past_totals,
)

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from assistant.data.warehouse import Snapshot

    Floats = np.ndarray[Any, np.dtype[np.float64]]

VERSION = "2"
#: A method whose sum is off by more than this (ratio) is used only if all are.
FARTHEST_TOTAL = 0.25
#: Level of the interval of one customer's value, and draws it is made of.
LEVEL, DRAWS = 80, 400


@dataclass(frozen=True)
class Tried:
    """One method on the test stretch: mean absolute error per customer, and the sum it expected."""

    method: str
    mae: float
    predicted: float


@dataclass(frozen=True)
class Exam:
    """Predicted against actual sales of known customers on the days after ``cut``.

    Attributes:
        days: length of the test stretch; ``customers`` known at its beginning; ``actual`` their sales in it.
        tried: every method that could be learnt on the day of the cut.
        held: percent of customers whose sales lay within the interval that would have been given; ``nearest``: the
            percent that is nearest to the level aimed at, where some buy nothing more surely than that level.
        came: days with orders on the stretch, and ``expected_came`` by the purchase model.
    """

    cut: date
    days: int
    customers: int
    actual: float
    tried: tuple[Tried, ...]
    held: float
    nearest: float
    came: float
    expected_came: float

    def of(self, method: str) -> Tried:
        """How that method did."""
        return next(t for t in self.tried if t.method == method)

    def off(self, method: str) -> float | None:
        """How far the sum was off, as a ratio; None where nothing was sold."""
        return self.of(method).predicted / self.actual - 1 if self.actual else None

    @property
    def best(self) -> str:
        """The smallest error per customer among methods whose sum was off by at most a quarter; where there is none,
        the one whose sum was nearest."""
        near = [t for t in self.tried if self.actual and abs(t.predicted / self.actual - 1) <= FARTHEST_TOTAL]
        if near:
            return min(near, key=lambda t: t.mae).method
        return min(self.tried, key=lambda t: (abs(t.predicted - self.actual), t.mae)).method


@dataclass(frozen=True)
class LifetimeModel:
    """What is expected of customers within ``learnt.horizon`` days.

    Attributes:
        learnt: the methods as of the analysis date; ``method`` the one used.
        exam: how the same procedure did on a later stretch; None where the history is too short for one.
        past_off: how far the sum was off in past windows (ratios), of which ``apart`` do not overlap.
        proxies: inputs that the trees do not weigh, because they stand for a sensitive attribute; ``told``: those that
            the purchase models are made of all the same.
    """

    learnt: Learnt
    method: str
    exam: Exam | None = None
    past_off: tuple[float, ...] = ()
    apart: int = 0
    proxies: tuple[Proxy, ...] = ()
    told: tuple[Proxy, ...] = ()

    @property
    def repeats(self) -> bool:
        """Whether repeating each customer's own past is used, because it did better."""
        return self.method == REPEAT

    @cached_property
    def fits(self) -> list[Learnt]:
        """The purchase models fitted on resampled customers, for intervals of sums."""
        from assistant.models.value.lifetime_interval import resampled

        return resampled(self.learnt)

    def expected_days(self, frame: pd.DataFrame, days: float) -> Floats:
        """Expected number of days with orders within ``days`` from now."""
        return self.learnt.expected_days(frame, days, self.method)

    def alive(self, frame: pd.DataFrame) -> Floats:
        """Probability (0–1) that the customer still buys (Pareto/NBD)."""
        return self.learnt.alive(frame)

    def day_value(self, frame: pd.DataFrame) -> Floats:
        """Expected sales of a day with orders: the customer's own mean drawn towards everybody's."""
        return self.learnt.day_value(frame)

    def expected_value(self, frame: pd.DataFrame, days: float) -> Floats:
        """Expected sales within ``days`` from now, per row of :func:`customer_history`."""
        return self.learnt.expected_value(frame, days, self.method)

    def value_range(self, frame: pd.DataFrame, days: float) -> tuple[Floats, Floats]:
        """Interval (level :data:`LEVEL`) of each customer's sales within ``days``."""
        return value_range(self.learnt, frame, days, self.method)[:2]


def value_range(learnt: Learnt, frame: pd.DataFrame, days: float, method: str) -> tuple[Floats, Floats, Floats]:
    """Quantiles of further purchases and their values, drawn from what Pareto/NBD and Gamma–Gamma believe of each
    customer, brought to the expectation of ``method``.

    Half of what is left out lies below and half above; but whoever buys nothing with more than that half begins at
    nothing, where nothing can be left out below, and has all of it above. A customer who buys nothing more surely than
    the level is within the interval that often, however it is drawn: sums of whole purchases cannot be cut finer.

    Returns:
        lower and upper end, and the chance (0–1) to buy nothing, per row.
    """
    import numpy as np

    lower, upper, nothing = (np.zeros(len(frame)) for _ in range(3))
    expected = learnt.expected_value(frame, days, method)
    base = learnt.expected_value(frame, days, "pareto_nbd")
    tail = (100 - LEVEL) / 2
    for start in range(0, len(frame), 5_000):
        part = slice(start, start + 5_000)
        drawn = draw_values(learnt, frame.iloc[part], days, DRAWS)
        scaled = drawn * (expected[part] / np.maximum(base[part], 1e-9))[:, None]
        nothing[part] = (scaled <= 0).mean(axis=1)
        low, high, one_sided = np.percentile(scaled, [tail, 100 - tail, LEVEL], axis=1)
        from_nothing = nothing[part] > tail / 100
        lower[part], upper[part] = np.where(from_nothing, 0.0, low), np.where(from_nothing, one_sided, high)
    return lower, upper, nothing


def draw_values(learnt: Learnt, frame: pd.DataFrame, days: float, draws: int, seed: int = 0) -> Floats:
    """Sales within ``days``, customers × ``draws``."""
    import numpy as np

    from assistant.models.value.histories import Histories

    rng = np.random.default_rng(seed)
    x, recency, age = clv_columns(frame)
    each = Histories(x, recency, age, np.ones(len(x)), np.arange(len(x)))
    counts = learnt.pareto.draw(days, each, draws, rng)
    return learnt.values.draw(counts, frame["order_days"], frame["mean_value"], rng)


def customer_history(snapshot: Snapshot, recent_days: int) -> pd.DataFrame:
    """One row per known customer with a product sale up to the analysis date; columns of
    :meth:`PurchaseDays.histories`. Values are sales before returns, in the shop's currency."""
    days = PurchaseDays.of(snapshot)
    return days.histories(days.now, recent_days)


def fit_lifetime(snapshot: Snapshot, horizon_days: int) -> LifetimeModel:
    """Learn from everything up to the analysis date, and examine the same procedure on a stretch that ends there.

    Raises:
        InvalidPlan: too few customers, too few who came back, or too few days to learn from.
    """
    days, told, aside = PurchaseDays.of(snapshot), (), ()
    if sensitive_columns(snapshot):
        customers, base, trees = inputs(days, horizon_days)
        told, aside = (close_inputs(snapshot, customers, weighed) for weighed in (base, trees))
    return replace(fit_days(days, horizon_days, {p.column for p in aside}), proxies=aside, told=told)


@undivided_products()
def fit_days(days: PurchaseDays, horizon_days: int, aside: Collection[str] = ()) -> LifetimeModel:
    """:func:`fit_lifetime` on purchase days; ``aside``: inputs that the trees do not weigh."""
    now = learn(days, days.now, horizon_days, aside=aside)
    stretch = min(horizon_days, days.now // 2)
    exam = examine(days, days.now - stretch, stretch, now, aside) if days.now - stretch >= SHORTEST_HISTORY else None
    if exam is None:
        return LifetimeModel(now, "pareto_nbd")
    best = exam.best if exam.best in now.methods else "pareto_nbd"
    return LifetimeModel(now, best, exam, *past_totals(days, now, best))


def examine(
    days: PurchaseDays, cut: int, stretch: int, near: Learnt | None = None, aside: Collection[str] = (),
) -> Exam | None:
    """Every method learnt on the day ``cut``, on the ``stretch`` days after it; None where nothing can be learnt."""
    import numpy as np

    try:
        then = learn(days, cut, stretch, near, aside)
    except InvalidPlan:
        return None
    rows = then.frame["row"].to_numpy()
    actual = days.value_between(cut, cut + stretch, rows)
    tried = []
    for method in then.methods:
        predicted = then.expected_value(then.frame, stretch, method)
        tried.append(Tried(method, float(np.abs(predicted - actual).mean()), float(predicted.sum())))
    draft = Exam(days.first_day + timedelta(days=cut), stretch, len(rows), float(actual.sum()), tuple(tried), 0.0,
                 0.0, 0.0, 0.0)
    lower, upper, nothing = value_range(then, then.frame, stretch, draft.best)
    held = 100 * float(((actual >= lower - 0.005) & (actual <= upper + 0.005)).mean())
    within = (days.day > cut) & (days.day <= cut + stretch) & np.isin(days.customer, rows)
    return replace(draft, held=held, nearest=float(np.maximum(100 * nothing, LEVEL).mean()), came=float(within.sum()),
                   expected_came=float(then.expected_days(then.frame, stretch, "pareto_nbd").sum()))
