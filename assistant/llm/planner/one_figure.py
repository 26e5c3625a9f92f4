"""A text that asks for one figure: its measure, its conditions by what they are on, and its time.

Questions that set one thing against another are put together from such figures, so that each half is read by the
ordinary grammar and what they differ in is seen in their plans, not in their words.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assistant.llm.planner.candidate import Candidate
from assistant.llm.planner.spans import read
from assistant.llm.planner.vocabulary import Vocabulary
from assistant.plans.filters import And, Compare, Filter
from assistant.plans.periods import Period
from assistant.plans.query import QueryPlan

#: readings of a text as one question, best first
PlanOne = Callable[[str], Sequence[Candidate]]
#: a text is taken only where its words are read this well
WELL = 0.2
#: measures of guests as the measure of all and a condition, so that they can be set against all
_OF_GUESTS = {"guest_revenue": "revenue", "guest_orders": "orders", "guest_units": "units"}
_GUEST = Compare(field="customer_type", op="eq", values=("guest",))


@dataclass(frozen=True)
class OneFigure:
    """One figure: its measure, its conditions by what they are on, and its time."""

    metric: str
    conditions: dict[str, Filter]
    period: Period | None

    @property
    def filter(self) -> Filter | None:
        return joined(list(self.conditions.values()))


def names_measure(said: str, words: Vocabulary) -> bool:
    """Whether a text holds words of a measure."""
    return any(item.has("metric") for item in read(said, words).items)


def one_figure(said: str, plan_one: PlanOne) -> OneFigure | None:
    """A text as one figure; None where words are left over or it is more than one."""
    best = next(iter(plan_one(" ".join(said.split()))), None)
    if best is None or best.cost > WELL or best.unexplained or best.absent or len(best.calls) != 1:
        return None
    plan = best.calls[0].plan() if best.calls[0].name == "query_data" else None
    if not isinstance(plan, QueryPlan) or plan.having or plan.compare or plan.transform or plan.limit:
        return None
    if plan.dimensions or len(plan.metrics) != 1:
        return None
    conditions, metric = _by_field(plan.filter), plan.metrics[0]
    if metric in _OF_GUESTS and "customer_type" not in conditions:
        metric, conditions = _OF_GUESTS[metric], {**conditions, "customer_type": _GUEST}
    return OneFigure(metric, conditions, plan.period)


def _by_field(rule: Filter | None) -> dict[str, Filter]:
    """The conditions by what each is on; the second one on the same thing, and others of a kind, by their place."""
    if rule is None:
        return {}
    parts = rule.parts if isinstance(rule, And) and rule.term is None else (rule,)
    found: dict[str, Filter] = {}
    for part in parts:
        field = part.field if isinstance(part, Compare) else part.op_type
        found[field if field not in found else f"{field} {len(found)}"] = part
    return found


def joined(rules: list[Filter]) -> Filter | None:
    """Conditions that all hold, as one."""
    return None if not rules else rules[0] if len(rules) == 1 else And(parts=tuple(rules))
