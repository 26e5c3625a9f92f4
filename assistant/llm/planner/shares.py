"""Which part of a whole something is: "what share of our scarf revenue falls in November to February".

The text is cut into a whole and a part (``prompts/lexicon/<language>/shares.yaml``); both are read by the ordinary
grammar as one figure each, the part within the whole. Where they differ in a condition the share is of what meets the
other ones, where they differ in their time it is of the longer time. A share of customers or of a rate is for others.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pydantic import ValidationError

from assistant.llm.planner.candidate import Planned, call
from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.late_patterns import LatePattern
from assistant.llm.planner.one_figure import OneFigure, PlanOne, names_measure, one_figure
from assistant.llm.planner.unwrapped import one_claim
from assistant.llm.planner.vocabulary import Vocabulary
from assistant.plans.filters import Compare, Filter, Not
from assistant.plans.periods import Period
from assistant.plans.query import Comparison, QueryPlan

FRAME = "share"
_MACRO = re.compile(r"(?<!\?P)<(\w+)>")
#: measures whose parts add up to the whole
_ADD_UP = frozenset({"revenue", "net_revenue", "gross_revenue", "orders", "units", "gross_margin", "returned_value",
                     "units_returned", "discount_amount", "cancelled_orders", "return_orders"})


@dataclass(frozen=True)
class _Words:
    forms: tuple[LatePattern, ...]
    all: re.Pattern[str]
    strip: re.Pattern[str]
    before_part: re.Pattern[str]
    month_range: re.Pattern[str]
    raw: dict[str, Any]


@lru_cache(maxsize=4)
def _words(language: str) -> _Words | None:
    try:
        raw: dict[str, Any] = read_yaml(language, "shares")
    except FileNotFoundError:
        return None
    if not raw.get("forms"):
        return None  # a language that does not put these questions yet

    def source(pattern: str) -> str:
        whole = _MACRO.sub(lambda m: f"(?:{raw['macros'][m.group(1)]})", pattern)
        return whole.replace(" ?", r"\s*").replace(" ", r"\s+")

    def full(pattern: str) -> re.Pattern[str]:
        return re.compile(rf"(?:{source(pattern)})\Z", re.IGNORECASE)

    return _Words(
        tuple(LatePattern(rf"\W*(?:{source(f)})[\s.?!]*$") for f in raw["forms"]), full(raw["all"]),
        re.compile(rf"^(?:{source(raw['strip'])})", re.IGNORECASE),
        re.compile(rf"^(?:{source(raw['before_part'])})", re.IGNORECASE), full(raw["month_range"]), raw,
    )


def share_of_whole(text: str, words: Vocabulary, plan_one: PlanOne) -> Planned | None:
    """The share that a text asks for; None where it asks for none, or a half of it is not read.

    Args:
        text: one request, as typed.
        words: the shop's vocabulary.
        plan_one: readings of a text as one question.
    """
    told = _words(words.lexicon.language)
    claim = one_claim(text, words) if told is not None else None
    if told is None or claim is None:
        return None
    for pattern in told.forms:
        match = pattern.match(claim[0])
        if match is None:
            continue
        try:
            plan = _share(match["whole"].strip(), match["part"].strip(" ,:"), told, words, plan_one)
        except ValidationError:
            plan = None
        if plan is not None:
            return Planned([call(plan)], 0.95, frame=FRAME)
    return None


def _share(whole_said: str, part_said: str, told: _Words, words: Vocabulary, plan_one: PlanOne) -> QueryPlan | None:
    bare = told.strip.sub("", f"{whole_said} ").strip()
    whole = None
    if bare and names_measure(bare, words):
        whole = one_figure(bare, plan_one)
        if whole is None:
            return None
    part = _part(part_said, bare, whole, told, words, plan_one)
    if part is None:
        return None
    if whole is None:
        if not bare or told.all.match(bare):
            whole = OneFigure(part.metric, {}, None)
        else:  # "as a share of the year 2025": the whole is said without the measure
            label = words.metrics[part.metric].label if part.metric in words.metrics else part.metric
            whole = next((f for f in (one_figure(a.format(whole=label, part=bare), plan_one) for a in told.raw["asks"])
                          if f is not None), None)
    if whole is None or whole.metric != part.metric or part.metric not in _ADD_UP:
        return None
    return _set_against(part, whole)


def _set_against(part: OneFigure, whole: OneFigure) -> QueryPlan | None:
    if not all(isinstance(c, Compare | Not) for c in (*part.conditions.values(), *whole.conditions.values())):
        return None  # customers by what they did: studies and shares of groups
    narrower = {f: c for f, c in part.conditions.items() if whole.conditions.get(f) != c}
    lost = [f for f in whole.conditions if f not in part.conditions]
    if lost:  # said of the whole, so said of the part as well
        part = OneFigure(part.metric, {**whole.conditions, **part.conditions}, part.period)
    period, over = part.period or whole.period, whole.period
    if over is None:
        over = period if narrower else Period(kind="all")
    elif narrower and part.period is None:
        over = period
    if not narrower and (part.period is None or part.period == over):
        return None
    if part.period is not None and part.period != over and _undated(part.period):
        if over is None or over.kind != "named" or over.year is None or over.event:
            return None  # which Christmas of several
        period = part.period.model_copy(update={"year": over.year})
    return QueryPlan(
        metrics=(part.metric,), filter=part.filter, period=period,
        compare=Comparison(kind="total", of=whole.filter, period=None if over == period else over),
    )


def _undated(period: Period) -> bool:
    return period.kind == "named" and period.year is None


def _part(
    said: str, whole_said: str, whole: OneFigure | None, told: _Words, words: Vocabulary, plan_one: PlanOne
) -> OneFigure | None:
    months = _months(said, told)
    if months is not None:
        return None if whole is None else OneFigure(
            whole.metric, {**whole.conditions, "month_of_year": months}, whole.period)
    if names_measure(said, words):
        found = one_figure(told.strip.sub("", said), plan_one)
        if found is not None:
            return found
    forms = []
    if whole is not None:
        measure = words.metrics[whole.metric].label if whole.metric in words.metrics else whole.metric
        bare = told.before_part.sub("", said)
        forms = [f.format(whole=whole_said, part=p) for p in dict.fromkeys((said, bare)) for f in told.raw["asks"]]
        forms += [f.format(measure=measure, part=bare) for f in told.raw["of_measure"]]
    for form in forms:
        found = one_figure(form, plan_one)
        if found is not None and whole is not None and found.metric == whole.metric and (
            found.conditions != whole.conditions or found.period != whole.period
        ):
            return found
    return None


def _months(said: str, told: _Words) -> Filter | None:
    """Months without a year, as those of every year: "November to February"."""
    match = told.month_range.match(said)
    if match is None:
        return None
    first, last = (_month(match[k], told) for k in ("first", "last"))
    if first is None or (match["last"] and last is None):
        return None
    names = [str(m) for m in told.raw["months"]]
    if last is None:
        chosen = [first]
    elif any(f" {w} " in f" {said.lower()} " for w in map(str, told.raw["to"])):
        chosen = [(first + i) % 12 for i in range((last - first) % 12 + 1)]
    else:
        chosen = [first, last]
    return Compare(field="month_of_year", op="in" if len(chosen) > 1 else "eq",
                   values=tuple(names[i].capitalize() for i in chosen))


def _month(word: str | None, told: _Words) -> int | None:
    if word is None:
        return None
    return next((i for i, name in enumerate(told.raw["months"]) if str(name) == word.lower()
                 or (len(word) == told.raw["short_months"] and str(name).startswith(word.lower()))), None)
