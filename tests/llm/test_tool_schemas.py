"""What language models are offered: small, whole, and with the grammar of filters spelt out once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.tools import BaseTool, tool
from langchain_core.utils.function_calling import convert_to_openai_tool

from assistant.llm.tool_schemas import FILTERS, SHARED, offered
from assistant.settings import Settings
from assistant.workspace import Workspace
from tools.adapter import build_tools


@pytest.fixture
def tools(tmp_path: Path) -> list[BaseTool]:
    return build_tools(Workspace(Settings(home=tmp_path)))


def references(node: Any) -> Iterator[str]:
    for value in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from references(value)
    if isinstance(node, dict) and isinstance(node.get("$ref"), str):
        yield node["$ref"].removeprefix("#/$defs/")


def test_all_tools_fit_into_a_prompt(tools: list[BaseTool]) -> None:
    made = offered(tools)
    assert [f["function"]["name"] for f in made] == [t.name for t in tools]
    assert len(json.dumps(made)) < 100_000  # LangChain's own form of them takes megabytes
    assert all(f["type"] == "function" and f["function"]["description"] for f in made)


def test_every_reference_is_defined_and_every_definition_used(tools: list[BaseTool]) -> None:
    for function in offered(tools):
        schema = function["function"]["parameters"]
        assert set(references(schema)) == set(schema.get("$defs", {})), function["function"]["name"]


def test_one_tool_spells_out_filters_and_the_others_name_it(tools: list[BaseTool]) -> None:
    schemas = {f["function"]["name"]: f["function"]["parameters"] for f in offered(tools)}
    assert [n for n, s in schemas.items() if FILTERS & s.get("$defs", {}).keys()] == ["query_data"]
    assert "form of the filter of query_data" in json.dumps(schemas["count_audience"]["properties"]["filter"])


def test_periods_and_whole_requests_are_spelt_out_once(tools: list[BaseTool]) -> None:
    schemas = {f["function"]["name"]: f["function"]["parameters"] for f in offered(tools)}
    for part in SHARED:
        assert [n for n, s in schemas.items() if part in s.get("$defs", {})] == ["query_data"], part
    assert "request of query_data" in json.dumps(schemas["check_premise"])
    assert not any("QueryPlan" in s.get("$defs", {}) for s in schemas.values())


def test_without_that_tool_another_spells_them_out(tools: list[BaseTool]) -> None:
    (alone,) = offered([t for t in tools if t.name == "count_audience"])
    assert alone["function"]["parameters"]["$defs"].keys() >= FILTERS


def test_arguments_stay_those_of_the_tool(tools: list[BaseTool]) -> None:
    for made, given in zip(offered(tools), tools, strict=True):
        schema: Any = given.tool_call_schema
        own = schema if isinstance(schema, dict) else schema.model_json_schema()
        offer = made["function"]["parameters"]
        assert set(offer.get("properties", {})) == set(own.get("properties", {}))
        assert offer.get("required", []) == own.get("required", [])


def test_plain_tools_are_offered_as_langchain_does() -> None:
    @tool
    def count(country: str) -> int:
        """Count sales."""
        return len(country)

    assert offered([count]) == [convert_to_openai_tool(count)]
