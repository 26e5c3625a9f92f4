"""From a figure to its reason, its future or its buyers: "why was it so low?", "forecast that", "who placed them?"."""

from __future__ import annotations

from typing import Any

from assistant.llm.planner.candidate import Planned, call
from assistant.llm.planner.context import DialogueContext
from assistant.llm.planner.dialogue_why import BEHIND
from assistant.llm.planner.discourse_scene import Move, Scene, among, answer, dumped, made, parts_of
from assistant.llm.planner.references import period_of_row
from assistant.llm.planner.units import GRAINS
from assistant.llm.planner.values import join
from assistant.plans.filters import Compare, CustomerCondition
from assistant.plans.query import ChangePlan, Comparison, Sort
from assistant.plans.requests import ForecastRequest, SegmentRule

_FORECAST = frozenset({"revenue", "orders", "units", "customers"})
_HEADS = frozenset({"customers", "new_customers", "returning_customers"})


def why_row(s: Scene) -> Planned | None:
    """As in "why?" after "which month was weakest?": why that month was; of a group, what its figure is made of."""
    q = s.query
    if q is None or q.limit != 1 or len(q.dimensions) != 1 or not s.rows() or len(q.metrics) != 1:
        return None
    by = q.dimensions[0]
    if by not in GRAINS and q.compare is not None and q.compare.kind in {"previous", "year_earlier", "period"}:
        value = s.rows()[0].get(f"{by}_id", s.rows()[0].get(by))
        if q.period is None or value is None or by == "customer":
            return None
        kept = join([*parts_of(q.filter), among(by, [str(value)])])
        return answer(call(ChangePlan(metric=q.metrics[0], period=q.period, compare=q.compare, filter=kept)))
    if by not in GRAINS:
        parts = BEHIND.get(q.metrics[0])
        if parts is None or q.compare is not None:
            return None
        return s.edited(metrics=(q.metrics[0], *parts), limit=None, offset=0,
                        sort=(q.sort or Sort(by=q.metrics[0])).model_dump())
    period = period_of_row(by, str(s.rows()[0].get(by)))
    if period is None or q.sort is None or q.sort.by not in q.metrics:
        return None
    return answer(call(ChangePlan(metric=q.metrics[0], period=period, compare=Comparison(kind="previous"),
                                  filter=q.filter)))


def why_there(s: Scene) -> Planned | None:
    """As in "what happened in February?", "what happened in Denmark?" after figures by month or by country."""
    q = s.query
    if q is None or not q.dimensions:
        return None
    found = s.again(s.raw["explain_what"].format(what=s.said["what"]))
    if len(found.calls) != 1 or found.calls[0].name != "explain_change":
        return None
    plan: Any = found.calls[0].plan()
    named = {f.field for f in parts_of(plan.filter) if isinstance(f, Compare)}
    of_time = bool(set(q.dimensions) & set(GRAINS)) and plan.period != q.period
    return answer(found.calls[0]) if named & set(q.dimensions) or of_time else None


def forecast_it(s: Scene) -> Planned | None:
    """As in "forecast that", "what will it be next month?": the figure before, ahead, with what it was narrowed to."""
    q = s.query
    if q is None or q.metrics[0] not in _FORECAST or len(q.metrics) > 1 or q.compare is not None:
        return None
    first = s.alone(s.raw["forecast_of"].format(rest=s.said.get("rest", "")).strip())
    plan = first.calls[0].plan() if len(first.calls) == 1 and first.score > 0 else None
    if not isinstance(plan, ForecastRequest):
        return None
    fields = {**plan.model_dump(), "metric": q.metrics[0], "filter": dumped(join([*parts_of(q.filter)]))}
    return answer(call(ForecastRequest.model_validate(fields)))


