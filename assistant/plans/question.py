"""A simple data question as a person would ask it: offered where another one could not be answered."""

from __future__ import annotations

from assistant.plans.filters import Compare, Filter
from assistant.plans.query import QueryPlan
from assistant.plans.reword import join_words, label, reword_during

#: fields whose value follows "in" or "from"
_PLACES = {"country": "in", "city": "in", "category": "in", "subcategory": "in", "acquisition_channel": "from"}


def as_question(plan: QueryPlan) -> str | None:
    """The plan as a short question ("Top 10 products by revenue in May 2026"); None where it takes a longer one."""
    where = _where(plan.filter)
    if where is None or plan.compare is not None or plan.having or plan.transform is not None or plan.offset:
        return None
    what = join_words([label(m) for m in plan.metrics])
    if plan.limit is not None and plan.dimensions:
        if len(plan.dimensions) > 1 or len(plan.metrics) > 1:
            return None
        lowest = plan.sort is not None and not plan.sort.descending
        text = f"{'lowest' if lowest else 'top'} {plan.limit} {_plural(label(plan.dimensions[0]))} by {what}"
    else:
        text = what + (f" by {join_words([label(d) for d in plan.dimensions])}" if plan.dimensions else "")
    during = "" if plan.period is None or plan.period.kind == "all" else f" {reword_during(plan.period)}"
    question = f"{text}{where}{during}"
    return question[:1].upper() + question[1:]


def _where(condition: Filter | None) -> str | None:
    """A single place or group after "in"; "" without a condition; None for anything else."""
    if condition is None:
        return ""
    single = isinstance(condition, Compare) and condition.op == "eq" and len(condition.values) == 1
    if not single or condition.field not in _PLACES:  # type: ignore[union-attr]
        return None
    return f" {_PLACES[condition.field]} {condition.values[0]}"  # type: ignore[union-attr]


def _plural(noun: str) -> str:
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return noun[:-1] + "ies"
    return noun if noun.endswith("s") else noun + "s"
