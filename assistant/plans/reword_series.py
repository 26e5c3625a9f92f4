"""Studies along time in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from assistant.plans.reword_base import label, number_words
from assistant.plans.reword_filters import filter_words
from assistant.plans.reword_periods import period_phrase
from assistant.plans.series import BOUNDED, GapStudy, PaceStudy, ReachStudy, RunsStudy, ScaledStudy, UsualStudy

_CONDITIONS = {
    "grew": "above the {grain} before", "fell": "below the {grain} before",
    "grew_on_year": "above the same {grain} a year before", "fell_on_year": "below the same {grain} a year before",
    "over": "above {value}", "at_least": "of at least {value}", "under": "below {value}",
    "at_most": "of at most {value}",
    "above_average": "above the average {grain}", "below_average": "below the average {grain}",
    "none": "of nought", "some": "above nought",
}


def _scope(study: Any) -> str:
    where = f", where {filter_words(study.filter)}" if study.filter is not None else ""
    period = getattr(study, "period", None)
    return where if period is None or period.kind == "all" else f"{where}, {period_phrase(period)}"


def _usual(study: UsualStudy) -> str:
    first = "spread" if study.asked == "variation" else "usual value"
    return f"{first} of {label(study.metric)} per {study.grain}{_scope(study)}"


def _runs(study: RunsStudy) -> str:
    value = number_words(study.value) if study.condition in BOUNDED else ""
    condition = _CONDITIONS[study.condition].format(grain=study.grain, value=value)
    with_it = f"with {label(study.metric)} {condition}{_scope(study)}"
    how = {"run": f"{study.grain}s in a row", "count": f"number and share of {study.grain}s",
           "first": f"first {study.grain}", "latest": f"latest {study.grain}"}
    return f"{how[study.asked]} {with_it}"


def _gap(study: GapStudy) -> str:
    which = period_phrase(study.unit) if study.unit is not None else f"the {study.grain} with the {study.end} value"
    if study.unit is None and study.end == "latest":
        which = f"the latest whole {study.grain}"
    return f"{label(study.metric)} of {which} against the average {study.grain}{_scope(study)}"


def _reach(study: ReachStudy) -> str:
    target = number_words(study.target)
    return f"day on which the running total of {label(study.metric)} reached {target}{_scope(study)}"


def _pace(study: PaceStudy) -> str:
    before = f"the {study.of} before" if study.before else f"the same {study.of} a year before"
    goal = number_words(study.target) if study.target is not None else before
    return f"{label(study.metric)} needed per {study.grain} for this {study.of} to reach {goal}{_scope(study)}"


def _scaled(study: ScaledStudy) -> str:
    way = "more" if study.percent > 0 else "less"
    of = f"with {number_words(abs(study.percent))} % {way}"
    measure = label(study.metric)
    what = f"{measure} after returns {of} returned" if study.part == "returns" else f"{measure} {of}"
    why = f" from so many {way} {label(study.driver)}" if study.driver else ""
    part = f" of the part where {filter_words(study.only)}" if study.only is not None else ""
    return f"{what}{part}{why}{_scope(study)}"


#: the words of each study
SERIES: dict[type, Callable[[Any], str]] = {
    UsualStudy: _usual, RunsStudy: _runs, GapStudy: _gap, ReachStudy: _reach, PaceStudy: _pace, ScaledStudy: _scaled,
}
