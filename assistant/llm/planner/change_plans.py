"""Parts → the plan that explains a change, with the direction that was claimed."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from assistant.llm.planner.comparisons import comparison
from assistant.llm.planner.heard import heard
from assistant.llm.planner.measures import role
from assistant.llm.planner.parts import Parts
from assistant.llm.planner.units import GRAINS
from assistant.plans.periods import Period
from assistant.plans.query import ChangePlan, Comparison


def change_plan(p: Parts) -> ChangePlan | None:
    """As in "Why did revenue drop in November?"."""
    r = p.reading
    compare, period = comparison(p)
    p.used.update(r.having("growth", "change", "up", "down", "compare"))
    p.used.update(r.does("explain"))
    metrics = p.metrics or [m for m in [p.sort_metric] if m]
    metric = metrics[0] if metrics else role(p, "money")
    if metric is None:
        return None
    claimed = _claimed(p)
    if period is None:
        period = Period(kind="calendar", unit="month", offset=-1)
        p.implied += 0.1
    if compare is None or compare.kind in {"rest", "total"}:
        compare = Comparison(kind="previous")
    verbs = [
        i for i in r.having("act") if r.items[i].get("act") in {"sell", "buy", "spend"} and i not in p.conditions.used
    ]
    p.used.update(verbs)
    dimension = next((g for g in p.groups if g not in GRAINS and g != "customer"), None)
    try:
        return ChangePlan(
            metric=metric, period=period, compare=compare, filter=p.filter(), dimension=dimension, claimed=claimed
        )
    except ValidationError:
        return None


def _claimed(p: Parts) -> Any:
    r = p.reading
    down, up = r.having("down"), r.having("up")
    compared = {t.lemma for i in r.having("compare") for t in r.items[i].tokens}
    if not down and not up and compared & heard("compose.compared"):
        return "up" if compared & heard("compose.better") else "down"
    neutral = set(r.having("change")) & set(up) - set(r.having("down"))
    jump_words = heard("compose.jump")
    up = [i for i in up if i not in neutral or r.items[i].lemma in jump_words]
    if up and not down:
        return "up"
    if down and not up:
        return "down"
    return None
