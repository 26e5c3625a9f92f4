"""Whole texts about customers, read by form: chosen customers with the risk of each ("our 25 best, and are any of them
drifting away"), leaving by group, the segments of a past day, everybody as a segment.

The forms are data (``prompts/lexicon/<language>/customer_asks.yaml``). Which customers are meant is read by the
ordinary grammar. A text that fits none is left to the other readings.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from pydantic import BaseModel, ValidationError

from assistant.llm.planner.candidate import Planned, ToolCall, call
from assistant.llm.planner.context import DialogueContext
from assistant.llm.planner.form_places import put_in, told_apart
from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.late_patterns import LatePattern, LatePatterns
from assistant.llm.planner.people_forms import Ask, PlanOne, plain, whom
from assistant.llm.planner.replies import decline
from assistant.llm.planner.spans import read
from assistant.llm.planner.vocabulary import Vocabulary
from assistant.plans import (
    ChurnRequest,
    CustomerRequest,
    SavedSegmentsRequest,
    SaveSegment,
    SegmentRequest,
    SegmentRule,
    UpliftRequest,
)
from assistant.plans.filters import And, Compare, CustomerCondition, Filter, Not
from assistant.plans.periods import Period
from assistant.plans.query import QueryPlan, Sort
from assistant.plans.shop import Shop

_LONGEST = 220
#: customers shown where a ranking names no number
_SHOWN, _MOST = 25, 1000
#: stretches of time that may each be asked for
_MOST_STRETCHES = 24
#: calls that count people without naming them
_COUNTED = frozenset({"count_audience", "save_segment", "show_saved_segments", "query_data"})
_UNITS = {"day": 1, "week": 7}


def asks_for_profile(text: str, language: str) -> bool:
    """Whether a text asks what some customers are like: "give me a profile of …" orders no campaign for them."""
    said = _raw(language).get("profiled")
    return bool(said) and re.match(str(said), text.strip(), re.IGNORECASE) is not None


def about_customers(
    text: str, context: DialogueContext, shop: Shop, words: Vocabulary, tools: Collection[str], plan_one: PlanOne
) -> Planned | None:
    """The call that a text about customers asks for; None where it fits no form."""
    language = words.lexicon.language
    if len(text) > _LONGEST or not _raw(language).get("forms"):
        return None
    asked = plain(text, language)
    for kind, match in _compiled(language).fitting(asked):
        said = {name.partition("__")[0]: value.strip(" ,") for name, value in match.groupdict().items() if value}
        request = _READ[kind](Ask(said, asked, context, shop, words, plan_one))
        if request is None:
            continue
        made = request if isinstance(request, ToolCall) else call(request)
        if made.name in tools:
            return Planned([made], 0.95, frame="customer_asks")
    return None


@lru_cache(maxsize=4)
def _raw(language: str) -> dict[str, Any]:
    return dict(read_yaml(language, "customer_asks"))


@lru_cache(maxsize=4)
def _compiled(language: str) -> LatePatterns[str]:
    raw = _raw(language)
    numbers = "|".join(sorted(map(re.escape, raw["numbers"]), key=len, reverse=True))
    splits = sorted({w for said in raw["split"].values() for w in said}, key=len, reverse=True)
    places = dict(raw["macros"]) | {
        "W": "(?P<whom>.+?)", "A": "(?P<one>.+?)", "B": "(?P<other>.+?)",
        "RANKED": raw["macros"].get("ranking", "(?!)"),
        "BY": "(?P<by>" + "|".join(map(re.escape, splits)) + ")",
        "NUMBER": rf"(?P<n>\d{{1,4}}|{numbers})",
        "CUSTOMER": raw["customer"], "SEG": f"(?P<segment>{_any_of(raw['segment_words'])})",
        "CH1": f"(?P<first>{_any_of(raw['channels'])})", "CH2": f"(?P<second>{_any_of(raw['channels'])})",
        "THINGS": f"(?P<things>{_any_of(raw['counted_things'])})",
        "UNIT": "(?P<unit>" + "|".join(sorted(raw["units"], key=len, reverse=True)) + ")",
    }
    return LatePatterns((kind, LatePattern(told_apart(put_in(form, places))))
                        for kind in _READ for form in raw["forms"].get(kind, ()))


def _any_of(names: dict[str, list[str]]) -> str:
    return "|".join(map(re.escape, sorted({w for said in names.values() for w in said}, key=len, reverse=True)))


# -- what is said ------------------------------------------------------------------------------------------------------


def _number(ask: Ask, said: str) -> int:
    raw = _raw(ask.words.lexicon.language)
    return int(said) if said.isdigit() else int(raw["numbers"].get(said.casefold(), 1))


def _ahead(ask: Ask) -> dict[str, int]:
    """The stretch ahead that is named, in days."""
    raw = _raw(ask.words.lexicon.language)
    unit = ask.said.get("unit")
    if unit is None:
        return {}
    spoken = re.search(rf"(\S+) {re.escape(unit)}\W*$", ask.text, re.IGNORECASE)
    word = spoken.group(1).casefold() if spoken is not None else ""
    count = _number(ask, word) if word.isdigit() or word in raw["numbers"] else 1
    return {"horizon_days": min(max(count * int(raw["units"][unit.casefold()]), 7), 730)}


def _ranked(ask: Ask) -> tuple[Filter, int] | None:
    """The customers of a ranking by what they brought, and how many these are; None where it is none."""
    said = ask.said["whom"]
    raw = _raw(ask.words.lexicon.language)
    money = ask.words.role("money")
    if money is None:
        return None
    numbers = [w for w in re.findall(r"[\w-]+", said) if w.isdigit() or w.casefold() in raw["numbers"]]
    if len(numbers) != 1:
        return None
    n = _number(ask, numbers[0])
    percent = "%" in said
    rank = "top_percent" if percent else "top_n"
    try:
        rule = CustomerCondition(metric=money, rank=rank, values=(float(n),))
    except ValidationError:
        return None
    return rule, _MOST if percent else max(1, min(n, _MOST))


def _group(ask: Ask, said: str) -> Filter | None:
    """The customers that words stand for, also without a noun ("loyal", "new ones")."""
    raw = _raw(ask.words.lexicon.language)
    noun = re.sub(str(raw["ones"]), "", said, flags=re.IGNORECASE)
    for text in (said, str(raw["noun_said"]).format(noun)):
        known, chosen = whom(ask, text)
        if known and chosen is not None:
            return chosen
    return None


# -- readings ----------------------------------------------------------------------------------------------------------


def _standing(ask: Ask) -> BaseModel | None:
    found = _ranked(ask)
    if found is None:
        return None
    return ChurnRequest(filter=found[0], everyone=True, k=found[1], **_ahead(ask))  # type: ignore[arg-type]


def _standing_them(ask: Ask) -> BaseModel | ToolCall | None:
    """The customers last spoken of."""
    known = ask.context.audience()
    last = ask.context.last()
    if known is None:
        return decline(ask.words.lexicon, "not_understood", "no_referent", words=ask.said.get("them", ask.text))
    if (last is not None and last.call.name == "predict_churn" and not last.call.args.get("by")):
        return None
    return ChurnRequest(filter=known[0], everyone=True, k=_SHOWN, **_ahead(ask))  # type: ignore[arg-type]


def _show_some(ask: Ask) -> BaseModel | None:
    """As in "show me five" after a group was counted or saved."""
    past = next((p for p in reversed(ask.context.past) if not p.refused), None)
    known, money = ask.context.audience(), ask.words.role("money")
    counted = past is not None and not past.call.args.get("dimensions") and past.call.name in _COUNTED
    if not counted or known is None or money is None:
        return None
    n = _number(ask, ask.said["n"])
    return QueryPlan(metrics=(money,), dimensions=("customer",), filter=known[0], sort=Sort(by=money),
                     limit=max(1, min(n, _MOST)))


def _saved_grew(ask: Ask) -> BaseModel | None:
    """As in "which of them grew?" after the list of saved segments."""
    last = ask.context.last()
    if last is None or last.call.name != "show_saved_segments" or last.call.args.get("name"):
        return None
    up = "grew" in ask.said
    return SavedSegmentsRequest(growth="up" if up else "down", order_by="change", descending=up)


def _churn_by(ask: Ask) -> BaseModel | None:
    split = _raw(ask.words.lexicon.language)["split"]
    by = next((name for name, said in split.items() if ask.said["by"].casefold() in said), None)
    return ChurnRequest.model_validate({"by": by, **_ahead(ask)}) if by is not None else None


def _churn_against(ask: Ask) -> BaseModel | None:
    raw = _raw(ask.words.lexicon.language)
    one, other = ask.said["one"], ask.said.get("other")
    sides = [s for s in (one, other) if s is not None]
    if all(re.fullmatch(raw["channel_people"], s, re.IGNORECASE) for s in sides):
        return ChurnRequest(by="message_channel")
    first = _group(ask, one)
    if first is None:
        return None
    rest = other is None or re.fullmatch(raw["others"], other, re.IGNORECASE)
    second = Not(part=first) if rest else _group(ask, str(other))
    if second is None or second == first:
        return None
    return ChurnRequest(filter=first, against=second)


def _segments_on(ask: Ask) -> BaseModel | None:
    """The day before which nothing later is known: the last one of the period named, or the day so long ago."""
    day = _day(ask, ask.said["when"])
    return SegmentRequest(on=day) if day is not None else None


def _day(ask: Ask, said: str) -> Period | None:
    items = [item for item in read(said, ask.words).items if item.has("period", "ago")]
    if len(items) != 1:
        return None
    ago, spoken = items[0].get("ago"), items[0].get("period")
    if ago is not None:
        day = _before(ask.shop.status().as_of, str(ago.unit), int(ago.count)) if ago.unit is not None else None
        return Period(kind="absolute", start=day, end=day) if day is not None else None
    period = spoken.period if spoken is not None else None
    if period is None or period.kind == "all":
        return None
    if period.kind == "absolute" and period.end is None:  # "from 1 March" beside a state is the day itself
        return Period(kind="absolute", start=period.start, end=period.start)
    if period.kind == "absolute" and period.start is None:
        return Period(kind="absolute", start=period.end, end=period.end)
    return period


def _before(today: date, unit: str, count: int) -> date | None:
    if unit in _UNITS:
        return today - timedelta(days=_UNITS[unit] * count)
    months = {"month": 1, "quarter": 3, "year": 12}.get(unit)
    if months is None:
        return None
    back = today.year * 12 + today.month - 1 - months * count
    year, month = divmod(back, 12)
    for day in range(today.day, 27, -1):
        try:
            return date(year, month + 1, day)
        except ValueError:
            continue
    return date(year, month + 1, min(today.day, 28))


def _segment_reason(ask: Ask) -> BaseModel | None:
    """As in "why is customer 17850 a champion"."""
    names = _raw(ask.words.lexicon.language)["segment_words"]
    said = ask.said["segment"].casefold()
    asked = next((name for name, known in names.items() if said in known), None)
    return CustomerRequest(customer_id=ask.said["customer"], why_segment=asked) if asked is not None else None


def _segment_advice(ask: Ask) -> BaseModel:
    """As in "what should I do with the hibernating ones": what is usually done for each segment."""
    return SegmentRequest(method="rfm", view="actions")


def _segment_course(ask: Ask) -> BaseModel | None:
    """As in "how did the at-risk group develop over the last year"."""
    names = _raw(ask.words.lexicon.language)["segment_words"]
    said = ask.said["segment"].casefold()
    name = next((n for n, known in names.items() if said in known), None)
    if name is None:
        return None
    if "when" not in ask.said:
        return SegmentRequest(method="rfm", view="trend", segment=name)
    items = [item for item in read(ask.said["when"], ask.words).items if item.has("period")]
    spoken = items[0].get("period") if len(items) == 1 else None
    period = spoken.period if spoken is not None else None
    return None if period is None else SegmentRequest(method="rfm", view="trend", segment=name, since=period)


def about_groups_contacted(
    text: str, context: DialogueContext, shop: Shop, words: Vocabulary, tools: Collection[str], plan_one: PlanOne
) -> Planned | None:
    """As in "which loyal customers should I not bother with discounts": who is worth a contact, within a group."""
    language = words.lexicon.language
    raw = _raw(language)
    if len(text) > _LONGEST or not raw.get("contacted") or "predict_uplift" not in tools:
        return None
    asked = plain(text, language)
    for about, match in _contacted(language).fitting(asked):
        said = match["group"].strip()
        if not said or said.casefold() in raw["not_a_group"]:
            continue
        ask = Ask({"whom": said}, asked, context, shop, words, plan_one)
        chosen = _group(ask, said)
        if chosen is not None:
            return Planned([call(UpliftRequest(about=about, filter=chosen))], 0.95, frame="uplift")  # type: ignore[arg-type]
    return None


@lru_cache(maxsize=4)
def _contacted(language: str) -> LatePatterns[str]:
    raw = _raw(language)
    places = dict(raw["macros"]) | {"GROUP": "(?P<group>.+?)"}
    return LatePatterns((about, LatePattern(put_in(form, places)))
                        for about, forms in raw["contacted"].items() for form in forms)


def _audience(ask: Ask, rule: Filter, *shown: str) -> BaseModel:
    """The customers of a rule, counted where that is asked, else listed."""
    money = ask.words.role("money")
    if "count" in ask.said or money is None:
        return SegmentRule(filter=rule)
    return QueryPlan(metrics=(money, *shown), dimensions=("customer",), filter=rule, sort=Sort(by=money))


def _channels(ask: Ask) -> BaseModel | None:
    """As in "whom may I e-mail but not text", "who agreed to e-mail but not to SMS"."""
    names = _raw(ask.words.lexicon.language)["channels"]
    metric = "consenting_customers" if "agreed" in ask.said else "mailable_customers"
    if metric not in ask.words.metrics:
        return None
    parts: list[Filter] = []
    for place, op, value in (("first", "ge", 1.0), ("second", "eq", 0.0)):
        said = ask.said.get(place)
        if said is None:
            continue
        channel = next((n for n, known in names.items() if said.casefold() in known), None)
        where = Compare(field="message_channel", values=(str(channel),))
        parts.append(CustomerCondition(metric=metric, op=op, values=(value,), where=where))  # type: ignore[arg-type]
    if len(parts) == 2 and parts[0].where == parts[1].where:  # type: ignore[union-attr]
        return None
    return SegmentRule(filter=parts[0] if len(parts) == 1 else And(parts=tuple(parts)), reach=True)


def _distinct(ask: Ask) -> BaseModel | None:
    """As in "who bought from at least three categories", "customers who only ever buy one brand"."""
    raw = _raw(ask.words.lexicon.language)
    metric = next(m for m, said in raw["counted_things"].items() if ask.said["things"].casefold() in said)
    if metric not in ask.words.metrics:
        return None
    said = ask.said["howmany"].casefold()
    n = int(said) if said.isdigit() else int(raw["one_or_more"].get(said, 1))
    bounds = {ask.said.get("bound", "").casefold().strip(), ask.said.get("bound2", "").casefold().strip()}
    op = "ge"
    for name, word in (("at_most", "le"), ("exactly", "eq"), ("more_than", "gt"), ("fewer_than", "lt")):
        op = word if bounds & set(raw[name]) else op
    if said in {"single", "same"}:
        op = "eq"
    rule: Filter = CustomerCondition(metric=metric, op=op, values=(float(n),))  # type: ignore[arg-type]
    if "rest" in ask.said:
        known, more = whom(ask, ask.said["rest"])
        if not known or more is None:
            return None
        rule = And(parts=(rule, more))
    return _audience(ask, rule, metric)


def _every_month(ask: Ask) -> BaseModel | None:
    """As in "who ordered in each of the last six months": whole months, each a condition of its own."""
    raw = _raw(ask.words.lexicon.language)
    said, unit = ask.said["howmany"].casefold(), ask.said["grain"].casefold().removesuffix("s")
    n = int(said) if said.isdigit() else int(raw["numbers"].get(said, 0))
    if not 2 <= n <= _MOST_STRETCHES:
        return None
    parts = tuple(CustomerCondition(metric="orders", op="ge", values=(1.0,), period=Period(
        kind="calendar", unit=unit, offset=-back)) for back in range(1, n + 1))  # type: ignore[arg-type]
    return _audience(ask, And(parts=parts))


_EVERYBODY = Compare(field="customer", op="not_null")


def _everybody(ask: Ask) -> BaseModel | None:
    return SegmentRule(filter=_EVERYBODY)


def _everybody_saved(ask: Ask) -> BaseModel | None:
    name = ask.said["name"].strip(" \"'“”.")
    return SaveSegment(name=name, filter=_EVERYBODY) if name else None


#: How each kind of form is read, in the order they are tried.
_READ: dict[str, Callable[[Ask], BaseModel | ToolCall | None]] = {
    "standing": _standing, "standing_them": _standing_them, "show_some": _show_some, "saved_grew": _saved_grew,
    "churn_by": _churn_by, "churn_against": _churn_against, "segment_reason": _segment_reason,
    "segment_advice": _segment_advice, "segment_course": _segment_course, "channels": _channels,
    "distinct": _distinct, "every_month": _every_month, "segments_on": _segments_on,
    "everybody_saved": _everybody_saved, "everybody_segment": _everybody,
}
