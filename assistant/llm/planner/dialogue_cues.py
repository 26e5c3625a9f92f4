"""Words that only say that something of the answer before is changed."""

from __future__ import annotations

from assistant.llm.planner.heard import heard
from assistant.llm.planner.parts import Parts


def used_cues(p: Parts, *more: str) -> None:
    """Mark the words that only say that something is changed."""
    cues = ("also", "instead", "only", "pronoun", "again", "which", "compare", "then_cue")
    p.used.update(p.reading.having(*cues, *more))
    p.used.update(p.reading.does("create"))
    items = p.reading.items
    stopped = len(items) > 1 and items[1].tokens[0].kind == "stop"
    if (p.reading.has("instead") or stopped) and items[0].lemma in heard("dialogue_query.no"):
        p.used.add(0)  # "no, I meant September"


__all__ = ["used_cues"]
