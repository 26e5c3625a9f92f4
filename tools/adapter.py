"""From our functions to LangChain tools; the only place where user-fixable errors become tool results.

A refusal is returned as a typed result rather than raised as ``ToolException``: LangChain drops the artifact of a
failed tool, and the reason of a refusal must reach the screen and the JSON answer as data.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from assistant.errors import AssistantError, DataError, UserError
from assistant.results import Caveat, Evidence, Refusal, Result
from assistant.results.category_use import concerns_categories
from assistant.results.text import to_text
from tools.registry import TOOLS, ToolSpec

if TYPE_CHECKING:
    from langchain_core.tools import BaseTool

    from assistant.workspace import Workspace

log = logging.getLogger(__name__)


def refusal_result(error: AssistantError) -> Result:
    """The typed "no" for an error that the person, the model or the data's owner can fix."""
    if isinstance(error, UserError):
        reason, nearest, looked_for = error.reason, list(error.nearest), error.looked_for
    else:
        reason, nearest, looked_for = "missing_data", [], {}
    message = error.message.rstrip(".") + "." + (f" {error.hint}" if error.hint else "")
    missing = [] if reason != "missing_data" or error.received is None else [error.received]
    return Result(
        kind="refusal", title="Cannot be answered", evidence=Evidence(plan=looked_for),
        refusal=Refusal(reason=reason, message=message, missing=missing, valid=list(error.valid[:5]), nearest=nearest),
    )


def run_tool(spec: ToolSpec, workspace: Workspace, arguments: dict[str, Any]) -> Result:
    """Validate the arguments, run the tool and time it. Errors that somebody outside can fix become refusals."""
    started = time.perf_counter()
    try:
        result = spec.function(workspace, spec.request.model_validate(arguments))
    except ValidationError as error:
        result = _invalid(spec, error)
    except (UserError, DataError) as error:
        log.info("%s refused: %s", spec.name, type(error).__name__)
        result = refusal_result(error)
        if result.refusal is not None:  # only what works is offered
            result.refusal.nearest = [q for q in result.refusal.nearest if workspace.suggestion_works(q)]
    if concerns_categories(result):
        workspace.categories.complete(result)
    if result.evidence.synthetic and all(caveat.code != "synthetic" for caveat in result.caveats):
        result.caveats.append(Caveat(code="synthetic"))
    result.evidence.milliseconds = round((time.perf_counter() - started) * 1000, 1)
    return result


def _invalid(spec: ToolSpec, error: ValidationError) -> Result:
    """Arguments that do not fit. What was received is not repeated: a model may have put anything there."""
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"]) or "the request"
    problem = first["msg"].removeprefix("Value error, ").rstrip(".")
    if first["type"] == "extra_forbidden":
        message = f"{spec.name} knows no argument called '{place}'"
    else:
        message = f"{spec.name}: {place} does not fit ({problem})"
    return Result(
        kind="refusal", title="Cannot be answered",
        refusal=Refusal(reason="not_understood", message=message + ".",
                        valid=sorted(spec.request.model_fields) if first["type"] == "extra_forbidden" else []),
    )


#: the schema of any arguments
_ANY = {"type": "object", "properties": {}}


def as_langchain_tool(spec: ToolSpec, workspace: Workspace, described: bool = True) -> BaseTool:
    """One LangChain tool: text for the model, the typed result (as JSON) as the artifact.

    Args:
        described: with the schema of its arguments, which only a language model reads.
    """
    from langchain_core.tools import StructuredTool

    def call(**arguments: Any) -> tuple[str, dict[str, Any]]:
        result = run_tool(spec, workspace, arguments)
        return to_text(result), result.model_dump(mode="json")

    return StructuredTool(
        name=spec.name,
        description=(spec.function.__doc__ or "").strip(),
        # arguments are validated in run_tool, where a refusal keeps its type
        args_schema=spec.request.model_json_schema() if described else dict(_ANY),
        func=call,
        response_format="content_and_artifact",
        metadata={"access": spec.access, **_trial(spec, workspace)},
    )


def _trial(spec: ToolSpec, workspace: Workspace) -> dict[str, Any]:
    """``trial``: arguments → whether the tool could run with them now; of tools that can say so without running."""
    trial = spec.trial
    if trial is None:
        return {}

    def could(arguments: dict[str, Any]) -> bool:
        try:
            trial(workspace, spec.request.model_validate(arguments))
        except (ValidationError, UserError, DataError):
            return False
        return True

    return {"trial": could}


def build_tools(
    workspace: Workspace, specs: Iterable[ToolSpec] = TOOLS, *, described: bool = True
) -> list[BaseTool]:
    """All tools over one workspace; ``described`` as in :func:`as_langchain_tool`."""
    return [as_langchain_tool(spec, workspace, described) for spec in specs]
