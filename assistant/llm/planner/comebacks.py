"""Orders that came after a long silence: "how many customers came back after 180 days of nothing", "revenue from people
who ordered again after a break of half a year, by country".

The forms are data (``prompts/lexicon/<language>/comebacks.yaml``). What is said of the silence is taken off, the rest
is planned as if they had ordered, with every word accounted for, and the silence becomes a condition: on the order
lines of a figure or list, on the customers of an audience.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from typing import Any

from pydantic import BaseModel

from assistant.llm.planner.candidate import Planned, call
from assistant.llm.planner.form_places import put_in
from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.late_patterns import LatePattern
from assistant.llm.planner.turn import Turn
from assistant.llm.planner.values import join
from assistant.plans.filters import And, Compare, CustomerCondition, Filter
from assistant.plans.query import QueryPlan
from assistant.plans.requests import CampaignBrief, SegmentRule

#: such a plan accounts for every word itself
COMEBACKS = "comebacks"
_LONGEST = 220
_MOST_DAYS = 3650
_YEAR = 365


def comebacks(turn: Turn) -> Planned | None:
    """The plan of a text about orders after a silence; None where it tells of none or the rest is not understood."""
    raw = _raw(turn.language)
    if not raw or len(turn.text) > _LONGEST:
        return None
    for form, said in raw["rewritten"].items():  # "lapsed customers who came back" are a measure
        changed = LatePattern(put_in(form, raw["macros"])).sub(said, turn.text)
        if changed != turn.text:
            measured = turn.whole(changed)
            return None if measured.frame == "decline" else replace(measured, frame=COMEBACKS)
    for form in _forms(turn.language):
        match = form.search(turn.text)
        days = _days(match, raw) if match is not None else None
        if match is None or not days:
            continue
        rest = f"{turn.text[: match.start()]}{raw['ordered']}{match['between']}{turn.text[match.end():]}"
        planned = turn.whole(rest)
        made = _with_silence(planned, days)
        if made is not None:
            return made
    return None


@lru_cache(maxsize=4)
def _raw(language: str) -> dict[str, Any]:
    return dict(read_yaml(language, "comebacks"))


@lru_cache(maxsize=4)
def _forms(language: str) -> tuple[LatePattern, ...]:
    raw = _raw(language)
    return tuple(LatePattern(rf"\b{put_in(form, raw['macros'])}\b") for form in raw["forms"])


def _days(match: re.Match[str], raw: dict[str, Any]) -> int | None:
    """The length of the silence in days."""
    if match.groupdict().get("count") is None:
        return int(raw["usual"])
    said, unit = match["count"].casefold(), match["unit"].casefold().rstrip("s")
    if said in raw["half"]:
        return int(raw["days"][unit]) // 2 if unit != "year" else _YEAR // 2
    count = int(said) if said.isdigit() else raw["numbers"].get(said)
    days = int(raw["days"][unit]) * count if count else 0
    if unit == "month" and count and not count % 12:
        days = _YEAR * count // 12
    return days if 0 < days <= _MOST_DAYS else None


def _with_silence(planned: Planned, days: int) -> Planned | None:
    if len(planned.calls) != 1:
        return None
    silent = Compare(field="days_since_previous_order", op="ge", values=(days,))
    plan = planned.calls[0].plan()
    if isinstance(plan, QueryPlan):
        changed: BaseModel = _of_orders(plan, silent)
    elif isinstance(plan, SegmentRule):
        changed = plan.model_copy(update={"filter": _of_customers(plan.filter, silent)})
    elif isinstance(plan, CampaignBrief) and plan.audience is not None:
        changed = plan.model_copy(update={"audience": _of_customers(plan.audience, silent)})
    else:
        return None
    return replace(planned, calls=[call(changed)], frame=COMEBACKS)


def _of_orders(plan: QueryPlan, silent: Filter) -> QueryPlan:
    """The figure or list over the orders after the silence; "who ordered last month" says when it ended."""
    ordered, rest = _apart(plan.filter)
    if ordered is not None and ordered.period is not None and plan.period is not None:
        rest, ordered = [*rest, ordered], None
    period = plan.period if ordered is None or ordered.period is None else ordered.period
    return plan.model_copy(update={"filter": join([*rest, silent]), "period": period})


def _of_customers(found: Filter | None, silent: Filter) -> Filter | None:
    """The customers who placed such an order, in the time in which they are said to have ordered."""
    ordered, rest = _apart(found)
    placed = ordered or CustomerCondition(metric="orders", op="ge", values=(1,))
    return join([*rest, placed.model_copy(update={"where": silent})])


def _apart(found: Filter | None) -> tuple[CustomerCondition | None, list[Filter]]:
    """The one condition that says only that somebody ordered, and the others."""
    parts = list(found.parts) if isinstance(found, And) else [found] if found is not None else []
    ordered = [p for p in parts if isinstance(p, CustomerCondition) and _is_ordered(p)]
    if len(ordered) != 1:
        return None, parts
    return ordered[0], [p for p in parts if p is not ordered[0]]


def _is_ordered(found: CustomerCondition) -> bool:
    """Whether a condition says only that somebody ordered, or did so within a time."""
    return (found.metric == "orders" and found.rank is None and found.where is None and found.within_days is None
            and (found.op, found.values) in {("ge", (1.0,)), ("ge", (1,)), ("gt", (0.0,))})
