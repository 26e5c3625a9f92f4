"""The planner as a chat model: the same calls and the same tools as any hosted one, without weights or a network.

The last message decides: a person's words are planned into tool calls; results of tools are worded by the reply
templates. All state is read from the messages, so that a conversation goes on after a restart.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Sequence
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import ConfigDict, Field, ValidationError

from assistant.llm.planner.candidate import Planned, ToolCall
from assistant.llm.planner.context import DialogueContext, Past
from assistant.llm.planner.lexicon import lexicon
from assistant.llm.planner.likened import by_likeness
from assistant.llm.planner.nearest_question import READ_WHOLE
from assistant.llm.planner.planner import ALL_TOOLS, plan_turn, remaining
from assistant.llm.replies import compose
from assistant.plans.shop import Shop
from assistant.results import Result


class PlannerChatModel(BaseChatModel):
    """Built-in brain: plans with :func:`~assistant.llm.planner.planner.plan_turn`, words with reply templates.

    Attributes:
        shop: what is loaded.
        language: of lexicon and replies.
        tools: names that may be called; set by :meth:`bind_tools`.
        encoder: gives a sentence encoder (texts → unit vectors) when readings are close, or None.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    shop: Any = Field(description="assistant.plans.shop.Shop")
    language: str = "en"
    tools: tuple[str, ...] = ()
    encoder: Callable[[], Any] | None = None

    @property
    def _llm_type(self) -> str:
        return "builtin-planner"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model": "builtin:planner", "language": self.language}

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """The same model, restricted to these tools. ``tool_choice="none"`` binds nothing."""
        names = () if tool_choice == "none" else tuple(_tool_name(t) for t in tools)
        return self.model_copy(update={"tools": names})

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        results = _trailing_results(messages)
        message = self._after_results(messages, results) if results else self._plan(messages)
        return ChatResult(generations=[ChatGeneration(message=message)])

    # -- a person's words ----------------------------------------------------------------------------------------

    def _plan(self, messages: list[BaseMessage]) -> AIMessage:
        position = max((i for i, m in enumerate(messages) if isinstance(m, HumanMessage)), default=None)
        text = _text(messages[position]) if position is not None else ""
        context = context_from(messages[:position] if position is not None else [])
        planned = plan_turn(
            text,
            context,
            self._shop,
            tools=self.tools or ALL_TOOLS,
            language=self.language,
            encoder=self.encoder() if self.encoder is not None else None,
        )
        planned = by_likeness(text, planned, context, self._shop, tools=self.tools or ALL_TOOLS, language=self.language)
        if not self.tools or not all(c.name in self.tools for c in planned.calls):
            return AIMessage(content=_said(planned), response_metadata=self._metadata())
        return self._calls(planned)

    def _calls(self, planned: Planned) -> AIMessage:
        calls = [
            {"name": c.name, "args": c.args, "id": f"call_{uuid.uuid4().hex[:12]}", "type": "tool_call"}
            for c in planned.calls
        ]
        metadata = {
            **self._metadata(),
            "score": round(planned.score, 3),
            "unexplained": planned.unexplained,
            "frame": planned.frame,
            "done": planned.done,
            "assumptions": self._notes(planned),
            "reading": self._reading(planned),
        }
        return AIMessage(content="", tool_calls=calls, response_metadata=metadata)

    def _notes(self, planned: Planned) -> list[str]:
        words = lexicon(self.language).wording["notes"]
        said = []
        for note in dict.fromkeys(n for n in planned.notes if not n.startswith(f"{READ_WHOLE}|")):
            code, *parts = note.split("|")
            said.append(str(words[code]).format(**dict(zip(("term", "meaning"), parts, strict=False))))
        return said

    def _reading(self, planned: Planned) -> str | None:
        """What the whole text was read as, in words; None where it was read as it stands."""
        form = str(lexicon(self.language).wording["notes"][READ_WHOLE])
        read = next((note.split("|", 1)[1] for note in planned.notes if note.startswith(f"{READ_WHOLE}|")), None)
        return None if read is None else form.format(term=read)

    # -- results of tools ----------------------------------------------------------------------------------------

    def _after_results(self, messages: list[BaseMessage], results: list[ToolMessage]) -> AIMessage:
        turn = max(i for i, m in enumerate(messages) if isinstance(m, HumanMessage))
        done = [m for m in messages[turn:] if isinstance(m, ToolMessage)]
        planned = next((_planned_so_far(m) for m in reversed(messages) if isinstance(m, AIMessage)), None)
        if self.tools and planned is not None:
            later = remaining(
                _text(messages[turn]),
                context_from(messages),
                self._shop,
                planned,
                tools=self.tools,
                language=self.language,
            )
            if later is not None:
                return self._calls(later)
        return self._reply(done)

    def _reply(self, done: list[ToolMessage]) -> AIMessage:
        """Worded results; what came without an artifact is repeated as it stands."""
        typed, plain = [], []
        for message in done:
            result = _result(message)
            if result is not None:
                typed.append(result)
            else:
                plain.append(_text(message))
        composed = compose(typed, self.language) if typed else None
        parts = [composed.text] if composed else []
        numbers = [n.model_dump(mode="json") for n in composed.numbers] if composed else []
        return AIMessage(
            content="\n\n".join([*parts, *(p for p in plain if p)]),
            response_metadata={**self._metadata(), "numbers": numbers},
        )

    def _metadata(self) -> dict[str, Any]:
        return {"model_name": "builtin:planner", "language": self.language}

    @property
    def _shop(self) -> Shop:
        return self.shop  # type: ignore[no-any-return]


