"""Tools as language models are offered them: JSON schemas with references, the filter grammar spelt out once.

LangChain resolves every reference of a schema in place. Filters hold filters, so that came to megabytes for a handful
of tools; here shared parts stay references within a tool, and what several tools share is spelt out in one of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool

#: Parts of the grammar of filters, by the names that pydantic gives them.
FILTERS = frozenset(
    {"Among", "And", "BoughtThen", "Compare", "CustomerCondition", "InGroup", "Not", "Or", "Predicted"}
)
#: The tool whose schema spells the grammar out, where it is among those offered.
_TEACHER = "query_data"
_PREFIX = "#/$defs/"


def offered(tools: Sequence[Any]) -> list[dict[str, Any]]:
    """Tools in the form of chat completions.

    Args:
        tools: tools, functions or ready dictionaries; the latter two as LangChain converts them.
    """
    schemas = {tool.name: _schema(tool) for tool in tools if isinstance(tool, BaseTool)}
    whole = {name: schema for name, schema in schemas.items() if schema is not None}
    nested = [name for name, schema in whole.items() if _filters_in(schema)]
    teacher = _TEACHER if _TEACHER in nested else next(iter(nested), None)
    return [_offer(tool, whole.get(getattr(tool, "name", "")), teacher) for tool in tools]


def _offer(tool: Any, schema: dict[str, Any] | None, teacher: str | None) -> dict[str, Any]:
    if schema is None:
        return convert_to_openai_tool(tool)
    if tool.name != teacher:
        schema = _without_grammar(schema, teacher)
    return {"type": "function", "function": {"name": tool.name, "description": tool.description, "parameters": schema}}


def _schema(tool: BaseTool) -> dict[str, Any] | None:
    """The tool's schema where it has shared parts, in as few words as hold it; None for a plain one."""
    given: Any = tool.tool_call_schema
    schema: dict[str, Any] = given if isinstance(given, dict) else given.model_json_schema()
    if not schema.get("$defs"):
        return None
    short = _short(schema)
    short.pop("description", None)
    return short


def _short(node: Any) -> Any:
    """Without titles, without defaults that say nothing, and without what only validators need."""
    if isinstance(node, list):
        return [_short(part) for part in node]
    if not isinstance(node, dict):
        return node
    kept = {}
    for key, value in node.items():
        if key == "discriminator":
            continue  # the choices say it
        if key in {"properties", "$defs"}:
            kept[key] = {name: _short(part) for name, part in value.items()}
        elif not (key == "title" and isinstance(value, str)) and not (key == "default" and not value):
            kept[key] = _short(value)
    return kept


def _filters_in(schema: dict[str, Any]) -> bool:
    return bool(FILTERS & schema.get("$defs", {}).keys())


def _without_grammar(schema: dict[str, Any], teacher: str | None) -> dict[str, Any]:
    """The schema with each filter as an object of the form that another tool spells out."""
    word = {"type": "object", "description": f"A filter, in the form of the filter of {teacher}."}
    short: dict[str, Any] = _replaced({k: v for k, v in schema.items() if k != "$defs"}, word)
    parts = {name: _replaced(part, word) for name, part in schema["$defs"].items() if name not in FILTERS}
    reached: set[str] = set()
    left = list(_references(short))
    while left:
        name = left.pop()
        if name not in reached and name in parts:
            reached.add(name)
            left += _references(parts[name])
    if reached:
        short["$defs"] = {name: part for name, part in parts.items() if name in reached}
    return short


def _replaced(node: Any, word: dict[str, Any]) -> Any:
    if isinstance(node, list):
        return [_replaced(part, word) for part in node]
    if not isinstance(node, dict):
        return node
    if _is_filter(node):
        return dict(word)
    return {key: _replaced(value, word) for key, value in node.items()}


def _is_filter(node: dict[str, Any]) -> bool:
    """A reference to one kind of filter, or a choice of kinds of them."""
    if node.get("$ref", "").removeprefix(_PREFIX) in FILTERS:
        return True
    choices = node.get("oneOf") or ()
    return bool(choices) and all(isinstance(one, dict) and _is_filter(one) for one in choices)


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for part in node:
            yield from _references(part)
    elif isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"].removeprefix(_PREFIX)
        for value in node.values():
            yield from _references(value)
