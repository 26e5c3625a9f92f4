"""Tools as language models are offered them: JSON schemas with references, what several tools share spelt out once.

LangChain resolves every reference of a schema in place. Filters hold filters, so that came to megabytes for a handful
of tools; here shared parts stay references within a tool, and what several tools share is spelt out in one of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from typing import Any

from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool

#: Parts of the grammar of filters, by the names that pydantic gives them.
FILTERS = frozenset(
    {"Among", "And", "BoughtThen", "Compare", "CustomerCondition", "InGroup", "Not", "Or", "Predicted"}
)
#: Other parts that several tools share.
SHARED = ("Period", "Comparison", "Having", "Sort")
#: The tool whose schema spells the shared parts out, where it is among those offered.
_TEACHER = "query_data"
#: The part that is all the arguments of that tool.
_ARGUMENTS = "QueryPlan"
_PREFIX = "#/$defs/"


def offered(tools: Sequence[Any]) -> list[dict[str, Any]]:
    """Tools in the form of chat completions.

    Args:
        tools: tools, functions or ready dictionaries; the latter two as LangChain converts them.
    """
    schemas = {tool.name: _schema(tool) for tool in tools if isinstance(tool, BaseTool)}
    whole = {name: schema for name, schema in schemas.items() if schema is not None}
    if _TEACHER in whole:
        word = f"A request of {_TEACHER}: its arguments as one object."
        whole = {n: s if n == _TEACHER else _without(s, {_ARGUMENTS}, word) for n, s in whole.items()}
    whole = _spelt_once(whole, FILTERS, "A filter, in the form of the filter of {teacher}.")
    for part in SHARED:
        whole = _spelt_once(whole, frozenset({part}), f"{part}, in the form that {{teacher}} spells out.")
    return [_offer(tool, whole.get(getattr(tool, "name", ""))) for tool in tools]


def _offer(tool: Any, schema: dict[str, Any] | None) -> dict[str, Any]:
    if schema is None:
        return convert_to_openai_tool(tool)
    return {"type": "function", "function": {"name": tool.name, "description": tool.description, "parameters": schema}}


def _spelt_once(whole: dict[str, dict[str, Any]], parts: frozenset[str], words: str) -> dict[str, dict[str, Any]]:
    """These parts in the schema of one tool; in the others an object, with words that name that tool."""
    holding = [name for name, schema in whole.items() if parts & schema.get("$defs", {}).keys()]
    teacher = _TEACHER if _TEACHER in holding else next(iter(holding), "")
    word = words.format(teacher=teacher)
    return {name: _without(schema, parts, word) if name in holding and name != teacher else schema
            for name, schema in whole.items()}


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
    choices = node.get("anyOf") or ()
    if len(choices) == 2 and choices[1] == {"type": "null"} and node.get("default", 0) is None:
        own = {key: value for key, value in node.items() if key != "anyOf"}
        return _short({**choices[0], **own})  # an argument left out is null
    kept = {}
    for key, value in node.items():
        if key == "discriminator":
            continue  # the choices say it
        if key in {"properties", "$defs"}:
            kept[key] = {name: _short(part) for name, part in value.items()}
        elif not (key == "title" and isinstance(value, str)) and not (key == "default" and not value):
            kept[key] = _short(value)
    return kept


def _without(schema: dict[str, Any], parts: Set[str], said: str) -> dict[str, Any]:
    """The schema with ``said`` in place of these parts, and without what only they referred to."""
    if not parts & schema.get("$defs", {}).keys():
        return schema
    word = {"type": "object", "description": said}
    short: dict[str, Any] = _replaced({k: v for k, v in schema.items() if k != "$defs"}, parts, word)
    kept = {name: _replaced(part, parts, word) for name, part in schema["$defs"].items() if name not in parts}
    reached: set[str] = set()
    left = list(_references(short))
    while left:
        name = left.pop()
        if name not in reached and name in kept:
            reached.add(name)
            left += _references(kept[name])
    if reached:
        short["$defs"] = {name: part for name, part in kept.items() if name in reached}
    return short


def _replaced(node: Any, parts: Set[str], word: dict[str, Any]) -> Any:
    if isinstance(node, list):
        return [_replaced(part, parts, word) for part in node]
    if not isinstance(node, dict):
        return node
    if _refers(node, parts):
        own = node.get("description")
        return {**word, "description": f"{own} {word['description']}"} if own else dict(word)
    return {key: _replaced(value, parts, word) for key, value in node.items()}


def _refers(node: dict[str, Any], parts: Set[str]) -> bool:
    """A reference to one of these parts, or a choice of them alone."""
    if node.get("$ref", "").removeprefix(_PREFIX) in parts:
        return True
    choices = node.get("oneOf") or ()
    return bool(choices) and all(isinstance(one, dict) and _refers(one, parts) for one in choices)


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for part in node:
            yield from _references(part)
    elif isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"].removeprefix(_PREFIX)
        for value in node.values():
            yield from _references(value)
