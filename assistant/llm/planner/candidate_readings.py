"""All readings of a text, fresh and as changes of the answer before."""

from __future__ import annotations

from collections.abc import Collection

from assistant.llm.planner.candidate import Candidate
from assistant.llm.planner.context import DialogueContext
from assistant.llm.planner.dialogue import follow_ups
from assistant.llm.planner.intents import Frames
from assistant.llm.planner.spans import Reading
from assistant.plans.shop import Shop


def candidates(reading: Reading, context: DialogueContext, shop: Shop, tools: Collection[str]) -> list[Candidate]:
    """All readings, fresh and as follow-ups, cheapest first."""
    if not reading.items:
        return []  # nothing but marks
    frames = Frames(reading, context, shop, lambda name: name in tools)
    found = frames.all()
    found += [c for c in follow_ups(frames, found) if all(k.name in tools for k in c.calls)]
    return sorted(found, key=lambda c: c.cost)
