"""A chat model that does whatever it was told: any tool call, forged or repeated, then any words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from pydantic import PrivateAttr


class MaliciousChatModel(BaseChatModel):
    """Plays ``rounds`` of tool calls (name, arguments, id), one model call each, then says ``words`` for ever."""

    _rounds: list[list[tuple[str, dict[str, Any], str]]] = PrivateAttr(default_factory=list)
    _words: str = PrivateAttr(default="")
    _seen: list[str] = PrivateAttr(default_factory=list)

    def prepare(self, rounds: Sequence[Sequence[tuple[str, dict[str, Any], str]]], words: str) -> None:
        """Set what the next turn does."""
        self._rounds, self._words = [list(r) for r in rounds], words

    @property
    def seen(self) -> list[str]:
        """Every text that reached the model."""
        return self._seen

    @property
    def _llm_type(self) -> str:
        return "malicious"

    def bind_tools(self, tools: Sequence[Any], **kwargs: Any) -> Any:
        return self

    def _generate(
        self, messages: list[BaseMessage], stop: list[str] | None = None, run_manager: Any = None, **kwargs: Any
    ) -> ChatResult:
        self._seen.extend(str(m.content) for m in messages)
        calls = self._rounds.pop(0) if self._rounds else []
        message = AIMessage(content="" if calls else self._words, tool_calls=[
            {"name": name, "args": arguments, "id": call_id, "type": "tool_call"} for name, arguments, call_id in calls
        ])
        return ChatResult(generations=[ChatGeneration(message=message)])
