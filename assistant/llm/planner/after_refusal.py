"""A scrap after a question that was refused: there is no answer that it could narrow, so it is no question of its own.

"Only UK customers please" after a refusal means the question that was refused. Where that could not be asked again with
it, the scrap alone would be answered as if it had been the whole question.
"""

from __future__ import annotations

from assistant.llm.planner.candidate import Planned
from assistant.llm.planner.context import DialogueContext
from assistant.llm.planner.heard import expression
from assistant.llm.planner.replies import decline
from assistant.llm.planner.spans import read
from assistant.llm.planner.vocabulary import Vocabulary

#: readings of a text as a question of its own
_FRESH = frozenset({"query", "composed", "audience", "search", "product_list", "share_of_group", "people", "change"})


def scrap_after_refusal(text: str, planned: Planned, context: DialogueContext, words: Vocabulary) -> Planned | None:
    """A "no" that names the scrap; None where the text is none, or the turn before was answered.

    Args:
        planned: what the text is read as.
    """
    before = context.past[-1] if context.past else None
    if before is None or not (before.refused or before.call.name == "decline"):
        return None
    if planned.frame not in _FRESH and (planned.frame != "follow_up" or context.last() is not None):
        return None  # it goes on from the answer before the refusal
    if not expression("after_refusal.scrap").match(text.strip()):
        return None
    if any(item.has("metric") and not item.has("dim") or item.has("how_many") for item in read(text, words).items):
        return None  # "just revenue from Germany then" asks for less, whole
    said = decline(words.lexicon, "not_understood", "nothing_to_narrow", words=text.strip(" ?!."))
    return Planned([said], 0.0, frame="decline")
