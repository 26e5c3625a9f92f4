"""What a language model worded inside a tool's result: its refusals and questions back are checked like its replies."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.agent import grounding
from assistant.agent.claims import claims_a_deed
from assistant.results import Result

#: instead of a refusal that holds a figure or a claim of its own
PLAIN = {
    "missing_data": "The loaded data do not hold what this question needs.",
    "no_rows": "Nothing in the data matches this question.",
    "not_permitted": "This is not permitted here: sending, approving and exporting are done by a person, outside "
                     "the chat.",
    "not_understood": "This could not be turned into a question about the shop's customers, products or sales.",
}
WHICH = "Which of these do you mean?"


def vet(results: Sequence[Result], question: str) -> list[Result]:
    """The results, where a text that a model worded and no result supports is replaced by a plain one.

    Args:
        results: results of the turn; those worded by a model carry ``details["worded_by"] == "model"``.
        question: the person's words.
    """
    computed = [r for r in results if not _worded(r)]
    return [_vetted(r, computed, question) if _worded(r) else r for r in results]


def _worded(result: Result) -> bool:
    return result.details.get("worded_by") == "model"


def _vetted(result: Result, computed: Sequence[Result], question: str) -> Result:
    def sound(text: str) -> bool:
        return grounding.check(text, computed, question).ok and not claims_a_deed(text)

    refusal, asked = result.refusal, result.question
    if refusal is not None:
        refusal = refusal.model_copy(update={
            "message": refusal.message if sound(refusal.message) else PLAIN[refusal.reason],
            "missing": [m for m in refusal.missing if sound(m)],
            "nearest": [q for q in refusal.nearest if not claims_a_deed(q)],
        })
    if asked is not None:
        text = asked.text if sound(asked.text) else WHICH
        asked = asked.model_copy(update={"text": text, "options": [o for o in asked.options if not claims_a_deed(o)]})
    title = result.title if sound(result.title) else WHICH
    return result.model_copy(update={"refusal": refusal, "question": asked, "title": title})
