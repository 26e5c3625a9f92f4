"""A scrap that nobody understands alone, read as said of the measure before: "vs the same time last year".

The measure of the answer before is put in front of it and the whole is planned as a text of its own, so that every
reading of questions serves here too. What the scrap then says is put over the plan before; all else stays as it was.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from assistant.llm.planner import plan_edits
from assistant.llm.planner.candidate import Planned, call
from assistant.llm.planner.context import DialogueContext
from assistant.llm.planner.discourse_scene import parts_of
from assistant.llm.planner.follow_moves import without_opening
from assistant.llm.planner.second_reading import refused_for_words
from assistant.llm.planner.spans import read
from assistant.llm.planner.values import join
from assistant.llm.planner.vocabulary import Vocabulary
from assistant.plans.filters import Compare, Filter
from assistant.plans.query import QueryPlan

_LONGEST = 12
_SURE = 0.9


def joined_scrap(
    text: str, first: Planned, context: DialogueContext, words: Vocabulary, alone: Callable[[str], Planned]
) -> Planned | None:
    """The plan before with what a scrap says; None where it says nothing even so.

    Args:
        first: the plan of the text, a "no" for want of words.
        alone: plans a text outside the conversation, every word accounted for.
    """
    last = context.past[-1] if context.past else None
    if last is None or last.refused or last.call.name != "query_data" or not refused_for_words(first, words):
        return None
    before = last.call.plan()
    scrap = without_opening(text, words.lexicon.language).strip(" .!?;,")
    if not isinstance(before, QueryPlan) or not 0 < len(scrap.split()) <= _LONGEST:
        return None
    if any(item.has("pronoun", "customers_pronoun") for item in read(scrap, words).items):
        return None  # what it points at was looked for already
    measure = words.metrics.get(before.metrics[0])
    if measure is None:
        return None
    found = alone(f"{measure.label.lower()} {scrap}")
    said = found.calls[0].plan() if len(found.calls) == 1 and found.score >= _SURE and not found.notes else None
    if not isinstance(said, QueryPlan) or said.metrics[:1] != before.metrics[:1]:
        return None
    try:
        both = QueryPlan.model_validate(_over(before, said))
    except ValidationError:
        return None
    whole = both.compare is not None and both.compare.kind in {"total", "rest"} and both.filter is None
    if both == before or whole:
        return None
    return replace(found, calls=[call(both)], frame="follow_up", notes=[f"said_of|{scrap}|{measure.label.lower()}"])


def _over(before: QueryPlan, said: QueryPlan) -> dict[str, Any]:
    """The fields of the plan before with all that the other one says."""
    fields = {**before.model_dump(), **said.model_dump(exclude_defaults=True)}
    fields["metrics"] = before.metrics
    if said.dimensions and not said.limit:
        fields["limit"], fields["offset"], fields["within"] = None, 0, ()
    if said.dimensions and said.sort is None:
        fields["sort"] = None
    condition: Filter | None = before.filter
    for part in parts_of(said.filter):
        condition = plan_edits.put(condition, part) if isinstance(part, Compare) else join(
            [*([condition] if condition is not None else []), part])
    fields["filter"] = None if condition is None else condition.model_dump()
    return fields


__all__ = ["joined_scrap"]
