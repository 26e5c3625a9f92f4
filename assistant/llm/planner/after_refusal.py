"""What speaks of a turn that had no answer: a scrap after a refusal, "they" while a question back is still open.

"Only UK customers please" after a refusal means the question that was refused. Where that could not be asked again with
it, the scrap alone would be answered as if it had been the whole question. "How much did they
spend" while it is still open who was meant would be taken for somebody else.
"""

from __future__ import annotations

from assistant.llm.planner.candidate import Planned
from assistant.llm.planner.context import DialogueContext
from assistant.llm.planner.heard import expression
from assistant.llm.planner.population import in_talk
from assistant.llm.planner.replies import decline
from assistant.llm.planner.spans import read
from assistant.llm.planner.vocabulary import Vocabulary

#: readings of a text as a question of its own, or as one on an answer before the refusal
_FRESH = frozenset({"query", "composed", "audience", "search", "product_list", "share_of_group", "people", "change",
                    "follow_up"})


#: a choice among what was asked back, and what says nothing of customers
_OF_THE_QUESTION = frozenset({"picked", "ask", "refused", "small_talk", "undo", "back", "repeat", "explain"})


def scrap_after_refusal(text: str, planned: Planned, context: DialogueContext, words: Vocabulary) -> Planned | None:
    """A "no" that names the words; None where the text speaks of no such turn.

    Args:
        planned: what the text is read as.
    """
    before = context.past[-1] if context.past else None
    if before is not None and before.call.name == "ask_back" and planned.frame not in _OF_THE_QUESTION:
        people = in_talk(context)
        known = people is not None and planned.calls and all(people.held_by(c) for c in planned.calls)
        if known or not any(item.has("customers_pronoun") for item in read(text, words).items):
            return None
        said = decline(words.lexicon, "not_understood", "choose_first", words=text.strip(" ?!."),
                       nearest=[str(o) for o in before.call.args.get("options", ())])
        return Planned([said], 0.0, frame="decline")
    if before is None or not (before.refused or before.call.name == "decline"):
        return None
    on_the_answer = planned.frame == "discourse" and any(i.has("value", "period") for i in read(text, words).items)
    if planned.frame not in _FRESH and not on_the_answer:
        return None  # "then without that" asks the refused question again
    if not expression("after_refusal.scrap").match(text.strip()):
        return None
    if any(item.has("metric") and not item.has("dim") or item.has("how_many") for item in read(text, words).items):
        return None  # "just revenue from Germany then" asks for less, whole
    said = decline(words.lexicon, "not_understood", "nothing_to_narrow", words=text.strip(" ?!."))
    return Planned([said], 0.0, frame="decline")
