"""From when on a shop has what a question counts: visits and baskets are mostly recorded later than orders."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from assistant.plans.periods import Period
from assistant.plans.query import QueryPlan
from assistant.query.compile import Scope
from assistant.query.metrics import base_metrics

if TYPE_CHECKING:
    from assistant.data.warehouse import Snapshot


def first_event(snapshot: Snapshot) -> date | None:
    """The first day with an event of the web shop; None where there are none."""
    if not snapshot.has("events", "occurred_at"):
        return None
    events = snapshot.table("events")
    first = snapshot.execute(events.aggregate(first=events.occurred_at.min()))["first"][0].as_py()
    return None if first is None else first.date()


def since_recorded(scope: Scope, plan: QueryPlan) -> tuple[Scope, QueryPlan]:
    """Where baskets are counted, the shop as one that begins with its first event: days before it are no days without
    baskets. What is counted beside them is then counted on the same days."""
    grains = {b.grain for m in plan.metrics for b in base_metrics(m, scope.options.sales_basis)}
    first = first_event(scope.snapshot) if "baskets" in grains else None
    if first is None or first <= scope.snapshot.manifest.first_day:
        return scope, plan
    window = scope.window(plan.period)
    manifest = scope.snapshot.manifest.model_copy(update={"first_day": first})
    cut = replace(scope, snapshot=replace(scope.snapshot, manifest=manifest))
    if grains != {"baskets"} and (window is None or window[0] < first <= window[1]):
        same_days = Period(kind="absolute", start=first, end=None if window is None else window[1])
        plan = plan.model_copy(update={"period": same_days})
    return cut, plan
