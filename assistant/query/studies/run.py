"""The one way from a study to its result."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from assistant.plans.series import GapStudy, PaceStudy, ReachStudy, RunsStudy, ScaledStudy, SeriesStudy, UsualStudy
from assistant.plans.studies import (
    CohortStudy,
    ConcentrationStudy,
    ContrastStudy,
    EarlyStudy,
    LadderStudy,
    ReturnStudy,
    SpreadStudy,
    StandingStudy,
    StudyRequest,
)
from assistant.query.compile import QueryOptions, Scope, check
from assistant.query.entities import check_values
from assistant.query.studies.cohorts import cohorts
from assistant.query.studies.concentration import concentration
from assistant.query.studies.contrast import contrast
from assistant.query.studies.early import early
from assistant.query.studies.ladder import ladder
from assistant.query.studies.returning import returning
from assistant.query.studies.runs import runs
from assistant.query.studies.scaled import scaled
from assistant.query.studies.spread import spread
from assistant.query.studies.standing import standing
from assistant.query.studies.targets import pace, reach
from assistant.query.studies.usual import gap, usual
from assistant.results import Result

if TYPE_CHECKING:
    from assistant.data.warehouse import Snapshot

_STUDIES: dict[type, Callable[[Scope, Any], Result]] = {
    CohortStudy: cohorts,
    ReturnStudy: returning,
    LadderStudy: ladder,
    SpreadStudy: spread,
    EarlyStudy: early,
    ConcentrationStudy: concentration,
    ContrastStudy: contrast,
    UsualStudy: usual,
    RunsStudy: runs,
    GapStudy: gap,
    ReachStudy: reach,
    PaceStudy: pace,
    ScaledStudy: scaled,
    StandingStudy: standing,
}


def run_study(snapshot: Snapshot, request: StudyRequest, *, options: QueryOptions | None = None) -> Result:
    """Carry out a study.

    Returns:
        Result whose ``kind`` is that of the study (``cohorts``, ``returning``, ``ladder``, ``spread``, ``early``,
        ``concentration``, ``contrast``, ``usual``, ``runs``, ``gap``, ``reach``, ``pace``, ``scaled``,
        ``standing``); tables and figures are described with each study's function.

    Raises:
        UnknownName, MissingData, InvalidPlan: the study cannot be carried out; the message says what would help.
        NoRows: no customer or nothing else matches.
    """
    started = time.perf_counter()
    scope = Scope(snapshot, options or QueryOptions())
    study = request.study
    if not isinstance(study, SpreadStudy | ConcentrationStudy | SeriesStudy | StandingStudy):
        check(scope, ("customers",), (), study.filter)
    for condition in (study.filter, getattr(study, "first", None), getattr(study, "second", None),
                      getattr(study, "things", None)):
        check_values(snapshot, condition)
    result = _STUDIES[type(study)](scope, study)
    result.evidence.milliseconds = (time.perf_counter() - started) * 1000
    return result
