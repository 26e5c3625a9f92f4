"""Things that sold in every month: "which products sold every single month of 2025" asks for no row per month."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from assistant.llm.planner.heard import heard
from assistant.llm.planner.parts import Parts
from assistant.plans.periods import Period
from assistant.plans.query import Having

_METRIC = "months_with_sales"


def in_every_month(p: Parts, groups: list[str]) -> tuple[Having, ...]:
    """The condition that every month of the period holds a sale of the group; ``groups`` loses the month.

    Empty where the text does not say so, or where the months of its period cannot be counted.
    """
    items = p.reading.items
    things = [g for g in groups if g not in {"month", "customer"}]
    said = [i for i, item in enumerate(items) if item.get("grain") == "month" and _every(p, i)] or _each_of_the_last(p)
    asked = bool(items) and any(item.has("which") for item in items[:2])
    sold = [i for i in p.reading.having("act") if items[i].get("act") in {"sell", "buy"}]
    if not said or not asked or not sold or len(things) != 1 or sold[0] > said[0]:
        return ()
    if _METRIC not in p.reading.vocabulary.metrics:
        return ()
    count = _months(p.period, p.reading.vocabulary.status.first_day, p.reading.vocabulary.status.as_of)
    if count is None:
        return ()
    groups[:] = things
    p.used.update(k for i in said for k in range(i - 1, i + 1))  # "every single month"
    return (Having(metric=_METRIC, op="ge", values=(float(count),)),)


def _each_of_the_last(p: Parts) -> list[int]:
    """As in "in each of the last 6 months": the months that are over."""
    for i in p.reading.having("period"):
        found = p.reading.items[i].get("period")
        period = found.period
        if period is None or period.kind != "rolling" or period.unit != "month" or not _every(p, i):
            continue
        whole = Period(kind="calendar", unit="month", offset=-1, count=period.count)
        p.periods = [replace(f, period=whole) if f == found else f for f in p.periods]
        return [i]
    return []


def _every(p: Parts, i: int) -> bool:
    before = p.reading.items[max(0, i - 2) : i]
    return any(t.lemma in heard("every_unit.every") for item in before for t in item.tokens)


def _months(period: Period | None, first: date, last: date) -> int | None:
    """Calendar months that the period has, as far as the data cover it."""
    if period is None or period.kind == "all":
        return _between(first, last)
    if period.kind == "calendar" and period.unit == "month":
        return period.count
    if period.kind == "rolling" and period.unit == "month":
        return period.count + ((last + timedelta(days=1)).day != 1)  # ends within a month, so it touches one more
    if period.kind == "absolute" and period.start:
        return _between(max(period.start, first), min(period.end or last, last))
    year = period.year if period.kind == "named" else last.year + period.offset
    whole = period.kind == "named" and not (period.event or period.month or period.week or period.quarter)
    if year is None or not (whole or period.kind == "calendar" and period.unit == "year" and period.count == 1):
        return None
    return _between(max(date(year, 1, 1), first), min(date(year, 12, 31), last))


def _between(first: date, last: date) -> int | None:
    months = (last.year - first.year) * 12 + last.month - first.month + 1
    return months if months > 0 else None
