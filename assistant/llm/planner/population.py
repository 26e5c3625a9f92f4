"""The customers that a conversation speaks of: of each answer that counted, listed or described some, their filter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from assistant.llm.planner.candidate import ToolCall
from assistant.llm.planner.context import (
    OF_A_GROUP,
    DialogueContext,
    Past,
    counted_customers,
    listed_customers,
    of_customers,
)
from assistant.llm.planner.discourse_scene import parts_of
from assistant.llm.planner.references import period_of_row
from assistant.llm.planner.units import GRAINS
from assistant.llm.planner.values import join
from assistant.plans.filters import And, Compare, CustomerCondition, Filter, InGroup, Not
from assistant.plans.query import QueryPlan

_HEADS = frozenset({"customers", "new_customers", "returning_customers"})
_KIND = {"new_customers": "new", "returning_customers": "returning"}


@dataclass(frozen=True)
class Population:
    """Customers spoken of.

    Attributes:
        size: how many they are, where the answer said so.
        past: the answer they come from.
        others: filters that stand for the same customers: the segment they were saved as.
    """

    filter: Filter
    size: int | None
    past: Past
    others: tuple[Filter, ...] = ()

    @property
    def parts(self) -> list[Filter]:
        """The conditions that all hold."""
        return flat(self.filter)

    def goods(self) -> CustomerCondition | None:
        """The condition on what they bought, where all name the same goods: "… bought the doormats in 2011"."""
        found = [p for p in self.parts if isinstance(p, CustomerCondition) and p.where is not None
                 and p.metric in {"orders", "units", "revenue"} and p.op in {"ge", "gt"}]
        return found[0] if found and all(p.where == found[0].where for p in found) else None

    def held_by(self, one: ToolCall) -> bool:
        """Whether a call is about these customers, or some of them."""
        held = list(_nodes(one.plan().model_dump(mode="json") if hasattr(one.plan(), "model_dump") else one.args))

        def there(condition: Filter) -> bool:
            return all(_plain(part) in held for part in flat(condition))

        if there(self.filter) or any(there(other) for other in self.others) or self._as_asked(one):
            return True
        ids = self.filter.values if isinstance(self.filter, Compare) and self.filter.field == "customer" else ()
        named = {str(v) for node in held if node.get("field") == "customer" for v in node.get("values", ())}
        named |= {str(one.args["customer_id"])} if one.args.get("customer_id") else set()
        return bool(named) and named <= set(map(str, ids))

    def as_counted(self) -> Filter | None:
        """That they ordered at all, where the answer that counted them saw only who did and no condition says so."""
        counted = self.past.call.name == "query_data" and self.size is not None
        return None if not counted or any(map(_ordered, self.parts)) else CustomerCondition(
            metric="orders", op="ge", values=(1,))

    def _as_asked(self, one: ToolCall) -> bool:
        """Whether the call asks of the very rows and time by which they were counted."""
        before, now = self.past.call, one
        if before.name != "query_data" or now.name != "query_data":
            return False
        old, new = before.plan(), now.plan()
        if old.having or old.limit is not None or old.period != new.period:
            return False
        asked = [_plain(part) for part in flat(new.filter)]
        kind = _KIND.get(old.metrics[0])
        same = kind is None or new.metrics[0] == old.metrics[0] or _plain(_of_kind(kind)) in asked
        return same and all(_plain(part) in asked for part in flat(old.filter)) and (
            old.filter is not None or old.period is not None)


def populations(context: DialogueContext) -> Iterator[Population]:
    """The customers of the answers so far, latest first; those of everybody end them."""
    for past in reversed(context.past):
        if past.refused:
            continue
        if _everybody(past):
            return
        found = of_answer(past, context)
        if found is not None:
            yield found


def in_talk(context: DialogueContext) -> Population | None:
    """The customers last spoken of."""
    return next(populations(context), None)


def left_over(context: DialogueContext) -> Population | None:
    """Those of the customers before whom the last answer left out: "… how many of them bought again?", "the others"."""
    found = populations(context)
    last = next(found, None)
    for before in found if last is not None else ():
        added = [p for p in last.parts if p not in before.parts]  # type: ignore[union-attr]
        kept = all(p in last.parts for p in before.parts)  # type: ignore[union-attr]
        if kept and added:
            whole = join([*before.parts, Not(part=join(added))])  # type: ignore[arg-type]
            size = None if before.size is None or last.size is None else before.size - last.size  # type: ignore[union-attr]
            return Population(whole, size, before.past)  # type: ignore[arg-type]
        if not kept:
            return None
    return None


def of_answer(past: Past, context: DialogueContext) -> Population | None:
    """The customers that one answer is about; None where it is about none, or everybody."""
    if past.call.name == "query_data":
        plan: Any = past.call.plan()
        people = _listed(plan, past, context) if "customer" in plan.dimensions else _counted(plan, past, context)
        if people is not None:
            return Population(people, _size(plan, past), past)
        told = [p for p in parts_of(plan.filter) if of_customers(p)]
        chosen = [p for p in told if not isinstance(p, Compare) or p.field == "customer" and len(p.values) > 1]
        return Population(join(told), None, past) if chosen else None  # type: ignore[arg-type]
    if past.call.name == "save_segment":
        named: Any = past.call.plan()
        return Population(named.filter, None, past, (InGroup(group="saved", name=named.name),))
    alone = DialogueContext([past], context.questions).audience()
    return None if alone is None else Population(alone[0], None, past)


def _counted(plan: QueryPlan, past: Past, context: DialogueContext) -> Filter | None:
    """Those whom a head count counted, or those of the one row that a ranking of head counts picked."""
    if not set(plan.metrics) & _HEADS or plan.compare is not None:
        return None
    if not plan.dimensions:
        return counted_customers(plan)
    if len(plan.dimensions) != 1 or plan.having:
        return None
    if plan.limit is None:
        return counted_customers(plan) if plan.dimensions[0] != "new_vs_returning" else None
    rows = context.column(past, plan.dimensions[0])
    if plan.dimensions[0] in GRAINS and plan.limit == 1 and len(rows) == 1:  # "which month was best?"
        period = period_of_row(plan.dimensions[0], rows[0])
        return None if period is None else counted_customers(plan.model_copy(update={"period": period}))
    if plan.limit != 1 or len(rows) != 1:
        return None
    row = Compare(field=plan.dimensions[0], op="eq", values=(rows[0],))
    return counted_customers(plan.model_copy(update={"filter": join([row, *parts_of(plan.filter)]), "dimensions": ()}))


def _listed(plan: QueryPlan, past: Past, context: DialogueContext) -> Filter | None:
    """Those whom a list shows: by its conditions and bounds, or by number where it is cut off."""
    found = listed_customers(plan)
    cut = plan.limit is not None or plan.compare is not None or any(h.of != "value" for h in plan.having)
    ids = tuple(dict.fromkeys(context.column(past, "customer"))) if cut else ()
    if not ids or plan.limit is None and len(ids) >= _SHOWN:
        return found
    return Compare(field="customer", op="in" if len(ids) > 1 else "eq", values=ids)


#: what is known of customers who never ordered, too
_OF_CONTACTS = frozenset({"mailable_customers", "consenting_customers", "opened", "clicked", "unsubscribed"})
#: rows that an answer holds at most
_SHOWN = 1_000


def _everybody(past: Past) -> bool:
    """Whether an answer counted all customers there are: "how many customers do we have?"."""
    if past.frame == OF_A_GROUP:
        return getattr(past.call.plan(), "filter", None) is None
    plan: Any = past.call.plan() if past.call.name == "query_data" else None
    return plan is not None and not plan.dimensions and plan.metrics == ("customers",) and (
        plan.filter is None and plan.period is None)


def _size(plan: QueryPlan, past: Past) -> int | None:
    """How many customers the answer counted or listed."""
    table = next(iter((past.result or {}).get("tables", ())), {})
    rows, names = table.get("rows", ()), [c.get("name") for c in table.get("columns", ())]
    if "customer" in plan.dimensions:
        return len(rows) if 0 < len(rows) < _SHOWN else None
    if plan.dimensions and plan.limit != 1 or len(rows) != 1 or plan.metrics[0] not in names:
        return None
    value = rows[0][names.index(plan.metrics[0])]
    return int(value) if isinstance(value, int | float) else None


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    """Every typed part of a plan."""
    if isinstance(value, dict):
        yield {k: v for k, v in value.items() if k != "term"}
        for held in value.values():
            yield from _nodes(held)
    elif isinstance(value, list | tuple):
        for held in value:
            yield from _nodes(held)


def flat(condition: Filter | None) -> list[Filter]:
    """The conditions that all hold, also those of an "and" inside an "and"."""
    return [p for part in parts_of(condition) for p in (flat(part) if isinstance(part, And) else [part])]


def _ordered(condition: Filter) -> bool:
    """Whether only customers with an order meet a condition."""
    if isinstance(condition, CustomerCondition):
        done = condition.op in {"ge", "gt", "eq"} and condition.values and condition.values[0] != 0
        return condition.rank is not None or condition.metric == "days_since_last_order" or bool(
            done and condition.metric not in _OF_CONTACTS)
    if isinstance(condition, Compare):
        return condition.field in {"customer", "segment"}
    return not isinstance(condition, Not)


def _of_kind(kind: str) -> Compare:
    return Compare(field="new_vs_returning", op="eq", values=(kind,))


def _plain(condition: Filter) -> dict[str, Any]:
    return next(_nodes(condition.model_dump(mode="json")))


__all__ = ["Population", "flat", "in_talk", "left_over", "of_answer", "populations"]
