"""Single days with far more or far less revenue than the same weekday usually has."""

from __future__ import annotations

import math
from datetime import date, timedelta
from statistics import median

from assistant.briefing.discovery import FALSE_ALARMS, believable
from assistant.briefing.finding import Finding, table_of
from assistant.briefing.scene import Scene
from assistant.query.compile import grouped
from assistant.query.rows import fetch

#: earlier days of the same weekday that say what is usual, and how many of them must have sales
USUAL, NEEDED = 8, 5
#: earlier days needed to know how far days are usually off
MIN_DAYS = 60
#: longest stretch in which single days are looked at
LONGEST = 92


def odd_days(scene: Scene) -> Finding | None:
    """Days of the stretch whose revenue is far from usual: further than days are, even so many of them.

    Usual is the median of the eight same weekdays before; how far days are usually off is measured on all earlier days,
    robustly, by the median distance. Days without any sale are not judged: they may be holidays.
    """
    from scipy.special import stdtr

    if scene.windows is None or scene.windows.current.days_covered > LONGEST:
        return None
    days = grouped(scene.scope, ("revenue",), ("day",), scene.condition, None, labels=False)
    revenue = {r["day"]: float(r["revenue"]) for r in fetch(scene.scope, days) if (r["revenue"] or 0) > 0}
    off = {day: o for day in sorted(revenue) if (o := _off(day, revenue)) is not None}
    start, end = scene.windows.current.covered_start, scene.windows.current.covered_end
    if scene.windows.chosen and end == scene.scope.snapshot.as_of:
        end -= timedelta(days=1)  # the last day of the data may not be over
    before = [math.log(o[0] / o[1]) for day, o in off.items() if day < start]
    current = [(day, o) for day, o in off.items() if start <= day <= end]
    if len(before) < MIN_DAYS or not current:
        return None
    middle = median(before)
    spread = 1.4826 * median(abs(b - middle) for b in before)
    if not spread:
        return None
    chances = [2 * float(stdtr(TAILS, -abs(math.log(o[0] / o[1]) - middle) / spread)) for _, o in current]
    kept = believable(chances)
    odd = [(day, o, c) for (day, o), c, k in zip(current, chances, kept, strict=True) if k]
    if not odd:
        return None
    odd.sort(key=lambda x: x[2])
    columns = [("day", "day", "date"), ("revenue", "revenue", "currency"), ("usual", "usual revenue", "currency"),
               ("change", "difference", "currency")]
    size = sum(o[0] - o[1] for _, o, _ in odd)
    return Finding(
        code="odd_days", tone="bad" if size < 0 else "good",
        table=table_of("odd_days", "Days far from usual", columns, [
            [day.isoformat(), o[0], o[1], o[0] - o[1]] for day, o, _ in odd]),
        size=size, sized_by="difference to usual revenue", pace=abs(scene.windows.per_four_weeks(size)),
        question=f"Top 10 products by revenue on {odd[0][0].isoformat()}",
        method=(f"revenue of each day against the median of the {USUAL} same weekdays before; {len(current)} days "
                f"tested against the distances of {len(before)} earlier days (median distance, heavy tails); kept so "
                f"that at most {FALSE_ALARMS:.0%} of those listed are false alarms (Benjamini and Hochberg)"),
        chance=min(c for *_, c in odd), words={"one": "yes" if len(odd) == 1 else ""},
        sql=scene.scope.snapshot.sql(days),
    )


#: degrees of freedom of the distances: days have heavier tails than a normal distribution
TAILS = 6


def _off(day: date, revenue: dict[date, float]) -> tuple[float, float] | None:
    """Revenue of a day and what is usual for it; None where too few same weekdays before had sales."""
    same = [revenue[d] for k in range(1, USUAL + 1) if (d := day - timedelta(days=7 * k)) in revenue]
    return (revenue[day], median(same)) if len(same) >= NEEDED else None
