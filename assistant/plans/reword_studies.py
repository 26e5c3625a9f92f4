"""Studies in words; the marks around the plan's own numbers are those of :mod:`assistant.plans.reword`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from assistant.plans.filters import Among
from assistant.plans.periods import Period
from assistant.plans.reword_base import compared, label, number_words
from assistant.plans.reword_filters import filter_words
from assistant.plans.reword_periods import during, period_phrase
from assistant.plans.reword_series import SERIES
from assistant.plans.studies import (
    CohortStudy,
    ConcentrationStudy,
    ContrastStudy,
    EarlyStudy,
    LadderStudy,
    ReturnStudy,
    SpreadStudy,
    StandingStudy,
    Study,
)


def reword_study(study: Study) -> str:
    """Say a study in words: "customers by month of their first order: share who ordered again, month by month"."""
    return _WORDS[type(study)](study)


def _scope(study: Any, before: str = "") -> str:
    where = f", where {filter_words(study.filter)}" if study.filter is not None else ""
    if study.period is None or study.period.kind == "all":
        return where
    return f"{where}, {before}{during(study.period) if before else period_phrase(study.period)}"


def _things(of: str) -> str:
    return {"country": "countries", "city": "cities", "category": "categories", "gap": "repeat orders"}.get(
        of, f"{label(of)}s"
    )


def _cohorts(study: CohortStudy) -> str:
    what = {"customers": "share who ordered again", "revenue": "revenue per customer", "orders": "orders per customer"}
    unit = study.grain
    return (
        f"customers by {unit} of their first order: {what[study.measure]}, {unit} by {unit}"
        f"{_scope(study, 'first ordered ')}"
    )


def _returning(study: ReturnStudy) -> str:
    where = f", where {filter_words(study.filter)}" if study.filter is not None else ""
    if study.grain is not None:
        return f"share of the customers of one {study.grain} who ordered in the next{where}"
    verb = "first ordered" if study.first_only else "ordered"
    later = f"ordered {during(study.later)}" if study.later is not None else "ordered again later"
    words = {"back": f"how many {later}", "away": f"how many have not {later}", "spent": f"what they spent who {later}"}
    return f"customers who {verb} {during(study.base or Period())}: {words[study.asked]}{where}"


def _ladder(study: LadderStudy) -> str:
    before = "first ordered " if study.first_only else "orders "
    return f"customers by number of orders, up to {number_words(study.steps)} or more{_scope(study, before)}"


def _spread(study: SpreadStudy) -> str:
    what = "days since the order before" if study.of == "gap" else label(study.metric)
    limits = " or ".join(number_words(e) for e in study.edges)
    bands = f" with limits at {limits}" if study.edges else ""
    return f"{_things(study.of)} by bands of {what}{bands}{_scope(study)}"


def _early(study: EarlyStudy) -> str:
    by = f" by {label(study.by)}" if study.by else ""
    if study.days is None:
        return f"time from the first to the second order{by}{_scope(study, 'first ordered ')}"
    what = "revenue per customer" if study.measure == "value" else "share of customers who order again"
    return f"{what} within {number_words(study.days)} days of the first order{by}{_scope(study, 'first ordered ')}"


def _concentration(study: ConcentrationStudy) -> str:
    things, what = _things(study.of), label(study.metric)
    if study.top_percent is not None:
        asked = f"share of {what} from the top {number_words(study.top_percent)} % of {things}"
    elif study.top is not None:
        asked = f"share of {what} from the top {number_words(study.top)} {things}"
    elif study.reach is not None:
        asked = f"how many {things} bring {number_words(study.reach)} % of {what}"
    else:
        asked = f"how {what} is concentrated over {things}"
    return f"{asked}{_scope(study)}"


def _contrast(study: ContrastStudy) -> str:
    things = f"{study.of}s"
    rest = f"those where {filter_words(study.second)}" if study.second is not None else f"all other {things}"
    what = {
        "value": f"revenue per {study.of}", "orders": "orders per customer", "order_value": "average order value",
        "units": "units per order", "repeat": "share with more than one order",
    }
    return f"{what[study.measure]} of {things} where {filter_words(study.first)}, against {rest}{_scope(study)}"


def _standing(study: StandingStudy) -> str:
    first = f"{'lowest' if study.lowest_first else 'highest'} {label(study.metric)} first"
    top = f"top {number_words(study.top_percent)} %" if study.top_percent is not None else ""
    top = f"top {number_words(study.top_n)}" if study.top_n is not None else top
    things = _things(study.of)
    if study.things is None:
        return f"{label(study.metric)} of the last of the {top} of {things}, {first}{_scope(study)}"
    whether = f", and whether that is among the {top}" if top else ""
    return f"place among all {things}, {first}, where {filter_words(study.things)}{whether}{_counted(study)}"


def _counted(study: StandingStudy) -> str:
    where = f", counting only where {filter_words(study.filter)}" if study.filter is not None else ""
    return where + _scope(study.model_copy(update={"filter": None}))


def reword_among(condition: Among, denied: bool = False) -> str:
    """A ranking inside a filter: "city is one of the 5 with the lowest revenue"; ``denied``: what it leaves out."""
    what = label(condition.dimension)
    scope = f" where {filter_words(condition.where)}" if condition.where is not None else ""
    when = f" {during(condition.period)}" if condition.period is not None and condition.period.kind != "all" else ""
    if condition.following:
        held = reword_among(condition.model_copy(update={"following": False})).removeprefix("the order ")
        return f"the order is {'not ' if denied else ''}the customer's next one after the first that {held}"
    bounded = not condition.limit and (condition.op, condition.values) != ("ne", (0,))
    if bounded:
        no = "does not hold" if denied else "holds"
        how = compared(condition.op, condition.values)
        return f"the {what} {no} {how} {label(condition.metric)}{scope.replace(' where ', ' of lines where ', 1)}{when}"
    if not condition.limit and condition.dimension == "order" and condition.where is not None:
        return f"the {what} has {'no' if denied else 'a'} line{scope}{when}"
    said = _ranked(condition, what, scope, when)
    return f"not ({said})" if denied else said


def _ranked(condition: Among, what: str, scope: str, when: str) -> str:
    lowest = "" if condition.descending else "lowest "
    first = "highest " if condition.descending else ""
    place = f" after the first {number_words(condition.offset)}" if condition.offset else ""
    if not condition.limit:
        return f"{what} has {label(condition.metric)}{scope}{when}"
    many = f"one of the {number_words(condition.limit)}" if condition.limit > 1 else "the one"
    return f"{what} is {many} with the {lowest}{first}{label(condition.metric)}{place}{scope}{when}"


_WORDS: dict[type, Callable[[Any], str]] = {
    CohortStudy: _cohorts,
    ReturnStudy: _returning,
    LadderStudy: _ladder,
    SpreadStudy: _spread,
    EarlyStudy: _early,
    ConcentrationStudy: _concentration,
    ContrastStudy: _contrast,
    **SERIES,
    StandingStudy: _standing,
}
