"""Requests that are understood and that nothing here does: a precise "no" that says what can be done instead.

Which they are is data (``prompts/lexicon/<language>/limits.yaml``). A limit with ``after: draft`` holds only where a
campaign draft or a post has been made in the conversation; elsewhere "make it shorter" may mean a list.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from assistant.llm.planner.candidate import ToolCall
from assistant.llm.planner.context import DialogueContext
from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.lexicon import Lexicon
from assistant.llm.planner.rephrase import rephrase
from assistant.llm.planner.replies import decline

_DRAFTS = ("draft_campaign", "draft_post", "show_campaign", "undo_campaign")


@dataclass(frozen=True)
class _Limit:
    """One kind of request: the patterns, the reply, what to load, and whether it needs a draft before it."""

    patterns: tuple[re.Pattern[str], ...]
    say: str
    examples: str
    missing: tuple[str, ...] = ()
    after_draft: bool = False
    unless: tuple[str, ...] = ()  # tools after whose answer it does not hold
    reworded: bool = False  # looked for in the text as the rules reword it
    reason: str = ""  # of the refusal; else missing data where something is missing


@lru_cache(maxsize=4)
def _limits(language: str) -> tuple[_Limit, ...]:
    raw = read_yaml(language, "limits") or {}
    return tuple(
        _Limit(tuple(re.compile(p, re.IGNORECASE) for p in one["for"]), one["say"], one["examples"],
               tuple(one.get("missing", ())), one.get("after") == "draft", tuple(one.get("unless", ())),
               bool(one.get("reworded")), one.get("reason", ""))
        for one in raw.get("limits") or ()
    )


def limited(text: str, context: DialogueContext, lex: Lexicon) -> ToolCall | None:
    """The "no" to a request that is beyond what is done here; None where there is none."""
    last = context.last()
    drafted = last is not None and last.call.name in _DRAFTS
    for one in _limits(lex.language):
        if (one.after_draft and not drafted) or any(context.last(tool) for tool in one.unless):
            continue
        said = rephrase(text, lex.words, lex.language) if one.reworded else text
        if any(pattern.search(said) for pattern in one.patterns):
            reason = one.reason or ("missing_data" if one.missing else "not_understood")
            return decline(lex, reason, one.say, missing=one.missing, examples=one.examples)
    return None
