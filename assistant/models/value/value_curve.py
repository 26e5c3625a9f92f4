"""What newly won customers bring, by days since their first order: seen, not modelled, for as long as anybody was seen.

The mean cumulative function (Nelson 2003, *Recurrent Events Data Analysis for Product Repairs, Disease Recurrences, and
Other Applications*, SIAM, chapter 1): sales per customer and day of age, over those who have been customers for that
long, added up. So a customer of last month counts for the first month, and nobody must be left out for being young.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assistant.features.purchase_days import PurchaseDays

if TYPE_CHECKING:
    import numpy as np

    Floats = np.ndarray[Any, np.dtype[np.float64]]

#: Days of age per step, and customers that must have been seen through a step.
STEP, FEWEST_SEEN = 30, 30
ROUNDS, LEVEL = 200, 80
_CHUNK = 20_000


@dataclass(frozen=True)
class ValueCurve:
    """Mean sales of a newly won customer up to each age.

    Attributes:
        edges: ages in days, rising, the first 0: the day of the first order itself.
        mean: sales up to and with that age; ``lower`` and ``upper`` its interval (level :data:`LEVEL`).
        seen: customers seen through each age. ``customers`` in all.
    """

    edges: tuple[int, ...]
    mean: Floats
    lower: Floats
    upper: Floats
    seen: tuple[int, ...]
    customers: int

    def at(self, days: int) -> int | None:
        """Place of that age; None where too few customers were seen for so long."""
        return self.edges.index(days) if days in self.edges else None


def value_curve(days: PurchaseDays, rows: np.ndarray[Any, Any], horizon: int, seed: int = 0) -> ValueCurve | None:
    """The curve of the customers at ``rows`` of ``days.customer_ids`` up to ``horizon`` days of age, as far as at least
    :data:`FEWEST_SEEN` of them were seen; None where that is nowhere.

    The interval is that of resampled customers (percentile bootstrap).
    """
    import numpy as np

    first = np.full(len(days.customer_ids), np.iinfo(np.int64).max)
    np.minimum.at(first, days.customer, days.day)
    age = days.now - first[rows]
    edges = [e for e in sorted({0, *range(STEP, horizon, STEP), horizon}) if int((age >= e).sum()) >= FEWEST_SEEN]
    if not edges:
        return None
    place = np.full(len(days.customer_ids), -1)
    place[rows] = np.arange(len(rows))
    of, since = place[days.customer], days.day - first[days.customer]
    used = (of >= 0) & (since <= edges[-1])
    step = np.searchsorted(np.array(edges), since[used])  # 0 for the first day, then (edge before, edge]
    spent = np.zeros((len(rows), len(edges)))
    np.add.at(spent, (of[used], step), days.value[used])
    widths = np.diff(np.array(edges), prepend=-1).astype(float)  # the first day is one day wide
    widths[0] = 1.0
    starts = np.array([0, *edges[:-1]], dtype=float)
    exposed = np.clip(age[:, None] - starts, 0.0, widths)
    exposed[:, 0] = 1.0
    mean = _course(spent.sum(axis=0), exposed.sum(axis=0), widths)
    lower, upper = _interval(spent, exposed, widths, np.random.default_rng(seed))
    return ValueCurve(tuple(edges), mean, lower, upper, tuple(int((age >= e).sum()) for e in edges), len(rows))


def _course(spent: Floats, exposed: Floats, widths: Floats) -> Floats:
    import numpy as np

    return np.cumsum(spent / np.maximum(exposed, 1e-9) * widths, axis=-1)


def _interval(spent: Floats, exposed: Floats, widths: Floats, rng: np.random.Generator) -> tuple[Floats, Floats]:
    import numpy as np

    sums, days = np.zeros((ROUNDS, spent.shape[1])), np.zeros((ROUNDS, spent.shape[1]))
    for start in range(0, len(spent), _CHUNK):
        part = slice(start, start + _CHUNK)
        times = rng.poisson(1.0, (ROUNDS, len(spent[part]))).astype(float)
        sums += times @ spent[part]
        days += times @ exposed[part]
    courses = _course(sums, days, widths)
    lower, upper = np.percentile(courses, [(100 - LEVEL) / 2, (100 + LEVEL) / 2], axis=0)
    return lower, upper
