"""Follow-ups on a study: other customers, another time, another unit, another thing that is counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from assistant.llm.planner.candidate import Candidate, call
from assistant.llm.planner.dialogue_cues import used_cues
from assistant.llm.planner.dialogue_filters import edit_filter
from assistant.llm.planner.dialogue_time import in_year_of
from assistant.llm.planner.parts import Parts
from assistant.llm.planner.units import GRAINS
from assistant.plans.periods import Period
from assistant.plans.query import QueryPlan
from assistant.plans.series import GapStudy, RunsStudy, UsualStudy
from assistant.plans.studies import (
    CohortStudy,
    ConcentrationStudy,
    EarlyStudy,
    LadderStudy,
    ReturnStudy,
    SpreadStudy,
    StudyRequest,
)

if TYPE_CHECKING:
    from assistant.llm.planner.intents import Frames

#: what a study of cohorts can follow
_FOLLOWED = {"customers": "customers", "revenue": "revenue", "orders": "orders"}
#: of single orders, an average per order is the measure itself
_OF_AN_ORDER = {"basket_size": "units", "items_per_order": "units", "average_order_value": "revenue"}


def edit_study(frames: Frames, request: StudyRequest) -> Candidate | None:
    """The study with what the text changes; None where it changes nothing that the study has."""
    p = frames.parts()
    if p.reading.has("compare"):
        return None  # a study shows one group at a time
    used_cues(p)
    study = request.study
    changes: dict[str, Any] = {}
    _edit_time(p, study, changes)
    _edit_groups(p, study, changes)
    _edit_measure(p, study, changes)
    _edit_numbers(p, study, changes)
    _edit_filter(frames, p, study, changes)
    pictured = p.reading.has("chart") and not changes
    if pictured and all(p.reading.items[i].get("chart") == "auto" for i in p.reading.having("chart")):
        p.used.update(p.reading.having("chart"))
        return frames.finish(p, [call(request)], "follow_up")  # a study draws its chart by itself
    if not changes:
        return None
    try:
        edited = type(study).model_validate({**study.model_dump(), **changes})
    except ValidationError:
        return None
    return frames.finish(p, [call(StudyRequest(study=edited))], "follow_up")


def _edit_time(p: Parts, study: Any, changes: dict[str, Any]) -> None:
    """Another period; of returning customers the earlier one, and the later one moves along with it."""
    if not p.periods:
        return
    found, ends = p.periods[0].period, p.periods[0].ends
    if isinstance(study, ReturnStudy):
        _edit_return(p, study, changes)
    elif ends is None and len(p.periods) == 1:
        whole = found is None or found.kind == "all"
        changes["period"] = None if whole or found is None else in_year_of(found, study.period)


def _edit_return(p: Parts, study: ReturnStudy, changes: dict[str, Any]) -> None:
    ends = p.periods[0].ends
    two = ends if ends is not None else tuple(x.period for x in p.periods) if len(p.periods) == 2 else None
    if two is not None and all(two):
        changes |= {"base": two[0], "later": two[1], "grain": None}
        return
    found = p.periods[0].period
    if len(p.periods) != 1 or found is None or study.base is None:
        return
    base = in_year_of(found, study.base)
    later = study.later and _moved(study.later, study.base, base)
    if study.later is None or later is not None:
        changes |= {"base": base, "later": later}


def _moved(later: Period, before: Period, now: Period) -> Period | None:
    """The later period as far from ``now`` as it was from ``before``; None where that cannot be told."""
    if {later.kind, before.kind, now.kind} == {"named"} and later.year and before.year and now.year:
        return later.model_copy(update={"year": later.year + now.year - before.year})
    alike = later.kind == before.kind == now.kind == "calendar" and later.unit == before.unit == now.unit
    return later.model_copy(update={"offset": later.offset + now.offset - before.offset}) if alike else None


def _edit_groups(p: Parts, study: Any, changes: dict[str, Any]) -> None:
    """Another unit of time of cohorts, another split, other things that are counted ("and for products?")."""
    if len(p.groups) != 1:
        return
    group = p.groups[0]
    unit = group in {"month", "quarter", "year"}
    along_time = group in GRAINS and isinstance(study, UsualStudy | RunsStudy | GapStudy)
    followed = isinstance(study, CohortStudy) or (isinstance(study, ReturnStudy) and study.grain is not None)
    if along_time or (unit and followed):
        changes["grain"] = group
    elif isinstance(study, EarlyStudy) and group not in {*GRAINS, "customer"}:
        changes["by"] = group
    elif isinstance(study, ConcentrationStudy | SpreadStudy) and group not in GRAINS and group != study.of:
        changes["of"] = group
    else:
        return
    p.groups = []


def _edit_measure(p: Parts, study: Any, changes: dict[str, Any]) -> None:
    if len(p.metrics) != 1:
        return
    metric = p.metrics[0]
    if metric == "new_customers" and isinstance(study, CohortStudy) and p.periods:
        return  # "what about customers acquired in 2024?": the first orders of that year
    if isinstance(study, UsualStudy | RunsStudy | GapStudy) and getattr(study, "value", None) is None:
        changes["metric"] = metric
    elif isinstance(study, CohortStudy) and metric in _FOLLOWED:
        changes["measure"] = _FOLLOWED[metric]
    elif isinstance(study, ConcentrationStudy | SpreadStudy):
        of_order = isinstance(study, SpreadStudy) and study.of == "order"
        changes["metric"] = _OF_AN_ORDER.get(metric, metric) if of_order else metric
        if isinstance(study, SpreadStudy):
            changes["edges"] = ()


def _edit_numbers(p: Parts, study: Any, changes: dict[str, Any]) -> None:
    """As in "within 90 days", "and 90 %?", "up to 10"."""
    for i, item in enumerate(p.reading.items):
        length = item.get("duration")
        if isinstance(study, EarlyStudy) and length is not None:
            changes["days"] = length.days
        elif isinstance(study, ConcentrationStudy) and item.unit == "percent" and item.number:
            changes["reach" if study.reach is not None else "top_percent"] = item.number
        elif isinstance(study, LadderStudy) and item.number and item.unit is None and 2 <= item.number <= 20:
            changes["steps"] = int(item.number)
        else:
            continue
        p.used.add(i)


def _edit_filter(frames: Frames, p: Parts, study: Any, changes: dict[str, Any]) -> None:
    merged = edit_filter(frames, p, QueryPlan(metrics=("revenue",), filter=study.filter))
    if merged is not None:
        changes["filter"] = merged


__all__ = ["edit_study"]
