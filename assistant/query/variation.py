"""How large a change is usual: the same step, taken at earlier times.

The interval is the normal prediction interval for one more log change (Hahn & Meeker, *Statistical Intervals*, 1991,
section 4.2): mean ± t · s · √(1 + 1/n).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import fmean, stdev

from assistant.plans.filters import Filter
from assistant.query.compile import Scope, grouped
from assistant.query.metrics import base_metrics, parts_of
from assistant.query.metrics import metric as metric_named
from assistant.query.periods import ResolvedPeriod, add_months
from assistant.query.rows import ADDS_OVER_TIME, fetch

LEVEL = 90
MIN_STEPS = 6
MAX_STEPS = 60
Days = tuple[date, date]


@dataclass(frozen=True)
class Usual:
    """Interval of usual changes in percent, from ``steps`` earlier ones; ``year_ago``: the same step a year before."""

    low: float
    high: float
    steps: int
    year_ago: float | None = None

    def holds(self, change_percent: float) -> bool:
        return self.low <= change_percent <= self.high


def usual_change(
    scope: Scope, metric_name: str, condition: Filter | None, current: ResolvedPeriod, base: ResolvedPeriod
) -> Usual | None:
    """Interval of usual changes of the metric over steps like this one; None with fewer than six earlier steps.

    Only metrics whose parts add up over days can be measured at any step; others give None.
    """
    basis = scope.options.sales_basis
    bases = [b.name for b in base_metrics(metric_name, basis)]
    if current.event or not all(b.additive or b.name in ADDS_OVER_TIME for b in base_metrics(metric_name, basis)):
        return None
    rows = fetch(scope, grouped(scope, bases, ("day",), condition, None))
    daily = {r["day"]: r for r in rows}

    def value(days: Days) -> float | None:
        sums = dict.fromkeys(bases, 0.0)
        day = days[0]
        while day <= days[1]:
            row = daily.get(day)
            if row:
                for b in bases:
                    sums[b] += float(row[b] or 0)
            day += timedelta(days=1)
        return _combined(metric_name, sums, basis)

    steps = []
    for now, before in _earlier_steps(current, base):
        new, old = value(now), value(before)
        if new and old and new > 0 and old > 0:
            steps.append(math.log(new / old))
    if len(steps) < MIN_STEPS:
        return None
    from scipy.special import stdtrit

    half = float(stdtrit(len(steps) - 1, 0.5 + LEVEL / 200)) * stdev(steps) * math.sqrt(1 + 1 / len(steps))
    middle = fmean(steps)
    year = _year_ago(value, current, base)
    return Usual((math.exp(middle - half) - 1) * 100, (math.exp(middle + half) - 1) * 100, len(steps), year)


def _combined(name: str, sums: dict[str, float], basis: str) -> float | None:
    found = metric_named(name)
    if found.kind == "base":
        return sums[name]
    values = [_combined(p, sums, basis) for p in parts_of(name, basis)]
    if found.kind == "alias":
        return values[0]
    if values[0] is None or values[1] is None:
        return None
    if found.kind == "difference":
        return values[0] - values[1]
    return values[0] / values[1] if values[1] else None


def _earlier_steps(current: ResolvedPeriod, base: ResolvedPeriod) -> list[tuple[Days, Days]]:
    """The pair of windows moved back by whole units of its own shape while both stay within the data."""
    months = current.months or {"month": 1, "quarter": 3, "year": 12}.get(current.shape, 0)
    pairs = []
    for k in range(1, MAX_STEPS + 1):
        now = _back(current, months, k)
        before = _back(base, months, k)
        if before[0] < current.first_day:
            break
        pairs.append((now, before))
    return pairs


def _back(period: ResolvedPeriod, months: int, k: int) -> Days:
    if not months:
        days = timedelta(days=7 * k if period.days <= 7 else period.days * k)
        return period.start - days, period.end - days
    start = add_months(period.start, -months * k)
    if period.months:
        return start, add_months(period.end + timedelta(days=1), -months * k) - timedelta(days=1)
    return start, min(start + timedelta(days=period.days - 1), add_months(start, months) - timedelta(days=1))


def _year_ago(value: object, current: ResolvedPeriod, base: ResolvedPeriod) -> float | None:
    """The same step a year earlier, in percent."""
    now, before = _twelve_months_back(current), _twelve_months_back(base)
    if before[0] < current.first_day or base.start == now[0]:
        return None
    new, old = value(now), value(before)  # type: ignore[operator]
    return (new - old) / abs(old) * 100 if new is not None and old else None


def _twelve_months_back(period: ResolvedPeriod) -> Days:
    if period.months:
        return add_months(period.start, -12), add_months(period.end + timedelta(days=1), -12) - timedelta(days=1)
    return add_months(period.start, -12), add_months(period.end, -12)
