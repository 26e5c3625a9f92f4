"""The segments as they were on another day, with nothing that came later."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.models.segment.report import segment_result
from assistant.plans import SegmentRequest
from assistant.query.periods import resolve
from assistant.results import Figure, Result, Source

if TYPE_CHECKING:
    from assistant.data.warehouse import Snapshot


def segments_on(snapshot: Snapshot, request: SegmentRequest) -> Result:
    """The split of the customers known on the last day of ``request.on``; rules and limits are those of that day.

    Raises:
        NoRows: the day lies outside the data.
        the same as :func:`assistant.models.segment.report.fit_segments`.
    """
    day = resolve(request.on, as_of=snapshot.as_of, first_day=snapshot.manifest.first_day).covered_end
    result = segment_result(snapshot.at(day), request)
    result.title = "Customer segments of an earlier day"
    result.words["on"] = "yes"
    result.figures["on_day"] = Figure(value=day.isoformat(), unit="date", label="As of",
                                      source=Source(origin="plan", derivation="the day asked about"))
    result.followups = ["How did the segments change?", "Split our customers into segments"]
    return result
