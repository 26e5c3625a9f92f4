"""Messages and tools to a prompt, by the model's own chat template where that keeps everything."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, SystemMessage, ToolMessage

from assistant.errors import ModelUnavailable
from assistant.llm.prompt_files import load_prompt
from assistant.llm.tool_calls import neutralise


def render_prompt(tokenizer: Any, messages: Sequence[BaseMessage], tools: Sequence[dict[str, Any]]) -> str:
    """The prompt for the next reply.

    Tried in turn: the template with tools; tools and results in words; the same with the system text inside the first
    question. The first prompt that holds every tool's name and every message's text is taken.

    Raises:
        ModelUnavailable: the template can hold none of them.
    """
    from jinja2 import TemplateError

    special = [token for token in tokenizer.all_special_tokens if token.strip()]
    native = [_native(message, special) for message in messages]
    in_words = _in_words(native, tools)
    for conversation, given in ((native, list(tools) or None), (in_words, None), (_without_system(in_words), None)):
        try:
            prompt = tokenizer.apply_chat_template(
                conversation, tools=given, add_generation_prompt=True, tokenize=False
            )
        except (TemplateError, TypeError, KeyError, ValueError):  # a template's own way to say that it cannot
            continue
        if _holds(prompt, native, tools):
            return str(prompt)
    raise ModelUnavailable(
        "The chat template of the local model drops tools or messages, also when they are put in words",
        hint="Use a model whose chat template supports system, user and assistant messages.",
    )


def _native(message: BaseMessage, special: Sequence[str]) -> dict[str, Any]:
    """One message as chat templates expect it; text of people and data cannot pass for markers."""
    if isinstance(message, SystemMessage):
        return {"role": "system", "content": message.text}
    if isinstance(message, ToolMessage):
        return {"role": "tool", "name": message.name or "", "tool_call_id": message.tool_call_id,
                "content": neutralise(message.text, special)}
    if isinstance(message, AIMessage):
        turn: dict[str, Any] = {"role": "assistant", "content": neutralise(message.text, special)}
        if message.tool_calls:
            turn["tool_calls"] = [
                {"type": "function", "id": call["id"], "function": {"name": call["name"], "arguments": call["args"]}}
                for call in message.tool_calls
            ]
        return turn
    return {"role": "user", "content": neutralise(message.text, special)}


def _in_words(conversation: Sequence[dict[str, Any]], tools: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same conversation with only system, user and assistant turns, alternating."""
    turns: list[dict[str, Any]] = []
    if tools:
        described = "\n".join(json.dumps(tool, ensure_ascii=False) for tool in tools)
        _append(turns, "system", load_prompt("llm/tools_in_words").render(tools=described))
    for message in conversation:
        content = message["content"]
        if message["role"] == "tool":
            _append(turns, "user", f"<tool_response>\n{content}\n</tool_response>")
        elif message["role"] == "assistant":
            calls = [json.dumps(call["function"], ensure_ascii=False) for call in message.get("tool_calls", ())]
            blocks = [content] if content else []
            _append(turns, "assistant", "\n".join(blocks + [f"<tool_call>\n{call}\n</tool_call>" for call in calls]))
        else:
            _append(turns, message["role"], content)
    system = [t for t in turns if t["role"] == "system"]
    joined = [{"role": "system", "content": "\n\n".join(t["content"] for t in system)}] if system else []
    return joined + [t for t in turns if t["role"] != "system"]


def _append(turns: list[dict[str, Any]], role: str, content: str) -> None:
    if turns and turns[-1]["role"] == role:
        turns[-1]["content"] += f"\n\n{content}"
    else:
        turns.append({"role": role, "content": content})


def _without_system(turns: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The system text put before the first question."""
    if not turns or turns[0]["role"] != "system":
        return list(turns)
    rest = [dict(turn) for turn in turns[1:]]
    if not rest or rest[0]["role"] != "user":
        return [{"role": "user", "content": turns[0]["content"]}, *rest]
    rest[0]["content"] = f"{turns[0]['content']}\n\n{rest[0]['content']}"
    return rest


def _holds(prompt: str, conversation: Sequence[dict[str, Any]], tools: Sequence[dict[str, Any]]) -> bool:
    names = [tool["function"]["name"] for tool in tools]
    names += [call["function"]["name"] for turn in conversation for call in turn.get("tool_calls", ())]
    texts = [turn["content"].strip() for turn in conversation]
    return all(name in prompt for name in names) and all(_quoted(text, prompt) for text in texts)


def _quoted(text: str, prompt: str) -> bool:
    """Whether a prompt holds a text, as it is or as a JSON string."""
    return text in prompt or json.dumps(text)[1:-1] in prompt or json.dumps(text, ensure_ascii=False)[1:-1] in prompt
