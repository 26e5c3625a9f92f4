"""When the customers of a campaign order, and when past messages were opened: what the data say about the time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import ibis

from assistant.data.warehouse import Snapshot
from assistant.plans import Filter
from assistant.query.audience import customer_expression

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
#: orders below which nothing is said about their time
FEWEST = 100
#: days looked back over
LOOK_BACK = 365
#: chance below which a difference is called more than chance
LEVEL = 0.01


@dataclass(frozen=True)
class Ordered:
    """Orders of the audience by weekday (Monday first) and hour (0–23), and whether the weekdays differ by more than
    chance (chi-square test against an even spread over the days of the window, level 1 %)."""

    since: date
    by_day: tuple[int, ...]
    by_hour: tuple[int, ...]
    uneven: bool

    @property
    def total(self) -> int:
        return sum(self.by_day)

    @property
    def best_day(self) -> int:
        return max(range(7), key=lambda d: (self.by_day[d], -d))

    def busiest(self, hours: int = 3) -> tuple[int, int]:
        """First hour of the ``hours`` in a row with most orders, and their orders."""
        first = max(range(24 - hours + 1), key=lambda h: (sum(self.by_hour[h : h + hours]), -h))
        return first, sum(self.by_hour[first : first + hours])


@dataclass(frozen=True)
class Opened:
    """Past messages by weekday of sending: delivered and opened."""

    by_day: tuple[tuple[int, int], ...]
    uneven: bool

    @property
    def days(self) -> tuple[int, ...]:
        """Weekdays on which anything was sent."""
        return tuple(d for d, (sent, _) in enumerate(self.by_day) if sent)


def ordered(snapshot: Snapshot, rule: Filter) -> Ordered | None:
    """When the customers of a rule order; None below 100 orders in the last year."""
    since = max(snapshot.as_of - timedelta(days=LOOK_BACK - 1), snapshot.manifest.first_day)
    orders = snapshot.table("orders")
    orders = orders.filter((orders.ordered_at.date() >= since) & orders.customer_id.notnull())
    mine = orders.semi_join(customer_expression(snapshot, rule), "customer_id")
    counted = mine.group_by(day=mine.ordered_at.day_of_week.index(), hour=mine.ordered_at.hour()).aggregate(
        n=mine.count())
    rows = snapshot.execute(counted).to_pylist()
    by_day = tuple(sum(r["n"] for r in rows if r["day"] == d) for d in range(7))
    by_hour = tuple(sum(r["n"] for r in rows if r["hour"] == h) for h in range(24))
    if sum(by_day) < FEWEST:
        return None
    days = [(since + timedelta(days=k)).weekday() for k in range((snapshot.as_of - since).days + 1)]
    return Ordered(since, by_day, by_hour, _uneven(by_day, [days.count(d) for d in range(7)]))


def opened(snapshot: Snapshot, channels: Sequence[str]) -> Opened | None:
    """When past messages on these channels were opened, by the weekday they were sent; None where it is not known."""
    if not snapshot.has("touches", "opened", "sent_at", "channel"):
        return None
    touches = snapshot.table("touches")
    touches = touches.filter(touches.channel.isin(list(channels)) & touches.delivered)
    if snapshot.has("touches", "arm"):
        touches = touches.filter(touches.arm != "control")
    counted = touches.group_by(day=touches.sent_at.day_of_week.index()).aggregate(
        sent=touches.count(), opened=ibis.ifelse(touches.opened, 1, 0).sum())
    rows = {r["day"]: (int(r["sent"]), int(r["opened"] or 0)) for r in snapshot.execute(counted).to_pylist()}
    if not rows:
        return None
    by_day = tuple(rows.get(d, (0, 0)) for d in range(7))
    sent = [n for n, _ in by_day if n]
    return Opened(by_day, len(sent) > 1 and _uneven([k for n, k in by_day if n], sent))


def _uneven(counts: Sequence[int], exposure: Sequence[int]) -> bool:
    from scipy.stats import chisquare

    whole, total = sum(exposure), sum(counts)
    if not total or not whole:
        return False
    kept = [(c, total * e / whole) for c, e in zip(counts, exposure, strict=True) if e]
    return bool(chisquare([c for c, _ in kept], [e for _, e in kept]).pvalue < LEVEL)
