"""How an answer was got: the call that gave it, made once more."""

from __future__ import annotations

from assistant.errors import UnknownName
from assistant.plans import ExplainRequest
from assistant.results import Result
from assistant.results.explanation import explanation
from assistant.workspace import Workspace


def explain_answer(workspace: Workspace, request: ExplainRequest) -> Result:
    """Say how an earlier answer was computed, or check it, by making the same call again.

    Give the name and arguments of the call that gave the answer; only calls that read can be repeated.
    """
    from tools.adapter import run_tool  # the registry lists this module
    from tools.registry import TOOLS

    known = {spec.name: spec for spec in TOOLS if spec.access == "read" and spec.function is not explain_answer}
    if request.tool not in known:
        raise UnknownName("There is no such computation to repeat", received=request.tool, valid=sorted(known))
    made = run_tool(known[request.tool], workspace, request.arguments)
    if made.refusal or made.question:
        return made
    return explanation(made, request.about, request.before)
