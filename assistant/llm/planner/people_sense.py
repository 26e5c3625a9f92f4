"""The last look at a plan that is about customers: it is what the text asks of them, whichever reading made it.

A group of customers by country is counted where no other measure is said, and not taken by what it spent; where it
lives is asked by country. A text that says what customers did, or will do ("are gone", "should have ordered by
now"), is not answered with a figure for all of them; one customer is not counted; people are not looked for among
the goods; and who was new in a time was won in that time.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from assistant.llm.planner.candidate import Planned, call
from assistant.llm.planner.comebacks import COMEBACKS
from assistant.llm.planner.heard import expression
from assistant.llm.planner.replies import decline, quoted
from assistant.llm.planner.trace import Trace
from assistant.llm.planner.vocabulary import Vocabulary
from assistant.plans.filters import And, Compare
from assistant.plans.query import QueryPlan

_SALES = frozenset({"customers", "revenue", "orders", "units", "net_revenue", "gross_revenue", "cost_of_goods"})
_ONE_CUSTOMER = frozenset({"customers", "new_customers"})
_ROWS = frozenset({"customer", "product", "order"})
_GOODS_TOOLS = frozenset({"search_products", "new_products", "find_substitutes"})
_NEW = "new customers"
_STATUS = "new_vs_returning"
_COUNTED = ("new_customers", "returning_customers", "repeat", "first_order")
_THEIRS = frozenset({
    "revenue", "orders", "units", "net_revenue", "gross_revenue", "average_order_value", "gross_margin",
})
_OF_CUSTOMERS = frozenset({"customer", "group", "sequence", "segment", "predicted"})


def sensible_people(text: str, planned: Planned, words: Vocabulary) -> Planned:
    """The plan, the one that the text means, or a "no" that names what the plan does not hold."""
    if len(planned.calls) != 1 or planned.done is not None or planned.frame == COMEBACKS:
        return planned
    only = planned.calls[0]
    if only.name in _GOODS_TOOLS:
        found = expression("people_sense.people_first").match(text)
        return _no(found["people"], words) if found else planned
    back = expression("people_sense.back_again").search(text)
    if back and only.name in {"query_data", "count_audience"}:
        return _no(back.group(), words)  # who is lapsed today has not come back
    if only.name != "query_data":
        return planned
    plan: Any = only.plan()
    plan = _of_their_orders(text, plan)
    planned = planned if plan == only.plan() else replace(planned, calls=[call(plan)])
    lost = _lost(text, plan)
    if lost:
        return _no(lost, words) if lost != text else Planned(
            [decline(words.lexicon, "not_understood", "not_understood_all")], 0.0, [text], frame="decline")
    counted = _counted(text, plan)
    planned = planned if counted is None else replace(planned, calls=[call(counted)])
    return _newly_won(planned)


def _of_their_orders(text: str, plan: QueryPlan) -> QueryPlan:
    """The sales of new or returning customers, where a plan about sales forgot whose they are."""
    asks = {"new": expression("people_sense.new"), "returning": expression("people_sense.returning")}
    said = {kind for kind, ask in asks.items() if ask.search(text)}
    if len(said) != 1 or not set(plan.metrics) <= _THEIRS or _kinds(plan) & _OF_CUSTOMERS:
        return plan
    if any(name in str(call(plan).args) for name in (_STATUS, *_COUNTED)):
        return plan
    theirs = Compare(field=_STATUS, op="eq", values=(said.pop(),))
    return plan.model_copy(update={"filter": And(parts=(plan.filter, theirs)) if plan.filter else theirs})


def _newly_won(planned: Planned) -> Planned:
    """Those who were new in the time looked at ("the new customers of last month"), not those who are new today."""
    args = planned.calls[0].args
    told = [note for note in planned.notes if note.startswith(f"defined_term|{_NEW}|")]
    if not told or not args.get("period") or args["period"].get("kind") == "all":
        return planned

    def within(node: Any) -> Any:
        if isinstance(node, list | tuple):
            return [within(part) for part in node]
        if not isinstance(node, dict):
            return node
        if node.get("term") == _NEW and node.get("period"):
            return {**{k: v for k, v in node.items() if k != "term"}, "period": args["period"]}
        return {k: within(v) for k, v in node.items()}

    plan = QueryPlan.model_validate({**args, "filter": within(args.get("filter"))})
    return replace(planned, calls=[call(plan)], notes=[note for note in planned.notes if note not in told])


def _lost(text: str, plan: QueryPlan) -> str | None:
    """Words of a text about customers that a plan about all of them, or about one, does not hold."""
    kinds = _kinds(plan)
    one = expression("people_sense.one").search(text)
    if one and not plan.dimensions and _ONE_CUSTOMER.issuperset(plan.metrics) and _names_one(plan):
        return one.group()
    if plan.dimensions[:1] == ("customer",) and plan.compare is None and not plan.having:
        asks = [expression("people_sense.things")]
        if not (kinds & _OF_CUSTOMERS or plan.limit):
            asks.append(expression("people_sense.yes_or_no"))
        if any(ask.search(text) for ask in asks):
            return text
        most = expression("people_sense.most_things").search(text)
        if most and set(plan.metrics) <= {"revenue", "orders"}:
            return most.group()
        mean = expression("people_sense.mean").search(text)
        if mean and "average" not in " ".join(plan.metrics):
            return mean.group()
    if _SALES.issuperset(plan.metrics) and "customer" not in plan.dimensions:
        found = expression("people_sense.average_one").search(text)
        if found:
            return found.group().strip()
    if kinds & _OF_CUSTOMERS or plan.having or plan.compare or not _SALES.issuperset(plan.metrics):
        return None
    if plan.sort and plan.sort.by == "change":
        return None
    found = expression("people_sense.state").search(text)
    return None if found is None else next(part for part in found.groups() if part)


def _counted(text: str, plan: QueryPlan) -> QueryPlan | None:
    """The same people counted, where their sales were taken for want of a measure."""
    other = plan.transform or plan.having or plan.compare or plan.metrics[0] != "revenue"
    if other or not _kinds(plan) & _OF_CUSTOMERS:
        return None
    if plan.dimensions == ("customer",) and plan.limit is None and expression("people_sense.how_many").match(text):
        return plan.model_copy(update={"metrics": ("customers",), "dimensions": (), "sort": None})
    home = expression("people_sense.home").search(text)
    if home and plan.dimensions == ("customer",):
        counted = {"metrics": ("customers",), "dimensions": ("country",)}
        return plan.model_copy(update={**counted, "sort": None, "limit": None})
    if not plan.dimensions or _ROWS & set(plan.dimensions) or len(plan.metrics) > 1:
        return None
    rest = expression("people_sense.bound").sub(" ", text)
    if expression("people_sense.money").search(rest) or not expression("people_sense.subject").search(text):
        return None
    sort = plan.sort.model_copy(update={"by": "customers"}) if plan.sort and plan.sort.by == "revenue" else plan.sort
    return plan.model_copy(update={"metrics": ("customers",), "sort": sort})


def _kinds(plan: QueryPlan) -> set[str]:
    """Kinds of conditions in a plan's filter."""
    return set(map(str, Trace([call(plan)]).under("op_type")))


def _names_one(plan: QueryPlan) -> bool:
    said = plan.filter.model_dump() if plan.filter else {}
    return said.get("field") == "customer" and said.get("op") == "eq"


def _no(said: str, words: Vocabulary) -> Planned:
    no = decline(words.lexicon, "not_understood", "lost", words=quoted([said]))
    return Planned([no], 0.0, [said], frame="decline")