# -- messages → dialogue state ---------------------------------------------------------------------------------------


def context_from(messages: Sequence[BaseMessage]) -> DialogueContext:
    """The conversation as calls and their results, oldest first."""
    results = {m.tool_call_id: m for m in messages if isinstance(m, ToolMessage)}
    context = DialogueContext()
    for message in messages:
        if isinstance(message, HumanMessage):
            context.questions.append(_text(message))
        elif isinstance(message, AIMessage):
            frame = str((message.response_metadata or {}).get("frame", ""))
            for made in message.tool_calls:
                answer = results.get(str(made.get("id")))
                call = ToolCall(made["name"], dict(made["args"]))
                if answer is not None and answer.status != "error" and _valid(call):
                    context.past.append(Past(_spoken_of(call), _artifact(answer), len(context.questions), frame))
    return context


def _spoken_of(call: ToolCall) -> ToolCall:
    """What a later text speaks of: of a claim that was asked about, the table behind it."""
    asked = call.name == "check_premise" and call.args.get("asked") and call.args.get("plan")
    return ToolCall("query_data", dict(call.args["plan"])) if asked else call


def _valid(call: ToolCall) -> bool:
    try:
        call.plan()
    except ValidationError:
        return False
    return True


def _tool_name(tool: Any) -> str:
    if isinstance(tool, BaseTool):
        return tool.name
    return str(convert_to_openai_tool(tool)["function"]["name"])


def _text(message: BaseMessage) -> str:
    content = message.content
    if isinstance(content, str):
        return content
    return " ".join(part if isinstance(part, str) else str(part.get("text", "")) for part in content)


def _trailing_results(messages: Sequence[BaseMessage]) -> list[ToolMessage]:
    found: list[ToolMessage] = []
    for message in reversed(messages):
        if not isinstance(message, ToolMessage):
            break
        found.insert(0, message)
    return found


def _artifact(message: ToolMessage) -> dict[str, Any] | None:
    artifact = message.artifact
    if isinstance(artifact, Result):
        return artifact.model_dump(mode="json")
    return artifact if isinstance(artifact, dict) else None


def _result(message: ToolMessage) -> Result | None:
    artifact = message.artifact
    if isinstance(artifact, Result):
        return artifact
    if not isinstance(artifact, dict):
        return None
    try:
        return Result.model_validate(artifact)
    except ValidationError:
        return None


def _planned_so_far(message: AIMessage) -> int | None:
    """How many requests of the text a message's calls have covered; None where they cover all."""
    done = (message.response_metadata or {}).get("done")
    return int(done) if done is not None else None


def _said(planned: Planned) -> str:
    """Without the tools a call needs, only its own words are left to say."""
    call = planned.calls[0]
    if call.name in {"decline", "ask_back"}:
        lines = [str(call.args.get("message") or call.args.get("text"))]
        lines += [f"- {o}" for o in call.args.get("options", call.args.get("nearest", ()))]
        return "\n".join(lines)
    return json.dumps({"name": call.name, "arguments": call.args}, ensure_ascii=False)
