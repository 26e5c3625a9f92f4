"""Declines and questions back: words from ``wording.yaml``, filled with the person's own words and the shop's names."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.llm.planner.candidate import Candidate, ToolCall
from assistant.llm.planner.lexicon import Lexicon


def decline(
    lex: Lexicon,
    reason: str,
    message: str,
    *,
    missing: Sequence[str] = (),
    examples: str = "general",
    nearest: Sequence[str] | None = None,
    **words: str,
) -> ToolCall:
    """A precise "no": ``reason`` is one of the four, ``message`` a key of ``declines``."""
    text = str(lex.wording["declines"][message]).format(**words)
    shown = list(nearest) if nearest is not None else list(lex.wording["examples"][examples])
    return ToolCall("decline", {"reason": reason, "message": text, "missing": list(missing), "nearest": shown})


def ask(lex: Lexicon, key: str, options: Sequence[str] | None = None, **words: str) -> ToolCall:
    """A question back with complete questions as options."""
    text = str(lex.wording["asks"][key]).format(**words)
    shown = [
        o.format(**words)
        for o in (options if options is not None else lex.wording["options"].get(key, lex.wording["lists"]["greeting"]))
    ]
    return ToolCall("ask_back", {"text": text, "options": shown})


def candidate(call: ToolCall, cost: float, frame: str) -> Candidate:
    """A decline or question as a reading that competes with the others."""
    return Candidate([call], cost, frame)


def quoted(words: Sequence[str]) -> str:
    """Words in quotation marks, joined."""
    marked = [f"“{w}”" for w in dict.fromkeys(words)][:4]
    return marked[0] if len(marked) == 1 else f"{', '.join(marked[:-1])} and {marked[-1]}" if marked else ""
