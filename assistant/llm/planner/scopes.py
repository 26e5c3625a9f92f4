"""What a time said once may cover: the conditions before it, the last of them, or also what is measured.

"Revenue from customers who bought tea **in 2025**" may be all that they ever spent, or what they spent in 2025;
"customers who bought tea but not coffee **in 2025**" may have bought the tea at any time. The plan has places for a
time; each way to fill them that the words allow is a reading of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from pydantic import ValidationError

from assistant.llm.planner.parts import Parts, gather
from assistant.llm.planner.spans import Reading
from assistant.llm.planner.units import GRAINS
from assistant.plans.filters import And, CustomerCondition, Filter, Or
from assistant.plans.periods import Period
from assistant.plans.query import QueryPlan
from assistant.plans.requests import SegmentRule

_Plan = TypeVar("_Plan", QueryPlan, SegmentRule)

#: how often something was done: these can be counted within a time
_COUNTED = frozenset({"orders", "revenue", "units", "net_revenue", "gross_margin", "returns", "units_returned"})
#: measures that only count or list the customers whom the conditions find
_HEADS = frozenset({"customers"})


def scopes(plan: _Plan, reading: Reading) -> list[_Plan]:
    """The plan with the time where the words allow it, the likeliest first; ``[plan]`` where only one place is open.

    Args:
        plan: what the text was read as.
        reading: the text.
    """
    leaves = _conditions(plan.filter)
    times = [i for i in reading.having("period") if reading.items[i].get("period").period is not None]
    outer = plan.period if isinstance(plan, QueryPlan) else None
    if not leaves or len(times) != 1 or (isinstance(plan, QueryPlan) and plan.compare is not None):
        return [plan]
    period = reading.items[times[0]].get("period").period
    held = [leaf.period for leaf in leaves if leaf.period is not None]
    if period.kind == "all" or any(p != period for p in held) or outer not in (None, period):
        return [plan]
    told = _told(reading, gather(reading), times[0])
    if not told:
        return [plan]
    countable = [leaf for leaf in leaves if _countable(leaf)]
    if not countable or len(countable) != len(leaves):
        return [plan]
    heads = _only_heads(plan)
    inner = _placed(plan, period, [True] * len(leaves), outer=False)
    if heads:
        last = _placed(plan, period, [k == len(leaves) - 1 for k in range(len(leaves))], outer=False)
        found = [last] if _shuts_out(leaves) else [inner, last][: min(told, 2)]
    else:
        found = [_placed(plan, period, [True] * len(leaves), outer=True), inner]
    distinct: list[_Plan] = []
    for one in found:
        if one is not None and one not in distinct:
            distinct.append(one)
    return distinct or [plan]


# -- the words ---------------------------------------------------------------------------------------------------------


def _told(reading: Reading, p: Parts, at: int) -> int:
    """How many verbs of a clause about customers the time ends; 0 where it belongs to something else."""
    items = reading.items
    verbs = [i for i in reading.having("act") if i < at]
    told = [i for i in verbs if i in p.conditions.used] or verbs[:1]
    words = reading.vocabulary.lexicon.terms["clause_openers"]
    openers = [i for i in range(1, at) if items[i].lemma in words]
    if not told or not (openers and openers[0] < told[0] or _only_customers_do(reading, told[0])):
        return 0
    main = [i for i in verbs if i > told[0] and i not in p.conditions.used]
    after = [i for i in range(at + 1, len(items)) if not reading.is_skip(i) and items[i].tokens[0].kind != "stop"]
    return 0 if main or after else len(told)


def _only_customers_do(reading: Reading, verb: int) -> bool:
    """As in "how many customers bought …": the verb is said of them without "who"."""
    return any(
        "customer" in i.alts.get("dim", ()) or "customers" in i.alts.get("metric", ()) or i.has("who")
        for i in reading.items[:verb]
    )


# -- the plan ----------------------------------------------------------------------------------------------------------


def _conditions(condition: Filter | None) -> list[CustomerCondition]:
    """Conditions on what customers did, in order."""
    if isinstance(condition, CustomerCondition):
        return [condition]
    if isinstance(condition, And | Or):
        return [leaf for part in condition.parts for leaf in _conditions(part)]
    return []


def _countable(leaf: CustomerCondition) -> bool:
    return leaf.metric in _COUNTED and leaf.rank is None and leaf.within_days is None and leaf.term is None


def _only_heads(plan: QueryPlan | SegmentRule) -> bool:
    """Whether the answer is who or how many the customers are, whatever is shown beside them."""
    if isinstance(plan, SegmentRule):
        return True
    if "customer" in plan.dimensions:
        return plan.limit is None
    return set(plan.metrics) <= _HEADS and not set(plan.dimensions) & set(GRAINS)


def _shuts_out(leaves: Sequence[CustomerCondition]) -> bool:
    """As in "who spent over 500 but did not order in 2026", "who bought tea but not in 2026": nobody did both then."""
    last, before = leaves[-1], leaves[:-1]
    nothing = last.metric == "orders" and last.op in {"eq", "le", "lt"}
    return nothing and bool(before) and (last.where is None or any(leaf.where == last.where for leaf in before))


def _placed(plan: _Plan, period: Period, inner: Sequence[bool], *, outer: bool) -> _Plan | None:
    """The plan with the time in these conditions and, with ``outer``, in what is measured."""
    put = iter(inner)

    def place(leaf: CustomerCondition) -> CustomerCondition:
        return leaf.model_copy(update={"period": period if next(put) else None})

    times = {"period": period if outer else None} if isinstance(plan, QueryPlan) else {}
    placed = plan.model_copy(update={"filter": _with_leaves(plan.filter, place), **times})
    try:
        return type(plan).model_validate(placed.model_dump())
    except ValidationError:
        return None


def _with_leaves(condition: Filter | None, change: Callable[[CustomerCondition], CustomerCondition]) -> Filter | None:
    if isinstance(condition, CustomerCondition):
        return change(condition)
    if isinstance(condition, And | Or):
        parts = tuple(_with_leaves(part, change) for part in condition.parts)
        return condition.model_copy(update={"parts": parts})
    return condition
