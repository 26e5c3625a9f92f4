"""When people order: a Poisson process per person, thinned by seasons and ended by churn; and what is expected."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.data.demo.customers import CHANNELS, SEGMENTS, STORE_CITIES, Customers
from assistant.data.demo.randomness import stream
from assistant.data.demo.seasons import Calendar, daily_intensity

if TYPE_CHECKING:
    import numpy as np

FUTURE_WINDOWS = (30, 60, 90)


@dataclass(frozen=True)
class Arrivals:
    """Orders as person and moment (days since the first day, with fraction unused), before campaigns act.

    Attributes:
        person, day: one entry per order.
        intensity: (segments, days) planted relative rate.
        cumulative: (segments, days + 1) its running sum.
    """

    person: np.ndarray
    day: np.ndarray
    intensity: np.ndarray
    cumulative: np.ndarray

    def expected(self, customers: Customers, start: np.ndarray | float, days: int) -> np.ndarray:
        """Planted expected number of orders per person in ``days`` days from ``start``, given when they leave."""
        import numpy as np

        begin = np.maximum(np.asarray(start, dtype=float), np.maximum(customers.joined + 1, 0))
        end = np.minimum(np.asarray(start, dtype=float) + days, customers.churned)
        return customers.order_rate / 365.25 * np.maximum(self._at(customers, end) - self._at(customers, begin), 0)

    def _at(self, customers: Customers, moment: np.ndarray) -> np.ndarray:
        import numpy as np

        grid = np.arange(self.cumulative.shape[1])
        result = np.zeros(len(customers.segment))
        for index in range(len(SEGMENTS)):
            rows = customers.segment == index
            result[rows] = np.interp(moment[rows], grid, self.cumulative[index])
        return result


def build_arrivals(seed: int, calendar: Calendar, customers: Customers) -> Arrivals:
    """Draw every order of every person until the end of the simulated future."""
    import numpy as np

    rng = stream(seed, "arrivals")
    intensity = np.stack([
        daily_intensity(s.months, calendar, bargain=s.bargain, office=s.office) for s in SEGMENTS
    ])
    cumulative = np.concatenate([np.zeros((len(SEGMENTS), 1)), np.cumsum(intensity, axis=1)], axis=1)
    process = Arrivals(np.zeros(0, int), np.zeros(0, int), intensity, cumulative)
    known = np.arange(len(customers.segment)) < customers.n_known
    begin = np.maximum(customers.joined + 1, 0)
    end = np.clip(customers.churned, 0, calendar.n_all)
    low = process._at(customers, begin)
    high = np.maximum(process._at(customers, end), low)
    counts = rng.poisson(np.where(known, customers.order_rate / 365.25 * (high - low), 0))
    person = np.repeat(np.arange(len(counts)), counts)
    level = low[person] + rng.random(len(person)) * (high - low)[person]
    day = np.empty(len(person))
    grid = np.arange(cumulative.shape[1])
    for index in range(len(SEGMENTS)):
        rows = customers.segment[person] == index
        day[rows] = np.interp(level[rows], cumulative[index], grid)
    first = np.flatnonzero((customers.joined >= 0) & (customers.joined < calendar.n_all))
    person = np.concatenate([person, first])
    day = np.concatenate([np.floor(day).astype(int), customers.joined[first].astype(int)])
    order = np.lexsort((person, day))
    return Arrivals(person[order], np.minimum(day[order], calendar.n_all - 1), intensity, cumulative)


def order_channels(seed: int, customers: Customers, person: np.ndarray) -> np.ndarray:
    """Sales channel per order; stores only where the shop has one."""
    import numpy as np

    rng = stream(seed, "channels")
    share = np.array([s.channels for s in SEGMENTS])[customers.segment[person]].copy()
    near = np.isin(customers.city[person].astype(str), STORE_CITIES)
    share[:, 2] = np.where(near, share[:, 2] * 2.5, 0)
    share /= share.sum(axis=1, keepdims=True)
    pick = (rng.random(len(person))[:, None] > np.cumsum(share, axis=1)).sum(axis=1)
    return np.array(CHANNELS, dtype=object)[np.minimum(pick, 2)]


def order_seconds(seed: int, channel: np.ndarray) -> np.ndarray:
    """Second of the day per order: shop hours in stores, evenings online."""
    import numpy as np

    rng = stream(seed, "hours")
    n = len(channel)
    lunch = rng.normal(12.6, 1.6, n)
    evening = rng.normal(20.2, 1.7, n)
    hour = np.where(rng.random(n) < 0.42, lunch, evening)
    hour = np.where(channel == "store", rng.normal(14.5, 2.1, n), hour)
    low, high = np.where(channel == "store", 10.0, 6.0), np.where(channel == "store", 18.95, 23.95)
    return (np.clip(hour, low, high) * 3600).astype(int)