def change_by(s: Scene) -> Planned | None:
    """As in "which country lost most?", "go into Lighting, by product" after a change: the change by that."""
    plan: Any = s.last.call.plan() if s.last is not None and s.last.call.name == "explain_change" else None
    if plan is None:
        return None
    inside = s.said.get("inside", "")
    by = s.dimension(s.said.get("what", s.raw["where_is"] if "where" in s.said else s.raw["within_is"]))
    if by is None or by in {"customer", *GRAINS}:
        return None
    kept = plan.filter
    if inside:
        found = s.again(s.raw["and_what"].format(rest=inside))
        narrowed: Any = found.calls[0].plan() if len(found.calls) == 1 else None
        if not isinstance(narrowed, ChangePlan) or narrowed.filter == plan.filter or narrowed.period != plan.period:
            return None
        kept = narrowed.filter
    return answer(call(plan.model_copy(update={"dimension": by, "filter": kept})))


def placed_by(s: Scene) -> Planned | None:
    """As in "who placed them?", "the customers behind them" after orders counted by what they hold or are worth."""
    q = s.query
    money, orders = s.words.role("money"), s.words.role("orders")
    buyers = s.context.buyers()
    if q is None or q.metrics[0] in _HEADS or q.filter is None or buyers is None or money is None or orders is None:
        return None
    return made({"metrics": (money, orders), "dimensions": ("customer",), "filter": dumped(buyers),
                 "sort": {"by": money}})


def worth_of(s: Scene) -> Planned | None:
    """As in "total value of those invoices?" after orders counted by what they are worth."""
    q, money = s.query, s.words.role("money")
    counted = q is not None and not q.dimensions and q.metrics == (s.words.role("orders"),)
    return s.edited(metrics=(money,)) if counted and money is not None else None


def bought_instead(s: Scene) -> Planned | None:
    """As in "and how many bought coffee?" after a count of those who bought tea: those who bought that."""
    q = s.query
    held = [f for f in parts_of(q.filter) if isinstance(f, CustomerCondition) and f.where is not None] if q else []
    if q is None or q.dimensions or q.metrics[0] not in _HEADS or len(held) != 1:
        return None
    found = s.again(s.raw["and_what"].format(rest=s.said["what"]))
    return found if len(found.calls) == 1 and found.calls[0].name == "query_data" and found.score > 0 else None


def count_people(s: Scene) -> Planned | None:
    """As in "so how many in total?" after a list of customers."""
    listed = s.query is not None and s.query.dimensions == ("customer",)
    people = s.context.audience() if listed else None
    return None if people is None else answer(call(SegmentRule(filter=people[0])))


def people_by(s: Scene) -> Planned | None:
    """As in "split them by country" after the ten best customers: these customers, by that."""
    q = s.query
    head, by = s.words.role("customers"), s.dimension(s.said["what"])
    if q is None or q.dimensions != ("customer",) or head is None or by is None or by in {"customer", *GRAINS}:
        return None
    people = DialogueContext([s.last] if s.last else []).audience()
    if people is None:
        return None
    return made({"metrics": (head,), "dimensions": (by,), "filter": dumped(people[0]), "sort": {"by": head}})


def more_of_row(s: Scene) -> Planned | None:
    """As in "more on the second" after hits of a search: what that product sold, what it costs, what is left of it."""
    if s.last is None or s.last.call.name not in {"search_products", "find_substitutes", "recommend_products"}:
        return None
    ids = s.context.column(s.last, "product")
    place = s.raw["places"].get(s.said["place"].lower())
    if place is None or not -len(ids) <= place < len(ids):
        return None
    metrics = tuple(m for m in ("revenue", "units", "average_list_price", "stock") if m in s.words.metrics
                    and s.words.metrics[m].available)
    return made({"metrics": metrics, "dimensions": ("product",), "filter": dumped(among("product", [ids[place]]))})


MOVES: dict[str, Move] = {
    "why_row": why_row, "why_there": why_there, "forecast_it": forecast_it, "change_by": change_by,
    "count_people": count_people,
    "worth_of": worth_of, "bought_instead": bought_instead, "placed_by": placed_by,
    "people_by": people_by, "more_of_row": more_of_row,
}
