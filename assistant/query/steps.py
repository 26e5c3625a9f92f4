"""Any metric over many stretches of days in one pass: what a change is judged by.

A row belongs to the stretch its moment falls in; stretches must not share a day. Distinct counts (customers) are exact,
because each stretch is a group of its own in the engine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from assistant.errors import InvalidPlan
from assistant.plans.filters import Filter
from assistant.query.compile import Scope, grouped
from assistant.query.dimensions import Dimension, DimensionContext
from assistant.query.facts import within
from assistant.query.rows import Row, fetch

if TYPE_CHECKING:
    import ibis

Days = tuple[date, date]
STEP = "step"


@dataclass(frozen=True)
class Stretches(Dimension):
    """The place of a row's day in a list of stretches of days; null outside all of them."""

    windows: tuple[Days, ...] = ()

    def place(self, day: date) -> int | None:
        """Number of the stretch that holds a day."""
        return next((i for i, (start, end) in enumerate(self.windows) if start <= day <= end), None)


def stretches(windows: Sequence[Days]) -> Stretches:
    """A dimension that numbers the rows by stretch.

    Raises:
        InvalidPlan: two stretches share a day.
    """
    ordered = sorted(windows)
    for (_, end), (start, _) in zip(ordered, ordered[1:], strict=False):
        if start <= end:
            raise InvalidPlan("Stretches of days that are compared may not overlap", received=f"{start} … {end}")

    def number(table: ibis.Table, context: DimensionContext) -> ibis.Value:
        import ibis

        place = _by_arithmetic(table["at"], ordered)
        if place is not None:  # far cheaper than trying the stretches one by one
            numbers = [windows.index(w) for w in ordered]
            if numbers == list(range(len(numbers))):
                return place
            steady = numbers == list(range(len(numbers)))[::-1]
            return len(numbers) - 1 - place if steady else ibis.cases(
                *((place == i, n) for i, n in enumerate(numbers)), else_=None)
        return ibis.cases(*((within(table["at"], *w), i) for i, w in enumerate(windows)), else_=None)

    return Stretches(STEP, STEP, ("at",), role="time", expression=number, windows=tuple(windows))


def _by_arithmetic(at: ibis.TimestampValue, ordered: list[Days]) -> ibis.IntegerValue | None:
    """Place of a moment among stretches that follow each other and are alike: so many days, or whole months each."""
    start, end = ordered[0]
    follow = all(b[0] - a[1] == timedelta(days=1) for a, b in zip(ordered, ordered[1:], strict=False))
    if not follow or len(ordered) < 3:
        return None
    lengths = {(e - s).days + 1 for s, e in ordered}
    if len(lengths) == 1:
        import ibis

        return at.date().delta(ibis.literal(start, type="date"), unit="day") // lengths.pop()
    months = {_whole_months(*w) for w in ordered}
    if len(months) != 1 or None in months:
        return None
    passed = at.year() * 12 + at.month() - (start.year * 12 + start.month)
    return passed // int(months.pop() or 1)


def _whole_months(start: date, end: date) -> int | None:
    after = end + timedelta(days=1)
    if start.day != 1 or after.day != 1:
        return None
    return (after.year - start.year) * 12 + after.month - start.month


def by_stretch(
    scope: Scope,
    metrics: Sequence[str],
    condition: Filter | None,
    windows: Sequence[Days],
    by: Sequence[str] = (),
    *,
    labels: bool = False,
) -> ibis.Table:
    """Metrics per stretch (column ``step``: its place in ``windows``) and per group of ``by``.

    Args:
        labels: add ``<dimension>_label`` for entities with a name.
    """
    if not windows:
        raise InvalidPlan("No stretch of days to compare", received="none")
    whole = min(w[0] for w in windows), max(w[1] for w in windows)
    table = grouped(scope, metrics, by, condition, whole, labels=labels, extra=(stretches(windows),))
    return table.filter(table[STEP].notnull())


def both_by_group(
    scope: Scope, metrics: Sequence[str], condition: Filter | None, windows: tuple[Days, Days], by: str
) -> tuple[dict[Any, Row], dict[Any, Row]]:
    """Rows of the groups of ``by`` in two stretches, read in one pass."""
    sides: tuple[dict[Any, Row], dict[Any, Row]] = ({}, {})
    for row in fetch(scope, by_stretch(scope, metrics, condition, windows, (by,), labels=True)):
        sides[int(row[STEP])][row[by]] = row
    return sides


def values_by_stretch(
    scope: Scope, metrics: Sequence[str], condition: Filter | None, windows: Sequence[Days]
) -> list[Row]:
    """One row of plain values per stretch, in the order given; an empty one where a stretch has no rows.

    Stretches that share days are counted in passes of their own.
    """
    found: dict[Days, Row] = {}
    for layer in _layers(windows):
        for row in fetch(scope, by_stretch(scope, metrics, condition, layer)):
            found[layer[int(row[STEP])]] = row
    return [found.get(w, {}) for w in windows]


def _layers(windows: Sequence[Days]) -> list[list[Days]]:
    """The different stretches, in as few groups without a common day as taking them in order gives."""
    layers: list[list[Days]] = []
    for window in sorted(set(windows)):
        free = next((layer for layer in layers if layer[-1][1] < window[0]), None)
        if free is None:
            layers.append([window])
        else:
            free.append(window)
    return layers
