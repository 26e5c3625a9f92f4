"""Means over stretches of time: "average revenue per month in 2025" is the mean of the months."""

from __future__ import annotations

from assistant.llm.planner.parts import GRAINS, Parts

#: units of a measure whose values of several stretches of time add up, so that a mean over them is one
_ADDED = frozenset({"currency", "count"})
#: a rate of each calendar day, which also counts days without a sale
_PER_DAY = {"money": "revenue_per_day", "orders": "orders_per_day", "units": "units_per_day"}


def mean_over_time(p: Parts) -> bool:
    """Whether "average" asks for the mean over the months (weeks, quarters, …) named; its words are then used.

    A mean per day becomes the rate per calendar day where the shop has one, and needs no mean over rows.
    """
    grains = [g for g in p.groups if g in GRAINS]
    known = p.reading.vocabulary.metrics
    added = [m for m in p.metrics if m in known and known[m].unit in _ADDED and "average" not in m and "_per_" not in m]
    if len(grains) != 1 or len(p.groups) != 1 or not p.metrics or added != p.metrics:
        return False
    if p.descending is not None or p.limit is not None or p.reading.has("moving_average", "growth", "change"):
        return False
    p.used.update(p.reading.having("average"))
    if grains == ["day"]:
        rates = {p.reading.vocabulary.role(role) or "": name for role, name in _PER_DAY.items()}
        named = [rates.get(m) for m in p.metrics]
        if all(n in known for n in named):
            p.metrics, p.groups = [str(n) for n in named], []
    return True
