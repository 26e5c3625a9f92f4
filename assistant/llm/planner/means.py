"""Measures unit of time by unit of time: the mean of the months of a year, the growth from each to the next."""

from __future__ import annotations

from typing import Any

from assistant.llm.planner.heard import heard
from assistant.llm.planner.parts import Parts
from assistant.llm.planner.units import GRAINS

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


#: other ways of writing "month over month" and kin
_SHORT = {"mom": "month", "wow": "week", "qoq": "quarter"}


def stepwise(p: Parts) -> str | None:
    """As in "month over month growth in 2025": the unit that steps through a longer period; its words are then used.

    None where no such unit is said, or where the period is not longer than it.
    """
    r = p.reading
    if not r.has("growth", "change") or p.conditions.customers or len(p.periods) > 1 or r.has("compare"):
        return None
    words = [_SHORT.get(t.lemma, t.lemma) for i in r.having("previous") for t in r.items[i].tokens]
    said = [w for w in words if w in {"day", "week", "month", "quarter"}]
    groups = [g for g in p.groups if g not in GRAINS]
    if not said and any(r.items[i].lemma in heard("means.growth") for i in r.having("growth")):
        said = [g for g in p.groups if g in GRAINS and g != "year"]  # "monthly revenue growth"
    if not said or groups or p.descending is not None or (p.groups and p.groups != said[:1]):
        return None
    period = p.period
    longer = period is not None and (
        (period.kind in {"calendar", "to_date"} and _ORDER.get(str(period.unit), 0) > _ORDER[said[0]])
        or (period.kind in {"calendar", "rolling"} and period.count > 1)
        or (period.kind == "named" and bool(period.year) and not (period.month or period.quarter or period.week))
        or period.kind == "absolute"
    )
    if not longer and not p.groups:
        return None
    p.used.update(r.having("previous", "growth", "change", "up", "down", "trend", "share"))
    return said[0]


_ORDER = {"day": 1, "week": 2, "month": 3, "quarter": 4, "year": 5}


def drawn_over_time(p: Parts) -> bool:
    """As in "line chart of revenue in 2025": a picture of one measure without a split is one over time."""
    kinds = {p.reading.items[i].get("chart") for i in p.reading.having("chart")}
    if not p.metrics or p.descending is not None or p.limit is not None or p.conditions.customers or p.counted:
        return False
    return bool(kinds) and not kinds & {"pie", "table"}


def earlier_unit(p: Parts) -> Any:
    """As in "the same week last year": this week; "a year earlier": this year."""
    said = [t.lemma for i in p.reading.having("year_earlier") for t in p.reading.items[i].tokens]
    return next((unit for unit in said if unit in {"day", "week", "month", "quarter"}), "year")
