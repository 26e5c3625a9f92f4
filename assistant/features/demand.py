"""Demand over time: one row per period, complete periods only, in the form forecasters expect.

Weeks start on Monday (ISO 8601) and are named by that Monday; months by their first day. A period is complete when
every day on which the shop usually trades is in the data: a shop that never opens at weekends has a complete week on
Friday evening. Periods without sales hold 0. What was left out at either end is reported, never dropped silently.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Literal

from assistant.errors import InvalidPlan, NoRows
from assistant.plans.filters import Filter

if TYPE_CHECKING:
    import ibis
    import pandas as pd

    from assistant.data.warehouse import Snapshot

DemandMetric = Literal["revenue", "orders", "units", "customers"]
DemandGrain = Literal["day", "week", "month"]
SalesBasis = Literal["gross", "net"]

#: A weekday counts as a trading day when the shop sold on at least this share of them.
TRADING_SHARE = 0.1
#: The last day is taken to be cut short when its last order came earlier than on each of so many days before it.
DAYS_TO_JUDGE_CLOSING = 60
SALE_LINES = ("sale",)
NET_LINES = ("sale", "return", "cancellation")
_TRUNCATE = {"day": "D", "week": "W", "month": "M"}


@dataclass(frozen=True)
class PartialPeriod:
    """A period at the edge of the data that was left out.

    Attributes:
        start: first day of the period.
        end: last day of the period.
        covered_until: last day (first day, at the beginning of the data) that the data cover.
        y: what was sold in the covered part.
        days: days of the period that the data cover.
    """

    start: date
    end: date
    covered_until: date
    y: float
    days: int


@dataclass(frozen=True)
class DemandHistory:
    """A metric by period.

    Attributes:
        frame: columns ``unique_id`` (text), ``ds`` (datetime64, start of period), ``y`` (float64); no gaps.
        partial_last: the incomplete period at the end, if there is one.
        partial_first: the incomplete period at the beginning, if there is one.
        trading_weekdays: 0 (Monday) to 6, on which the shop usually sells.
        expression: the query that was run.
    """

    frame: pd.DataFrame
    metric: DemandMetric
    grain: DemandGrain
    partial_last: PartialPeriod | None = None
    partial_first: PartialPeriod | None = None
    trading_weekdays: frozenset[int] = frozenset(range(7))
    expression: ibis.Expr | None = field(default=None, repr=False, compare=False)


def period_start(day: date, grain: DemandGrain) -> date:
    """First day of the period that holds ``day``."""
    if grain == "day":
        return day
    return day - timedelta(days=day.weekday()) if grain == "week" else day.replace(day=1)


def next_start(start: date, grain: DemandGrain) -> date:
    """First day of the period after the one that starts on ``start``."""
    if grain == "day":
        return start + timedelta(days=1)
    if grain == "week":
        return start + timedelta(days=7)
    return (start.replace(day=1) + timedelta(days=32)).replace(day=1)


def periods_between(first: date, last: date, grain: DemandGrain) -> list[date]:
    """Starts of all periods from the one that starts on ``first`` to the one that starts on ``last``."""
    starts = []
    while first <= last:
        starts.append(first)
        first = next_start(first, grain)
    return starts


def demand_panel(
    snapshot: Snapshot, metric: DemandMetric = "revenue", grain: DemandGrain = "week", filter: Filter | None = None
) -> pd.DataFrame:
    """``unique_id, ds, y`` of the complete periods. See :func:`demand_history`, which also says what was left out."""
    return demand_history(snapshot, metric, grain, filter).frame


def demand_history(
    snapshot: Snapshot, metric: DemandMetric = "revenue", grain: DemandGrain = "week", filter: Filter | None = None,
    basis: SalesBasis = "gross",
) -> DemandHistory:
    """A metric by period, seen from the snapshot's analysis date.

    Args:
        basis: revenue before returns (``gross``) or less returns and cancellations by their own date (``net``); the
            other metrics count sales either way.
        metric: ``revenue`` (shop currency) and ``units`` of product sales; ``orders`` and identified ``customers`` with
            at least one product sale in the period.
        grain: day, week (from Monday) or month.
        filter: only the lines it selects. Whether a period is complete is judged by the whole shop, not by the
            selection; the series then begins with the selection's first sale.

    Raises:
        NoRows: no sale matches.
        InvalidPlan: not even one complete period.
        MissingData: the filter or metric needs a column that is not loaded.
    """
    if metric == "customers":
        snapshot.require("order_lines", "customer_id", needed_for="a count of customers")
    kinds = NET_LINES if basis == "net" and metric == "revenue" else SALE_LINES
    lines = _sales(snapshot, filter, kinds)
    expression = _by_period(lines, metric, grain)
    sums = {row["ds"]: float(row["y"]) for row in snapshot.execute(expression).to_pylist() if row["ds"] is not None}
    sums = {_as_date(day): y for day, y in sums.items()}
    if not sums:
        raise NoRows("No product sale matches, so there is nothing to forecast from")
    days = _trading_days(snapshot)
    weekdays = _trading_weekdays(days)
    first_day, last_day = days[0][0], _last_full_day(days, snapshot, grain)
    starts = periods_between(period_start(first_day, grain), period_start(snapshot.as_of, grain), grain)
    complete = [s for s in starts if _is_complete(s, grain, first_day, last_day, weekdays)]
    if filter is not None:
        complete = [s for s in complete if s >= min(sums)]
    if not complete:
        raise InvalidPlan(
            f"The data hold no complete {grain}: they run from {first_day.isoformat()} to {snapshot.as_of.isoformat()}"
        )
    return DemandHistory(
        frame=_frame(complete, sums, metric), metric=metric, grain=grain,
        partial_last=_edge(starts[-1], complete, sums, grain, first_day, snapshot.as_of),
        partial_first=_edge(starts[0], complete, sums, grain, first_day, snapshot.as_of) if len(starts) > 1 else None,
        trading_weekdays=weekdays, expression=expression,
    )


def _sales(snapshot: Snapshot, filter: Filter | None, kinds: tuple[str, ...] = SALE_LINES) -> ibis.Table:
    """Product lines of these kinds that the filter selects."""
    lines = snapshot.table("order_lines")
    lines = lines.filter(lines.line_type.isin(kinds))
    if filter is None:
        return lines
    from assistant.query.compile import Scope
    from assistant.query.facts import LINES, widen
    from assistant.query.filters import check_filter, columns_of, predicate

    scope = Scope(snapshot)
    check_filter(scope, filter, LINES, "A forecast")
    needed = {"at", "line_type", "amount", "quantity", "order_id", "customer_id"} | columns_of(filter, LINES)
    wide = widen(snapshot, LINES, sorted(needed))
    wide = wide.filter(wide.line_type.isin(kinds))
    wide = wide.filter(predicate(scope, filter, wide))
    return wide.mutate(ordered_at=wide["at"])


def _by_period(lines: ibis.Table, metric: DemandMetric, grain: DemandGrain) -> ibis.Table:
    ds = lines.ordered_at.truncate(_TRUNCATE[grain]).date().name("ds")
    value = {
        "revenue": lambda: lines.amount.sum().cast("float64"),
        "units": lambda: lines.quantity.sum().cast("float64"),
        "orders": lambda: lines.order_id.nunique().cast("float64"),
        "customers": lambda: lines.customer_id.nunique().cast("float64"),
    }[metric]()
    return lines.group_by(ds).aggregate(y=value).order_by("ds")


def _trading_days(snapshot: Snapshot) -> list[tuple[date, time]]:
    """Days with product sales and the time of the last one, in order."""
    lines = _sales(snapshot, None)
    expression = lines.group_by(day=lines.ordered_at.date()).aggregate(last=lines.ordered_at.max()).order_by("day")
    rows = snapshot.execute(expression).to_pylist()
    if not rows:
        raise NoRows("The data hold no product sale up to the analysis date")
    return [(_as_date(r["day"]), r["last"].time()) for r in rows]


def _trading_weekdays(days: list[tuple[date, time]]) -> frozenset[int]:
    first, last = days[0][0], days[-1][0]
    if (last - first).days < 28:  # too short to tell a closed weekday from chance
        return frozenset(range(7))
    sold, all_days = [0] * 7, [0] * 7
    for day, _ in days:
        sold[day.weekday()] += 1
    for offset in range((last - first).days + 1):
        all_days[(first + timedelta(days=offset)).weekday()] += 1
    return frozenset(d for d in range(7) if sold[d] >= TRADING_SHARE * all_days[d])


def _last_full_day(days: list[tuple[date, time]], snapshot: Snapshot, grain: DemandGrain) -> date:
    """Last day that the data cover in full. A few missing hours matter to a day or week, hardly to a month."""
    as_of = snapshot.as_of
    if as_of < snapshot.manifest.last_day or grain == "month" or days[-1][0] != as_of:
        return as_of
    before = [closing for _, closing in days[-1 - DAYS_TO_JUDGE_CLOSING : -1]]
    cut_short = len(before) == DAYS_TO_JUDGE_CLOSING and days[-1][1] < min(before)
    return as_of - timedelta(days=1) if cut_short else as_of


def _is_complete(start: date, grain: DemandGrain, first: date, last: date, weekdays: frozenset[int]) -> bool:
    """Whether all usual trading days of the period lie between ``first`` and ``last``."""
    end = next_start(start, grain) - timedelta(days=1)
    missing = [start + timedelta(days=i) for i in range((first - start).days)] if start < first else []
    missing += [last + timedelta(days=i + 1) for i in range((end - last).days)] if end > last else []
    return not any(day.weekday() in weekdays for day in missing)


def _edge(
    start: date, complete: list[date], sums: dict[date, float], grain: DemandGrain, first: date, last: date
) -> PartialPeriod | None:
    if start in complete or (start < complete[0] and start > period_start(first, grain)):
        return None
    end = next_start(start, grain) - timedelta(days=1)
    covered_from, covered_to = max(start, first), min(end, last)
    return PartialPeriod(start, end, covered_to if start > complete[-1] else covered_from, sums.get(start, 0.0),
                         (covered_to - covered_from).days + 1)


def _frame(starts: list[date], sums: dict[date, float], metric: str) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame({
        "unique_id": metric, "ds": pd.to_datetime(starts), "y": [sums.get(start, 0.0) for start in starts],
    })


def _as_date(value: Any) -> date:
    return value.date() if isinstance(value, datetime) else value
