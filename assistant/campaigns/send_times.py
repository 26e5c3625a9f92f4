"""When to send, of no draft in particular: when past messages of a channel were opened, and when customers order.

Which hours were tried is said first: nothing can be known of an hour at which nothing was ever sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ibis

from assistant.campaigns.moments import FEWEST, LEVEL, LOOK_BACK, WEEKDAYS, ordered
from assistant.data.warehouse import Snapshot
from assistant.plans import Compare, ReasonRequest
from assistant.plans.reword import reword
from assistant.results import Column, Evidence, Figure, Result, Source, Table
from assistant.results.result import Unit

_BUSY_HOURS = 3


@dataclass(frozen=True)
class Slot:
    """Messages delivered at one weekday (0: Monday) and hour, and how many of them were opened."""

    day: int
    hour: int
    delivered: int
    opened: int


def slots(snapshot: Snapshot, channel: str | None) -> list[Slot] | None:
    """Past messages by weekday and hour of sending, in their order; only those whose opening can be seen.

    Returns:
        None where the data record no openings; an empty list where none of the channel can be seen.
    """
    if not snapshot.has("touches", "opened", "sent_at", "channel"):
        return None
    touches = snapshot.table("touches")
    touches = touches.filter(touches.delivered & touches.opened.notnull())
    if channel is not None:
        touches = touches.filter(touches.channel == channel)
    if snapshot.has("touches", "arm"):
        touches = touches.filter(touches.arm != "control")
    counted = touches.group_by(day=touches.sent_at.day_of_week.index(), hour=touches.sent_at.hour()).aggregate(
        n=touches.count(), opened=ibis.ifelse(touches.opened, 1, 0).sum())
    found = [Slot(int(r["day"]), int(r["hour"]), int(r["n"]), int(r["opened"] or 0))
             for r in snapshot.execute(counted).to_pylist()]
    return sorted(found, key=lambda s: (s.day, s.hour))


def send_times(snapshot: Snapshot, request: ReasonRequest) -> Result:
    """What the data say about the time of sending.

    Returns:
        kind ``send_times``. ``words``: opens (``unknown``, ``unseen``, ``one``, ``even``, ``uneven``), day, orders
        (``few``, ``even``, ``uneven``), when, channel. Tables ``slots`` and ``weekdays`` where there are any.
    """
    words = {"channel": request.channel or "", "opens": "unknown", "orders": "few", "day": "", "when": "", "days": ""}
    result = Result(
        kind="send_times", title="When messages were opened, and when customers order", words=words,
        currency=snapshot.currency, evidence=Evidence(
            plan=request.model_dump(mode="json"), plan_words=reword(request), snapshot=snapshot.manifest.id,
            source=snapshot.manifest.source, synthetic=snapshot.manifest.synthetic, as_of=snapshot.as_of,
            window_start=snapshot.manifest.first_day, window_end=snapshot.as_of, assumptions=[
                "An open rate is the share of delivered messages that were opened, of those whose opening is recorded.",
                f"Hours and weekdays differ where chance alone would make it so in fewer than {LEVEL:.0%} of cases "
                "(chi-square); the campaigns sent then differed in more than the time.",
            ]),
        followups=["Open rate by campaign", "Draft a win-back campaign for lapsed customers"],
    )
    _add_opens(result, slots(snapshot, request.channel))
    _add_orders(result, snapshot)
    return result


def _figure(value: Any, unit: Unit, label: str, how: str) -> Figure:
    return Figure(value=value, unit=unit, label=label, source=Source(origin="derived", derivation=how))


def _add_opens(result: Result, found: list[Slot] | None) -> None:
    if not found:
        result.words["opens"] = "unknown" if found is None else "unseen"
        return
    rows: list[list[Any]] = [[f"{WEEKDAYS[s.day]} {s.hour:02d}:00", s.delivered, s.opened,
                              round(100 * s.opened / s.delivered, 1)] for s in found]
    result.tables.append(Table(
        id="slots", title="Past messages by weekday and hour of sending", rows=rows, total_rows=len(rows), columns=[
            Column(name="time", label="Sent"), Column(name="delivered", label="Delivered", unit="count"),
            Column(name="opened", label="Opened", unit="count"),
            Column(name="rate", label="Open rate", unit="percent")]))
    days = sorted({s.day for s in found})
    uneven = len(found) > 1 and _differ([s.opened for s in found], [s.delivered for s in found])
    result.words |= {"opens": "one" if len(found) == 1 else "uneven" if uneven else "even",
                     "day": WEEKDAYS[days[0]] if len(days) == 1 else "", "days": ", ".join(WEEKDAYS[d] for d in days)}
    best = max(range(len(rows)), key=lambda k: rows[k][3])
    result.words["best"] = rows[best][0]
    result.figures["best_rate"] = result.table("slots").figure(best, "rate", "Highest open rate")
    result.figures |= {
        "first_hour": _figure(min(s.hour for s in found), "number", "Earliest hour tried", "hours of sending"),
        "last_hour": _figure(max(s.hour for s in found) + 1, "number", "End of the latest hour tried",
                             "hours of sending"),
        "tried": _figure(len(found), "count", "Hours of the week tried", "hours of sending"),
        "week": _figure(7 * 24, "count", "Hours of a week", "set"),
        "rate": _figure(100 * sum(s.opened for s in found) / sum(s.delivered for s in found), "percent",
                        "Opened in all", "opened / delivered"),
    }


def _differ(opened: list[int], delivered: list[int]) -> bool:
    """Chi-square test of equal open rates."""
    from scipy.stats import chi2_contingency

    if not 0 < sum(opened) < sum(delivered):
        return False
    return bool(chi2_contingency([opened, [d - o for o, d in zip(opened, delivered, strict=True)]]).pvalue < LEVEL)


def _add_orders(result: Result, snapshot: Snapshot) -> None:
    found = ordered(snapshot, Compare(field="customer", op="not_null"))
    result.figures |= {"fewest": _figure(FEWEST, "count", "Orders needed to say it", "set"),
                       "look_back": _figure(LOOK_BACK, "days", "Looked back over", "set")}
    if found is None:
        return
    rows: list[list[Any]] = [[WEEKDAYS[d], n, round(100 * n / found.total, 1)] for d, n in enumerate(found.by_day)]
    result.tables.append(Table(
        id="weekdays", title="Orders by weekday", rows=rows, total_rows=len(rows), columns=[
            Column(name="day", label="Weekday"), Column(name="orders", label="Orders", unit="count"),
            Column(name="share", label="Share", unit="percent")]))
    first, busy = found.busiest(_BUSY_HOURS)
    result.words |= {"orders": "uneven" if found.uneven else "even", "when": WEEKDAYS[found.best_day]}
    result.figures |= {
        "since": _figure(found.since.isoformat(), "date", "First day of the window", "the last year of the data"),
        "orders": _figure(found.total, "count", "Orders", "orders of known customers in the window"),
        "day_share": _figure(100 * found.by_day[found.best_day] / found.total, "percent",
                             f"On {WEEKDAYS[found.best_day]}", "orders of that weekday / orders"),
        "even_share": _figure(100 / len(WEEKDAYS), "percent", "Evenly spread", "one of seven days"),
        "from_hour": _figure(first, "number", "Busiest hours from", "hours of the orders"),
        "to_hour": _figure(first + _BUSY_HOURS, "number", "Busiest hours to", "hours of the orders"),
        "hour_share": _figure(100 * busy / found.total, "percent", "In the busiest hours", "orders of them / orders"),
    }
