"""Tool calls in the text of a language model: finding them, checking them, and keeping data from looking like them.

Formats: ``<tool_call>{…}</tool_call>`` (Hermes, Qwen), the XML inside it of Qwen3-Coder, ``<function=name>{…}`` and
``<|python_tag|>{…}`` (Llama 3.1), ``[TOOL_CALLS][…]`` and ``[TOOL_CALLS]name[ARGS]{…}`` (Mistral),
``<|tool_call|>[…]`` (Phi-4, Granite), ``<tool_calls>[…]``, DeepSeek's markers, and a reply that is nothing but JSON or
nothing but a Python-like list of calls (Llama 3.2 and 4).
"""

from __future__ import annotations

import ast
import json
import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_DECODER = json.JSONDecoder()
_THINKING = re.compile(r"<think>.*?(?:</think>|\Z)", re.DOTALL)
#: Texts that mean something to some model's template or parser; a zero-width space keeps data from using them.
_MARKERS = re.compile(
    r"<(?=\|)|<(?=｜)|<(?=/?(?:tool_calls?|tool_response|function|parameter|think|start_of_turn|end_of_turn|bos|eos|s)\b)"
    r"|\[(?=/?(?:INST|TOOL_CALLS|ARGS|TOOL_RESULTS|AVAILABLE_TOOLS)\])"
)
#: Markers after which JSON (an object, or a list of objects) follows.
_BEFORE_JSON = re.compile(
    r"<tool_calls?>|<\|tool_call\|>|<\|tool_calls\|>|<\|python_tag\|>|\[TOOL_CALLS\]|<\|action_start\|>\s*<\|plugin\|>"
)
_AFTER_JSON = re.compile(
    r"\s*(?:</tool_calls?>|<\|/tool_calls?\|>|<\|action_end\|>|<\|eom_id\|>|<\|eot_id\|>|<\|im_end\|>|</s>|;)?\s*"
)
_NAMED_JSON = re.compile(
    r"\[TOOL_CALLS\]\s*(?P<mistral>[\w.-]+)(?:\[CALL_ID\][\w-]*)?\[ARGS\]|<function=(?P<llama>[\w.-]+)>(?=\s*\{)"
    r"|<｜tool▁call▁begin｜>(?:function<｜tool▁sep｜>)?(?P<deepseek>[\w.-]+)\s*(?:<｜tool▁sep｜>)?\s*(?:```json)?"
)
_AFTER_NAMED = re.compile(r"\s*(?:```)?\s*(?:</function>|<｜tool▁call▁end｜>)?(?:\s*</tool_call>)?")
_XML_CALL = re.compile(
    r"(?:<tool_call>\s*)?<function=(?P<name>[\w.-]+)>(?P<body>\s*(?:<parameter=.*?)?)</function>(?:\s*</tool_call>)?",
    re.DOTALL,
)
_XML_PARAMETER = re.compile(r"<parameter=(?P<name>[\w.-]+)>\n?(?P<value>.*?)\n?</parameter>", re.DOTALL)
_LEFTOVER = re.compile(r"<｜tool▁calls▁(?:begin|end)｜>|<\|(?:eom_id|eot_id|im_end)\|>")
_FENCE = re.compile(r"\A```(?:json|python|tool_code|tool_call)?\s*\n(.*?)\n?```\Z", re.DOTALL)


@dataclass
class ParsedReply:
    """A model's reply taken apart, in LangChain's terms.

    Attributes:
        content: what remains for the person to read.
        calls: valid calls: ``name``, ``args``, ``id``, ``type``.
        invalid: calls that were meant and cannot be run: ``name``, ``args`` (text), ``id``, ``error``, ``type``.
    """

    content: str
    calls: list[dict[str, Any]] = field(default_factory=list)
    invalid: list[dict[str, Any]] = field(default_factory=list)


