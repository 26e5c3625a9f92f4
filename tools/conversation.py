"""Typed ways to ask back and to say no."""

from __future__ import annotations

from assistant.plans import AskRequest, DeclineRequest
from assistant.results import Question, Refusal, Result
from assistant.workspace import Workspace

#: the agent checks such words as it checks a reply
WORDED_BY_MODEL = {"worded_by": "model"}


def ask_back(workspace: Workspace, request: AskRequest) -> Result:
    """Ask the person which reading is meant, when two readings give different answers. Options are full questions."""
    return Result(
        kind="question", title=request.text, question=Question(text=request.text, options=list(request.options)),
        details=WORDED_BY_MODEL,
    )


def decline(workspace: Workspace, request: DeclineRequest) -> Result:
    """Say precisely that something cannot be done, why, what to add, and what can be asked instead.

    Questions offered instead are tried first, and only those that work are shown. Use it for anything the other tools
    cannot compute, and for sending, approving or exporting ('not_permitted').
    """
    return Result(
        kind="refusal", title="Cannot be answered",
        refusal=Refusal(reason=request.reason, message=request.message, missing=list(request.missing),
                        nearest=[q for q in request.nearest if workspace.suggestion_works(q)]),
        details=WORDED_BY_MODEL,
    )
