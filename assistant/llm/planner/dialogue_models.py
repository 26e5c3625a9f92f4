"""Follow-ups on changes, forecasts, audiences and requests to the models, and questions about their customers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from assistant.llm.planner.candidate import Candidate, call
from assistant.llm.planner.context import Past
from assistant.llm.planner.dialogue_cues import used_cues
from assistant.llm.planner.dialogue_filters import edit_filter, said_of
from assistant.llm.planner.dialogue_people import narrowed
from assistant.llm.planner.dialogue_time import in_year_of
from assistant.llm.planner.discourse_scene import parts_of
from assistant.llm.planner.forecasting import edited
from assistant.llm.planner.heard import heard
from assistant.llm.planner.parts import Parts
from assistant.llm.planner.units import GRAINS
from assistant.llm.planner.values import join
from assistant.plans.filters import And, Compare, Filter
from assistant.plans.query import ChangePlan, Comparison, QueryPlan, Sort
from assistant.plans.requests import ForecastRequest, SegmentRule

if TYPE_CHECKING:
    from assistant.llm.planner.intents import Frames


def edit_change(frames: Frames, plan: ChangePlan) -> Candidate | None:
    p = frames.parts()
    used_cues(p, "explain", "up", "down", "change", "growth")
    p.used.update(p.reading.does("explain"))
    changes: dict[str, Any] = {}
    against = _against(p, plan)
    if against is not None:
        changes["compare"] = against
    elif p.periods and p.periods[0].period is not None:
        changes["period"] = in_year_of(p.periods[0].period, plan.period)
    if p.reading.has("year_earlier", "previous"):
        p.used.update(p.reading.having("year_earlier", "previous"))
        changes["compare"] = Comparison(kind="year_earlier" if p.reading.has("year_earlier") else "previous")
    if p.metrics:
        changes["metric"] = p.metrics[0]
    groups = [g for g in p.groups if g not in GRAINS]
    if groups:
        changes["dimension"] = groups[0]
        p.used.update(p.reading.having("rank", "share"))
        p.used.update(i for i, t in enumerate(p.reading.items) if t.lemma in heard("dialogue_models.contributing"))
    merged = edit_filter(frames, p, QueryPlan(metrics=("revenue",), filter=plan.filter))
    if merged is not None:
        changes["filter"] = merged
    down, up = p.reading.has("down"), p.reading.has("up")
    if p.reading.does("explain") and down != up:
        changes["claimed"] = "down" if down else "up"
    return frames.finish(p, [call(plan.model_copy(update=changes))], "follow_up", 0.0) if changes else None


def _against(p: Parts, plan: ChangePlan) -> Comparison | None:
    """As in "and compared to last year?" of January: January a year before, not all of last year."""
    found = p.periods[0].period if len(p.periods) == 1 else None
    if found is None or not p.reading.has("compare"):
        return None
    p.used.update(p.reading.having("compare"))
    whole = plan.period.kind == "named" and not (plan.period.month or plan.period.quarter or plan.period.event)
    last_year = (found.kind, found.unit, found.offset, found.count) == ("calendar", "year", -1, 1)
    if last_year and plan.period.unit != "year" and not whole:
        return Comparison(kind="year_earlier")
    return Comparison(kind="period", period=in_year_of(found, plan.period))


def edit_forecast(frames: Frames, plan: ForecastRequest) -> Candidate | None:
    """Another measure, length, step or selection of a forecast."""
    p = frames.parts()
    used_cues(p)
    p.used.update(p.reading.does("forecast"))
    try:
        changed = edited(p, plan)
    except ValidationError:
        return None
    return None if changed is None else frames.finish(p, [call(changed)], "follow_up", 0.0)


def edit_audience(frames: Frames, plan: SegmentRule) -> Candidate | None:
    p = frames.parts()
    used_cues(p, "how_many", "count", "customers_pronoun")
    new: list[Filter] = [*p.rows, *([p.customer_filter()] if p.conditions.customers else [])]  # type: ignore[list-item]
    if not new or (p.metrics and p.metrics != ["customers"]):
        return None
    fields = {c.field for c in new if isinstance(c, Compare)}
    old = list(plan.filter.parts) if isinstance(plan.filter, And) else [plan.filter]
    kept = [c for c in old if not (isinstance(c, Compare) and c.field in fields)]
    merged = join([*kept, *new])
    assert merged is not None
    return frames.finish(p, [call(SegmentRule(filter=merged, name=plan.name))], "follow_up", 0.0)


def edit_request(frames: Frames, plan: BaseModel) -> Candidate | None:
    """Number, price and category of the remaining requests ("show 10", "under 20", "for customer C2")."""
    p = frames.parts()
    used_cues(p)
    fields = type(plan).model_fields
    changes: dict[str, Any] = {}
    ones = any(item.text.lower() in heard("references.ones") for item in p.reading.items)
    limit = None if ones else p.limit or next(
        (
            int(item.number)
            for item in p.reading.items
            if item.number
            and item.unit is None
            and not item.has("period", "duration")
            and item.number == int(item.number)
            and str(int(item.number)) not in p.customer_ids
        ),
        None,
    )
    if limit and "k" in fields and limit <= 100:
        changes["k"] = limit
        p.used.update(i for i, item in enumerate(p.reading.items) if item.number == limit)
    if p.customer_ids and "customer_id" in fields:
        changes["customer_id"] = p.customer_ids[0]
    category = next(iter(p.chosen.get("category", ())), None)
    if category and "category" in fields:
        changes["category"] = category
    elif "filter" in fields and not (p.product_ids or p.customer_ids):
        held = getattr(plan, "filter", None)
        merged = edit_filter(frames, p, QueryPlan(metrics=("revenue",), filter=held))
        if merged is not None:
            if "why_not" in fields and _of_goods(merged):
                return None  # a list of products kept to some products, which it cannot be
            changes["filter"] = merged
            if getattr(plan, "customer_id", None) and merged != held:
                changes["customer_id"] = None  # for a group now, no longer for one
    _edit_days(p, fields, changes)
    _edit_product(frames, p, fields, changes)
    for i, item in enumerate(p.reading.items):
        if item.lemma in heard("cheaper") or item.lemma in heard("cheaper_than"):
            p.used.add(i)
            if "relative_price" in fields:
                changes["relative_price"] = "cheaper"
    if not changes:
        return None
    if getattr(plan, "about", None) == _EXAM:  # narrowed is the list, not the test of the model
        changes["about"] = "list"
    changes |= {f: None for f in ("why", "why_not") if getattr(plan, f, None)}  # the list again, not the reason
    try:
        edited = type(plan).model_validate({**plan.model_dump(), **changes})
        return frames.finish(p, [call(edited)], "follow_up", 0.05)
    except ValidationError:
        return None


def _of_goods(condition: Filter) -> bool:
    return any(isinstance(f, Compare) and f.field in _GOODS for f in parts_of(condition))


def _edit_days(p: Parts, fields: Any, changes: dict[str, Any]) -> None:
    """As in "and in the next month?", "within 30 days": how far ahead is looked."""
    name = next((f for f in ("within_days", "horizon_days") if f in fields), None)
    if name is None:
        return
    for i, item in enumerate(p.reading.items):
        length = item.get("duration")
        ahead = item.get("future")
        unit = next((t.lemma for t in item.tokens if t.lemma in _DAYS), None) if ahead is not None else None
        if length is None and unit is None:
            continue
        number = next((int(t.value) for t in item.tokens if t.value), 1)
        changes[name] = length.days if length is not None else number * _DAYS[str(unit)]
        p.used.add(i)
        p.future = None
        return


_EXAM = "exam"
_GOODS = frozenset({"product", "subcategory", "brand", "category"})
#: days of a unit of time that is looked ahead
_DAYS = dict(zip(GRAINS, (1, 7, 30, 91, 365), strict=True))


def _edit_product(frames: Frames, p: Parts, fields: Any, changes: dict[str, Any]) -> None:
    """As in "and with the Wooden Comb?": the same of another product."""
    from assistant.llm.planner.products import products_said  # it builds on what builds on this module

    if "product_id" not in fields or "customer_id" in fields:
        return
    named = p.product_ids or products_said(p, frames.shop)
    if len(named) == 1:
        changes["product_id"] = named[0]
        p.used.update(i for i, it in enumerate(p.reading.items)
                      if any(v.dimension == "product" for v in it.alts.get("value", ())))


# -- the customers of an answer ----------------------------------------------------------------------------------------


def of_its_customers(frames: Frames, last: Past) -> Iterator[Candidate | None]:
    """What may be asked of the customers that the last answer was about."""
    found = frames.context.audience()
    if found is None:
        return
    yield _who(frames, last, found[0])
    yield from narrowed(frames, last, found[0])
    yield _count(frames, found[0])
    if last.call.name != "query_data":
        yield _split(frames, last, found[0])


def _who(frames: Frames, last: Past, audience: Filter) -> Candidate | None:
    """As in "who are they?", "list them": the customers behind a size, a segment or a draft."""
    r = frames.reading
    asking = {"who", "customers_pronoun", "pronoun", "also"}
    content = [i for i in range(len(r.items)) if not r.is_skip(i) and not r.items[i].has(*asking)]
    money = r.vocabulary.role("money")
    if not r.has("who") or content or len(r.items) > 7 or money is None:
        return None
    if last.call.name not in {"count_audience", "draft_campaign", "query_data", "predict_churn"}:
        return None
    p = frames.parts()
    p.used.update(range(len(r.items)))
    p.referred = True
    plan = QueryPlan(metrics=(money,), dimensions=("customer",), filter=audience, sort=Sort(by=money))
    return frames.finish(p, [call(plan)], "follow_up", -0.02)


def _count(frames: Frames, audience: Filter) -> Candidate | None:
    """As in "how many are there?" after a list of customers."""
    r = frames.reading
    if not r.has("how_many", "count"):
        return None
    p = frames.parts()
    used_cues(p, "how_many", "count", "customers_pronoun")
    if (p.metrics and p.metrics != ["customers"]) or (p.groups and p.groups != ["customer"]) or p.periods:
        return None
    said = said_of(frames, p)
    rule = join([audience, *[c for c in said if c != audience]])
    p.referred = True
    pointed = r.has("customers_pronoun")
    return frames.finish(p, [call(SegmentRule(filter=rule))], "follow_up", -0.06 if pointed else 0.0)  # type: ignore[arg-type]


def _split(frames: Frames, last: Past, audience: Filter) -> Candidate | None:
    """As in "by country?" and "add their last order date" after customers that a model or a rule named."""
    r = frames.reading
    p = frames.parts()
    used_cues(p, "customers_pronoun", "group")
    dims = [g for g in p.groups if g != "customer"]
    if p.limit is not None or p.descending is not None or r.does("forecast", "recommend", "create", "explain"):
        return None
    if not dims and not p.metrics or p.conditions.customers:
        return None
    head = r.vocabulary.role("customers")
    metrics = tuple(p.metrics) or ((head,) if head else ())
    listing = not dims and r.items[0].lemma in heard("dialogue_models.adding")
    money = r.vocabulary.role("money")
    if listing and money:
        metrics = tuple(dict.fromkeys((money, *metrics)))
    try:
        plan = QueryPlan(
            metrics=metrics,
            dimensions=tuple(dims) if dims else ("customer",) if listing else (),
            filter=join([audience, *p.rows]),
            period=p.period,
            sort=Sort(by=metrics[0]) if listing else None,
        )
    except ValidationError:
        return None
    p.referred = True
    return frames.finish(p, [call(plan)], "follow_up", 0.02 if dims and not p.metrics else 0.08)


__all__ = ["edit_audience", "edit_change", "edit_forecast", "edit_request", "of_its_customers"]
