"""One piece of the draft on the table in other words: "another subject", "shorten the subject line".

Only what is wanted of which piece is read here; the words come from the grammar of copy, through its compiler.
"""

from __future__ import annotations

from collections.abc import Collection

from assistant.llm.planner.candidate import Planned, call
from assistant.llm.planner.context import DialogueContext
from assistant.llm.planner.copy_talk import draft_on_table, piece_of
from assistant.llm.planner.dialogue_campaign import campaign_id
from assistant.llm.planner.lexicon import Lexicon
from assistant.llm.planner.patterns import patterns
from assistant.plans.requests import PieceTurn

_LONGEST, _MOST = 120, 40


def about_pieces(text: str, context: DialogueContext, tools: Collection[str], lex: Lexicon) -> Planned | None:
    """The plan of such a text; None where no draft is on the table or it is about others."""
    if len(text) > _LONGEST or "draft_campaign" not in tools:
        return None
    last, brief = draft_on_table(context)
    if last is None or brief is None:
        return None
    found = patterns(lex.language, "piece_words")
    bare = found.bare(text)
    for aim in ("shorter", "longer", "other"):
        for slots in found.fits(aim, bare):
            channel, piece = piece_of(patterns(lex.language, "copy_talk"), slots, brief)
            if channel not in {"post", *brief.channels} and not (channel == "email" and "post" in brief.channels):
                return None
            turn = PieceTurn(channel=channel, piece=piece, aim=aim)  # type: ignore[arg-type]
            revised = brief.model_copy(update={
                "edits": tuple(e for e in brief.edits if (e.channel, e.piece) != (channel, piece)),
                "piece_turns": (*brief.piece_turns, turn)[-_MOST:],
                "campaign_id": campaign_id(last) or brief.campaign_id})
            return Planned([call(revised)], 1.0, frame="follow_up")
    return None


__all__ = ["about_pieces"]