def parse_reply(text: str, tools: Sequence[Mapping[str, Any]]) -> ParsedReply:
    """Take tool calls out of a reply.

    Args:
        text: what the model wrote, special tokens included.
        tools: the bound tools in OpenAI's form. Without tools the text is returned as it is.
    """
    visible = _THINKING.sub("", text)
    schemas = {t["function"]["name"]: t["function"].get("parameters") or {} for t in tools}
    if not schemas:
        return ParsedReply(_LEFTOVER.sub("", visible).strip())
    wanted, rest = _marked(visible)
    if not wanted:
        wanted = _bare(visible.strip(), schemas)
        rest = "" if wanted else visible
    reply = ParsedReply(_LEFTOVER.sub("", rest).strip())
    for name, arguments in wanted:
        call = {"name": name, "id": f"call_{uuid.uuid4().hex[:24]}"}
        error = check_call(name, arguments, schemas)
        if error is None:
            reply.calls.append({**call, "args": arguments, "type": "tool_call"})
        else:
            shown = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
            reply.invalid.append({**call, "args": shown, "error": error, "type": "invalid_tool_call"})
    return reply


def check_call(name: str, arguments: Any, schemas: Mapping[str, Mapping[str, Any]]) -> str | None:
    """What is wrong with a call, in words that help to repair it; None when nothing is."""
    if name not in schemas:
        return f"there is no tool {name!r}; the tools are {', '.join(sorted(schemas))}"
    if not isinstance(arguments, dict):
        return f"the arguments of {name} are not a JSON object"
    schema = schemas[name]
    properties = schema.get("properties") or {}
    missing = [key for key in schema.get("required", ()) if key not in arguments]
    if missing:
        return f"{name} needs {', '.join(missing)}"
    unknown = sorted(arguments.keys() - properties.keys())
    if unknown and schema.get("additionalProperties") is False:
        return f"{name} has no argument {', '.join(unknown)}; its arguments are {', '.join(sorted(properties))}"
    wrong = [key for key, value in arguments.items() if not _fits(value, properties.get(key, {}))]
    return f"{name}: the value of {', '.join(wrong)} is not of the declared type" if wrong else None


def _fits(value: Any, schema: Mapping[str, Any]) -> bool:
    """Whether a value has a declared plain type. Anything the check does not understand is left to the tool itself."""
    options = schema.get("anyOf") or schema.get("oneOf")
    if options:
        return any(_fits(value, option) for option in options)
    if "enum" in schema:
        return value in schema["enum"]
    kind = schema.get("type")
    kinds = kind if isinstance(kind, list) else [kind]
    classes = {"string": str, "integer": int, "number": (int, float), "boolean": bool, "array": list, "object": dict,
               "null": type(None)}
    if not set(kinds) <= classes.keys():
        return True
    if isinstance(value, bool):
        return "boolean" in kinds
    if isinstance(value, float) and value.is_integer() and "integer" in kinds:
        return True
    return isinstance(value, tuple(c for k in kinds for c in (classes[k] if isinstance(classes[k], tuple)
                                                              else (classes[k],))))


def neutralise(text: str, special: Iterable[str] = ()) -> str:
    """Text from people and data that no template, tokenizer or parser takes for a marker.

    Args:
        special: the special tokens of a tokenizer, kept from being read as such.
    """
    text = _MARKERS.sub(lambda match: f"{match.group()}\u200b", text)
    for token in special:
        if len(token) > 1 and token in text:
            text = text.replace(token, f"{token[0]}\u200b{token[1:]}")
    return text


def _marked(text: str) -> tuple[list[tuple[str, Any]], str]:
    """Calls between markers, in order, and the text without them."""
    calls: list[tuple[str, Any]] = []
    rest, position = "", 0
    while position < len(text):
        found = [m for m in (p.search(text, position) for p in (_NAMED_JSON, _XML_CALL, _BEFORE_JSON)) if m]
        if not found:
            break
        match = min(found, key=lambda m: (m.start(), -m.end()))
        new, end = _read_marked(match, text)
        rest += text[position : match.start()]
        calls += new
        position = end
    return calls, rest + text[position:]


