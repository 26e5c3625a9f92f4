"""Follow-ups as edits of the last plan: replace, add, drop, swap, pick, ask why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from assistant.llm.planner.brief import _channels, _offer, term_filter
from assistant.llm.planner.candidate import Candidate, ToolCall, call
from assistant.llm.planner.compose import chart
from assistant.llm.planner.context import Past
from assistant.llm.planner.dialogue_time import edit_periods, in_year_of
from assistant.llm.planner.forecasting import edited
from assistant.llm.planner.parts import GRAINS, Parts
from assistant.llm.planner.replies import ask, decline
from assistant.llm.planner.values import join
from assistant.plans.filters import And, Compare, Filter, Not
from assistant.plans.periods import Period
from assistant.plans.query import ChangePlan, Comparison, QueryPlan, Sort
from assistant.plans.requests import CampaignBrief, ForecastRequest, SegmentRule

if TYPE_CHECKING:
    from assistant.llm.planner.intents import Frames


def follow_ups(frames: Frames, fresh: list[Candidate]) -> list[Candidate]:
    """Readings of a text as an edit of what went before; none without a conversation."""
    last = frames.context.last()
    if last is None:
        return _without_past(frames)
    found = [c for c in _edits(frames, last) if c is not None]
    handicap = _handicap(frames, fresh)
    for candidate in found:
        candidate.cost += handicap
    return found


def _handicap(frames: Frames, fresh: list[Candidate]) -> float:
    """What an edit must be better by than a question of its own.

    A text that opens with a cue ("what about units?") and says only one thing is an edit, even if it could stand alone.
    """
    r = frames.reading
    p = frames.parts()
    alone = bool(p.metrics) and bool(p.groups or p.periods or p.descending is not None)
    opens = bool(r.items) and r.items[0].has("also", "instead", "only", "drop") and not r.has("do")
    if opens and not alone:
        return -0.1
    complete = bool(fresh) and fresh[0].cost <= 0.05
    if complete:
        return 0.2
    cue = r.has("also", "instead", "only", "drop", "pronoun", "again") or len(r.items) <= 4
    return 0.0 if cue else 0.06


def _without_past(frames: Frames) -> list[Candidate]:
    """A follow-up with nothing to follow is told so."""
    r = frames.reading
    words = [r.items[i].text for i in r.having("customers_pronoun") if r.items[i].lemma in _REFERRING]
    if words and r.does("create") and r.having("object", "goal") and not r.has("absent"):
        return [Candidate([decline(frames.lex, "not_understood", "no_referent", words=words[0])], 0.3, "decline")]
    return []


_REFERRING = frozenset(
    {
        "them",
        "they",
        "these",
        "those",
        "these customer",
        "those customer",
        "these person",
        "those person",
        "that segment",
        "this segment",
        "that audience",
        "this audience",
        "that list",
        "this list",
        "that group",
        "this group",
    }
)


def _edits(frames: Frames, last: Past) -> Iterator[Candidate | None]:
    plan = last.call.plan()
    yield _repeat_summary(frames, last)
    if isinstance(plan, QueryPlan):
        yield _edit_query(frames, plan)
        yield _why(frames, plan)
        yield _count(frames, plan)
        yield _pick(frames, last, plan)
    elif isinstance(plan, ChangePlan):
        yield _edit_change(frames, plan)
    elif isinstance(plan, ForecastRequest):
        yield _edit_forecast(frames, plan)
    elif isinstance(plan, SegmentRule):
        yield _edit_audience(frames, plan)
    elif isinstance(plan, CampaignBrief):
        yield _edit_campaign(frames, plan)
    elif isinstance(plan, BaseModel):
        yield _edit_request(frames, plan)
    yield _who(frames, last)


def _used_cues(p: Parts, *more: str) -> None:
    p.used.update(p.reading.having("also", "instead", "only", "pronoun", "again", "which", "compare", *more))
    p.used.update(p.reading.does("create"))
    items = p.reading.items
    stopped = len(items) > 1 and items[1].tokens[0].kind == "stop"
    if (p.reading.has("instead") or stopped) and items[0].lemma in {"no", "nope", "sorry", "oops"}:
        p.used.add(0)  # "no, I meant September"


# -- queries -----------------------------------------------------------------------------------------------------------


def _edit_query(frames: Frames, plan: QueryPlan) -> Candidate | None:
    p = frames.parts()
    _used_cues(p)
    changes: dict[str, Any] = {}
    picture = chart(p)
    if picture != "auto" or (p.reading.has("chart")):
        changes["chart"] = (
            picture if picture != "auto" else ("line" if any(d in GRAINS for d in plan.dimensions) else "bar")
        )
    metrics = [m for m in p.metrics if m in p.reading.vocabulary.metrics]
    if metrics:
        changes["metrics"] = tuple(metrics)
        if plan.sort and plan.sort.by in plan.metrics:
            changes["sort"] = Sort(by=metrics[0], descending=plan.sort.descending)
    if p.groups:
        changes["dimensions"] = _regroup(frames, plan, p.groups)
    edit_periods(p, plan, changes)
    _edit_rank(p, plan, changes)
    dropped = _drop(p, plan)
    if dropped is not None:
        changes.update(dropped)
    merged = _edit_filter(frames, p, plan)
    if merged is not None:
        changes["filter"] = merged
    if p.reading.has("share") and (changes.get("dimensions") or plan.dimensions):
        p.used.update(p.reading.having("share"))
        changes["transform"] = "share"
    if p.reading.has("cumulative"):
        p.used.update(p.reading.having("cumulative"))
        changes["transform"] = "cumulative"
    if not changes:
        return None
    try:
        edited = plan.model_copy(update=changes)
        return frames.finish(p, [call(QueryPlan.model_validate(edited.model_dump()))], "follow_up", 0.0)
    except ValidationError:
        return None


def _regroup(frames: Frames, plan: QueryPlan, groups: list[str]) -> tuple[str, ...]:
    """A time grain replaces a time grain; another group joins when "and" or "also" is said, else replaces its like."""
    added = (
        frames.reading.has("also")
        and not frames.reading.has("instead")
        or any(
            frames.reading.items[i].lemma in {"split", "break", "further", "split that by"}
            for i in range(len(frames.reading.items))
        )
    )
    grain = [g for g in groups if g in GRAINS]
    others = [g for g in groups if g not in GRAINS]
    if grain and not others:
        kept = [d for d in plan.dimensions if d not in GRAINS]
        replaces = any(d in GRAINS for d in plan.dimensions)
        return (*grain, *(kept if replaces or added else ()))
    kept = [d for d in plan.dimensions if d in GRAINS or added]
    return tuple(dict.fromkeys([*kept, *groups]))


def _edit_rank(p: Parts, plan: QueryPlan, changes: dict[str, Any]) -> None:
    limit = p.limit
    dims = changes.get("dimensions", plan.dimensions)
    if limit is None and dims:
        for i, item in enumerate(p.reading.items):
            if (
                item.number is not None
                and item.unit is None
                and not item.has("period", "duration")
                and i not in p.used
                and item.number == int(item.number) > 0
            ):
                limit = int(item.number)
                p.used.add(i)
                p.used.update(k for k, other in enumerate(p.reading.items) if other.lemma in {"first"})
                break
    if not dims or (limit is None and p.descending is None):
        return
    metric = (changes.get("metrics") or plan.metrics)[0]
    before = plan.sort
    descending = p.descending if p.descending is not None else (before.descending if before else True)
    changes["sort"] = Sort(by=before.by if before and "metrics" not in changes else metric, descending=descending)
    changes["limit"] = min(limit or plan.limit or 10, 10_000)


def _drop(p: Parts, plan: QueryPlan) -> dict[str, Any] | None:
    """As in "without the comparison", "remove the filter", "drop Germany"."""
    if not p.reading.has("drop"):
        return None
    p.used.update(p.reading.having("drop"))
    words = {t.lemma for t in p.reading.tokens}
    if words & {"filter", "restriction", "condition"}:
        p.used.update(
            i
            for i, item in enumerate(p.reading.items)
            if item.lemma in {"filter", "restriction", "condition"} or item.has("only")
        )
        return {"filter": None}
    if words & {"comparison", "compare"}:
        return {"compare": None}
    if p.chosen:
        return {"filter": _without(plan.filter, p.chosen)}
    return None


def _without(condition: Filter | None, chosen: dict[str, list[str]]) -> Filter | None:
    """The filter without what it says of these values; else with them excluded."""
    excluded = join([Not(part=Compare(field=d, op="in", values=tuple(v))) for d, v in chosen.items()])
    parts = list(condition.parts) if isinstance(condition, And) else [condition] if condition else []
    kept = [
        c for c in parts if not (isinstance(c, Compare) and c.field in chosen and set(c.values) <= set(chosen[c.field]))
    ]
    if len(kept) < len(parts):
        return join(kept)
    return join([*kept, excluded]) if excluded else join(kept)


def _edit_filter(frames: Frames, p: Parts, plan: QueryPlan) -> Filter | None:
    """New values of a dimension replace its old ones ("and in France?"); conditions are added."""
    new: list[Filter] = [*p.rows]
    customers = p.customer_filter()
    if customers is not None:
        new.append(customers)
    for i in p.reading.having("definition"):
        meant = term_filter(frames.shop, str(p.reading.items[i].get("definition")))
        if meant is not None and i not in p.conditions.used:
            new.append(meant)
            p.used.add(i)
    excluding = any(isinstance(f, Not) for f in p.rows)  # "without the UK"
    if not new or (p.reading.has("drop") and not excluding):
        return None
    fields = {c.field for c in new if isinstance(c, Compare)} | {
        c.part.field for c in new if isinstance(c, Not) and isinstance(c.part, Compare)
    }
    old = list(plan.filter.parts) if isinstance(plan.filter, And) else [plan.filter] if plan.filter else []
    kept = [c for c in old if not (isinstance(c, Compare) and c.field in fields)]
    return join([*kept, *new])


def _why(frames: Frames, plan: QueryPlan) -> Candidate | None:
    """As in "why?" after a figure: the change of that figure."""
    r = frames.reading
    if not r.does("explain"):
        return None
    p = frames.parts()
    _used_cues(p, "up", "down", "change", "growth")
    p.used.update(r.does("explain"))
    period = p.period or plan.period or Period(kind="calendar", unit="month", offset=-1)
    compare = (
        plan.compare
        if plan.compare and plan.compare.kind in {"previous", "year_earlier", "period"}
        else Comparison(kind="previous")
    )
    others = [d for d in plan.dimensions if d not in GRAINS and d != "customer"]
    metric = p.metrics[0] if p.metrics else plan.metrics[0]
    down, up = bool(r.having("down")), bool(r.having("up"))
    change = ChangePlan(
        metric=metric,
        period=period,
        compare=compare,
        filter=join([*([plan.filter] if plan.filter else []), *p.rows]),
        dimension=others[0] if others else None,
        claimed="down" if down and not up else "up" if up and not down else None,
    )
    return frames.finish(p, [call(change)], "follow_up", 0.0 if not p.metrics else 0.1)


def _count(frames: Frames, plan: QueryPlan) -> Candidate | None:
    """As in "how many are there?" after a list of customers."""
    r = frames.reading
    if not r.has("how_many", "count") or plan.filter is None or "customer" not in plan.dimensions:
        return None
    p = frames.parts()
    _used_cues(p, "how_many", "count", "customers_pronoun")
    if p.metrics and p.metrics != ["customers"] or p.groups and p.groups != ["customer"]:
        return None
    return frames.finish(
        p,
        [
            call(
                SegmentRule(
                    filter=join([plan.filter, *p.rows, *([p.customer_filter()] if p.customer_filter() else [])])
                )
            )
        ],  # type: ignore[list-item,arg-type]
        "follow_up",
        0.0,
    )


def _pick(frames: Frames, last: Past, plan: QueryPlan) -> Candidate | None:
    """As in "the second one" · "tell me about the first": a row of the last table."""
    r = frames.reading
    ordinal = next((item for item in r.items if item.unit == "ordinal" and not item.has("period")), None)
    if ordinal is None or r.has("rank") or not plan.dimensions:
        return None
    index = int(ordinal.tokens[0].value or 1) - 1
    dimension = plan.dimensions[0]
    values = frames.context.column(last, dimension)
    p = frames.parts()
    p.used.update(range(len(r.items)) if len(r.items) <= 6 else p.used)
    if not 0 <= index < len(values):
        return None
    if dimension == "customer":
        return frames.finish(p, [ToolCall("describe_customer", {"customer_id": values[index]})], "follow_up", 0.0)
    merged = join([*([plan.filter] if plan.filter else []), Compare(field=dimension, op="eq", values=(values[index],))])
    picked = plan.model_copy(update={"filter": merged, "limit": None, "sort": None, "offset": 0})
    return frames.finish(p, [call(picked)], "follow_up", 0.02)


# -- other plans -------------------------------------------------------------------------------------------------------


def _edit_change(frames: Frames, plan: ChangePlan) -> Candidate | None:
    p = frames.parts()
    _used_cues(p, "explain", "up", "down", "change", "growth")
    p.used.update(p.reading.does("explain"))
    changes: dict[str, Any] = {}
    if p.periods and p.periods[0].period is not None:
        changes["period"] = in_year_of(p.periods[0].period, plan.period)
    if p.reading.has("year_earlier", "previous"):
        p.used.update(p.reading.having("year_earlier", "previous"))
        changes["compare"] = Comparison(kind="year_earlier" if p.reading.has("year_earlier") else "previous")
    if p.metrics:
        changes["metric"] = p.metrics[0]
    groups = [g for g in p.groups if g not in GRAINS]
    if groups:
        changes["dimension"] = groups[0]
    if p.rows:
        changes["filter"] = join(p.rows)
    return frames.finish(p, [call(plan.model_copy(update=changes))], "follow_up", 0.0) if changes else None


def _edit_forecast(frames: Frames, plan: ForecastRequest) -> Candidate | None:
    p = frames.parts()
    _used_cues(p)
    p.used.update(p.reading.does("forecast"))
    try:
        changed = edited(p, plan)
    except ValidationError:
        return None
    return None if changed is None else frames.finish(p, [call(changed)], "follow_up", 0.0)


def _edit_audience(frames: Frames, plan: SegmentRule) -> Candidate | None:
    p = frames.parts()
    _used_cues(p, "how_many", "count", "customers_pronoun")
    new: list[Filter] = [*p.rows, *([p.customer_filter()] if p.conditions.customers else [])]  # type: ignore[list-item]
    if not new or (p.metrics and p.metrics != ["customers"]):
        return None
    fields = {c.field for c in new if isinstance(c, Compare)}
    old = list(plan.filter.parts) if isinstance(plan.filter, And) else [plan.filter]
    kept = [c for c in old if not (isinstance(c, Compare) and c.field in fields)]
    merged = join([*kept, *new])
    assert merged is not None
    return frames.finish(p, [call(SegmentRule(filter=merged, name=plan.name))], "follow_up", 0.0)


def _edit_campaign(frames: Frames, plan: CampaignBrief) -> Candidate | None:
    """As in "change it to 5 %", "only by email", "make it playful", "without a discount", "for Germany"."""
    p = frames.parts()
    _used_cues(p, "content", "tone", "object", "offer")
    p.used.update(p.reading.does("change_data", "send"))
    changes: dict[str, Any] = {}
    offer = _offer(p)
    number = next(
        (
            item.number
            for i, item in enumerate(p.reading.items)
            if item.number and item.unit is None and i not in p.used
        ),
        None,
    )
    if offer.kind != "none":
        changes["offer"] = {**plan.offer.model_dump(), **{k: v for k, v in offer.model_dump().items() if v}}
    elif number is not None and plan.offer.kind in {"percent_off", "amount_off"} and p.reading.has("instead"):
        p.used.update(i for i, item in enumerate(p.reading.items) if item.number == number)
        changes["offer"] = {**plan.offer.model_dump(), "value": number}
    elif any(p.reading.items[i].get("offer") == "none" for i in p.reading.having("offer")):
        changes["offer"] = {"kind": "none"}
    elif offer.category:
        changes["offer"] = {**plan.offer.model_dump(), "category": offer.category}
    channels = _channels(p)
    if channels:
        changes["channels"] = (
            channels
            if not p.reading.has("also") or p.reading.has("only", "instead")
            else tuple(dict.fromkeys((*plan.channels, *channels)))
        )
    tones = p.reading.having("tone")
    if tones:
        changes["tone"] = p.reading.items[tones[0]].get("tone")
    rows: list[Filter] = [f for f in p.rows if getattr(f, "field", "") not in {"category", "product", "brand"}]
    if p.conditions.customers:
        rows.append(p.customer_filter())  # type: ignore[arg-type]
    if rows:
        changes["audience"] = join([*([plan.audience] if plan.audience is not None else []), *rows])
    if p.limit is not None and p.limit <= 10:
        changes["products_per_recipient"] = p.limit
    if not changes:
        return None
    try:
        return frames.finish(
            p,
            [
                call(
                    CampaignBrief.model_validate(
                        {
                            **plan.model_dump(),
                            **{k: v.model_dump() if isinstance(v, BaseModel) else v for k, v in changes.items()},
                        }
                    )
                )
            ],
            "follow_up",
            0.0,
        )
    except ValidationError:
        return None


def _edit_request(frames: Frames, plan: BaseModel) -> Candidate | None:
    """Number, price and category of the remaining requests ("show 10", "under 20", "for customer C2")."""
    p = frames.parts()
    _used_cues(p)
    fields = type(plan).model_fields
    changes: dict[str, Any] = {}
    limit = p.limit or next(
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
    for i, item in enumerate(p.reading.items):
        if item.lemma == "cheaper" or item.lemma == "cheaper than":
            p.used.add(i)
            if "relative_price" in fields:
                changes["relative_price"] = "cheaper"
    if not changes:
        return None
    try:
        edited = type(plan).model_validate({**plan.model_dump(), **changes})
        return frames.finish(p, [call(edited)], "follow_up", 0.05)
    except ValidationError:
        return None


def _who(frames: Frames, last: Past) -> Candidate | None:
    """As in "who are they?": the customers behind a size, a segment or a draft."""
    r = frames.reading
    content = [
        i for i in range(len(r.items)) if not r.is_skip(i) and not r.items[i].has("who", "customers_pronoun", "pronoun")
    ]
    if not r.has("who") or content or len(r.items) > 7:
        return None
    found = frames.context.audience()
    money = r.vocabulary.role("money")
    if found is None or money is None or last.call.name not in {"count_audience", "draft_campaign", "query_data"}:
        return None
    p = frames.parts()
    p.used.update(range(len(r.items)))
    plan = QueryPlan(metrics=(money,), dimensions=("customer",), filter=found[0], sort=Sort(by=money))
    return frames.finish(p, [call(plan)], "follow_up", 0.0)


def _repeat_summary(frames: Frames, last: Past) -> Candidate | None:
    """As in "summarise that": the last answer once more."""
    r = frames.reading
    if not r.has("summary", "again"):
        return None
    content = [i for i in range(len(r.items)) if not r.is_skip(i) and not r.items[i].has("summary", "again", "pronoun")]
    if content:
        return None
    p = frames.parts()
    p.used.update(range(len(r.items)))
    return frames.finish(p, [last.call], "follow_up", 0.0)


__all__ = ["ask", "follow_ups"]
