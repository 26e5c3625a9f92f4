"""Follow-ups on segments: which is the largest, which brings most, the same with another measure or time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from assistant.llm.planner.candidate import Candidate, call
from assistant.llm.planner.dialogue_cues import used_cues
from assistant.llm.planner.heard import heard
from assistant.plans.requests import SegmentRequest

if TYPE_CHECKING:
    from assistant.llm.planner.intents import Frames

_MOST = 4
"""Measures that one answer shows per segment."""


def edit_segments(frames: Frames, before: SegmentRequest) -> Candidate | None:
    """The same segments by a measure: of size where only "the biggest" is said, else of the measure that is named."""
    r = frames.reading
    p = frames.parts()
    used_cues(p, "customers_pronoun", "sort_cue", "group", "average")
    groups = [g for g in p.groups if g not in {"segment", "customer"}]
    if groups or p.rows or p.conditions.customers or p.customer_ids or r.does("create", "recommend", "forecast"):
        return None
    changes: dict[str, Any] = {}
    metrics = [m for m in p.metrics if m in r.vocabulary.metrics] or [m for m in [p.sort_metric] if m]
    if not metrics and any(t.lemma in heard("dialogue_segments.money") for t in r.tokens):
        role = r.vocabulary.role("money")
        metrics = [role] if role else []
        p.used.update(r.having("act"))
    ranked = p.descending is not None
    head = r.vocabulary.role("customers")
    if not metrics and ranked and head and r.has("which"):
        metrics = [head]
    if metrics:
        changes |= {"view": "measure", "metrics": tuple(metrics[:_MOST])}
    if p.periods and (metrics or before.view == "measure"):
        found = p.periods[0].period
        changes["period"] = None if found is None or found.kind == "all" else found
    if not changes:
        return None
    p.used.update(r.having("rank", "segment_word"))
    p.used.update(i for i, item in enumerate(r.items) if "segment" in item.alts.get("dim", ()))
    p.referred = True
    try:
        request = SegmentRequest.model_validate({**before.model_dump(), **changes})
    except ValidationError:
        return None
    return frames.finish(p, [call(request)], "follow_up")


__all__ = ["edit_segments"]
