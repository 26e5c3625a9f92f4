"""How long two versions must run side by side while orders come in one by one, as a result of kind ``experiment_days``.

Orders of each version are counts in time (Poisson), shown to a random half each. The difference of two such rates with
``s`` of the traffic on one version, ``1 - s`` on the other and ``d`` orders a day is found in four of five cases after
``(z / r)² · ((1 + r) / s + 1 / (1 - s)) / d`` days, where ``r`` is the relative difference and ``z`` the sum of the
normal quantiles of the level (5 %, two-sided) and the power (80 %).
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from assistant.campaigns.experiment.rule import LEVEL_PERCENT, POWER_PERCENT
from assistant.campaigns.experiment.size import Z_LEVEL, Z_POWER
from assistant.plans.experiments import ExperimentSizeRequest
from assistant.plans.reword import reword
from assistant.results import Column, Evidence, Figure, Result, Source, Table

if TYPE_CHECKING:
    from assistant.data.warehouse import Snapshot

#: relative differences, in percent, shown where none is said and beside the one that is
EFFECTS = (5.0, 10.0, 15.0, 20.0, 30.0, 50.0)
#: days of the shop's own pace that is shown beside the one said
PACE_DAYS = 90
#: orders of weekdays differ, so that no test is shorter
WEEK = 7


def days_needed(orders_per_day: float, relative: float, share: float = 0.5) -> int:
    """Days until a relative difference (0.1: ten percent more orders) is found in four of five cases.

    Args:
        share: of the traffic on the new version.
    """
    spread = (1 + relative) / share + 1 / (1 - share)
    return math.ceil(((Z_LEVEL + Z_POWER) / relative) ** 2 * spread / orders_per_day)


def days_result(snapshot: Snapshot, request: ExperimentSizeRequest) -> Result:
    """The days by the difference looked for, with the shop's own orders a day beside those that were said."""
    pace = (request.orders_per_day or 0.0) * request.in_test
    share = request.share if request.share is not None else 0.5
    wanted = request.effect_relative or request.effect
    shown = sorted({*EFFECTS, *([wanted] if wanted else [])})
    rows: list[list[Any]] = [[e, days_needed(pace, e / 100, share), round(days_needed(pace, e / 100, share) / WEEK, 1)]
                             for e in shown]
    table = Table(id="days", title="Days by the difference looked for", rows=rows, total_rows=len(rows), columns=[
        Column(name="effect", label="More orders", unit="percent"), Column(name="days", label="Days", unit="days"),
        Column(name="weeks", label="Weeks", unit="number")])
    own = _own_pace(snapshot)
    figures = {"per_day": _figure(request.orders_per_day, "number", "Orders a day", "as said"),
               "in_test": _figure(100 * request.in_test, "percent", "Of the customers in the test", "as said"),
               "counted": _figure(round(pace, 2), "number", "Orders a day in the test", "orders a day × share"),
               "own": _figure(own, "number", "Orders a day of this shop", f"orders of the last {PACE_DAYS} days"),
               "pace_days": _figure(PACE_DAYS, "days", "Days looked back", "as shown"),
               "week": _figure(WEEK, "days", "Shortest test", "all weekdays")}
    if wanted:
        place = shown.index(wanted)
        figures |= {"wanted": table.figure(place, "effect"), "needed": table.figure(place, "days")}
    return Result(
        kind="experiment_days", title="How long the test must run", currency=snapshot.currency, tables=[table],
        figures=figures, headline=["needed"] if wanted else ["per_day"],
        words={"wanted": "yes" if wanted else "", "part": "yes" if request.in_test < 1 else "",
               "points": "yes" if request.effect is not None else ""},
        evidence=Evidence(
            plan=request.model_dump(mode="json"), plan_words=reword(request), snapshot=snapshot.manifest.id,
            source=snapshot.manifest.source, synthetic=snapshot.manifest.synthetic, as_of=snapshot.as_of,
            window_start=snapshot.manifest.first_day, window_end=snapshot.as_of, computed_at=datetime.now(UTC),
            assumptions=[
                "Two versions are shown at random to half of the visitors each; orders are counted as they come "
                "(two Poisson rates, normal approximation, two-sided)." if share == 0.5 else
                "Versions are shown at random; orders are counted as they come (two Poisson rates, two-sided).",
                f"False alarms {LEVEL_PERCENT:g} %, found in {POWER_PERCENT:g} % of cases; nobody stops early because "
                "it looks good.",
                "Each order is taken to be of another customer; customers who order several times make it longer."]),
        followups=["What sample size does an A/B test need?", "Orders by week"],
    )


def _own_pace(snapshot: Snapshot) -> float:
    """Orders a day of the last 90 days, or as many as there are."""
    from datetime import timedelta

    since = max(snapshot.as_of - timedelta(days=PACE_DAYS - 1), snapshot.manifest.first_day)
    orders = snapshot.table("orders")
    lines = snapshot.table("order_lines")
    sales = lines.filter((lines.line_type == "sale") & (lines.ordered_at.date() >= since)).select("order_id").distinct()
    counted = orders.semi_join(sales, "order_id")
    n = int(snapshot.execute(counted.aggregate(n=counted.count())).to_pylist()[0]["n"])
    return round(n / ((snapshot.as_of - since).days + 1), 1)


def _figure(value: float | None, unit: Any, label: str, how: str) -> Figure:
    return Figure(value=value, unit=unit, label=label, source=Source(origin="derived", derivation=how))
