"""How a segment's size came about: who joined, who left, and by which condition. The parts sum to the change."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from assistant.plans.filters import And, Filter
from assistant.plans.reword import reword_filter
from assistant.query.audience import conditions_of, customer_ids
from assistant.query.periods import add_months
from assistant.query.present import derived
from assistant.results import Column, Figure, Table

if TYPE_CHECKING:
    from assistant.data.warehouse import Snapshot

#: months shown of a history
MONTHS_SHOWN = 12


def month_ends(first_day: date, as_of: date, months: int = MONTHS_SHOWN) -> list[date]:
    """Last days of the months before ``as_of`` that the data cover, oldest first."""
    starts = [add_months(as_of.replace(day=1), -k) for k in range(months - 1, -1, -1)]
    return [s - timedelta(days=1) for s in starts if s - timedelta(days=1) >= first_day]


def size_changes(before: Snapshot, after: Snapshot, rule: Filter) -> tuple[dict[str, Figure], list[Table]]:
    """Sizes on two days, and everybody who joined or left counted once, under the first condition that made the
    difference.

    Args:
        before, after: the data as they were on the two days.
        rule: resolved.
    """
    parts = conditions_of(rule)
    was, now = _steps(before, parts), _steps(after, parts)
    start, end = was[-1], now[-1]
    left, joined = start - end, end - start
    rows: list[list[Any]] = []
    for what, people, other in (("left", left, now), ("joined", joined, was)):
        for place, part in enumerate(parts):
            inside = other[place - 1] if place else None
            failed = {p for p in people if p not in other[place] and (inside is None or p in inside)}
            if failed:
                verb = "no longer meet" if what == "left" else "did not meet before"
                rows.append([f"{verb}: {reword_filter(part)}", what, -len(failed) if what == "left" else len(failed)])
    rows.sort(key=lambda r: -abs(r[2]))
    reasons = Table(
        id="reasons", title="Who joined and who left, by the condition that made the difference", rows=rows,
        columns=[Column(name="condition", label="customers who"), Column(name="what", label="joined or left"),
                 Column(name="customers", label="customers", unit="count")], total_rows=len(rows),
    )
    sizes = Table(
        id="sizes", title="Size", total_rows=4,
        columns=[Column(name="when", label="customers"), Column(name="customers", label="customers", unit="count")],
        rows=[["before", len(start)], ["joined", len(joined)], ["left", -len(left)], ["after", len(end)]],
    )
    figures = {
        "before": sizes.figure(0, "customers", "customers before"),
        "joined": sizes.figure(1, "customers", "customers who joined"),
        "left": sizes.figure(2, "customers", "customers who left"),
        "after": sizes.figure(3, "customers", "customers after"),
    }
    figures["change"] = derived(len(end) - len(start), "count", "change", "after - before", after=figures["after"],
                                before=figures["before"])
    return figures, [sizes, reasons]


def _steps(snapshot: Snapshot, parts: Sequence[Filter]) -> list[set[str]]:
    """Customers who meet the first condition, the first two, and so on."""
    return [set(customer_ids(snapshot, And(parts=tuple(parts[: n + 1])))) for n in range(len(parts))]
