"""A chat model that follows a script and fails on an unexpected call and on an unused step."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import PrivateAttr

Reply = AIMessage | str | Exception | Callable[[Sequence[BaseMessage]], AIMessage]


def call(tool: str, /, **arguments: Any) -> AIMessage:
    """A reply that calls one tool."""
    return calls((tool, arguments))


def calls(*wanted: tuple[str, dict[str, Any]]) -> AIMessage:
    """A reply that calls several tools at once."""
    return AIMessage(
        content="",
        tool_calls=[{"name": name, "args": args, "id": f"call_{uuid.uuid4().hex[:12]}", "type": "tool_call"}
                    for name, args in wanted],
    )


@dataclass(frozen=True)
class Step:
    """One expected model call.

    Attributes:
        reply: what the model answers: a message, plain text, an exception to raise, or a function of the messages.
        sees: a text that the last message must contain, or a check of all messages that returns truth.
    """

    reply: Reply
    sees: str | Callable[[Sequence[BaseMessage]], bool] | None = None


class ScriptedChatModel(BaseChatModel):
    """Plays ``steps`` in order.

    ::

        with ScriptedChatModel.playing(call("run_query", metric="revenue"), "Revenue was …") as model:
            …

    A call beyond the script, or one that does not see what it should, raises ``AssertionError`` at once, and again at
    :meth:`finish` in case the code under test swallowed it; so does a step that was never used.
    ``seen`` holds the messages of each call, ``bound`` the tool names bound at each call.
    """

    _steps: list[Step] = PrivateAttr(default_factory=list)
    _failures: list[str] = PrivateAttr(default_factory=list)
    _seen: list[list[BaseMessage]] = PrivateAttr(default_factory=list)
    _bound: list[list[str]] = PrivateAttr(default_factory=list)

    @classmethod
    def playing(cls, *steps: Step | Reply) -> ScriptedChatModel:
        model = cls()
        model._steps = [step if isinstance(step, Step) else Step(step) for step in steps]
        return model

    @property
    def seen(self) -> list[list[BaseMessage]]:
        return self._seen

    @property
    def bound(self) -> list[list[str]]:
        return self._bound

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def bind_tools(self, tools: Sequence[Any], **kwargs: Any) -> Any:
        return self.bind(tools=[convert_to_openai_tool(t) if isinstance(t, BaseTool) or callable(t) else t
                                for t in tools])

    def _generate(
        self, messages: list[BaseMessage], stop: list[str] | None = None, run_manager: Any = None, **kwargs: Any
    ) -> ChatResult:
        names = [t["function"]["name"] for t in kwargs.get("tools", ())]
        self._seen.append(list(messages))
        self._bound.append(names)
        number = len(self._seen)
        if number > len(self._steps):
            self._fail(f"unexpected call {number}: the script has {len(self._steps)} step(s); "
                       f"last message: {messages[-1].text[:200]!r}")
        step = self._steps[number - 1]
        self._check(step, messages, number)
        reply = step.reply(messages) if callable(step.reply) else step.reply
        if isinstance(reply, Exception):
            raise reply
        message = AIMessage(content=reply) if isinstance(reply, str) else reply
        unbound = [c["name"] for c in message.tool_calls if c["name"] not in names]
        if unbound:
            self._fail(f"call {number}: the script calls {unbound}, but the bound tools are {names}")
        return ChatResult(generations=[ChatGeneration(message=message.model_copy(deep=True))])

    def _check(self, step: Step, messages: Sequence[BaseMessage], number: int) -> None:
        if step.sees is None:
            return
        if isinstance(step.sees, str):
            if step.sees not in messages[-1].text:
                self._fail(f"call {number}: expected to see {step.sees!r}, saw {messages[-1].text[:200]!r}")
        elif not step.sees(messages):
            self._fail(f"call {number}: the messages are not as the script expects")

    def _fail(self, words: str) -> None:
        self._failures.append(words)
        raise AssertionError(words)

    def finish(self) -> None:
        """Raise ``AssertionError`` for anything unexpected so far and for unused steps."""
        problems: Iterable[str] = list(self._failures)
        unused = len(self._steps) - len(self._seen)
        if unused > 0:
            problems = [*problems, f"{unused} step(s) of the script were not used"]
        if problems:
            raise AssertionError("; ".join(problems))

    def __enter__(self) -> ScriptedChatModel:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if kind is None:
            self.finish()
