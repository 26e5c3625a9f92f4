"""What narrows a question that was asked back about and not settled: "and for Germany?", "by month".

The person goes on without picking, so the first reading is the one that is narrowed, and the answer says so. Read alone
such a scrap would be answered of whatever measure comes first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from assistant.llm.planner.candidate import Planned
from assistant.llm.planner.context import DialogueContext, Past
from assistant.llm.planner.heard import expression
from assistant.llm.planner.picks import open_options
from assistant.llm.planner.second_reading import MAKING
from assistant.llm.planner.spans import read
from assistant.llm.planner.vocabulary import Vocabulary

_NO_ANSWER = frozenset({"decline", "ask_back"})
#: a choice among what was asked back, and what says nothing of it
_OF_THE_QUESTION = frozenset({"picked", "refused", "small_talk", "undo", "back", "repeat", "explain"})
_LONGEST = 7


def after_open_question(
    text: str, planned: Planned, context: DialogueContext, words: Vocabulary,
    within: Callable[[DialogueContext, str], Planned],
) -> Planned | None:
    """The plan of a scrap as said of the first reading that is open; None where none is, or the text is no scrap.

    Args:
        planned: what the text is read as.
        within: plans another text in another conversation.
    """
    options = open_options(context)
    scrap = len(text.split()) <= _LONGEST and expression("after_open_question.scrap").match(text.strip())
    if not options or not scrap or planned.frame in _OF_THE_QUESTION:
        return None
    if any(item.has("metric") and not item.has("dim") or item.has("how_many") for item in read(text, words).items):
        return None  # a question of its own
    first = options[0]
    calls = first.calls or tuple(within(DialogueContext(), first.text).calls)
    if len(calls) != 1 or calls[0].name in MAKING | _NO_ANSWER:
        return None
    before = context.past[-1]
    known = DialogueContext([*context.past[:-1], Past(calls[0], None, before.turn)], context.questions)
    said = within(known, text)
    if len(said.calls) != 1 or said.calls[0].name in MAKING | _NO_ANSWER:
        return None
    return replace(said, notes=[f"first_open|{first.text}", *said.notes])
