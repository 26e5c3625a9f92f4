"""Places in a ranking: which one a thing has ("in which percentile is customer 17850", "where does Austria rank by
units"), and what it takes to be at one ("what spend puts a customer in the top 5 %", "where does the top tenth start").

The forms are data (``prompts/lexicon/<language>/standings.yaml``). What is ranked by what, and over which time and
places, is read by the ordinary grammar from the plain ranking; the thing from the measure of it alone. A text that fits
no form, or whose parts are not read in full, is left to the other readings.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pydantic import ValidationError

from assistant.llm.planner.candidate import Planned, call
from assistant.llm.planner.context import counted_customers
from assistant.llm.planner.form_places import put_in, told_apart
from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.late_patterns import LatePattern, LatePatterns
from assistant.llm.planner.people_forms import plain
from assistant.llm.planner.turn import Turn
from assistant.plans.filters import And, Compare, CustomerCondition, Filter
from assistant.plans.query import QueryPlan, Sort
from assistant.plans.requests import SegmentRule
from assistant.plans.studies import StandingStudy, StudyRequest

_LONGEST = 160
_WHOLE = 100.0


@dataclass(frozen=True)
class _Asked:
    """What a form found: its groups, and what it is read with."""

    said: dict[str, str]
    raw: dict[str, Any]
    turn: Turn


def standings(turn: Turn) -> Planned | None:
    """The study that a text asks for; None where it fits no form or a part of it is not understood."""
    raw = _raw(turn.language)
    asked = plain(turn.text, turn.language)
    if not raw or len(asked) > _LONGEST or "run_study" not in turn.tools:
        return None
    for kind, match in _compiled(turn.language).fitting(asked):
        made = _READ[kind](_Asked(_said(match), raw, turn))
        if isinstance(made, Planned):
            return made
        if made is not None:
            plan = StudyRequest(study=made) if isinstance(made, StandingStudy) else made
            return Planned([call(plan)], 0.95, frame="standings")
    return None


@lru_cache(maxsize=4)
def _raw(language: str) -> dict[str, Any]:
    return dict(read_yaml(language, "standings"))


@lru_cache(maxsize=4)
def _compiled(language: str) -> LatePatterns[str]:
    raw = _raw(language)
    nouns = [word for words in raw["nouns"].values() for word in words]
    places = dict(raw["macros"]) | {
        "nouns": _any_of(nouns), "nouns1": _any_of([w for w in nouns if not w.endswith("s")]),
        "parts": _any_of(raw["parts"]), "anyone": _any_of(raw["anyone"]), "X": "(?P<thing>.+?)",
        "best": _any_of(["best", "top", "biggest", "largest"]),
    }
    return LatePatterns((kind, LatePattern(told_apart(put_in(form, places))))
                        for kind in _READ for form in raw["forms"].get(kind, ()))


def _any_of(words: Sequence[str] | dict[str, Any]) -> str:
    return "|".join(map(re.escape, sorted(words, key=len, reverse=True)))


def _said(match: re.Match[str]) -> dict[str, str]:
    """What stands at the places of a form; what is said of the scope may stand at several."""
    said: dict[str, str] = {}
    for numbered, value in match.groupdict().items():
        name = numbered.partition("__")[0]
        if value:
            spoken = value.strip(" ,")
            said[name] = f"{said[name]} {spoken}" if name == "scope" and name in said else spoken
    return said


# -- parts -------------------------------------------------------------------------------------------------------------


def _top(asked: _Asked) -> dict[str, float | int] | None:
    """How many from the top are meant; nothing where none is said, None where it is no such number."""
    said = asked.said
    if said.get("part", "").casefold() in asked.raw["need_noun"] and "things" not in said:
        return None
    if "quantile" in said:
        percent = _WHOLE - float(said["quantile"])
    elif "percent" in said:
        percent = float(said["percent"])
    elif "part" in said:
        percent = float(asked.raw["parts"][said["part"].casefold()])
    elif "n" in said and said["n"].isdigit():
        return {"top_n": int(said["n"])} if int(said["n"]) else None
    else:
        return {}
    return {"top_percent": round(percent, 4)} if 0 < percent < _WHOLE else None


def _of(asked: _Asked) -> str | None:
    noun = asked.said.get("things", "").casefold()
    return next((of for of, words in asked.raw["nouns"].items() if noun in words), None)


def _measure(asked: _Asked) -> str:
    said = asked.said.get("measure", asked.raw["unsaid"]).casefold()
    return str(asked.raw["measures"].get(said, said))


def _scope(asked: _Asked) -> str:
    scope = asked.said.get("scope", "")
    return f" {scope}" if scope else ""


def _query(asked: _Asked, text: str) -> QueryPlan | Planned | None:
    """The plain question of one measure that a text is, every word of it understood; a refusal for another reason than
    words stays one."""
    planned = asked.turn.whole(text)
    if planned.frame == "decline" and planned.calls[0].args.get("reason") != "not_understood":
        return planned
    if len(planned.calls) != 1 or planned.calls[0].name != "query_data" or planned.notes:
        return None
    plan = planned.calls[0].plan()
    if not isinstance(plan, QueryPlan) or len(plan.metrics) != 1:
        return None
    odd = plan.having or plan.compare or plan.transform or plan.within or plan.summary
    return None if odd else plan


# -- readings ----------------------------------------------------------------------------------------------------------


def _limit(asked: _Asked) -> StandingStudy | None:
    """What it takes to be among the top so many."""
    if "there" in asked.said:
        known = asked.turn.context.audience()
        return _of_rule(known[0]) if known is not None else None
    top = _top(asked)
    if not top or ("many" in asked.said and "measure" not in asked.said):
        return None
    of = _of(asked) or "customer"
    plan = _query(asked, asked.raw["ranking"].format(measure=_measure(asked), of=of.replace("_", " "),
                                                     scope=_scope(asked)))
    if not isinstance(plan, QueryPlan) or plan.dimensions != (of,):
        return None
    return _made(of=of, metric=plan.metrics[0], filter=plan.filter, period=plan.period, **top)


def _members(asked: _Asked) -> QueryPlan | None:
    """The customers of the top so many percent, or how many these are."""
    top, of = _top(asked), _of(asked) or "customer"
    if "things" not in asked.said and asked.turn.context.past:
        return None  # the top of what is spoken of
    if _measure(asked) not in asked.raw["ordered_by"]:
        return None
    if not top or "top_percent" not in top or of != "customer":
        return None
    plan = _query(asked, asked.raw["ranking"].format(measure=_measure(asked), of=of, scope=_scope(asked)))
    if not isinstance(plan, QueryPlan) or plan.dimensions != (of,):
        return None
    measure = plan.metrics[0]
    rule = CustomerCondition(metric=measure, rank="top_percent", values=(top["top_percent"],), where=plan.filter,
                             period=plan.period)
    if "count" in asked.said:
        return QueryPlan(metrics=("customers",), filter=rule, period=plan.period)
    return QueryPlan(metrics=(measure,), dimensions=(of,), filter=rule, period=plan.period, sort=Sort(by=measure))


def _limit_of(asked: _Asked) -> StandingStudy | None:
    """What it takes to be one of customers who are those that come first by a measure ("our big spenders")."""
    for form in asked.raw["group_asked"]:
        planned = asked.turn.whole(form.format(group=asked.said["group"]))
        if len(planned.calls) != 1 or planned.calls[0].name not in {"count_audience", "query_data"}:
            continue
        plan = planned.calls[0].plan()
        rule = plan.filter if isinstance(plan, SegmentRule) else counted_customers(plan)
        study = _of_rule(rule)
        if study is not None and study.metric in {_measure(asked), study.metric if "measure" not in asked.said else ""}:
            return study
    return None


def _of_rule(rule: Filter | None) -> StandingStudy | None:
    """The limit of customers who are told apart by their place alone."""
    if not isinstance(rule, CustomerCondition) or rule.rank not in {"top_percent", "top_n"}:
        return None
    value = rule.values[0]
    top = {"top_n": int(value)} if rule.rank == "top_n" else {"top_percent": float(value)}
    return _made(metric=rule.metric, filter=rule.where, period=rule.period, **top)


def _place(asked: _Asked) -> StandingStudy | Planned | None:
    """The place of a thing, and whether it is among the top so many."""
    top, thing = _top(asked), _named(asked)
    if top is None or thing is None or "there" in asked.said:
        return None
    plan = _query(asked, asked.raw["single"].format(measure=_measure(asked), thing=thing, scope=_scope(asked)))
    if isinstance(plan, Planned):
        return plan
    if plan is None or plan.dimensions or plan.filter is None:
        return None
    kinds = set(asked.raw["nouns"])
    parts = plan.filter.parts if isinstance(plan.filter, And) else (plan.filter,)
    wanted = _of(asked)
    named = [p for p in parts if isinstance(p, Compare) and p.field in kinds and p.op in {"eq", "in", "contains"}
             and (wanted is None or p.field == wanted)]
    if not named:
        return None
    rest = [p for p in parts if p is not named[0]]
    return _made(of=named[0].field, metric=plan.metrics[0], things=named[0], filter=_joined(rest), period=plan.period,
                 **top)


def _named(asked: _Asked) -> str | None:
    """The thing in words; a pronoun is the customer last shown."""
    thing = asked.said["thing"]
    if thing.casefold() not in asked.raw["pronouns"]:
        return thing
    last = asked.turn.context.last()
    known = last.call.args.get("customer_id") if last is not None else None
    return f"customer {known}" if known else None


def _joined(parts: Sequence[Filter]) -> Filter | None:
    return None if not parts else parts[0] if len(parts) == 1 else And(parts=tuple(parts))


def _made(**fields: Any) -> StandingStudy | None:
    try:
        return StandingStudy(**fields)
    except ValidationError:
        return None


_READ: dict[str, Callable[[_Asked], StandingStudy | QueryPlan | Planned | None]] = {
    "limit": _limit, "members": _members, "limit_of": _limit_of, "place": _place,
}
