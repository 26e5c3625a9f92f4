"""Tools: schema from the function, refusals as data, errors of ours loud."""

from __future__ import annotations

from typing import Any

import pytest

from assistant.errors import EmptyData, MissingData, NotPermitted, UnknownName
from assistant.plans import CustomerRequest, QueryPlan
from assistant.results import Result
from tools.adapter import as_langchain_tool, run_tool
from tools.registry import TOOLS, ToolSpec


class Failing:
    """A workspace whose every call raises."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def __getattr__(self, name: str) -> Any:
        raise self._error


def query_like(workspace: Any, request: QueryPlan) -> Result:
    """Answer."""
    return workspace.query(request)


@pytest.mark.parametrize(("error", "reason"), [
    (MissingData("Margin needs products.cost", received="products.cost"), "missing_data"),
    (UnknownName("No such country", received="Atlantis", valid=["Austria"]), "not_understood"),
    (NotPermitted("Sending is not allowed"), "not_permitted"),
    (EmptyData("No data are loaded yet"), "missing_data"),
])
def test_fixable_errors_become_typed_refusals(error: Exception, reason: str) -> None:
    result = run_tool(ToolSpec(query_like), Failing(error), {"metrics": ["revenue"]})
    assert result.refusal is not None and result.refusal.reason == reason
    assert str(error.args[0]).rstrip(".") in result.refusal.message


def test_our_own_errors_propagate() -> None:
    with pytest.raises(ZeroDivisionError):
        run_tool(ToolSpec(query_like), Failing(ZeroDivisionError()), {"metrics": ["revenue"]})


def test_unknown_arguments_are_refused_with_the_name_of_the_argument() -> None:
    result = run_tool(ToolSpec(query_like), Failing(ZeroDivisionError()), {"metrics": ["revenue"], "sql": "drop table"})
    assert result.refusal is not None and "sql" in result.refusal.message


def test_langchain_tool_carries_text_artifact_and_access() -> None:
    class Works:
        def query(self, plan: QueryPlan) -> Result:
            return Result(kind="query", title="Revenue", words={"metric": plan.metrics[0]})

    tool = as_langchain_tool(ToolSpec(query_like), Works())  # type: ignore[arg-type]
    message = tool.invoke({"name": tool.name, "args": {"metrics": ["revenue"]}, "id": "1", "type": "tool_call"})
    assert message.artifact["words"] == {"metric": "revenue"}
    assert message.content.startswith("Revenue")
    assert tool.metadata == {"access": "read"}
    refused = tool.invoke({"name": tool.name, "args": {"metrics": []}, "id": "2", "type": "tool_call"})
    assert "metrics" in refused.content
    assert refused.artifact["refusal"]["reason"] == "not_understood"


def test_every_tool_is_well_formed() -> None:
    names = [spec.name for spec in TOOLS]
    assert len(names) == len(set(names))
    for spec in TOOLS:
        assert spec.function.__doc__, spec.name
        assert "_" in spec.name or spec.name == "decline", "tools are named verb_object"
        assert spec.request.model_config["extra"] == "forbid"
        assert spec.access in {"read", "draft"}, "a write tool needs the approval machinery first"


def test_request_type_comes_from_the_signature() -> None:
    def one(workspace: Any, request: CustomerRequest) -> Result:
        """One."""
        return Result(kind="x", title="x")

    assert ToolSpec(one).request is CustomerRequest
