"""Two groups set against each other: "do app customers spend more than web customers", "how do Garden buyers differ".

The text is cut into the groups and the measure (``prompts/lexicon/<language>/contrasts.yaml``); each group is put into
words that the ordinary grammar reads as "how many …", whose condition is the group's.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from assistant.llm.planner.candidate import Candidate, call
from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.late_patterns import LatePattern
from assistant.llm.planner.normalise import clean, expand
from assistant.llm.planner.vocabulary import Vocabulary
from assistant.plans.filters import Compare, Filter
from assistant.plans.periods import Period
from assistant.plans.query import QueryPlan
from assistant.plans.requests import SegmentRule
from assistant.plans.studies import ContrastStudy, StudyRequest

#: plans a text as one question, best first
PlanOne = Callable[[str], list[Candidate]]
#: a group is taken only where its words are read this well
_WELL = 0.2
#: a comparison read whole is preferred to any reading of its parts
_COST = -0.2
_LONGEST = 240
_MACRO = re.compile(r"(?<!\?P)<(\w+)>")
_FILTER: TypeAdapter[Filter] = TypeAdapter(Filter)


@dataclass(frozen=True)
class _Words:
    splits: tuple[LatePattern, ...]
    rest: LatePattern
    known: tuple[tuple[LatePattern, str, Filter], ...]
    new: LatePattern
    returning: LatePattern
    measures: tuple[tuple[str, LatePattern], ...]
    raw: dict[str, Any]


@dataclass(frozen=True)
class _Group:
    of: str
    condition: Filter | None
    period: Period | None = None


@lru_cache(maxsize=4)
def _words(language: str) -> _Words | None:
    raw: dict[str, Any] = read_yaml(language, "contrasts")
    if not raw.get("splits"):
        return None  # a language that does not put these questions yet
    macros: dict[str, str] = {"customers": f"(?:{raw['customers']})"}
    for name, body in raw["macros"].items():
        macros[name] = f"(?:{_expanded(body, macros)})"

    def whole(pattern: str) -> LatePattern:
        return LatePattern(rf"\W*(?:{_expanded(pattern, macros)})[\s.?!]*$")

    return _Words(
        tuple(whole(p) for p in raw["splits"]), whole(raw["rest"]),
        tuple((whole(k["for"]), k["of"], _FILTER.validate_python(k["filter"])) for k in raw["known"]),
        whole(raw["order_kinds"]["new"]), whole(raw["order_kinds"]["returning"]),
        tuple((name, LatePattern(_expanded(p, macros))) for name, p in raw["measures"].items()), raw,
    )


def _expanded(pattern: str, macros: dict[str, str]) -> str:
    whole = _MACRO.sub(lambda m: macros.get(m.group(1), m.group()), pattern)
    return whole.replace(" ?", r"\s*").replace(" ", r"\s+")


def contrasted(text: str, words: Vocabulary, plan_one: PlanOne) -> list[Candidate]:
    """The comparison a text asks for, as the only reading of it; empty where it is none.

    Args:
        text: one request.
        words: the shop's vocabulary.
        plan_one: readings of a text as one question.
    """
    told = _words(words.lexicon.language)
    if told is None or len(text) > _LONGEST:
        return []
    plain = expand(clean(text), words.lexicon.words).strip()
    for pattern in told.splits:
        match = pattern.match(plain)
        if match is None:
            continue
        found = _compared({k: v.strip() for k, v in match.groupdict().items() if v and v.strip()}, told, plan_one)
        if found is not None:
            return [found]
    return []


def _compared(said: dict[str, str], told: _Words, plan_one: PlanOne) -> Candidate | None:
    first_said, second_said = said["a"], said.get("b", "")
    if _kinds(first_said, second_said, told):
        asked = next(iter(plan_one(told.raw["order_kinds"]["ask"])), None)
        return None if asked is None else Candidate(asked.calls, _COST, "query")
    first = _group(first_said, told, plan_one)
    if first is None or first.condition is None:
        return None
    second: _Group | None = _Group(first.of, None)
    if second_said and not told.rest.match(second_said):
        second = _group(second_said, told, plan_one)
    if second is None or second.of != first.of or second.condition == first.condition:
        return None
    if first.period is not None and second.period not in {None, first.period}:
        return None  # two times are no two groups
    measure = _measure(" ".join(said.get(k, "") for k in ("what", "how", "what2")), told)
    way = said.get("way", "").lower()
    try:
        study = ContrastStudy(
            of=first.of, first=first.condition, second=second.condition,  # type: ignore[arg-type]
            measure="order_value" if first.of == "order" and measure != "units" else measure,  # type: ignore[arg-type]
            claimed=None if not way else "less" if way in told.raw["less"] else "more",
            period=first.period or second.period,
        )
    except ValidationError:
        return None
    return Candidate([call(StudyRequest(study=study))], _COST, "study")


def _kinds(first: str, second: str, told: _Words) -> bool:
    """As in "returning customers … new customers": kinds of order."""
    pair = (told.new, told.returning)
    return any(one.match(first) and (not second or other.match(second)) for one, other in (pair, pair[::-1]))


def _group(said: str, told: _Words, plan_one: PlanOne) -> _Group | None:
    for pattern, of, condition in told.known:
        if pattern.match(said):
            return _Group(of, condition)
    said = re.sub(rf"^(?:{told.raw['those']})\b", told.raw["customers"].partition("|")[0], said, flags=re.IGNORECASE)
    for wording in told.raw["ask"]:
        best = next(iter(plan_one(wording.format(group=said))), None)
        if best is None or best.cost > _WELL or len(best.calls) != 1 or best.unexplained:
            continue
        plan = best.calls[0].plan()
        if isinstance(plan, SegmentRule):
            return _Group("customer", plan.filter)
        alone = isinstance(plan, QueryPlan) and not (
            plan.dimensions or plan.having or plan.compare or plan.transform or plan.limit
        )
        if alone and plan.metrics == ("customers",) and plan.filter is not None:
            return _Group("customer", plan.filter, plan.period)
        if alone and plan.metrics == ("orders",) and isinstance(plan.filter, Compare):
            return _Group("order", plan.filter, plan.period)
    return None


def _measure(said: str, told: _Words) -> str:
    return next((name for name, pattern in told.measures if pattern.search(said)), "value")