def _read_marked(match: re.Match[str], text: str) -> tuple[list[tuple[str, Any]], int]:
    if match.re is _XML_CALL:
        parameters = {m["name"]: _loose(m["value"]) for m in _XML_PARAMETER.finditer(match["body"])}
        return [(match["name"], parameters)], match.end()
    value, end = _json_at(text, match.end())
    if match.re is _NAMED_JSON:
        name = next(v for v in match.groupdict().values() if v)
        if end is None:
            return [(name, text[match.end() :].strip())], len(text)
        return [(name, value)], _AFTER_NAMED.match(text, end).end()  # type: ignore[union-attr]
    if end is None:
        stop = re.compile(r"</tool_calls?>|<\|/tool_calls?\|>").search(text, match.end())
        raw = text[match.end() : stop.start() if stop else len(text)].strip()
        literal = _literal(raw)
        calls = _calls_of(literal) if literal is not None else []
        return calls or [("", raw)], stop.end() if stop else len(text)
    calls = _calls_of(value)
    end = _AFTER_JSON.match(text, end).end()  # type: ignore[union-attr]
    while text[end : end + 1] == "{":  # several objects after one marker
        value, following = _json_at(text, end)
        if following is None:
            break
        calls += _calls_of(value)
        end = _AFTER_JSON.match(text, following).end()  # type: ignore[union-attr]
    return calls or [("", text[match.end() : end].strip())], end


def _json_at(text: str, position: int) -> tuple[Any, int | None]:
    """The JSON value after white space at ``position``, and its end; None for the end when there is none."""
    while position < len(text) and text[position].isspace():
        position += 1
    try:
        return _DECODER.raw_decode(text, position)
    except ValueError:
        return None, None


def _literal(text: str) -> Any:
    """JSON, or what models write instead of it (single quotes, trailing commas, True and None); None when neither."""
    for read in (json.loads, ast.literal_eval):
        try:
            return read(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
            continue
    return None


def _loose(text: str) -> Any:
    """An XML parameter: JSON where it is JSON, else the text."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _calls_of(value: Any) -> list[tuple[str, Any]]:
    """Calls in a decoded value: an object, or a list of objects. Objects without a name are not calls."""
    if isinstance(value, list):
        return [call for item in value for call in _calls_of(item)]
    if not isinstance(value, dict):
        return []
    inner = value.get("function")
    if isinstance(inner, dict):
        return _calls_of(inner)
    name = value.get("name") or (inner if isinstance(inner, str) else None)
    if not isinstance(name, str):
        return []
    arguments = next((value[key] for key in ("arguments", "parameters", "args") if key in value), {})
    if isinstance(arguments, str):
        decoded = _literal(arguments)
        arguments = arguments if decoded is None else decoded
    return [(name, {} if arguments is None else arguments)]


def _bare(text: str, schemas: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Calls in a reply that is nothing else; only calls of known tools count, everything else is text."""
    fenced = _FENCE.match(text)
    body = (fenced.group(1) if fenced else text).strip()
    if body[:1] in {"{", "["}:
        value = _literal(body)
        if value is not None:
            calls = _calls_of(value)
            return calls if calls and all(name in schemas for name, _ in calls) else []
    return _python_calls(body, schemas)


def _python_calls(text: str, schemas: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """``[name(key="value"), …]`` or ``name(key="value")``: read as a syntax tree, never run."""
    if not re.match(r"\[?\s*[A-Za-z_]\w*\(", text):
        return []
    try:
        tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return []
    nodes = tree.elts if isinstance(tree, ast.List) else [tree]
    calls = []
    for node in nodes:
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in schemas):
            return []
        try:
            arguments = {k.arg: ast.literal_eval(k.value) for k in node.keywords if k.arg}
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return []
        if node.args or len(arguments) != len(node.keywords):
            return []
        calls.append((node.func.id, arguments))
    return calls
