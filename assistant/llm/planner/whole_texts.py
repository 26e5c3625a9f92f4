"""Readings whose patterns fit the whole text: they come before those that explain its words. One line each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from assistant.llm.planner.candidate import Candidate
from assistant.llm.planner.saved_segments import read_agreements
from assistant.llm.planner.segment_talk import segment_talk
from assistant.llm.planner.uplift_talk import uplift_talk
from assistant.llm.planner.value_talk import value_talk

if TYPE_CHECKING:
    from assistant.llm.planner.intents import Frames


def whole_texts(frames: Frames) -> Iterator[Candidate]:
    """Agreements, groups of customers, what contacts change, what customers are worth."""
    yield from read_agreements(frames)
    yield from segment_talk(frames)
    yield from uplift_talk(frames)
    yield from value_talk(frames)
