"""All readings of a text, fresh and as changes of the answer before."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from assistant.llm.planner.candidate import Candidate
from assistant.llm.planner.context import DialogueContext
from assistant.llm.planner.dialogue import follow_ups
from assistant.llm.planner.intents import Frames
from assistant.llm.planner.spans import Reading, read
from assistant.llm.planner.turn_memory import once
from assistant.plans.shop import Shop


def candidates(reading: Reading, context: DialogueContext, shop: Shop, tools: Collection[str]) -> list[Candidate]:
    """All readings, fresh and as follow-ups, cheapest first."""
    if reading.items != read(reading.text, reading.vocabulary).items:
        return _fresh(reading, context, shop, tools)  # a part of a text, or one with items put otherwise
    alike = id(context) if context.past or context.questions else None
    key = ("candidates", reading.text, id(reading.vocabulary), alike, tuple(tools))
    # the conversation is kept with what was read in it, so that no other one gets its identity
    found, _ = once(key, lambda: (_fresh(reading, context, shop, tools), context))
    return [replace(c, unexplained=list(c.unexplained), absent=list(c.absent), notes=list(c.notes)) for c in found]


def _fresh(reading: Reading, context: DialogueContext, shop: Shop, tools: Collection[str]) -> list[Candidate]:
    if not reading.items:
        return []  # nothing but marks
    frames = Frames(reading, context, shop, lambda name: name in tools)
    found = frames.all()
    found += [c for c in follow_ups(frames, found) if all(k.name in tools for k in c.calls)]
    return sorted(found, key=lambda c: c.cost)
