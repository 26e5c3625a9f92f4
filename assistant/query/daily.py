"""Measures per stretch of days from one series of days: for those that add up over days, and their ratios.

The series does not depend on the stretches, so it is read once per snapshot, measure and filter and kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from functools import lru_cache
from itertools import accumulate

from assistant.plans.filters import Filter
from assistant.query.compile import Scope, SnapshotKey, grouped
from assistant.query.metrics import base_metrics, metric, parts_of
from assistant.query.rows import ADDS_OVER_TIME, fetch

Days = tuple[date, date]


def adds_over_days(name: str, basis: str) -> bool:
    """Whether a measure over several days follows from its values, or those of its parts, of each day."""
    return all(b.additive or b.name in ADDS_OVER_TIME for b in base_metrics(name, basis))


def sums_of_days(scope: Scope, name: str, condition: Filter | None, windows: Sequence[Days]) -> list[float | None]:
    """A measure that :func:`adds_over_days` in each stretch; None where a ratio has nothing to divide by."""
    basis = scope.options.sales_basis
    bases = tuple(dict.fromkeys(b.name for b in base_metrics(name, basis)))
    first, series = _series(SnapshotKey(scope.snapshot.fingerprint, scope.snapshot), scope.options, bases, condition)

    def total(base: str, days: Days) -> float:
        running = series[base]
        start, end = (min(max((d - first).days, 0), len(running) - 1)
                      for d in (days[0], days[1] + timedelta(days=1)))
        return running[end] - running[start]

    return [_combined(name, {b: total(b, days) for b in bases}, basis) for days in windows]


@lru_cache(maxsize=64)
def _series(
    key: SnapshotKey, options: object, bases: tuple[str, ...], condition: Filter | None
) -> tuple[date, dict[str, list[float]]]:
    """The first day of the data, and running totals per base measure, one more than there are days."""
    scope = Scope(key.snapshot, options)  # type: ignore[arg-type]
    rows = {r["day"]: r for r in fetch(scope, grouped(scope, bases, ("day",), condition, None))}
    first, last = key.snapshot.manifest.first_day, key.snapshot.as_of
    days = [first + timedelta(days=i) for i in range((last - first).days + 1)]
    return first, {
        b: list(accumulate((float((rows.get(d) or {}).get(b) or 0) for d in days), initial=0.0)) for b in bases
    }


def _combined(name: str, sums: dict[str, float], basis: str) -> float | None:
    found = metric(name)
    if found.kind == "base":
        return sums[name]
    values = [_combined(p, sums, basis) for p in parts_of(name, basis)]
    if found.kind == "alias":
        return values[0]
    if values[0] is None or values[1] is None:
        return None
    if found.kind == "difference":
        return values[0] - values[1]
    factor = 100.0 if found.unit == "percent" else 1.0
    return values[0] / values[1] * factor if values[1] else None
