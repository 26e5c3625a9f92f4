"""What is asked of one customer or of segments in talk."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from assistant.llm.planner.candidate import Planned, call
from assistant.llm.planner.context import DialogueContext
from assistant.llm.planner.in_talk import FIGURE, FIGURES, InTalk, planned
from assistant.llm.planner.spans import read
from assistant.llm.planner.things_in_talk import listed, one_of, shown
from assistant.llm.planner.vocabulary import Vocabulary
from assistant.plans.filters import Compare, InGroup
from assistant.plans.groups import GroupsRequest
from assistant.plans.periods import Period
from assistant.plans.propensity import OrderingRequest
from assistant.plans.query import QueryPlan
from assistant.plans.requests import BuyersRequest, SegmentRequest, SegmentRule, ValueRequest


def _person_next(t: InTalk) -> Planned | None:
    """As in "when will she order next?"."""
    customer = one_of(t.last, "customer")
    return None if customer is None else planned(call(OrderingRequest(customer_id=customer)))


def _person_often(t: InTalk) -> Planned | None:
    """As in "how often does he order?"."""
    customer = one_of(t.last, "customer")
    metrics = tuple(m for m in ("orders", "days_between_orders") if m in t.words.metrics)
    return None if customer is None or not metrics else planned(
        call(QueryPlan(metrics=metrics, filter=Compare(field="customer", values=(customer,)))))


def _person_first(t: InTalk) -> Planned | None:
    """As in "what was the first order?"."""
    customer = one_of(t.last, "customer")
    known = "first_order_date" in t.words.metrics and t.number("nth") == 1
    return None if customer is None or not known else planned(
        call(QueryPlan(metrics=("first_order_date",), filter=Compare(field="customer", values=(customer,)))))


def _person_value(t: InTalk) -> Planned | None:
    """As in "how valuable is she?"."""
    customer = one_of(t.last, "customer")
    return None if customer is None else planned(call(ValueRequest(customer_id=customer)))


def _similar(t: InTalk) -> Planned | None:
    """As in "anyone similar?"."""
    customer = one_of(t.last, "customer")
    return None if customer is None else planned(call(BuyersRequest(like_customer_id=customer, k=10)))


def _split(t: InTalk) -> tuple[str, int | None]:
    """How the segments in talk were made."""
    plan: Any = t.last.call.plan()
    if isinstance(plan, SegmentRequest):
        return plan.method, plan.k
    held = getattr(plan, "filter", None) or getattr(plan, "first", None)
    return (held.method, held.k) if isinstance(held, InGroup) else ("auto", None)


def _meant_segment(t: InTalk) -> InGroup | None:
    """The segment that is meant: named, at a place, the biggest or smallest, or the one spoken of."""
    past = t.context.last("find_segments")
    names = listed(past, "segment") if past is not None else ()
    current = one_of(t.last, "segment")
    place = t.number("nth")
    name = t.segment or current
    if place is not None and past is t.last:
        name = names[place - 1 if place > 0 else -1] if place <= len(names) else None
    elif past is not None and t.heard.tags & {"top_one", "bottom_one"} and not t.segment:
        sizes = shown(past, "segments", "customers")
        if not sizes or len(sizes) != len(names):
            return None
        pick = min if "bottom_one" in t.heard.tags else max
        name = names[sizes.index(pick(sizes))]
    if name is None:
        return None
    method, k = _split(t) if past is t.last or past is None else (
        past.call.args.get("method", "auto"), past.call.args.get("k"))
    return InGroup(group="segment", name=name, method=method, k=k)


def _segment_size(t: InTalk) -> Planned | None:
    """As in "how big are the champions?"."""
    group = _meant_segment(t)
    return None if group is None else planned(call(SegmentRule(filter=group, name=group.name)))


def _segment_who(t: InTalk) -> Planned | None:
    """As in "who are the lost ones?": the segment of that name, not what the word means elsewhere."""
    group, money = _meant_segment(t) if t.segment else None, t.words.role("money")
    return None if group is None or money is None else planned(call(QueryPlan.model_validate({
        "metrics": (money,), "dimensions": ("customer",), "filter": group.model_dump(), "sort": {"by": money}})))


def _segment_profile(t: InTalk) -> Planned | None:
    """As in "describe the smallest group": these customers beside everybody else."""
    group = _meant_segment(t) if t.heard.tags & {"describe", "nth"} else None  # "bigger ones" names none
    return None if group is None else planned(call(GroupsRequest(first=group, first_name=group.name)))


def _segment_figure(t: InTalk) -> Planned | None:
    """As in "how much revenue do they make?"."""
    group = _meant_segment(t)
    figure = next((f.removeprefix(FIGURE) for f in FIGURES[1:] if f in t.heard.tags), None)
    if group is None or figure not in t.words.metrics:
        return None
    return planned(call(QueryPlan(metrics=(figure,), filter=group)))


def _segment_buys(t: InTalk) -> Planned | None:
    """As in "what do the people in the first one buy?"."""
    group = _meant_segment(t)
    return None if group is None else planned(call(QueryPlan.model_validate({
        "metrics": ("units",), "dimensions": ("product",), "filter": group.model_dump(), "sort": {"by": "units"},
        "limit": 10})))


def without_segment(text: str, context: DialogueContext) -> tuple[str, str | None]:
    """The text without the name of a segment shown before, and that name."""
    past = context.last("find_segments")
    for name in sorted(listed(past, "segment") if past is not None else (), key=len, reverse=True):
        match = re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text.replace("-", " "), re.IGNORECASE)
        if match is not None:
            return f"{text[: match.start()]} {text[match.end() :]}", name
    return text, None


def _segment_trend(t: InTalk) -> Planned | None:
    """As in "how did that change since spring?": the sizes then and now, and who moved."""
    method, k = _split(t)
    fields = {"method": method, "k": k, "view": "trend", "segment": one_of(t.last, "segment"), "since": t.period}
    return planned(call(SegmentRequest.model_validate(fields)))


def _segment_actions(t: InTalk) -> Planned | None:
    """As in "what should we do with them?"."""
    method, k = _split(t)
    return planned(call(SegmentRequest(method=method, k=k, view="actions")))  # type: ignore[arg-type]


def without_time(text: str, words: Vocabulary) -> tuple[str, Period | None]:
    """The text without the one time that it names, and that time."""
    r = read(text, words)
    hits = r.having("period")
    found = r.items[hits[0]].get("period") if len(hits) == 1 else None
    period = getattr(found, "period", None)
    if period is None:
        return text, None
    tokens = r.items[hits[0]].tokens
    return f"{r.text[: tokens[0].start]} {r.text[tokens[-1].end :]}", period


ASKS: Mapping[str, Callable[[InTalk], Planned | None]] = {
    "similar": _similar, "person_next": _person_next, "person_often": _person_often, "person_value": _person_value,
    "person_first": _person_first,
    "segment_trend": _segment_trend, "segment_actions": _segment_actions, "segment_size": _segment_size,
    "segment_figure": _segment_figure, "segment_buys": _segment_buys, "segment_who": _segment_who,
    "segment_profile": _segment_profile,
}


__all__ = ["ASKS", "without_segment", "without_time"]
